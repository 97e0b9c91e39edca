//! A future may be dropped at any moment: no reply ever reaches another caller, and no connection is lost for it.

mod random;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{
    BlockFor, BlockingListCommands as _, ListCommands as _, OwnConnectionCommands as _, StringCommands as _,
};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::{Config, State};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, servers};
use carnelian_tokio::{Client, Dedicated};
use random::Random;
use tokio::time::{sleep, timeout};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const TASKS: usize = 2_000;
const MS: u64 = 1_000;

/// Ten thousand cancels; ten million when asked for.
fn cancels_per_task() -> usize {
    if std::env::var_os("CARNELIAN_LONG").is_some() { 5_000 } else { 5 }
}

/// A value that says whose it is, of a length of its own.
fn value_of(number: usize) -> String {
    format!("the value of {number};").repeat(1 + number * number % 120)
}

/// Nothing in these tests has a deadline: what is cut short is cut short by a dropped future.
fn patient(url: &str) -> Outcome<Config> {
    Ok(Config::new(url)?.command_timeout(None))
}

/// Short times mostly, so that most futures are dropped long before the reply; some as long as a reply takes.
fn moment(random: &mut Random) -> Duration {
    let bound = match random.below(8) {
        0 => 1,
        1 => 2_300 * MS,
        2 => 400 * MS,
        _ => 30 * MS,
    };
    random.micros_below(bound)
}

/// Starts a command and drops it; a reply that is quicker than that must be the right one. True: it was dropped.
async fn start_and_drop(client: &Client, own: usize, random: &mut Random) -> Outcome<bool> {
    let patience = moment(random);
    let number = random.below(TASKS as u64) as usize;
    match random.below(4) {
        0 => Ok(timeout(patience, client.set(format!("k{own}"), value_of(own)).into_future()).await.is_err()),
        1 => {
            let many = client.command("MGET").key(format!("k{own}")).key(format!("k{number}"));
            let Ok(values) = timeout(patience, many.run::<Vec<String>>().into_future()).await else {
                return Ok(true);
            };
            assert_eq!(values?, [value_of(own), value_of(number)]);
            Ok(false)
        }
        _ => {
            let get = client.get::<String>(format!("k{number}")).into_future();
            let Ok(value) = timeout(patience, get).await else { return Ok(true) };
            assert_eq!(value?, value_of(number));
            Ok(false)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cancelled_command_shifts_a_reply() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(patient(&proxy.url())?).await?;
    for number in 0..TASKS {
        client.set(format!("k{number}"), value_of(number)).await?;
    }
    let id = client.client_id().await?;
    proxy.delay_between(Direction::ToClient, Duration::from_millis(50)..=Duration::from_secs(2), 7);
    let cancelled = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for own in 0..TASKS {
        let (client, cancelled) = (client.clone(), Arc::clone(&cancelled));
        tasks.push(tokio::spawn(async move {
            let mut random = Random::new(own as u64);
            let mut left = cancels_per_task();
            while left > 0 {
                if start_and_drop(&client, own, &mut random).await? {
                    left -= 1;
                    cancelled.fetch_add(1, Ordering::Relaxed);
                }
            }
            assert_eq!(client.get::<String>(format!("k{own}")).await?, value_of(own));
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    assert_eq!(cancelled.load(Ordering::Relaxed), TASKS * cancels_per_task());
    proxy.clear();
    assert_eq!(
        (client.client_id().await?, proxy.accepted().len()),
        (id, 1),
        "the connection stayed the same"
    );
    Ok(())
}

/// Some commands dropped in flight, then one whose reply is looked at: on the connection, or on whoever has it next.
async fn use_and_leave(client: &Client, own: usize, random: &mut Random) -> Outcome {
    let dedicated = client.dedicated().await?;
    assert_eq!(dedicated.get::<String>(format!("k{own}")).await?, value_of(own), "as it was handed out");
    for _ in 0..random.below(4) {
        let other = format!("k{}", random.below(50));
        let dropped = timeout(random.micros_below(12 * MS), dedicated.get::<String>(&other).into_future());
        // Whether it came in time is all the same here.
        let _ = dropped.await;
    }
    if random.below(2) == 0 {
        assert_eq!(dedicated.get::<String>(format!("k{own}")).await?, value_of(own), "after dropped ones");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dedicated_connection_stays_whole_or_is_closed() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(
        patient(&proxy.url())?.max_connections(8).pool_wait(carnelian_core::config::Wait::Forever),
    )
    .await?;
    for number in 0..50 {
        client.set(format!("k{number}"), value_of(number)).await?;
    }
    proxy.delay_between(Direction::ToClient, Duration::ZERO..=Duration::from_millis(8), 3);
    let mut tasks = Vec::new();
    for own in 0..50 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let mut random = Random::new(own as u64);
            for _ in 0..20 {
                use_and_leave(&client, own, &mut random).await?;
            }
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.waiting), (0, 0), "{stats:?}");
    assert!(stats.idle <= 8 && stats.opened < 1_000, "{stats:?}");
    Ok(())
}

/// How many clients of the server wait in a BLPOP.
fn waiting_in_blpop(server: &Server) -> usize {
    server.cli(&["CLIENT", "LIST"]).lines().filter(|line| line.contains("cmd=blpop")).count()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) -> Outcome {
    for _ in 0..1_000 {
        if holds() {
            return Ok(());
        }
        sleep(Duration::from_millis(5)).await;
    }
    Err(format!("waited in vain: {what}").into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_blpop_takes_nothing_afterwards() -> Outcome {
    for installed in [servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        let client = Client::connect(patient(&server.url())?).await?;
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.blpop::<(String, String)>("jobs", BlockFor::Forever).await })
            })
            .collect();
        until("twenty wait", || waiting_in_blpop(&server) == 20).await?;
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        until("nobody waits", || waiting_in_blpop(&server) == 0).await?;
        until("all places are free", || client.pool_stats().in_use == 0).await?;
        assert_eq!(client.rpush("jobs", "one").await?, 1);
        assert_eq!(client.llen("jobs").await?, 1, "no dropped BLPOP has taken it");
        let popped = client.blpop::<(String, String)>("jobs", Duration::from_secs(1)).await?;
        assert_eq!(popped, Some(("jobs".to_owned(), "one".to_owned())));
        // Twenty at once again: none of the places was lost.
        let all: Vec<Dedicated> = take(&client, 20).await?;
        for dedicated in &all {
            assert_eq!(dedicated.command("ECHO").arg("mine").run::<String>().await?, "mine");
        }
    }
    Ok(())
}

async fn take(client: &Client, count: usize) -> Outcome<Vec<Dedicated>> {
    let mut taken = Vec::new();
    for _ in 0..count {
        taken.push(timeout(Duration::from_secs(5), client.dedicated()).await??);
    }
    Ok(taken)
}

#[tokio::test]
async fn a_blpop_dropped_on_a_connection_of_ones_own_closes_it() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(patient(&server.url())?).await?;
    let dedicated = client.dedicated().await?;
    let waiting = dedicated.blpop::<(String, String)>("jobs", BlockFor::Forever).into_future();
    assert!(timeout(Duration::from_millis(100), waiting).await.is_err());
    drop(dedicated);
    until("nobody waits", || waiting_in_blpop(&server) == 0).await?;
    client.rpush("jobs", "one").await?;
    assert_eq!(client.llen("jobs").await?, 1);
    let next = client.dedicated().await?;
    assert_eq!(next.command("ECHO").arg("mine").run::<String>().await?, "mine");
    Ok(())
}

#[tokio::test]
async fn a_command_dropped_before_it_ran_never_runs() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(patient(&server.url())?).await?;
    drop(client.incr("n"));
    drop(client.incr("n").into_future());
    assert_eq!(client.incr("n").await?, 1);
    Ok(())
}

#[tokio::test]
async fn what_was_given_up_without_a_connection_is_not_run_over_the_next() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let backoff = Backoff::Constant(Duration::from_millis(20));
    let config = Config::new(&proxy.url())?.reconnect(Reconnect::new().backoff(backoff));
    let client = Client::connect(config).await?;
    client.set("kept", 0).await?;
    let mut state = client.state();
    proxy.refuse_new();
    proxy.close_all();
    state.wait_for(|state| *state != State::Connected).await?;
    let patient = {
        let client = client.clone();
        tokio::spawn(async move { client.incr("kept").await })
    };
    for _ in 0..10 {
        let hasty = timeout(Duration::from_millis(2), client.incr("given up"));
        assert!(hasty.await.is_err());
    }
    proxy.clear();
    assert_eq!(patient.await??, 1);
    assert_eq!(client.get::<Option<i64>>("given up").await?, None);
    Ok(())
}
