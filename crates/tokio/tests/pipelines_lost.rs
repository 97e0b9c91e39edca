//! Pipelines and transactions whose connection breaks in the midst of them, at every byte, and whose callers go away: each
//! command is told the truth about, nothing runs twice, and nobody gets another's reply.

mod random;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carnelian_command::group::{ListCommands as _, OwnConnectionCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::pipeline::Pipeline;
use carnelian_core::{Config, Error, State};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, Server, servers};
use carnelian_tokio::Client;
use random::Random;
use tokio::time::timeout;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A client of a real server behind a proxy.
struct Setup {
    server: Server,
    proxy: FaultProxy,
    client: Client,
}

impl Setup {
    async fn new(protocol: u8) -> Outcome<Self> {
        let server = Server::start(&servers::newest_redis());
        let proxy = FaultProxy::start(server.addr());
        let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(1)));
        let config = Config::new(&format!("{}?protocol={protocol}", proxy.url()))?
            .command_timeout(Duration::from_secs(60))
            .reconnect(reconnect);
        let client = Client::connect(config).await?;
        Ok(Self { server, proxy, client })
    }

    /// Everything that was cut has come to its end, and the client is connected again.
    async fn calms_down(&self) -> Outcome {
        self.proxy.clear();
        self.client.get::<Option<String>>("nothing").await?;
        Ok(())
    }
}

const fn cut(after: u64) -> Cut {
    let cut = Cut::after(after).once();
    if after.is_multiple_of(2) { cut } else { cut.by_reset() }
}

/// What callers were told of their writes, each of which has a name of its own.
#[derive(Default)]
struct Told {
    done: HashSet<u64>,
    maybe: HashSet<u64>,
    never: HashSet<u64>,
}

impl Told {
    fn note<T>(&mut self, number: u64, result: &Result<T, Error>) {
        match result {
            Ok(_) => self.done.insert(number),
            Err(error) if error.may_have_run() => self.maybe.insert(number),
            Err(_) => self.never.insert(number),
        };
    }

    fn check(&self, found: &[u64]) {
        let distinct: HashSet<u64> = found.iter().copied().collect();
        assert_eq!(distinct.len(), found.len(), "something ran twice");
        assert!(found.is_sorted(), "something overtook something else: {found:?}");
        assert!(self.done.is_subset(&distinct), "something that was answered did not run");
        assert!(self.never.is_disjoint(&distinct), "something ran that was said not to");
        assert!(distinct.iter().all(|number| self.done.contains(number) || self.maybe.contains(number)));
        assert!(!self.done.is_empty() && !self.maybe.is_empty(), "the cuts met nothing, or everything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_cut_anywhere_tells_of_each_command_whether_it_ran() -> Outcome {
    for protocol in [2, 3] {
        let setup = Setup::new(protocol).await?;
        setup.client.set("k", "v").await?;
        let (mut told, mut number) = (Told::default(), 0);
        for direction in [Direction::ToServer, Direction::ToClient] {
            let most = if direction == Direction::ToServer { 250 } else { 60 };
            for after in (0..most).step_by(if direction == Direction::ToServer { 5 } else { 1 }) {
                setup.proxy.cut(direction, cut(after));
                let (first, read, second, other_read, third) = setup
                    .client
                    .pipeline_results(|p| {
                        let push = |place: u64| p.rpush("log", number + place);
                        (push(0), p.get::<String>("k"), push(1), p.get::<String>("k"), push(2))
                    })
                    .await;
                // What only reads is asked again.
                assert_eq!((read?, other_read?), ("v".to_owned(), "v".to_owned()));
                for (place, result) in [&first, &second, &third].into_iter().enumerate() {
                    told.note(number + place as u64, result);
                }
                // Replies come in order: behind one that is missing, none has come.
                let came = [&first, &second, &third].map(Result::is_ok);
                assert!(came.is_sorted_by_key(|came| !came) || came == [true; 3], "{came:?}");
                number += 3;
                setup.calms_down().await?;
            }
        }
        let found: Vec<u64> = setup.client.lrange("log", 0, -1).await?;
        told.check(&found);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_of_a_pipeline_was_never_sent_is_sent_after_reconnecting_in_its_order() -> Outcome {
    const COMMANDS: u64 = 500;
    let setup = Setup::new(3).await?;
    setup.proxy.refuse_new();
    setup.proxy.reset_all();
    setup.client.state().wait_for(|state| *state == State::Connecting).await?;
    let client = setup.client.clone();
    let lengths = tokio::spawn(async move {
        client.pipeline(|p| (0..COMMANDS).map(|n| p.rpush("log", n)).collect::<Vec<_>>()).await
    });
    let client = setup.client.clone();
    let whole = tokio::spawn(async move { client.atomic(|t| (t.incr("n"), t.incr("n"))).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!lengths.is_finished() && !whole.is_finished(), "they wait");
    setup.proxy.clear();
    assert!(lengths.await??.into_iter().eq(1..=COMMANDS));
    assert_eq!(whole.await??, (1, 2));
    let log: Vec<u64> = setup.client.lrange("log", 0, -1).await?;
    assert!(log.into_iter().eq(0..COMMANDS));
    Ok(())
}

/// The client has written all of it before the cut, so it can't know more than that it may have run; what it says is held
/// against what the server did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_cut_at_any_byte_runs_wholly_or_not_at_all_and_never_twice() -> Outcome {
    for protocol in [2, 3] {
        let setup = Setup::new(protocol).await?;
        let transfer = |number: u64| {
            setup.client.atomic(move |t| (t.rpush("log", number), t.incrby("ada", -1), t.incrby("bob", 1)))
        };
        let (mut number, mut expected) = (100, Vec::new());
        for (way, least) in [(Direction::ToServer, 100), (Direction::ToClient, 45)] {
            for after in 0.. {
                number += 1;
                setup.proxy.cut(way, cut(after));
                let outcome = transfer(number).await;
                let Err(error) = outcome else {
                    // The cut lies behind it. That of the one before lay right at its end: it may have run, as was said.
                    assert!(after > least, "cut {way:?} after {after}");
                    let log: Vec<u64> = setup.client.lrange("log", 0, -1).await?;
                    expected.extend(
                        (number - 1..=number)
                            .filter(|n| log.contains(n) && !expected.contains(n))
                            .collect::<Vec<_>>(),
                    );
                    break;
                };
                assert!(error.may_have_run(), "cut {way:?} after {after}: {error}");
                assert_eq!(error.command(), Some("EXEC"));
                setup.calms_down().await?;
                if way == Direction::ToClient {
                    expected.push(number);
                }
            }
            setup.calms_down().await?;
        }
        let log: Vec<u64> = setup.client.lrange("log", 0, -1).await?;
        assert_eq!(
            log, expected,
            "of those cut on their way none ran, of those cut on the way back each once"
        );
        let count = i64::try_from(expected.len())?;
        assert_eq!((setup.client.get("ada").await?, setup.client.get("bob").await?), (-count, count));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_does_no_harm_twice_is_sent_again_as_a_whole() -> Outcome {
    let setup = Setup::new(3).await?;
    // Behind the replies to MULTI and to the first command.
    setup.proxy.cut(Direction::ToClient, Cut::after(14).once());
    let (a, b): (i64, i64) = setup.client.atomic(|t| (t.incr("n"), t.incr("n"))).idempotent().await?;
    assert_eq!((a, b), (3, 4), "it ran twice, as it was allowed to");
    setup.calms_down().await?;
    // One that only reads needs no permission.
    setup.proxy.cut(Direction::ToClient, Cut::after(14).once());
    let (a, b): (i64, i64) = setup.client.atomic(|t| (t.get("n"), t.get("n"))).await?;
    assert_eq!((a, b), (4, 4));
    Ok(())
}

/// A value that says whose it is, of a length of its own.
fn value_of(number: usize) -> String {
    format!("the value of {number};").repeat(1 + number * number % 90)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_pipeline_or_transaction_that_is_dropped_shifts_a_reply() -> Outcome {
    const TASKS: usize = 200;
    const DROPS: usize = 20;
    let setup = Setup::new(3).await?;
    for number in 0..TASKS {
        setup.client.set(format!("k{number}"), value_of(number)).await?;
    }
    let id = setup.client.client_id().await?;
    setup.proxy.delay_between(Direction::ToClient, Duration::ZERO..=Duration::from_millis(20), 3);
    let dropped = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|own| {
            let (client, dropped) = (setup.client.clone(), Arc::clone(&dropped));
            tokio::spawn(async move {
                let mut random = Random::new(own as u64);
                let mut left = DROPS;
                while left > 0 {
                    let keys: Vec<_> =
                        (0..1 + random.below(20)).map(|_| random.below(TASKS as u64) as usize).collect();
                    let expected: Vec<_> = keys.iter().map(|key| value_of(*key)).collect();
                    let patience = random.micros_below(20_000);
                    let asked = |p: &Pipeline| {
                        keys.iter().map(|key| p.get::<String>(format!("k{key}"))).collect::<Vec<_>>()
                    };
                    let came = match random.below(3) {
                        0 => timeout(patience, client.atomic(asked).into_future()).await,
                        _ => timeout(patience, client.pipeline(asked).into_future()).await,
                    };
                    match came {
                        Ok(values) => assert_eq!(values?, expected),
                        Err(_) => {
                            left -= 1;
                            dropped.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    // Among others who ask for one thing at a time.
                    assert_eq!(client.get::<String>(format!("k{own}")).await?, value_of(own));
                }
                Outcome::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    assert_eq!(dropped.load(Ordering::Relaxed), TASKS * DROPS);
    assert_eq!(setup.client.client_id().await?, id, "the connection stayed the same");
    assert_eq!(setup.server.cli(&["PING"]), "PONG");
    Ok(())
}
