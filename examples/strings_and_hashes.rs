//! Keys with values and hashes with fields: what most programs keep.

use std::collections::HashMap;

use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    // Keys with values, one of them for an hour.
    client.set("user:123:name", "Zhang San").await?;
    client.setex("user:123:email", hours(1), "zhangsan@example.com").await?;
    let name: Option<String> = client.get("user:123:name").await?;
    let email: Option<String> = client.get("user:123:email").await?;
    println!("{name:?} {email:?}, which expires in {:?}", client.ttl("user:123:email").await?.left());
    if client.exists("user:123:name").await? > 0 {
        println!("the user is there");
    }

    // Only if there is none yet; the reply says whether it was set.
    let once = SetOptions::new().if_missing().ttl(minutes(5));
    let set = client.set_with("user:123:name", "somebody else", once).await?;
    assert!(!set);

    // Many at once.
    client.mset([("a", 1), ("b", 2)]).await?;
    let numbers: Vec<Option<i64>> = client.mget(["a", "b", "missing"]).await?;
    assert_eq!(numbers, [Some(1), Some(2), None]);

    // A hash, from pairs or from any map.
    let user = HashMap::from([("name", "Zhang San"), ("age", "25"), ("city", "Beijing")]);
    client.hset("user:123", &user).await?;
    let city: Option<String> = client.hget("user:123", "city").await?;
    let (name, age): (String, u32) = client.hmget("user:123", ["name", "age"]).await?;
    println!("{name}, {age}, of {}", city.unwrap_or_default());

    // A counter, whoever else is counting.
    client.hdel("user:123", "login_count").await?;
    let logins = client.hincrby("user:123", "login_count", 1).await?;
    assert_eq!(logins, 1);

    let everything: HashMap<String, String> = client.hgetall("user:123").await?;
    assert_eq!(everything.len(), 4);
    println!("all of it: {everything:?}");

    let deleted = client.del(["user:123", "user:123:name", "user:123:email", "a", "b"]).await?;
    assert_eq!(deleted, 5);
    Ok(())
}
