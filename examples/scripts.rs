//! Scripts: a lock that only its holder can release, and a transfer of points that knows when there are not enough.

use std::sync::LazyLock;

use carnelian::command::DecodeError;
use carnelian::prelude::*;
use carnelian::resp::Reader;

mod support;

/// Deletes a key, but only if it holds what the caller put there.
static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('DEL', KEYS[1])",
    )
});

/// Moves points from one user to another, all or none.
static TRANSFER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local points = tonumber(ARGV[1])
        local balance = tonumber(redis.call('HGET', KEYS[1], 'points') or 0)
        if balance < points then return {'insufficient', balance} end
        redis.call('HINCRBY', KEYS[2], 'points', points)
        return {'done', redis.call('HINCRBY', KEYS[1], 'points', -points)}",
    )
});

/// What comes of a transfer. Too few points are no error.
#[derive(Debug, PartialEq)]
enum Transfer {
    Done { left: i64 },
    InsufficientBalance { balance: i64 },
}

impl FromReply for Transfer {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (outcome, points): (String, i64) = FromReply::from_reply(reader)?;
        match outcome.as_str() {
            "done" => Ok(Self::Done { left: points }),
            "insufficient" => Ok(Self::InsufficientBalance { balance: points }),
            _ => Err(DecodeError::invalid("this is no outcome of a transfer")),
        }
    }
}

async fn transfer(client: &Client, from: &str, to: &str, points: u32) -> carnelian::Result<Transfer> {
    client.script(TRANSFER.keys([format!("user:{from}"), format!("user:{to}")]).arg(points)).await
}

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;
    client.del(["lock:report", "user:ada", "user:bob"]).await?;

    // Whoever gets the lock has 30 seconds. Somebody else can't take it away, nor release it.
    let lock = || SetOptions::new().if_missing().ttl(seconds(30));
    let mine: bool = client.set_with("lock:report", "me", lock()).await?;
    let theirs: bool = client.set_with("lock:report", "they", lock()).await?;
    let stolen: bool = client.script(RELEASE.key("lock:report").arg("they")).await?;
    let released: bool = client.script(RELEASE.key("lock:report").arg("me")).await?;
    println!("mine: {mine}, theirs: {theirs}, stolen: {stolen}, released: {released}");
    assert_eq!((mine, theirs, stolen, released), (true, false, false, true));

    client.hset("user:ada", ("points", 100)).await?;
    let first = transfer(&client, "ada", "bob", 80).await?;
    let second = transfer(&client, "ada", "bob", 80).await?;
    println!("first {first:?}, then {second:?}");
    assert_eq!((first, second), (Transfer::Done { left: 20 }, Transfer::InsufficientBalance { balance: 20 }));
    assert_eq!(client.hget::<i64>("user:bob", "points").await?, 80);

    client.del(["user:ada", "user:bob"]).await?;
    Ok(())
}
