//! Transactions that watch keys: nothing is lost, nothing is done twice, and nobody else notices.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::RawCommands as _;
use carnelian_command::group::{ListCommands as _, StringCommands as _};
use carnelian_core::transaction::TransactionOptions;
use carnelian_core::{Error, ErrorKind, Result, ServerCode};
use carnelian_testkit::{Server, servers};

type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

fn client(server: &Server, protocol: u8) -> Result<Client> {
    Client::connect(format!("{}?protocol={protocol}", server.url()).as_str())
}

fn patient() -> TransactionOptions {
    TransactionOptions::new().attempts(10_000)
}

#[test]
fn the_closures_own_value_is_given() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [2, 3].into_iter().filter(|&protocol| protocol == 2 || installed.at_least(6, 0)) {
            let client = client(&server, protocol)?;
            client.command("FLUSHALL").run::<()>()?;
            let n = client.transaction(["n"], |tx| {
                let n = tx.get::<Option<i64>>("n")?.unwrap_or(7);
                tx.commit(|t| t.set("n", n))?;
                Ok(n)
            })?;
            assert_eq!(n, 7);
            let (n, len): (i64, u64) = client.transaction(["n", "list"], |tx| {
                let n: i64 = tx.get("n")?;
                tx.commit(|t| (t.incrby("n", n), t.rpush("list", "x")))
            })?;
            assert_eq!((n, len), (14, 1));
            // One that commits nothing, or an empty thing, changes nothing and gives its value too.
            assert_eq!(client.transaction(["n"], |tx| tx.get::<String>("n"))?, "14");
            let () = client.transaction(["n"], |tx| tx.commit(|_| ()))?;
            // Without keys there is nothing to watch.
            assert_eq!(client.transaction((), |tx| tx.commit(|t| t.incr("n")))?, 15);
            let stats = client.pool_stats();
            assert_eq!((stats.in_use, stats.opened), (0, 1), "one connection did for all");
        }
    }
    Ok(())
}

#[test]
fn sixteen_threads_of_writers_lose_nothing() -> Outcome {
    const EACH: i64 = 25;
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol)?;
        client.command("FLUSHALL").run::<()>()?;
        let tries = AtomicU64::new(0);
        let write = |writer: i64| {
            for _ in 0..EACH {
                client.transaction_with(["sum"], patient(), |tx| {
                    tries.fetch_add(1, Ordering::Relaxed);
                    let have: Option<i64> = tx.get("sum")?;
                    tx.commit(|t| t.set("sum", have.unwrap_or(0) + writer))
                })?;
            }
            Ok::<(), Error>(())
        };
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..16).map(|writer| scope.spawn(move || write(writer))).collect();
            writers.into_iter().try_for_each(|writer| writer.join().unwrap())
        })?;
        assert_eq!(client.get::<i64>("sum")?, (0..16).sum::<i64>() * EACH);
        assert!(tries.load(Ordering::Relaxed) > 16 * EACH.unsigned_abs(), "nobody was in anybody's way");
        assert_eq!(client.pool_stats().in_use, 0);
    }
    Ok(())
}

#[test]
fn a_conflict_is_told_after_the_last_try_even_if_the_closure_hides_it() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3)?;
    let options = || TransactionOptions::new().attempts(3).watch_delay(Duration::ZERO);
    let mut tries = 0;
    let error = client
        .transaction_with(["k"], options(), |tx| {
            tries += 1;
            client.incr("k")?;
            tx.commit(|t| t.set("k", "mine"))
        })
        .unwrap_err();
    assert_eq!((error.kind(), tries), (ErrorKind::Conflict, 3));
    assert!(error.to_string().contains("3 tries") && !error.may_have_run(), "{error}");
    let error = client
        .transaction_with(["k"], options(), |tx| {
            client.incr("k")?;
            let _hidden = tx.commit(|t| t.set("k", "mine"));
            Ok("all is well")
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(client.get::<i64>("k")?, 6);
    // A write at once on the watching connection is somebody's change too.
    let error = client
        .transaction_with(["k"], options(), |tx| {
            tx.incr("k")?;
            tx.commit(|t| t.set("k", "mine"))
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(client.pool_stats().in_use, 0);
    Ok(())
}

#[test]
fn failures_are_told_apart_and_leave_no_trace() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol)?;
        client.command("FLUSHALL").run::<()>()?;
        client.set("text", "word")?;
        // When it was queued.
        let error = client
            .transaction(["k"], |tx| tx.commit(|t| (t.incr("k"), t.command("NOSUCH").run::<()>())))
            .unwrap_err();
        assert!(error.kind() == ErrorKind::Server && !error.may_have_run(), "{error}");
        assert!(error.to_string().contains("nothing was run"), "{error}");
        // When it ran: the others have run too.
        let error = client.transaction(["k"], |tx| tx.commit(|t| (t.incr("k"), t.incr("text")))).unwrap_err();
        assert!(error.kind() == ErrorKind::Server && error.may_have_run(), "{error}");
        let (k, text) =
            client.transaction(["k"], |tx| tx.commit_results(|t| (t.incr("k"), t.incr("text"))))?;
        assert_eq!((k?, text.unwrap_err().kind()), (2, ErrorKind::Server));
        // The closure's own.
        let refusal = |_: &_| Err::<(), _>(Error::new(ErrorKind::Config, "I changed my mind"));
        assert_eq!(client.transaction(["k"], refusal).unwrap_err().kind(), ErrorKind::Config);
        // A second commit, for which nothing is watched any more.
        let twice = client.transaction(["k"], |tx| {
            tx.commit(|t| t.incr("k"))?;
            tx.commit(|t| t.incr("k"))
        });
        assert_eq!(twice.unwrap_err().kind(), ErrorKind::NotHere);
        // What would change the connection, or end the watching, is not the closure's to do.
        for name in ["UNWATCH", "MULTI", "SELECT", "RESET"] {
            let error = client.transaction(["k"], |tx| tx.command(name).arg("1").run::<()>()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotHere, "{name}: {error}");
        }
        assert_eq!(client.get::<i64>("k")?, 3);
        assert_eq!(client.pool_stats().in_use, 0);
    }
    Ok(())
}

#[test]
fn a_user_without_the_right_to_begin_hears_that_commands_ran_one_by_one() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    server.cli(&["ACL", "SETUSER", "ada", "on", ">pw", "~*", "+@all", "-multi"]);
    let client = Client::connect(server.url().replace("redis://", "redis://ada:pw@").as_str())?;
    let error = client.transaction(["n"], |tx| tx.commit(|t| t.incr("n"))).unwrap_err();
    assert_eq!((error.command(), error.server_code()), (Some("MULTI"), Some(ServerCode::NoPerm)));
    assert!(error.may_have_run(), "{error}");
    assert_eq!(client.get::<i64>("n")?, 1);
    Ok(())
}

#[test]
fn other_users_of_the_client_notice_nothing() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3)?;
    let watching = || server.cli(&["CLIENT", "LIST"]).matches("watch=1 ").count();
    client.transaction(["k"], |tx| {
        let _: Option<i64> = tx.get("k")?;
        // On the shared connection: not watched there, not queued there.
        assert_eq!(client.incr("other")?, 1);
        assert_eq!(watching(), 1);
        let (one, two): (i64, i64) = client.atomic(|t| (t.incr("other"), t.incr("other")))?;
        assert_eq!((one, two), (2, 3));
        // One inside of the other, each on its own connection.
        let inner = client.transaction(["other"], |tx| tx.commit(|t| t.incr("inner")))?;
        assert_eq!(inner, 1);
        tx.commit(|t| t.set("k", 1))
    })?;
    assert_eq!(watching(), 0);
    Ok(())
}
