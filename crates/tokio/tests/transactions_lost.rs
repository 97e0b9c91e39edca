//! Transactions that do not come to their end: given up, late, or without their connection. None is done twice, and no
//! connection keeps anything of them.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{ListCommands as _, StringCommands as _, TransactionCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::transaction::TransactionOptions;
use carnelian_core::{Config, ErrorKind, Result};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, Server, servers};
use carnelian_tokio::Client;
use support::{Outcome, clients_with, until};

async fn client(server: &Server, protocol: u8) -> Result<Client> {
    Client::connect(format!("{}?protocol={protocol}", server.url()).as_str()).await
}

fn quick(url: &str) -> Outcome<Config> {
    let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(5)));
    Ok(Config::new(url)?.reconnect(reconnect).command_timeout(Duration::from_secs(30)))
}

fn patient() -> TransactionOptions {
    TransactionOptions::new().attempts(10_000)
}

#[tokio::test]
async fn a_cancelled_transaction_leaves_nothing_watched_behind() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol).await?;
        client.command("FLUSHALL").run::<()>().await?;
        // Given up at every point where it can wait, one after the other.
        for polls in 0..12 {
            let mut transaction = Box::pin(client.transaction(["k"], async |tx| {
                let have: Option<i64> = tx.get("k").await?;
                tokio::task::yield_now().await;
                tx.commit(|t| (t.set("k", have.unwrap_or(0) + 1), t.incr("ran"))).await
            }));
            let mut left = polls;
            let given_up = std::future::poll_fn(|cx| {
                if left == 0 {
                    return std::task::Poll::Ready(());
                }
                left -= 1;
                transaction.as_mut().poll(cx).map(drop)
            });
            given_up.await;
            drop(transaction);
            until("the connection is back", || client.pool_stats().in_use == 0).await;
            until("nobody watches anything", || clients_with(&server, "watch=1 ").is_empty()).await;
            // Whoever gets the connection next is not kept from committing by what the last one watched.
            client.incr("k").await?;
            let own = client.dedicated().await?;
            own.multi().await?;
            own.command("INCR").arg("other").run::<()>().await?;
            assert!(own.exec::<Vec<i64>>().await?.is_some(), "{polls} polls");
        }
        assert_eq!(client.pool_stats().in_use, 0);
        let (k, ran): (i64, Option<i64>) = client.pipeline(|p| (p.get("k"), p.get("ran"))).await?;
        assert_eq!(k, 12 + ran.unwrap_or(0));
    }
    Ok(())
}

#[tokio::test]
async fn a_time_limit_is_for_all_tries() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3).await?;
    let limit = Duration::from_millis(80);
    let options = || patient().watch_delay(Duration::from_millis(5)).timeout(limit);
    let conflict = client
        .transaction_with(["k"], options(), async |tx| {
            client.incr("k").await?;
            tx.commit(|t| t.set("k", "mine")).await
        })
        .await
        .unwrap_err();
    assert!(matches!(conflict.kind(), ErrorKind::Conflict | ErrorKind::Timeout), "{conflict}");
    // Late with EXEC under way, nobody knows; late before it, or in conflict, it has not run.
    let exec = conflict.is_timeout() && conflict.command() == Some("EXEC");
    assert!(!conflict.may_have_run() || exec, "{conflict}");
    let late = client
        .transaction_with(["k"], options(), async |_| {
            std::future::pending::<()>().await;
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(late.is_timeout() && !late.may_have_run(), "{late}");
    server.pause();
    let late = client
        .transaction_with(["k"], options(), async |tx| tx.commit(|t| t.incr("k")).await)
        .await
        .unwrap_err();
    server.resume();
    // WATCH may have come through, but nothing of the transaction did.
    assert!(late.is_timeout() && !late.may_have_run(), "{late}");
    until("the connections are back", || client.pool_stats().in_use == 0).await;
    Ok(())
}

#[tokio::test]
async fn a_connection_lost_before_exec_is_replaced_and_after_it_the_error_tells() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    for protocol in [2, 3] {
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", proxy.url()))?).await?;
        server.cli(&["FLUSHALL"]);
        // Between WATCH and the read, between the read and EXEC.
        for place in 0..2 {
            let tries = AtomicU64::new(0);
            let n: i64 = client
                .transaction(["n"], async |tx| {
                    let first = tries.fetch_add(1, Ordering::Relaxed) == 0;
                    if first && place == 0 {
                        proxy.reset_all();
                    }
                    let _: Option<i64> = tx.get("n").await?;
                    if first && place == 1 {
                        proxy.reset_all();
                    }
                    tx.commit(|t| t.incr("n")).await
                })
                .await?;
            assert_eq!((n, tries.load(Ordering::Relaxed)), (place + 1, 2), "{place}");
        }
        // Before WATCH is answered.
        proxy.reset_all();
        assert_eq!(client.transaction(["n"], async |tx| tx.commit(|t| t.incr("n")).await).await?, 3);
        // EXEC came through, its reply did not: it ran, once, and the error says that it may have.
        let error = client
            .transaction(["n"], async |tx| {
                let _: Option<i64> = tx.get("n").await?;
                proxy.cut(Direction::ToClient, Cut::after(0).by_reset());
                tx.commit(|t| t.incr("n")).await
            })
            .await
            .unwrap_err();
        proxy.clear();
        assert!(error.kind() == ErrorKind::Connection && error.may_have_run(), "{error}");
        until("it has run", || server.cli(&["GET", "n"]).trim() == "4").await;
        // A write that ran at once may have run: then there is no second try.
        let tries = AtomicU64::new(0);
        let error = client
            .transaction(["n"], async |tx| {
                tries.fetch_add(1, Ordering::Relaxed);
                tx.incr("at once").await?;
                proxy.reset_all();
                tx.commit(|t| t.incr("n")).await
            })
            .await
            .unwrap_err();
        assert_eq!(tries.load(Ordering::Relaxed), 1, "{error}");
        assert_eq!(server.cli(&["GET", "at once"]).trim(), "1");
        until("the connections are back", || client.pool_stats().in_use == 0).await;
    }
    Ok(())
}

/// What became of the transactions of one task: those that went well, and those that may have run.
async fn write_on(client: &Client, writer: u64, over: &AtomicBool) -> (Vec<String>, Vec<String>) {
    let (mut done, mut unknown) = (Vec::new(), Vec::new());
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("{writer}-{number}");
        let result = client
            .transaction_with(["n"], patient(), async |tx| {
                let n: Option<i64> = tx.get("n").await?;
                let next = n.unwrap_or(0) + 1;
                tx.commit(|t| (t.set("n", next), t.rpush("ran", &id))).await
            })
            .await;
        match result {
            Ok(_) => done.push(id),
            Err(error) if error.may_have_run() => unknown.push(id),
            Err(_) => {}
        }
    }
    (done, unknown)
}

/// Every transaction that reported success has run once; every one that says that it did not run, has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_runs_no_transaction_twice() -> Outcome {
    let options = Server::options(&servers::newest_redis());
    let options = options.config("appendonly", "yes").config("appendfsync", "always");
    let server = Arc::new(options.start());
    for protocol in [2, 3] {
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", server.url()))?).await?;
        client.command("FLUSHALL").run::<()>().await?;
        let over = Arc::new(AtomicBool::new(false));
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..6_u64 {
            let (client, over) = (client.clone(), Arc::clone(&over));
            writers.spawn(async move { write_on(&client, writer, &over).await });
        }
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            let server = Arc::clone(&server);
            tokio::task::spawn_blocking(move || {
                server.kill();
                server.restart();
            })
            .await?;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
        over.store(true, Ordering::Relaxed);
        let (mut done, mut unknown) = (Vec::new(), Vec::new());
        for (some, others) in writers.join_all().await {
            done.extend(some);
            unknown.extend(others);
        }
        let ran: Vec<String> = client.lrange("ran", 0, -1).await?;
        let count = |id: &String| ran.iter().filter(|other| *other == id).count();
        assert!(!done.is_empty());
        assert!(done.iter().all(|id| count(id) == 1), "each that went well ran once");
        assert!(unknown.iter().all(|id| count(id) <= 1), "none ran twice");
        assert!(
            ran.iter().all(|id| done.contains(id) || unknown.contains(id)),
            "none ran that said it did not"
        );
        assert_eq!(client.get::<usize>("n").await?, ran.len());
        until("the connections are back", || client.pool_stats().in_use == 0).await;
    }
    Ok(())
}
