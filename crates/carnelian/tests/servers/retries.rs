//! What is tried again, and how often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carnelian::config::Backoff;
use carnelian::prelude::*;
use carnelian::{ServerCode, blocking};
use carnelian_testkit::{ScriptedServer, Server, servers};

use super::support::Outcome;

/// A server that refuses the first `times` GETs and SETs with `line`, and counts them.
fn refusing(line: &'static str, times: usize) -> (ScriptedServer, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = ScriptedServer::start(move |mut peer| {
        while let Some(command) = peer.command()? {
            let reply = match command.first().map(Vec::as_slice) {
                Some(b"HELLO") => "%3\r\n+server\r\n+redis\r\n+version\r\n+7.0.0\r\n+id\r\n:1\r\n",
                Some(b"GET" | b"SET") if counted.fetch_add(1, Ordering::SeqCst) < times => line,
                _ => "+OK\r\n",
            };
            peer.send(reply)?;
        }
        Ok(())
    });
    (server, count)
}

#[tokio::test]
async fn what_the_servers_state_refuses_is_tried_again_each_try_counted() -> Outcome {
    let quick = Retry::new().attempts(4).backoff(Backoff::Constant(ms(1)));
    for line in [
        "-LOADING Redis is loading\r\n",
        "-READONLY no\r\n",
        "-TRYAGAIN x\r\n",
        "-CLUSTERDOWN x\r\n",
        "-MASTERDOWN x\r\n",
    ] {
        let (server, count) = refusing(line, 3);
        let client = Client::connect(Config::new(&server.url())?.retry(quick.clone())).await?;
        client.set("k", "v").await?;
        assert_eq!(count.load(Ordering::SeqCst), 4, "{line}");
        let (server, count) = refusing(line, 99);
        let client = Client::connect(Config::new(&server.url())?.retry(quick.clone())).await?;
        let error = client.set("k", "v").await.unwrap_err();
        assert_eq!((count.load(Ordering::SeqCst), error.may_have_run()), (4, false), "{error}");
        assert!(client.set("k", "v").retry(Retry::none()).await.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 5);
    }
    Ok(())
}

#[tokio::test]
async fn other_errors_are_answers_unless_they_are_named() -> Outcome {
    let (server, count) = refusing("-BUSY a script runs\r\n", 1);
    let client = Client::connect(server.url()).await?;
    assert_eq!(client.set("k", "v").await.unwrap_err().server_code(), Some(ServerCode::Busy));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let (server, count) = refusing("-BUSY a script runs\r\n", 1);
    let client = Client::connect(format!("{}?retry_on_error=BUSY&retry_backoff=none", server.url())).await?;
    client.set("k", "v").await?;
    assert_eq!(count.load(Ordering::SeqCst), 2);
    Ok(())
}

#[test]
fn the_blocking_client_counts_alike() {
    let (server, count) = refusing("-LOADING x\r\n", 2);
    let quick = Retry::new().backoff(Backoff::None);
    let client = blocking::Client::connect(Config::new(&server.url()).unwrap().retry(quick)).unwrap();
    client.set("k", "v").unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 3);
    let (server, count) = refusing("-LOADING x\r\n", 9);
    let client = blocking::Client::connect(server.url()).unwrap();
    assert!(client.retry(Retry::none()).set("k", "v").is_err());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// A replica that becomes a primary: the write that it refused at first succeeds, and ran once.
#[tokio::test]
async fn a_write_survives_a_promotion() -> Outcome {
    let (primary, server) =
        (Server::start(&servers::newest_redis()), Server::start(&servers::newest_redis()));
    server.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let patient = Retry::new().attempts(200).backoff(Backoff::Constant(ms(5)));
    let client = Client::connect(Config::new(&server.url())?.retry(patient)).await?;
    let write = tokio::spawn({
        let client = client.clone();
        async move { client.incr("n").await }
    });
    tokio::time::sleep(ms(100)).await;
    assert!(!write.is_finished());
    server.cli(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(write.await??, 1);
    Ok(())
}
