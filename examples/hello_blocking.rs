//! The first program once more, without `async`: the same names, and no runtime behind them.

use carnelian::blocking::Client;
use carnelian::prelude::*;

fn main() -> carnelian::Result<()> {
    let client = Client::from_env()?;

    client.setex("greeting", hours(1), "hello")?;
    let greeting: Option<String> = client.get("greeting")?;
    println!("{}", greeting.unwrap_or_default());

    client.hset("user:1", [("name", "Ada"), ("city", "London")])?;
    let visits = client.hincrby("user:1", "visits", 1)?;
    println!("visit number {visits}");
    Ok(())
}
