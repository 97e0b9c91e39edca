//! What went wrong, whether the command may have run, and what to do: errors are asked, not matched.

use carnelian::ServerCode;
use carnelian::config::Backoff;
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = Server::start(&servers::any());
    let client = Client::connect(server.url()).await?;

    // The server's own errors, with its code as a type.
    client.set("text", "no number").await?;
    let error = client.lpush("text", "x").await.expect_err("it is no list");
    assert_eq!(error.server_code(), Some(ServerCode::WrongType));
    println!("{error}");

    // A reply of another kind than was asked for.
    let error = client.get::<i64>("text").await.expect_err("it is no number");
    println!("{error}");
    let error = client.get::<String>("missing").await.expect_err("there is none");
    println!("{error}");

    // A server that stands still. The timeout says what it saw, and whether the write may happen yet.
    server.pause();
    let error = client.incr("hits").timeout(ms(200)).await.expect_err("nobody answers");
    println!("{error}");
    assert!(error.is_timeout() && error.may_have_run() && !error.is_retryable());
    server.resume();

    // A connection that breaks under a write: it may have run, so it is not simply sent again.
    // A read does no harm twice; it is sent again once the server is back, and the caller never knows.
    let slow = client.clone();
    server.pause();
    let write = tokio::spawn(async move { slow.incr("hits").await });
    let slow = client.clone();
    let read = tokio::spawn(async move { slow.get::<Option<String>>("text").await });
    tokio::time::sleep(ms(100)).await;
    server.kill();
    server.restart();
    let error = write.await.expect("no panic").expect_err("nobody knows what became of it");
    println!("write: {error}");
    assert!(error.may_have_run());
    println!("read:  {:?}", read.await.expect("no panic")?);

    // Who knows that twice does no harm may say so, for one command or for all.
    client.set("flag", "on").idempotent().await?;
    let patient = Retry::new().attempts(5).backoff(Backoff::equal_jitter(ms(10), seconds(1)));
    client.set("flag", "on").retry(patient).await?;
    Ok(())
}
