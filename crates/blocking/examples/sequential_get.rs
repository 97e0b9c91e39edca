//! One thread, one GET after the other: what `callgrind` counts instructions of.
//!
//! ```text
//! cargo build --release -p carnelian-blocking --example sequential_get
//! valgrind --tool=callgrind target/release/examples/sequential_get redis://127.0.0.1:6379 1000
//! valgrind --tool=callgrind target/release/examples/sequential_get redis://127.0.0.1:6379 11000
//! ```
//!
//! The difference of the two, by 10,000, is the price of one.

use carnelian_blocking::Client;
use carnelian_command::group::StringCommands as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("first argument: the URL of a server")?;
    let count: usize = arguments.next().ok_or("second argument: how many GETs")?.parse()?;
    let client = Client::connect(url.as_str())?;
    client.set("sequential", "0123456789")?;
    for _ in 0..count {
        let value: Option<bytes::Bytes> = client.get("sequential")?;
        assert!(value.is_some());
    }
    Ok(())
}
