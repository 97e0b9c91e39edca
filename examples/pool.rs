//! Connections: one for all ordinary commands, and a pool of others for those who need one to themselves.

use carnelian::config::Wait;
use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    // Connecting says PING, so a client that is there works.
    let config = Config::new(&server.url)?.max_connections(2).pool_wait(Wait::FailAtOnce);
    let client = Client::connect(config).await?;

    // A hundred tasks share the one connection. Nothing is taken out of the pool for that.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        tasks.spawn(async move { client.incr("pool:hits").await });
    }
    for outcome in tasks.join_all().await {
        outcome?;
    }
    let stats = client.pool_stats();
    println!("100 tasks, {} connections taken out", stats.in_use);
    assert_eq!(stats.in_use, 0);

    // Two may be taken out. The third call fails at once, as this config says; the default waits for five seconds.
    let one = client.dedicated().await?;
    let two = client.dedicated().await?;
    assert_ne!(one.client_id().await?, two.client_id().await?);
    if let Err(error) = client.dedicated().await {
        assert_eq!(error.kind(), ErrorKind::PoolExhausted);
        println!("{error}");
    }

    // They come back when they are dropped.
    drop((one, two));
    let stats = client.pool_stats();
    println!("{} in use, {} idle, {} opened so far", stats.in_use, stats.idle, stats.opened);
    assert_eq!((stats.in_use, stats.idle), (0, 2));

    client.disconnect(true);
    assert_eq!(client.pool_stats().idle, 0);
    client.del("pool:hits").await?;
    client.close().await;
    Ok(())
}
