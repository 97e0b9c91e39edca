//! A connection of one's own: for commands that change what the next ones mean, and for work close to the protocol.

use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    // On the client this would change the database for everybody; it does not even compile there.
    // The command by hand is refused with advice.
    if let Err(error) = client.command("SELECT").arg(1).run::<()>().await {
        assert_eq!(error.kind(), ErrorKind::NotHere);
        println!("{error}");
    }

    let connection = client.dedicated().await?;
    connection.select(1).await?;
    connection.set("my-key", "some value").await?;
    let value: Option<String> = connection.get("my-key").await?;
    assert_eq!(value.as_deref(), Some("some value"));
    assert_eq!(client.get::<Option<String>>("my-key").await?, None, "the client is still in database 0");

    // WATCH, MULTI and EXEC by hand: the connection is nobody else's, so nothing can come between.
    connection.command("WATCH").key("my-key").run::<()>().await?;
    connection.command("MULTI").run::<()>().await?;
    connection.command("SET").key("my-key").arg("other value").run::<()>().await?;
    connection.command("DEL").key("my-key").run::<()>().await?;
    let replies: Option<(String, i64)> = connection.command("EXEC").run().await?;
    println!("EXEC: {replies:?}");
    assert_eq!(replies, Some(("OK".to_owned(), 1)));

    // Its state was changed, so it is closed instead of going back to the pool.
    drop(connection);
    assert_eq!(client.pool_stats().idle, 0);

    // One that was left as it came goes back.
    let connection = client.dedicated().await?;
    let reply: Value = connection.command("PING").run().await?;
    println!("as the server sent it: {reply:?}");
    drop(connection);
    assert_eq!(client.pool_stats().idle, 1);

    // A client that has only one connection at all.
    let single = Client::connect(Config::new(&server.url)?.single_connection(true)).await?;
    assert_eq!(single.client_id().await?, single.client_id().await?);
    Ok(())
}
