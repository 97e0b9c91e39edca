//! Servers that are killed and networks that lose what they carry: no entry is lost, and each is acknowledged at least once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use carnelian_core::ErrorKind;
use carnelian_core::config::Protocol;
use carnelian_core::consumer::{ConsumerOptions, Origin};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, servers};
use carnelian_tokio::{Client, Consumer, ConsumerHandle};
use tokio::task::JoinHandle;

use super::{LIMIT, add, config, everywhere, failure, is_idle, ms, next, pending};
use crate::support::{Outcome, clients_with, until};

#[tokio::test]
async fn a_reply_that_is_lost_on_the_wire_comes_again() -> Outcome {
    everywhere(async |server, _, protocol| {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(config(&proxy.url(), protocol)).await?;
        let mut consumer: Consumer = client.consumer("s", "g", "me");
        add(server, "s", 0);
        let held = next(&mut consumer).await;
        for round in 1..4 {
            assert!(is_idle(&mut consumer, ms(50)).await);
            until("it waits at the server", || clients_with(server, "cmd=xreadgroup").len() == 1).await;
            proxy.swallow(Direction::ToClient);
            let id = add(server, "s", round);
            until("the entry is handed out to nobody", || pending(server, "s") == 2).await;
            assert!(is_idle(&mut consumer, ms(20)).await);
            proxy.clear();
            proxy.reset_all();
            let job = next(&mut consumer).await;
            assert_eq!((job.id.to_string(), job.origin), (id, Origin::Pending));
            assert!(job.ack().await?);
            assert!(is_idle(&mut consumer, ms(50)).await, "what is held is not handed out again");
        }
        assert!(held.ack().await? && consumer.stats().interruptions >= 3);
        assert_eq!(pending(server, "s"), 0);
        Ok(())
    })
    .await
}

/// A server learns late that a connection is dead, and may hand out entries to a read that nobody waits for any more.
#[tokio::test]
async fn what_a_forgotten_read_was_given_is_found() -> Outcome {
    everywhere(async |server, _, protocol| {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(config(&proxy.url(), protocol)).await?;
        let options = ConsumerOptions::new().block(ms(300));
        let mut consumer: Consumer = client.consumer_with("s", "g", "me", options);
        assert!(is_idle(&mut consumer, ms(50)).await);
        // The stream is locked away from the consumer, so that the other read gets what there is.
        proxy.hold(Direction::ToServer);
        proxy.reset_all();
        assert!(is_idle(&mut consumer, ms(50)).await);
        proxy.clear();
        assert!(is_idle(&mut consumer, ms(100)).await);
        // In its name, after it has looked for what is pending; in one piece, so that it can't be first.
        let script = "local id = redis.call('XADD', 's', '*', 'n', '1') \
            redis.call('XREADGROUP', 'GROUP', 'g', 'me', 'STREAMS', 's', '>') return id";
        let id = server.cli(&["EVAL", script, "1", "s"]);
        let job = next(&mut consumer).await;
        assert_eq!((job.id.to_string(), job.origin), (id, Origin::Pending));
        job.ack().await?;
        Ok(())
    })
    .await
}

/// Several consumers that acknowledge what they get, and the IDs that they have acknowledged.
struct Crew {
    done: Arc<Mutex<BTreeSet<String>>>,
    handles: Vec<ConsumerHandle>,
    tasks: Vec<JoinHandle<u64>>,
}

impl Crew {
    async fn start(url: &str, protocol: Protocol) -> Outcome<Self> {
        let mut crew = Self { done: Arc::default(), handles: Vec::new(), tasks: Vec::new() };
        for name in ["a", "b", "c"] {
            let client = Client::connect(config(url, protocol).command_timeout(ms(500))).await?;
            // Nothing is claimed or looked for in between: only what follows a lost connection can save an entry.
            let options =
                ConsumerOptions::new().batch(5).block(ms(200)).look_every(Duration::from_secs(3600));
            let mut consumer: Consumer = client.consumer_with("s", "g", name, options);
            crew.handles.push(consumer.handle());
            let done = Arc::clone(&crew.done);
            crew.tasks.push(tokio::spawn(async move {
                while let Some(job) = consumer.next().await {
                    let job = job.unwrap();
                    while job.ack().await.is_err() {
                        tokio::time::sleep(ms(10)).await;
                    }
                    done.lock().unwrap().insert(job.id.to_string());
                }
                consumer.stats().interruptions
            }));
        }
        Ok(crew)
    }

    /// Waits until nothing is left, and holds what was done against what there was.
    async fn finish(self, server: &Server, added: &BTreeSet<String>) -> Outcome<u64> {
        let end = Instant::now() + LIMIT;
        while !added.is_subset(&self.done.lock().unwrap()) || pending(server, "s") > 0 {
            let left: Vec<_> = added.difference(&self.done.lock().unwrap()).cloned().collect();
            assert!(Instant::now() < end, "never acknowledged: {left:?}; pending: {}", pending(server, "s"));
            tokio::time::sleep(ms(20)).await;
        }
        let mut interruptions = 0;
        for (handle, task) in self.handles.into_iter().zip(self.tasks) {
            handle.stop();
            interruptions += task.await?;
        }
        Ok(interruptions)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_comes_back_loses_nothing() -> Outcome {
    for (name, protocol) in
        [("redis-6.2", Protocol::Resp2), ("redis-8.6", Protocol::Resp3), ("valkey-9.1", Protocol::Resp3)]
    {
        let options = Server::options(&servers::named(name));
        let server = Arc::new(options.config("appendonly", "yes").config("appendfsync", "always").start());
        let crew = Crew::start(&server.url(), protocol).await?;
        let mut added = BTreeSet::new();
        for _ in 0..3 {
            for number in 0..40 {
                added.insert(add(&server, "s", number));
                tokio::time::sleep(ms(1)).await;
            }
            // In the middle of work.
            added.extend((0..40).map(|number| add(&server, "s", number)));
            let killed = Arc::clone(&server);
            tokio::task::spawn_blocking(move || {
                killed.kill();
                std::thread::sleep(ms(50));
                killed.restart();
            })
            .await?;
        }
        let interruptions = crew.finish(&server, &added).await?;
        assert!(interruptions >= 3, "{name}: {interruptions}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_drops_replies_and_cuts_connections_loses_nothing() -> Outcome {
    for (name, protocol) in [
        ("redis-6.2", Protocol::Resp3),
        ("redis-8.6", Protocol::Resp2),
        ("redis-8.6", Protocol::Resp3),
        ("valkey-9.1", Protocol::Resp2),
    ] {
        let server = Server::start(&servers::named(name));
        let proxy = FaultProxy::start(server.addr());
        let crew = Crew::start(&proxy.url(), protocol).await?;
        let mut added = BTreeSet::new();
        for round in 0..12 {
            match round % 4 {
                0 => proxy.swallow(Direction::ToClient),
                1 => proxy.swallow(Direction::ToServer),
                2 => proxy.delay(Direction::ToClient, ms(30)),
                _ => {}
            }
            for number in 0..15 {
                added.insert(add(&server, "s", number));
                tokio::time::sleep(ms(2)).await;
            }
            proxy.clear();
            if round % 2 == 0 { proxy.reset_all() } else { proxy.close_all() }
        }
        let interruptions = crew.finish(&server, &added).await?;
        assert!(interruptions >= 6, "{name}: {interruptions}");
    }
    Ok(())
}

#[tokio::test]
async fn who_wants_to_hear_of_a_server_that_is_away_does() -> Outcome {
    let server = Server::start(&servers::named("redis-8.6"));
    let client = Client::connect(config(&server.url(), Protocol::Resp3).command_timeout(ms(100))).await?;
    let options = ConsumerOptions::new().give_up_after(ms(200)).block(ms(100));
    let mut consumer: Consumer = client.consumer_with("s", "g", "me", options);
    assert!(is_idle(&mut consumer, ms(50)).await);
    server.kill();
    let error = failure(&mut consumer).await;
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout), "{error}");
    server.restart();
    // It kept nothing, so the group is gone too.
    let id = add(&server, "s", 1);
    let job = loop {
        if let Ok(job) = tokio::time::timeout(LIMIT, consumer.next()).await?.unwrap() {
            break job;
        }
    };
    assert_eq!((job.id.to_string(), consumer.stats().groups_recreated), (id, 1));
    client.close().await;
    assert_eq!(failure(&mut consumer).await.kind(), ErrorKind::Closed);
    assert!(consumer.next().await.is_none() && consumer.next().await.is_none());
    Ok(())
}
