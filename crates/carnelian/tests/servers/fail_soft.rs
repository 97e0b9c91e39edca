//! Handles that never fail.

use carnelian::prelude::*;
use carnelian::{FailSoft, blocking};
use carnelian_testkit::{Server, servers};

use super::support::{Outcome, newest};

#[tokio::test]
async fn failures_become_nothing_and_are_counted() -> Outcome {
    let (server, client) = newest().await?;
    let soft = client.fail_soft();
    assert!(soft.set("k", 1).ok().await);
    assert_eq!(
        (soft.get::<i64>("k").await, soft.get::<i64>("none").await, soft.swallowed()),
        (Some(1), None, 0)
    );
    assert!(!soft.lpush("k", "x").ok().await);
    assert_eq!(soft.clone().swallowed(), 1);
    server.kill();
    let soft = FailSoft::connect(Config::new(&server.url())?.command_timeout(ms(50)));
    assert!(soft.is_configured() && !soft.set("k", 2).ok().await);
    assert_eq!((soft.get::<i64>("k").await, soft.swallowed()), (None, 2));
    server.restart();
    while !soft.set("k", 3).ok().await {}
    assert_eq!(soft.get::<i64>("k").await, Some(3), "it comes back by itself");
    Ok(())
}

#[tokio::test]
async fn without_a_server_there_is_no_error_and_no_connection() -> Outcome {
    let soft = FailSoft::unconfigured();
    assert!(!soft.is_configured() && !soft.set("k", 1).ok().await);
    assert_eq!((soft.get::<i64>("k").await, soft.swallowed()), (None, 0));
    let soft = FailSoft::connect("redis://h?no_such_option=1");
    assert!(!soft.is_configured() && soft.swallowed() == 1 && soft.get::<i64>("k").await.is_none());
    Ok(())
}

#[test]
fn the_blocking_one_likewise() {
    let server = Server::start(&servers::newest_redis());
    let soft = blocking::Client::connect(server.url()).unwrap().fail_soft();
    assert!(soft.set("k", 1).ok());
    assert_eq!((soft.get::<i64>("k").value(), soft.get::<i64>("none").value()), (Some(1), None));
    assert!(!soft.lpush("k", "x").ok());
    assert_eq!(soft.swallowed(), 1);
    let soft = blocking::FailSoft::unconfigured();
    assert!(!soft.set("k", 1).ok() && soft.get::<i64>("k").value().is_none() && soft.swallowed() == 0);
}
