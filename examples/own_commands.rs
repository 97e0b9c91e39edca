//! A group of commands of one's own, for a server's module or for a program's own words: written once, it is on every
//! client, async or blocking, and on dedicated connections.

use carnelian::command::{Command, DataExecutor, DecodeError, RawCommands as _, ToArg};
use carnelian::prelude::*;
use carnelian::resp::Reader;

mod support;

/// The words of a shop.
trait StockCommands: DataExecutor {
    /// Puts items on the shelf; how many there are now.
    fn stock_put(self, item: impl ToArg, count: i64) -> Self::Out<i64> {
        self.incrby(item, count)
    }

    /// How many there are.
    fn stock_level(self, item: impl ToArg) -> Self::Out<Level> {
        self.get(item)
    }

    /// A command that no table knows, as of a module `STOCK` in the server.
    fn stock_audit(self, shelf: impl ToArg) -> Self::Out<Vec<String>> {
        self.command("STOCK.AUDIT").key(shelf).run()
    }
}

impl<E: DataExecutor> StockCommands for E {}

/// A reply in words of one's own.
#[derive(Debug, PartialEq)]
enum Level {
    None,
    Few(u64),
    Plenty,
}

impl FromReply for Level {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match Option::<u64>::from_reply(reader)?.unwrap_or(0) {
            0 => Self::None,
            few @ 1..10 => Self::Few(few),
            _ => Self::Plenty,
        })
    }
}

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    assert_eq!(client.stock_level("stock:apples").await?, Level::None);
    client.stock_put("stock:apples", 7).await?;
    println!("{:?}", client.stock_level("stock:apples").await?);
    client.stock_put("stock:apples", 7).await?;
    assert_eq!(client.stock_level("stock:apples").await?, Level::Plenty);

    // The same on a connection of one's own, and as a mere value.
    let own = client.dedicated().await?;
    own.stock_put("stock:apples", -14).await?;
    let command: Command<Level> = carnelian::command::Build.stock_level("stock:apples");
    println!("as a value: {:?}", command.request());

    if let Err(error) = client.stock_audit("stock:shelf").await {
        println!("this server has no such module: {error}");
    }
    client.del("stock:apples").await?;
    Ok(())
}
