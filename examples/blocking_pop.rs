//! Waiting on the server for the next job, while everybody else goes on.

use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    // Five seconds for a command by default, here even less: a command that waits by its nature is not bound by it.
    let client = Client::connect(Config::new(&server.url)?.command_timeout(ms(500))).await?;

    // BRPOP takes a connection of its own out of the pool, by itself.
    let worker = client.clone();
    let waiting = tokio::spawn(async move { worker.brpop::<(String, String)>("my-key", seconds(10)).await });

    tokio::time::sleep(ms(800)).await;
    println!("the worker waits; others don't: {}", client.ping().await?);
    client.lpush("my-key", "value").await?;
    let job = waiting.await.expect("the worker does not panic")?;
    println!("and then: {job:?}");
    assert_eq!(job, Some(("my-key".to_owned(), "value".to_owned())));

    // Nothing comes: `None` when its own time is up.
    let nothing: Option<(String, String)> = client.blpop("my-key", ms(100)).await?;
    assert_eq!(nothing, None);

    // A wait that is given up ends at once, at the server too: no job is popped for somebody who has gone.
    let given_up =
        tokio::time::timeout(ms(100), client.blpop::<(String, String)>("my-key", BlockFor::Forever)).await;
    assert!(given_up.is_err());
    tokio::time::sleep(ms(100)).await;
    client.lpush("my-key", "not lost").await?;
    let kept: Option<String> = client.lpop("my-key").await?;
    assert_eq!(kept.as_deref(), Some("not lost"));
    println!("a wait that was dropped took nothing with it");
    Ok(())
}
