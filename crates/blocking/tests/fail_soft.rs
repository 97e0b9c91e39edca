//! The handle that never fails: what a program sees of a server that is not there.

use std::collections::BTreeMap;
use std::time::Duration;

use carnelian_blocking::{Client, FailSoft};
use carnelian_command::RawCommands as _;
use carnelian_command::group::{ConnectionCommands as _, HashCommands as _, SetOptions, StringCommands as _};
use carnelian_core::Config;
use carnelian_testkit::{Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn where_all_is_well_it_is_a_client_like_any_other() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let soft = Client::connect(server.url())?.fail_soft();
    assert!(soft.is_configured());
    assert!(soft.set("name", "Ada").ok());
    assert!(!soft.set_with("name", "Bob", SetOptions::new().if_missing()).ok(), "it was left undone");
    assert_eq!(soft.get::<String>("name").value().as_deref(), Some("Ada"));
    assert_eq!(soft.incr("visits").value(), Some(1));
    assert!(soft.hset("h", [("a", "1")]).ok());
    let hash: Option<BTreeMap<String, i64>> = soft.hgetall("h").value();
    assert_eq!(hash, Some(BTreeMap::from([("a".to_owned(), 1)])));
    // What is not there is no failure.
    assert_eq!(soft.get::<String>("none").value(), None);
    let same: Option<i64> = soft.get::<i64>("none").into();
    assert_eq!(same, None);
    assert!(!soft.command("SET").key("name").arg("Bob").arg("NX").run::<()>().ok(), "it was there");
    assert_eq!(soft.swallowed(), 0);
    Ok(())
}

#[test]
fn failures_are_counted_over_all_clones() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let soft = Client::connect(server.url())?.fail_soft();
    let clone = soft.clone();
    assert!(soft.set("k", "text").ok());
    assert_eq!(clone.incr("k").value(), None);
    assert!(!clone.hset("k", [("a", 1)]).ok());
    assert_eq!(soft.get::<i64>("k").value(), None, "no number");
    assert_eq!((soft.swallowed(), clone.swallowed()), (3, 3));
    Ok(())
}

#[test]
fn without_a_server_reads_are_none_and_writes_false() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.command_timeout(Duration::from_millis(100));
    server.kill();
    let soft = FailSoft::connect(config);
    assert!(soft.is_configured());
    assert_eq!(soft.get::<String>("k").value(), None);
    assert!(!soft.set("k", "v").ok());
    assert_eq!(soft.swallowed(), 2);
    // It comes back by itself.
    server.restart();
    let back = (0..50).any(|_| soft.ping().ok());
    assert!(back && soft.set("k", "v").ok());
    assert_eq!(soft.get::<String>("k").value().as_deref(), Some("v"));
    Ok(())
}

#[test]
fn without_a_config_nothing_is_done_and_nothing_counted() {
    let soft = FailSoft::unconfigured();
    assert!(!soft.is_configured());
    assert_eq!(soft.get::<String>("k").value(), None);
    assert!(!soft.set("k", "v").ok());
    assert_eq!(soft.swallowed(), 0);
}

#[test]
fn a_config_that_is_wrong_counts_once() {
    let soft = FailSoft::connect("http://localhost");
    assert!(!soft.is_configured());
    assert_eq!(soft.get::<String>("k").value(), None);
    assert_eq!(soft.swallowed(), 1);
}
