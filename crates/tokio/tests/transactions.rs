//! Transactions that watch keys: nothing is lost, nothing is done twice, and nobody else notices.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{ListCommands as _, Script, StringCommands as _};
use carnelian_core::transaction::TransactionOptions;
use carnelian_core::{Error, ErrorKind, Result, ServerCode};
use carnelian_testkit::{Server, servers};
use carnelian_tokio::Client;
use support::{Outcome, clients_with, until};

async fn client(server: &Server, protocol: u8) -> Result<Client> {
    Client::connect(format!("{}?protocol={protocol}", server.url()).as_str()).await
}

fn patient() -> TransactionOptions {
    TransactionOptions::new().attempts(10_000)
}

/// Adds to a number as a reader and writer would who has no INCR.
async fn add(client: &Client, key: &str, delta: i64) -> Result<i64> {
    client
        .transaction_with([key], patient(), async |tx| {
            let have: Option<i64> = tx.get(key).await?;
            let sum = have.unwrap_or(0) + delta;
            tx.commit(|t| t.set(key, sum)).await?;
            Ok(sum)
        })
        .await
}

#[tokio::test]
async fn the_closures_own_value_is_given() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [2, 3].into_iter().filter(|&protocol| protocol == 2 || installed.at_least(6, 0)) {
            let client = client(&server, protocol).await?;
            client.command("FLUSHALL").run::<()>().await?;
            assert_eq!(add(&client, "n", 5).await?, 5);
            assert_eq!(add(&client, "n", 2).await?, 7);
            let (n, len): (i64, u64) = client
                .transaction(["n", "list"], async |tx| {
                    let n: i64 = tx.get("n").await?;
                    tx.commit(|t| (t.incrby("n", n), t.rpush("list", "x"))).await
                })
                .await?;
            assert_eq!((n, len), (14, 1));
            // One that commits nothing, or an empty thing, changes nothing and gives its value too.
            let text = client.transaction(["n"], async |tx| tx.get::<String>("n").await).await?;
            assert_eq!(text, "14");
            let () = client.transaction(["n"], async |tx| tx.commit(|_| ()).await).await?;
            // Without keys there is nothing to watch.
            assert_eq!(client.transaction((), async |tx| tx.commit(|t| t.incr("n")).await).await?, 15);
            let stats = client.pool_stats();
            assert_eq!((stats.in_use, stats.opened), (0, 1), "one connection did for all");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_lose_nothing() -> Outcome {
    const EACH: i64 = 25;
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol).await?;
        client.command("FLUSHALL").run::<()>().await?;
        let tries = Arc::new(AtomicU64::new(0));
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..16 {
            let (client, tries) = (client.clone(), Arc::clone(&tries));
            writers.spawn(async move {
                for _ in 0..EACH {
                    client
                        .transaction_with(["sum"], patient(), async |tx| {
                            tries.fetch_add(1, Ordering::Relaxed);
                            let have: Option<i64> = tx.get("sum").await?;
                            tx.commit(|t| t.set("sum", have.unwrap_or(0) + writer)).await
                        })
                        .await?;
                }
                Ok::<(), Error>(())
            });
        }
        for outcome in writers.join_all().await {
            outcome?;
        }
        assert_eq!(client.get::<i64>("sum").await?, (0..16).sum::<i64>() * EACH);
        assert!(tries.load(Ordering::Relaxed) > 16 * EACH.unsigned_abs(), "nobody was in anybody's way");
        assert_eq!(client.pool_stats().in_use, 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_conflict_is_told_after_the_last_try_even_if_the_closure_hides_it() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3).await?;
    let options = || TransactionOptions::new().attempts(3).watch_delay(Duration::ZERO);
    let tries = AtomicU64::new(0);
    let error = client
        .transaction_with(["k"], options(), async |tx| {
            tries.fetch_add(1, Ordering::Relaxed);
            client.incr("k").await?;
            tx.commit(|t| t.set("k", "mine")).await
        })
        .await
        .unwrap_err();
    assert_eq!((error.kind(), tries.load(Ordering::Relaxed)), (ErrorKind::Conflict, 3));
    assert!(error.to_string().contains("3 tries") && !error.may_have_run(), "{error}");
    let error = client
        .transaction_with(["k"], options(), async |tx| {
            client.incr("k").await?;
            let _hidden = tx.commit(|t| t.set("k", "mine")).await;
            Ok("all is well")
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(client.get::<i64>("k").await?, 6);
    // A write at once on the watching connection is somebody's change too.
    let error = client
        .transaction_with(["k"], options(), async |tx| {
            tx.incr("k").await?;
            tx.commit(|t| t.set("k", "mine")).await
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(client.pool_stats().in_use, 0);
    Ok(())
}

#[tokio::test]
async fn failures_are_told_apart_and_leave_no_trace() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol).await?;
        client.command("FLUSHALL").run::<()>().await?;
        client.set("text", "word").await?;
        // When it was queued.
        let error = client
            .transaction(["k"], async |tx| {
                tx.commit(|t| (t.incr("k"), t.command("NOSUCH").run::<()>())).await
            })
            .await
            .unwrap_err();
        assert!(error.kind() == ErrorKind::Server && !error.may_have_run(), "{error}");
        assert!(error.to_string().contains("nothing was run"), "{error}");
        // When it ran: the others have run too.
        let error = client
            .transaction(["k"], async |tx| tx.commit(|t| (t.incr("k"), t.incr("text"))).await)
            .await
            .unwrap_err();
        assert!(error.kind() == ErrorKind::Server && error.may_have_run(), "{error}");
        let (k, text) = client
            .transaction(["k"], async |tx| tx.commit_results(|t| (t.incr("k"), t.incr("text"))).await)
            .await?;
        assert_eq!((k?, text.unwrap_err().kind()), (2, ErrorKind::Server));
        // The closure's own.
        let error = client
            .transaction(["k"], async |_| Err::<(), _>(Error::new(ErrorKind::Config, "I changed my mind")))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        // A second commit, for which nothing is watched any more.
        let error = client
            .transaction(["k"], async |tx| {
                tx.commit(|t| t.incr("k")).await?;
                tx.commit(|t| t.incr("k")).await
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotHere);
        // What would change the connection, or end the watching, is not the closure's to do.
        for name in ["UNWATCH", "MULTI", "SELECT", "RESET"] {
            let error = client
                .transaction(["k"], async |tx| tx.command(name).arg("1").run::<()>().await)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotHere, "{name}: {error}");
        }
        assert_eq!(client.get::<i64>("k").await?, 3);
        assert_eq!(client.pool_stats().in_use, 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_user_without_the_right_to_begin_hears_that_commands_ran_one_by_one() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    server.cli(&["ACL", "SETUSER", "ada", "on", ">pw", "~*", "+@all", "-multi"]);
    let url = server.url().replace("redis://", "redis://ada:pw@");
    let client = Client::connect(url.as_str()).await?;
    let error = client.atomic(|t| t.incr("n")).await.unwrap_err();
    assert_eq!((error.command(), error.server_code()), (Some("MULTI"), Some(ServerCode::NoPerm)));
    assert!(error.may_have_run(), "{error}");
    let error = client.transaction(["n"], async |tx| tx.commit(|t| t.incr("n")).await).await.unwrap_err();
    assert!(error.may_have_run(), "{error}");
    assert_eq!(client.get::<i64>("n").await?, 2);
    Ok(())
}

#[tokio::test]
async fn other_users_of_the_client_notice_nothing() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3).await?;
    client
        .transaction(["k"], async |tx| {
            let _: Option<i64> = tx.get("k").await?;
            // On the shared connection: not watched there, not queued there.
            assert_eq!(client.incr("other").await?, 1);
            assert_eq!(clients_with(&server, "watch=1 ").len(), 1);
            let (one, two): (i64, i64) = client.atomic(|t| (t.incr("other"), t.incr("other"))).await?;
            assert_eq!((one, two), (2, 3));
            tx.commit(|t| t.set("k", 1)).await
        })
        .await?;
    // One inside of the other, each on its own connection.
    let inner = client
        .transaction(["a"], async |outer| {
            let inner = add(&client, "b", 1).await?;
            outer.commit(|t| t.incr("a")).await?;
            Ok(inner)
        })
        .await?;
    assert_eq!(inner, 1);
    until("nobody watches anything", || clients_with(&server, "watch=1 ").is_empty()).await;
    Ok(())
}

/// The future is `Send` with whatever the closure borrows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_can_be_spawned() -> Outcome {
    async fn borrowing(client: &Client, from: &str, names: &[String], count: &mut u64) -> Result<u64> {
        let calls = AtomicU64::new(0);
        let length = client
            .transaction(names, async |tx| {
                calls.fetch_add(1, Ordering::Relaxed);
                let read: Vec<Option<String>> = tx.mget(names).await?;
                let (length, _) = tx
                    .commit(|t| (t.append(from, "x"), read.iter().map(|_| t.incr("n")).collect::<Vec<_>>()))
                    .await?;
                Ok(length)
            })
            .await?;
        *count += calls.into_inner();
        Ok(length)
    }

    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3).await?;
    let task = tokio::spawn(async move {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let mut count = 0;
        let length = borrowing(&client, "text", &names, &mut count).await?;
        // Where a try changes something of the closure's own, the block inside is the future.
        let mut seen = Vec::new();
        let by = names.len();
        client
            .transaction(["n"], |tx| {
                seen.push(by);
                async move { tx.commit(|t| t.incrby("n", 1)).await }
            })
            .await?;
        Ok::<_, Error>((length, count, seen.len()))
    });
    assert_eq!(task.await??, (1, 1, 1));
    Ok(())
}

#[tokio::test]
async fn scripts_run_in_transactions() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3).await?;
    let read = Script::read_only("return redis.call('GET', KEYS[1])");
    let double = Script::new("return redis.call('INCRBY', KEYS[1], redis.call('GET', KEYS[1]))");
    client.set("n", 3).await?;
    let (one, two): (i64, i64) = client
        .transaction(["n"], async |tx| {
            let have: i64 = tx.script(read.key("n")).await?;
            assert_eq!(have, 3);
            tx.commit(|t| (t.script(double.key("n")), t.script(double.key("n")))).await
        })
        .await?;
    assert_eq!((one, two), (6, 12));
    Ok(())
}
