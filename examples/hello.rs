//! The first program. It talks to the server at `REDIS_URL`, or at localhost:6379.

use carnelian::prelude::*;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let client = Client::from_env().await?;

    client.setex("greeting", hours(1), "hello").await?;
    let greeting: Option<String> = client.get("greeting").await?;
    println!("{}", greeting.unwrap_or_default());

    client.hset("user:1", [("name", "Ada"), ("city", "London")]).await?;
    let visits = client.hincrby("user:1", "visits", 1).await?;
    println!("visit number {visits}");
    Ok(())
}
