//! Sessions of users: a hash each, which ends half an hour after it was last used.

use std::collections::HashMap;

use carnelian::prelude::*;

mod support;

const IDLE: std::time::Duration = minutes(30);

async fn create(client: &Client, user: &str, data: &[(&str, &str)]) -> carnelian::Result<String> {
    // The server's own source of randomness; an id that can be guessed is no secret.
    let id = client.acl_genpass().await?;
    let key = format!("session:{id}");
    let fields = [&[("user_id", user)], data].concat();
    client.hset(&key, fields).await?;
    client.expire(&key, IDLE).await?;
    Ok(id)
}

/// The session, which lives on for another half hour; `None` when there is none (any more).
async fn find(client: &Client, id: &str) -> carnelian::Result<Option<HashMap<String, String>>> {
    let key = format!("session:{id}");
    if !client.expire(&key, IDLE).await? {
        return Ok(None);
    }
    client.hgetall(&key).await.map(Some)
}

/// Changes a session that is there; false when it is not, instead of making half of one.
async fn update(client: &Client, id: &str, changes: &[(&str, &str)]) -> carnelian::Result<bool> {
    let key = format!("session:{id}");
    let alive = client.expire(&key, IDLE).await?;
    if alive {
        client.hset(&key, changes).await?;
    }
    Ok(alive)
}

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    let id = create(&client, "user_123", &[("username", "Zhang San"), ("role", "admin")]).await?;
    assert!(update(&client, &id, &[("current_page", "/dashboard")]).await?);
    let session = find(&client, &id).await?.unwrap_or_default();
    let field = |name: &str| session.get(name).cloned().unwrap_or_default();
    println!("{} is at {}", field("username"), field("current_page"));
    assert_eq!(field("user_id"), "user_123");

    client.unlink(format!("session:{id}")).await?;
    assert_eq!(find(&client, &id).await?, None);
    assert!(!update(&client, &id, &[("current_page", "/")]).await?);
    println!("and gone");
    Ok(())
}
