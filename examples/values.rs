//! What can be an argument, and what a reply becomes: the type that is asked for decides, bytes or text or numbers.

use std::collections::{BTreeMap, HashSet};

use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    // The same value as bytes, as text, as a number.
    client.set("values:n", 42).await?;
    let bytes: Vec<u8> = client.get("values:n").await?;
    let text: String = client.get("values:n").await?;
    let number: i64 = client.get("values:n").await?;
    assert_eq!((bytes, text.as_str(), number), (b"42".to_vec(), "42", 42));

    // Bytes of any kind go in and come out as they are. A key that may be missing is an Option.
    client.set("values:bytes", b"\x00\xff\r\n").await?;
    let bytes: Option<Vec<u8>> = client.get("values:bytes").await?;
    assert_eq!(bytes.as_deref(), Some(&b"\x00\xff\r\n"[..]));

    // Lists, sets, sorted sets and hashes, in whatever collection is at hand.
    client.rpush("values:list", ["a", "b", "c"]).await?;
    let list: Vec<String> = client.lrange("values:list", 0, -1).await?;
    assert_eq!(list, ["a", "b", "c"]);

    client.sadd("values:set", ["x", "y", "x"]).await?;
    let set: HashSet<String> = client.smembers("values:set").await?;
    assert!(set.len() == 2 && client.sismember("values:set", "y").await?);

    client.zadd("values:scores", [(1.5, "ada"), (2.5, "grace")]).await?;
    let scores: Vec<(String, f64)> = client.zrange_with_scores("values:scores", 0, -1).await?;
    println!("{scores:?}");
    let best: Vec<String> = client.zrange_with("values:scores", ZRange::by_score(2..).rev()).await?;
    assert_eq!(best, ["grace"]);

    client.hset("values:hash", BTreeMap::from([("key1", "value1"), ("key2", "value2")])).await?;
    client.hset("values:hash", ("key3", 123)).await?;
    let hash: BTreeMap<String, String> = client.hgetall("values:hash").await?;
    println!("{hash:?}");

    // What a server says in numbers is a type where Rust has one.
    println!("{:?}", client.ttl("values:n").await?);
    assert_eq!(client.key_type("values:hash").await?, KeyType::Hash);

    let keys: Vec<String> = client.keys("values:*").await?;
    assert_eq!(client.del(&keys).await?, 6);
    Ok(())
}
