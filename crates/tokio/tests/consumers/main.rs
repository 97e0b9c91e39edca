//! Consumers of groups on real servers: who gets what, what comes back after which accident, and what is left behind.
//!
//! `calm`: servers and networks that work. `storm`: servers that are killed, networks that lose what they carry.

#![expect(clippy::unwrap_used, reason = "what a test's own tools cannot do fails the test")]

mod calm;
mod storm;
#[path = "../support/mod.rs"]
mod support;
mod tidy;

use std::time::Duration;

use carnelian_core::Config;
use carnelian_core::config::{Backoff, Protocol, Reconnect};
use carnelian_testkit::{Server, servers};
use carnelian_tokio::{Client, Consumer, Delivery};
use support::Outcome;

/// Long enough for a machine that has other things to do, and shorter than the time after which a consumer looks for its own
/// entries in any case.
const LIMIT: Duration = Duration::from_secs(20);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn config(url: &str, protocol: Protocol) -> Config {
    let reconnect = Reconnect::new().backoff(Backoff::Constant(ms(20)));
    Config::new(url).unwrap().protocol(protocol).reconnect(reconnect)
}

/// Runs `test` on an old Redis, a new one and a new Valkey, in both protocols; the servers are empty.
async fn everywhere(test: impl AsyncFn(&Server, &Client, Protocol) -> Outcome) -> Outcome {
    for installed in ["redis-6.2", "redis-8.6", "valkey-9.1"].map(servers::named) {
        let server = Server::start(&installed);
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let client = Client::connect(config(&server.url(), protocol)).await?;
            if let Err(error) = test(&server, &client, protocol).await {
                return Err(format!("{} in {protocol:?}: {error}", installed.name).into());
            }
            client.close().await;
            assert_eq!(server.cli(&["FLUSHALL"]), "OK");
        }
    }
    Ok(())
}

/// The next entry, which must come.
async fn next(consumer: &mut Consumer) -> Delivery {
    tokio::time::timeout(LIMIT, consumer.next()).await.unwrap().unwrap().unwrap()
}

/// The error that must come next.
async fn failure(consumer: &mut Consumer) -> carnelian_core::Error {
    tokio::time::timeout(LIMIT, consumer.next()).await.unwrap().unwrap().unwrap_err()
}

/// True when nothing comes for a while.
async fn is_idle(consumer: &mut Consumer, wait: Duration) -> bool {
    tokio::time::timeout(wait, consumer.next()).await.is_err()
}

/// How many entries the group waits for.
fn pending(server: &Server, key: &str) -> u64 {
    let summary = server.command(&["XPENDING", key, "g"]);
    summary.array().first().map(|count| count.text()).unwrap_or_default().parse().unwrap()
}

fn add(server: &Server, key: &str, number: u64) -> String {
    server.cli(&["XADD", key, "*", "n", &number.to_string()])
}
