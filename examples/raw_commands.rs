//! Commands by hand: what has no typed method yet, replies of any kind, replies that need another reading.

use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    // A name, arguments, and the type wanted. Keys are said to be keys, so that a cluster will find them.
    client.command("SET").key("raw:a").arg("value").arg("EX").arg(60).run::<()>().await?;
    let value: Option<String> = client.command("GET").key("raw:a").run().await?;
    assert_eq!(value.as_deref(), Some("value"));

    // Options before `.await`, as on typed methods.
    let kind: String = client.command("object encoding").key("raw:a").run().timeout(ms(500)).await?;
    println!("kept as {kind}");

    // Any reply at all, as a tree.
    client.rpush("raw:list", ["a", "b"]).await?;
    let reply: Value = client.command("LRANGE").key("raw:list").args([0, -1]).run().await?;
    println!("as it came: {reply:?}");
    // The tree becomes a type later, when more is known.
    let list: Vec<String> = reply.into_typed().expect("a list of texts");
    assert_eq!(list, ["a", "b"]);

    // What is known of a command by its name stays known: this one waits, so it gets a connection of its own.
    let popped: Option<(String, String)> = client.command("BLPOP").key("raw:list").arg(1).run().await?;
    assert_eq!(popped, Some(("raw:list".to_owned(), "a".to_owned())));

    // Replies to one command go through a function first, here for typed and raw calls alike.
    client.set_response_callback("STRLEN", |reply| match reply {
        Value::Integer(bytes) => Ok(Value::Integer(bytes * 8)),
        other => Ok(other),
    });
    println!("{} bits", client.strlen("raw:a").await?);
    assert_eq!(client.strlen("raw:a").await?, 40);
    client.remove_response_callback("STRLEN");
    assert_eq!(client.strlen("raw:a").await?, 5);

    client.unlink(["raw:a", "raw:list"]).await?;
    Ok(())
}
