//! Consumers of groups on real servers, by the blocking client. What they decide is the async client's too, and tested there
//! in breadth; here it is the waiting, the stopping and the coming back.

#![expect(clippy::unwrap_used, reason = "what a test's own tools cannot do fails the test")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use carnelian_blocking::{Client, Consumer, ConsumerHandle, Delivery};
use carnelian_core::config::{Backoff, Protocol, Reconnect};
use carnelian_core::consumer::{ConsumerOptions, Exhausted, Origin};
use carnelian_core::{Config, ErrorKind, ServerCode};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Long enough for a machine that has other things to do, and shorter than the time after which a consumer looks for its own
/// entries in any case.
const LIMIT: Duration = Duration::from_secs(20);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn config(url: &str, protocol: Protocol) -> Config {
    let reconnect = Reconnect::new().backoff(Backoff::Constant(ms(20)));
    Config::new(url).unwrap().protocol(protocol).reconnect(reconnect)
}

/// Runs `test` on an old Redis, a new one and a new Valkey, in both protocols; the servers are empty.
fn everywhere(test: impl Fn(&Server, Protocol) -> Outcome) -> Outcome {
    for installed in ["redis-6.2", "redis-8.6", "valkey-9.1"].map(servers::named) {
        let server = Server::start(&installed);
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            if let Err(error) = test(&server, protocol) {
                return Err(format!("{} in {protocol:?}: {error}", installed.name).into());
            }
            assert_eq!(server.cli(&["FLUSHALL"]), "OK");
        }
    }
    Ok(())
}

fn next(consumer: &mut Consumer) -> Delivery {
    consumer.next_timeout(LIMIT).unwrap().unwrap()
}

fn is_idle(consumer: &mut Consumer, wait: Duration) -> bool {
    consumer.next_timeout(wait).unwrap().is_none()
}

fn pending(server: &Server, key: &str) -> u64 {
    let summary = server.command(&["XPENDING", key, "g"]);
    summary.array().first().map(|count| count.text()).unwrap_or_default().parse().unwrap()
}

fn add(server: &Server, key: &str, number: u64) -> String {
    server.cli(&["XADD", key, "*", "n", &number.to_string()])
}

#[test]
fn its_own_come_first_and_nothing_comes_when_time_is_up() -> Outcome {
    everywhere(|server, protocol| {
        let client = Client::connect(config(&server.url(), protocol))?;
        let ids: Vec<String> = (0..4).map(|number| add(server, "s", number)).collect();
        let mut before: Consumer = client.consumer_with("s", "g", "me", ConsumerOptions::new().batch(2));
        drop((next(&mut before), before));

        let mut after: Consumer = client.consumer("s", "g", "me");
        let got: Vec<_> = (0..4).map(|_| next(&mut after)).collect();
        assert_eq!(got.iter().map(|job| job.id.to_string()).collect::<Vec<_>>(), ids);
        assert_eq!(got.iter().filter(|job| job.origin == Origin::Pending).count(), 2);
        assert_eq!(got[3].fields["n"], "3");
        assert_eq!(after.handle().ack(&got)?, 4);
        assert!(is_idle(&mut after, ms(30)) && is_idle(&mut after, Duration::ZERO) && !after.has_ended());
        assert_eq!((pending(server, "s"), client.pool_stats().in_use), (0, 0));
        // A call without time takes what there is.
        add(server, "s", 9);
        assert!(after.next_timeout(Duration::ZERO)?.is_some_and(|job| job.ack().is_ok_and(|acked| acked)));
        Ok(())
    })
}

#[test]
fn stale_entries_are_claimed_and_poison_is_buried() -> Outcome {
    everywhere(|server, protocol| {
        let client = Client::connect(config(&server.url(), protocol))?;
        let mut dead: Consumer = client.consumer("s", "g", "dead");
        add(server, "s", 1);
        drop((next(&mut dead), dead));
        let options = ConsumerOptions::new()
            .claim_after(ms(20))
            .block(ms(10))
            .max_deliveries(2, Exhausted::dead_letters("dead"))
            .delete_acknowledged();
        let mut heir: Consumer = client.consumer_with("s", "g", "heir", options);
        let claimed = next(&mut heir);
        assert_eq!((claimed.is_claimed(), claimed.deliveries), (true, 2));
        drop(claimed);
        let end = Instant::now() + LIMIT;
        while server.cli(&["XLEN", "dead"]) == "0" {
            assert!(Instant::now() < end && is_idle(&mut heir, ms(20)));
        }
        add(server, "s", 2);
        assert!(next(&mut heir).ack()?);
        assert_eq!((pending(server, "s"), heir.stats().dead_lettered), (0, 1));
        assert_eq!(server.cli(&["XLEN", "s"]), "1", "the buried one stays where it was");
        Ok(())
    })
}

#[test]
fn a_reply_that_is_lost_on_the_wire_comes_again() -> Outcome {
    everywhere(|server, protocol| {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(config(&proxy.url(), protocol))?;
        let mut consumer: Consumer = client.consumer("s", "g", "me");
        assert!(is_idle(&mut consumer, ms(10)));
        let waiting = thread::spawn(move || (next(&mut consumer), consumer));
        let waits = || server.cli(&["CLIENT", "LIST"]).contains("cmd=xreadgroup");
        eventually("it waits at the server", LIMIT, waits);
        proxy.swallow(Direction::ToClient);
        let id = add(server, "s", 1);
        eventually("the entry is handed out to nobody", LIMIT, || pending(server, "s") == 1);
        proxy.clear();
        proxy.reset_all();
        let (job, consumer) = waiting.join().unwrap();
        assert_eq!((job.id.to_string(), job.origin), (id, Origin::Pending));
        assert!(job.ack()? && consumer.stats().interruptions > 0);
        Ok(())
    })
}

#[test]
fn stopping_finishes_what_is_handed_out_and_says_what_is_not() -> Outcome {
    everywhere(|server, protocol| {
        let client = Client::connect(config(&server.url(), protocol))?;
        let ids: Vec<String> = (0..3).map(|number| add(server, "s", number)).collect();
        let mut consumer: Consumer = client.consumer("s", "g", "me");
        let job = next(&mut consumer);
        let worker = thread::spawn(move || {
            thread::sleep(ms(20));
            job.ack()
        });
        let stopped = consumer.stop(LIMIT)?;
        assert!(worker.join().unwrap()?);
        let unread: Vec<String> = stopped.unread.iter().map(|(_, id)| id.to_string()).collect();
        assert_eq!((unread, stopped.pending), (ids[1..].to_vec(), 2));

        let consumer: Consumer = client.consumer_with("t", "g", "me", ConsumerOptions::new().block(ms(50)));
        let handle = consumer.handle();
        let reading = thread::spawn(move || consumer.map(|job| job.is_ok()).collect::<Vec<_>>());
        eventually("it reads", LIMIT, || server.cli(&["CLIENT", "LIST"]).contains("cmd=xreadgroup"));
        handle.stop();
        assert!(reading.join().unwrap().is_empty());
        Ok(())
    })
}

#[test]
fn failures_that_last_are_told_and_a_closed_client_ends_it() -> Outcome {
    let server = Server::start(&servers::named("redis-8.6"));
    let client = Client::connect(server.url())?;
    let mut consumer: Consumer =
        client.consumer_with("s", "g", "me", ConsumerOptions::new().existing_group());
    let error = consumer.next_timeout(LIMIT).unwrap_err();
    assert_eq!(error.server_code(), Some(ServerCode::NoGroup));
    server.cli(&["XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"]);
    add(&server, "s", 1);
    next(&mut consumer).ack()?;
    client.close();
    assert_eq!(consumer.next().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert!(consumer.next().is_none() && consumer.has_ended());
    Ok(())
}

/// Several consumers that acknowledge what they get, and the IDs that they have acknowledged.
struct Crew {
    done: Arc<Mutex<BTreeSet<String>>>,
    hands: Vec<(ConsumerHandle, thread::JoinHandle<u64>)>,
}

impl Crew {
    fn start(url: &str, protocol: Protocol) -> Result<Self, Box<dyn std::error::Error>> {
        let mut crew = Self { done: Arc::default(), hands: Vec::new() };
        for name in ["a", "b", "c"] {
            let client = Client::connect(config(url, protocol).command_timeout(ms(500)))?;
            // Nothing is claimed or looked for in between: only what follows a lost connection can save an entry.
            let options =
                ConsumerOptions::new().batch(5).block(ms(200)).look_every(Duration::from_secs(3600));
            let mut consumer: Consumer = client.consumer_with("s", "g", name, options);
            let (done, handle) = (Arc::clone(&crew.done), consumer.handle());
            let work = move || {
                for job in &mut consumer {
                    let job = job.unwrap();
                    while job.ack().is_err() {
                        thread::sleep(ms(10));
                    }
                    done.lock().unwrap().insert(job.id.to_string());
                }
                consumer.stats().interruptions
            };
            crew.hands.push((handle, thread::spawn(work)));
        }
        Ok(crew)
    }

    /// Waits until nothing is left, and holds what was done against what there was.
    fn finish(self, server: &Server, added: &BTreeSet<String>) -> u64 {
        let end = Instant::now() + LIMIT;
        while !added.is_subset(&self.done.lock().unwrap()) || pending(server, "s") > 0 {
            let left: Vec<_> = added.difference(&self.done.lock().unwrap()).cloned().collect();
            assert!(Instant::now() < end, "never acknowledged: {left:?}; pending: {}", pending(server, "s"));
            thread::sleep(ms(20));
        }
        self.hands
            .into_iter()
            .map(|(handle, thread)| {
                handle.stop();
                thread.join().unwrap()
            })
            .sum()
    }
}

#[test]
fn servers_that_are_killed_and_networks_that_lose_replies_lose_no_entry() -> Outcome {
    for (name, protocol) in
        [("redis-6.2", Protocol::Resp2), ("redis-8.6", Protocol::Resp3), ("valkey-9.1", Protocol::Resp3)]
    {
        let options = Server::options(&servers::named(name));
        let server = options.config("appendonly", "yes").config("appendfsync", "always").start();
        let proxy = FaultProxy::start(server.addr());
        let crew = Crew::start(&proxy.url(), protocol)?;
        let mut added = BTreeSet::new();
        for round in 0..8 {
            if round % 2 == 0 {
                proxy.swallow(if round % 4 == 0 { Direction::ToClient } else { Direction::ToServer });
            }
            for number in 0..20 {
                added.insert(add(&server, "s", number));
                thread::sleep(ms(2));
            }
            proxy.clear();
            match round {
                3 | 6 => {
                    added.extend((0..40).map(|number| add(&server, "s", number)));
                    server.kill();
                    server.restart();
                }
                _ => proxy.reset_all(),
            }
        }
        let interruptions = crew.finish(&server, &added);
        assert!(interruptions >= 6, "{name}: {interruptions}");
    }
    Ok(())
}
