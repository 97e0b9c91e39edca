//! Transactions that do not come to their end: late, abandoned by a panic, or without their connection. None is done twice,
//! and no connection keeps anything of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::RawCommands as _;
use carnelian_command::group::{ListCommands as _, StringCommands as _, TransactionCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::transaction::TransactionOptions;
use carnelian_core::{Config, ErrorKind, Result};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, Server, eventually, servers};

type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(10);

fn quick(url: &str) -> Result<Config> {
    let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(5)));
    Ok(Config::new(url)?.reconnect(reconnect).command_timeout(Duration::from_secs(30)))
}

fn patient() -> TransactionOptions {
    TransactionOptions::new().attempts(10_000)
}

#[test]
fn a_time_limit_is_for_all_tries() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let options = || patient().watch_delay(Duration::from_millis(5)).timeout(Duration::from_millis(80));
    let conflict = client
        .transaction_with(["k"], options(), |tx| {
            client.incr("k")?;
            tx.commit(|t| t.set("k", "mine"))
        })
        .unwrap_err();
    assert!(matches!(conflict.kind(), ErrorKind::Conflict | ErrorKind::Timeout), "{conflict}");
    // Late with EXEC under way, nobody knows; late before it, or in conflict, it has not run.
    let exec = conflict.is_timeout() && conflict.command() == Some("EXEC");
    assert!(!conflict.may_have_run() || exec, "{conflict}");
    server.pause();
    let late = client.transaction_with(["k"], options(), |tx| tx.commit(|t| t.incr("k"))).unwrap_err();
    server.resume();
    // WATCH may have come through, but nothing of the transaction did.
    assert!(late.is_timeout() && !late.may_have_run(), "{late}");
    eventually("the connections are back", SOON, || client.pool_stats().in_use == 0);
    Ok(())
}

#[test]
fn a_closure_that_panics_leaves_nothing_watched_behind() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        client.transaction(["k"], |tx| -> Result<()> {
            let have = tx.get::<Option<i64>>("k")?;
            panic!("on purpose, with {have:?} read")
        })
    }));
    assert!(panicked.is_err());
    eventually("the connection is back", SOON, || client.pool_stats().in_use == 0);
    eventually("nobody watches", SOON, || !server.cli(&["CLIENT", "LIST"]).contains("watch=1 "));
    // Whoever gets a connection next is not kept from committing by what the last one watched.
    client.incr("k")?;
    let own = client.dedicated()?;
    own.multi()?;
    own.command("INCR").arg("other").run::<()>()?;
    assert!(own.exec::<Vec<i64>>()?.is_some());
    Ok(())
}

#[test]
fn a_connection_lost_before_exec_is_replaced_and_after_it_the_error_tells() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    for protocol in [2, 3] {
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", proxy.url()))?)?;
        server.cli(&["FLUSHALL"]);
        // Between WATCH and the read, between the read and EXEC.
        for place in 0..2 {
            let mut tries = 0;
            let n: i64 = client.transaction(["n"], |tx| {
                tries += 1;
                if tries == 1 && place == 0 {
                    proxy.reset_all();
                }
                let _: Option<i64> = tx.get("n")?;
                if tries == 1 && place == 1 {
                    proxy.reset_all();
                }
                tx.commit(|t| t.incr("n"))
            })?;
            assert_eq!((n, tries), (place + 1, 2), "{place}");
        }
        // Before WATCH is answered.
        proxy.reset_all();
        assert_eq!(client.transaction(["n"], |tx| tx.commit(|t| t.incr("n")))?, 3);
        // EXEC came through, its reply did not: it ran, once, and the error says that it may have.
        let error = client
            .transaction(["n"], |tx| {
                let _: Option<i64> = tx.get("n")?;
                proxy.cut(Direction::ToClient, Cut::after(0).by_reset());
                tx.commit(|t| t.incr("n"))
            })
            .unwrap_err();
        proxy.clear();
        assert!(error.kind() == ErrorKind::Connection && error.may_have_run(), "{error}");
        eventually("it has run", SOON, || server.cli(&["GET", "n"]).trim() == "4");
        // A write that ran at once may have run: then there is no second try.
        let mut tries = 0;
        let error = client
            .transaction(["n"], |tx| {
                tries += 1;
                tx.incr("at once")?;
                proxy.reset_all();
                tx.commit(|t| t.incr("n"))
            })
            .unwrap_err();
        assert_eq!(tries, 1, "{error}");
        assert_eq!(server.cli(&["GET", "at once"]).trim(), "1");
        eventually("the connections are back", SOON, || client.pool_stats().in_use == 0);
    }
    Ok(())
}

/// What became of the transactions of one thread: those that went well, and those that may have run.
fn write_on(client: &Client, writer: u64, over: &AtomicBool) -> (Vec<String>, Vec<String>) {
    let (mut done, mut unknown) = (Vec::new(), Vec::new());
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("{writer}-{number}");
        let result = client.transaction_with(["n"], patient(), |tx| {
            let n: Option<i64> = tx.get("n")?;
            let next = n.unwrap_or(0) + 1;
            tx.commit(|t| (t.set("n", next), t.rpush("ran", &id)))
        });
        match result {
            Ok(_) => done.push(id),
            Err(error) if error.may_have_run() => unknown.push(id),
            Err(_) => {}
        }
    }
    (done, unknown)
}

/// Every transaction that reported success has run once; every one that says that it did not run, has not.
#[test]
fn a_killed_server_runs_no_transaction_twice() -> Outcome {
    let options = Server::options(&servers::newest_redis());
    let server = options.config("appendonly", "yes").config("appendfsync", "always").start();
    for protocol in [2, 3] {
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", server.url()))?)?;
        client.command("FLUSHALL").run::<()>()?;
        let over = AtomicBool::new(false);
        let (mut done, mut unknown) = (Vec::new(), Vec::new());
        thread::scope(|scope| {
            let (client, over) = (&client, &over);
            let threads: Vec<_> =
                (0..6).map(|writer| scope.spawn(move || write_on(client, writer, over))).collect();
            for _ in 0..4 {
                thread::sleep(Duration::from_millis(150));
                server.kill();
                server.restart();
            }
            thread::sleep(Duration::from_millis(150));
            over.store(true, Ordering::Relaxed);
            for thread in threads {
                let (some, others) = thread.join().unwrap();
                done.extend(some);
                unknown.extend(others);
            }
        });
        let ran: Vec<String> = client.lrange("ran", 0, -1)?;
        let count = |id: &String| ran.iter().filter(|other| *other == id).count();
        assert!(!done.is_empty());
        assert!(done.iter().all(|id| count(id) == 1), "each that went well ran once");
        assert!(unknown.iter().all(|id| count(id) <= 1), "none ran twice");
        let told = |id: &String| done.contains(id) || unknown.contains(id);
        assert!(ran.iter().all(told), "none ran that said it did not");
        assert_eq!(client.get::<usize>("n")?, ran.len());
        eventually("the connections are back", SOON, || client.pool_stats().in_use == 0);
    }
    Ok(())
}
