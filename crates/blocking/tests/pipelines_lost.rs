//! Pipelines and transactions whose connection breaks in the midst of them, at every byte: each command is told the truth
//! about, nothing runs twice, and nobody gets another's reply.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::group::{ListCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::{Config, Error};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, Server, servers};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A client of a real server behind a proxy.
struct Setup {
    proxy: FaultProxy,
    client: Client,
    // Behind those that use it.
    _server: Server,
}

impl Setup {
    fn new(protocol: u8) -> Outcome<Self> {
        let server = Server::start(&servers::newest_redis());
        let proxy = FaultProxy::start(server.addr());
        let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(1)));
        let config = Config::new(&format!("{}?protocol={protocol}", proxy.url()))?
            .command_timeout(Duration::from_secs(60))
            .reconnect(reconnect);
        Ok(Self { client: Client::connect(config)?, proxy, _server: server })
    }

    /// Everything that was cut has come to its end, and the client is connected again.
    fn calms_down(&self) -> Outcome {
        self.proxy.clear();
        self.client.get::<Option<String>>("nothing")?;
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

#[test]
fn a_pipeline_cut_anywhere_tells_of_each_command_whether_it_ran() -> Outcome {
    for protocol in [2, 3] {
        let setup = Setup::new(protocol)?;
        setup.client.set("k", "v")?;
        let (mut told, mut number) = (Told::default(), 0);
        for (direction, most, step) in [(Direction::ToServer, 250, 5), (Direction::ToClient, 60, 1)] {
            for after in (0..most).step_by(step) {
                setup.proxy.cut(direction, cut(after));
                let (first, read, second, other_read, third) = setup.client.pipeline_results(|p| {
                    let push = |place: u64| p.rpush("log", number + place);
                    (push(0), p.get::<String>("k"), push(1), p.get::<String>("k"), push(2))
                });
                // What only reads is asked again.
                assert_eq!((read?, other_read?), ("v".to_owned(), "v".to_owned()));
                for (place, result) in [&first, &second, &third].into_iter().enumerate() {
                    told.note(number + place as u64, result);
                }
                number += 3;
                setup.calms_down()?;
            }
        }
        let found: Vec<u64> = setup.client.lrange("log", 0, -1)?;
        told.check(&found);
    }
    Ok(())
}

/// The client has written all of it before the cut, so it can't know more than that it may have run; what it says is held
/// against what the server did.
#[test]
fn a_transaction_cut_at_any_byte_runs_wholly_or_not_at_all_and_never_twice() -> Outcome {
    for protocol in [2, 3] {
        let setup = Setup::new(protocol)?;
        let transfer = |number: u64| {
            setup.client.atomic(|t| (t.rpush("log", number), t.incrby("ada", -1), t.incrby("bob", 1)))
        };
        let (mut number, mut expected) = (100, Vec::new());
        for (way, least) in [(Direction::ToServer, 100), (Direction::ToClient, 45)] {
            for after in 0.. {
                number += 1;
                setup.proxy.cut(way, cut(after));
                let Err(error) = transfer(number) else {
                    // The cut lies behind it. That of the one before lay right at its end: it may have run, as was said.
                    assert!(after > least, "cut {way:?} after {after}");
                    let log: Vec<u64> = setup.client.lrange("log", 0, -1)?;
                    let ran = (number - 1..=number).filter(|n| log.contains(n) && !expected.contains(n));
                    let ran: Vec<_> = ran.collect();
                    expected.extend(ran);
                    break;
                };
                assert!(error.may_have_run(), "cut {way:?} after {after}: {error}");
                assert_eq!(error.command(), Some("EXEC"));
                setup.calms_down()?;
                if way == Direction::ToClient {
                    expected.push(number);
                }
            }
            setup.calms_down()?;
        }
        let log: Vec<u64> = setup.client.lrange("log", 0, -1)?;
        assert_eq!(
            log, expected,
            "of those cut on their way none ran, of those cut on the way back each once"
        );
        let count = i64::try_from(expected.len())?;
        assert_eq!((setup.client.get("ada")?, setup.client.get("bob")?), (-count, count));
    }
    Ok(())
}

#[test]
fn a_transaction_that_does_no_harm_twice_is_sent_again_as_a_whole() -> Outcome {
    let setup = Setup::new(3)?;
    // Behind the replies to MULTI and to the first command.
    setup.proxy.cut(Direction::ToClient, Cut::after(14).once());
    let (a, b): (i64, i64) = setup.client.idempotent().atomic(|t| (t.incr("n"), t.incr("n")))?;
    assert_eq!((a, b), (3, 4), "it ran twice, as it was allowed to");
    Ok(())
}

/// Threads share one connection, which is reset again and again: all replies are their own, and no transfer is torn.
#[test]
fn among_threads_and_lost_connections_nobody_gets_anothers_replies() -> Outcome {
    const THREADS: usize = 8;
    let setup = Setup::new(3)?;
    let (mut sure, mut unsure) = (0_i64, 0_i64);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|own| {
                let client = &setup.client;
                scope.spawn(move || {
                    let (mut sure, mut unsure) = (0_i64, 0_i64);
                    for turn in 0..100 {
                        let keys: Vec<_> = (0..1 + turn % 20).map(|n| format!("k:{own}:{n}")).collect();
                        client.pipeline(|p| keys.iter().map(|key| p.set(key, key)).collect::<Vec<_>>()).ok();
                        let values = client.pipeline_results(|p| {
                            keys.iter().map(|key| p.get::<Option<String>>(key)).collect::<Vec<_>>()
                        });
                        for (key, value) in keys.iter().zip(values) {
                            assert!(value.unwrap().is_none_or(|value| value == *key));
                        }
                        match client.atomic(|t| (t.incrby("ada", -1), t.incrby("bob", 1))) {
                            Ok(_) => sure += 1,
                            Err(error) if error.may_have_run() => unsure += 1,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    (sure, unsure)
                })
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(10));
            setup.proxy.reset_all();
        }
        for thread in threads {
            let (of_thread, maybe) = thread.join().unwrap();
            (sure, unsure) = (sure + of_thread, unsure + maybe);
        }
    });
    let (ada, bob): (i64, i64) = (setup.client.get("ada")?, setup.client.get("bob")?);
    assert_eq!(ada, -bob, "half a transfer was run");
    assert!((sure..=sure + unsure).contains(&bob), "{bob} of {sure} and perhaps {unsure}");
    Ok(())
}
