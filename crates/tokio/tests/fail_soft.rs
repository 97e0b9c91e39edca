//! The handle that never fails: what a program sees of a server that is not there.

use std::collections::BTreeMap;
use std::time::Duration;

use carnelian_command::group::{ConnectionCommands as _, HashCommands as _, SetOptions, StringCommands as _};
use carnelian_core::Config;
use carnelian_testkit::{Server, servers};
use carnelian_tokio::{Client, FailSoft};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn where_all_is_well_it_is_a_client_like_any_other() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let soft = Client::connect(server.url()).await?.fail_soft();
    assert!(soft.is_configured());
    assert!(soft.set("name", "Ada").ok().await);
    assert!(!soft.set_with("name", "Bob", SetOptions::new().if_missing()).ok().await, "it was left undone");
    assert_eq!(soft.get::<String>("name").await.as_deref(), Some("Ada"));
    assert_eq!(soft.incr("visits").await, Some(1));
    assert!(soft.hset("h", [("a", "1")]).ok().await);
    let hash: Option<BTreeMap<String, i64>> = soft.hgetall("h").await;
    assert_eq!(hash, Some(BTreeMap::from([("a".to_owned(), 1)])));
    // What is not there is no failure.
    assert_eq!(soft.get::<String>("none").await, None);
    assert_eq!(soft.get::<i64>("none").await, None);
    assert_eq!(soft.swallowed(), 0);
    Ok(())
}

#[tokio::test]
async fn failures_are_counted_over_all_clones() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let soft = Client::connect(server.url()).await?.fail_soft();
    let clone = soft.clone();
    assert!(soft.set("k", "text").ok().await);
    assert_eq!(clone.incr("k").await, None);
    assert!(!clone.hset("k", [("a", 1)]).ok().await);
    assert_eq!(soft.get::<i64>("k").await, None, "no number");
    assert_eq!((soft.swallowed(), clone.swallowed()), (3, 3));
    Ok(())
}

#[tokio::test]
async fn without_a_server_reads_are_none_and_writes_false() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.command_timeout(Duration::from_millis(100));
    server.kill();
    let soft = FailSoft::connect(config);
    assert!(soft.is_configured());
    assert_eq!(soft.get::<String>("k").await, None);
    assert!(!soft.set("k", "v").ok().await);
    assert_eq!(soft.swallowed(), 2);
    // It comes back by itself.
    server.restart();
    for _ in 0..50 {
        if soft.ping().ok().await {
            break;
        }
    }
    assert!(soft.set("k", "v").ok().await);
    assert_eq!(soft.get::<String>("k").await.as_deref(), Some("v"));
    Ok(())
}

#[tokio::test]
async fn without_a_config_nothing_is_done_and_nothing_counted() {
    let soft = FailSoft::unconfigured();
    assert!(!soft.is_configured());
    assert_eq!(soft.get::<String>("k").await, None);
    assert!(!soft.set("k", "v").ok().await);
    assert_eq!(soft.swallowed(), 0);
}

#[tokio::test]
async fn a_config_that_is_wrong_counts_once() {
    let soft = FailSoft::connect("http://localhost");
    assert!(!soft.is_configured());
    assert_eq!(soft.swallowed(), 1);
    assert_eq!(soft.get::<String>("k").await, None);
    assert_eq!(soft.swallowed(), 1);
}
