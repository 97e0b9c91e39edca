//! Servers and networks that work: order, sharing, claiming, stopping.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use carnelian_command::group::{StreamCommands as _, StreamId};
use carnelian_core::ErrorKind;
use carnelian_core::consumer::{ConsumerOptions, Origin};
use carnelian_testkit::{Server, servers};
use carnelian_tokio::{Client, Consumer};
use futures_core::Stream as _;

use super::{add, everywhere, is_idle, ms, next, pending};
use crate::support::{Outcome, clients_with, until};

#[tokio::test]
async fn several_consumers_share_the_work() -> Outcome {
    everywhere(async |server, client, _| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for name in ["a", "b", "c"] {
            let options = ConsumerOptions::new().batch(4);
            let mut consumer: Consumer = client.consumer_with("s", "g", name, options);
            let (seen, handle) = (Arc::clone(&seen), consumer.handle());
            let work = async move {
                while let Some(job) = consumer.next().await {
                    let job = job.unwrap();
                    assert_eq!((job.origin, job.deliveries, job.stream()), (Origin::New, 1, "s"));
                    assert!(job.ack().await.unwrap());
                    seen.lock().unwrap().push(job.fields["n"].parse::<u64>().unwrap());
                    tokio::task::yield_now().await;
                }
            };
            tasks.push((handle, tokio::spawn(work)));
        }
        for number in 0..200_u64 {
            client.xadd("s", ("n", number)).await?;
        }
        until("all are worked on", || seen.lock().unwrap().len() >= 200).await;
        for (handle, task) in tasks {
            handle.stop();
            task.await?;
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 200, "nothing twice");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 200);
        assert_eq!(pending(server, "s"), 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn after_a_restart_its_own_come_first() -> Outcome {
    everywhere(async |server, client, _| {
        let options = ConsumerOptions::new().batch(3);
        let ids: Vec<String> = (0..8).map(|number| add(server, "s", number)).collect();
        let mut before: Consumer = client.consumer_with("s", "g", "me", options.clone());
        let first = next(&mut before).await;
        assert_eq!(first.id.to_string(), ids[0]);
        first.ack().await?;
        let held = [next(&mut before).await, next(&mut before).await, next(&mut before).await];
        drop((before, held));

        // Another process of the same name.
        let again = Client::connect(client.config().clone()).await?;
        let mut after: Consumer = again.consumer_with("s", "g", "me", options);
        let mut got = Vec::new();
        for _ in 1..8 {
            let job = next(&mut after).await;
            job.ack().await?;
            got.push((job.id.to_string(), job.origin, job.deliveries));
        }
        let all: Vec<String> = got.iter().map(|(id, ..)| id.clone()).collect();
        assert_eq!(all, ids[1..]);
        assert!(
            got[..5].iter().all(|(_, origin, count)| (*origin, *count) == (Origin::Pending, 2)),
            "{got:?}"
        );
        assert!(got[5..].iter().all(|(_, origin, count)| (*origin, *count) == (Origin::New, 1)), "{got:?}");
        assert_eq!((after.stats().delivered, after.stats().recovered), (7, 5));
        assert_eq!(pending(server, "s"), 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_a_dead_consumer_had_is_claimed() -> Outcome {
    everywhere(async |server, client, _| claims_of_the_dead(server, client).await).await?;
    // Which have no XAUTOCLAIM.
    for name in ["redis-5.0", "redis-6.0"] {
        let server = Server::start(&servers::named(name));
        claims_of_the_dead(&server, &Client::connect(server.url()).await?).await?;
    }
    Ok(())
}

async fn claims_of_the_dead(server: &Server, client: &Client) -> Outcome {
    assert_eq!(server.cli(&["XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"]), "OK");
    // More than a page of any size that is used.
    let ids: Vec<String> = (0..130).map(|number| add(server, "s", number)).collect();
    server.cli(&["XREADGROUP", "GROUP", "g", "dead", "STREAMS", "s", ">"]);
    let options = ConsumerOptions::new().claim_after(ms(50)).block(ms(20));
    let mut heir: Consumer = client.consumer_with("s", "g", "heir", options);
    let new = add(server, "s", 999);
    let mut got = BTreeSet::new();
    while got.len() < 131 {
        let job = next(&mut heir).await;
        assert!(job.ack().await?);
        if job.id.to_string() == new {
            assert_eq!((job.is_claimed(), job.deliveries), (false, 1));
        } else {
            assert_eq!((job.is_claimed(), job.deliveries), (true, 2));
        }
        assert!(got.insert(job.id.to_string()), "twice: {}", job.id);
    }
    assert!(ids.iter().all(|id| got.contains(id)));
    assert_eq!((heir.stats().claimed, pending(server, "s")), (130, 0));
    Ok(())
}

#[tokio::test]
async fn what_is_held_is_not_handed_out_again_and_what_is_let_go_is() -> Outcome {
    everywhere(async |server, client, _| {
        let options = ConsumerOptions::new().claim_after(ms(40)).block(ms(20));
        let mut consumer: Consumer = client.consumer_with("s", "g", "me", options);
        add(server, "s", 1);
        let held = next(&mut consumer).await;
        // Claimed by itself several times over.
        assert!(is_idle(&mut consumer, ms(300)).await);
        let id = held.id;
        drop(held);
        let again = next(&mut consumer).await;
        assert_eq!((again.id, again.origin == Origin::New), (id, false));
        assert!(again.deliveries >= 2 && again.ack().await?);
        assert!(is_idle(&mut consumer, ms(150)).await);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn stopping_finishes_what_is_handed_out_and_says_what_is_not() -> Outcome {
    everywhere(async |server, client, _| {
        let ids: Vec<String> = (0..5).map(|number| add(server, "s", number)).collect();
        let mut consumer: Consumer = client.consumer("s", "g", "me");
        let (first, second) = (next(&mut consumer).await, next(&mut consumer).await);
        let handle = consumer.handle();
        let stopping = tokio::spawn(consumer.stop(Duration::from_secs(20)));
        tokio::time::sleep(ms(20)).await;
        assert!(!stopping.is_finished(), "it waits for what is handed out");
        assert_eq!(handle.ack([&first]).await?, 1);
        drop(second);
        let stopped = stopping.await??;
        let unread: Vec<String> = stopped.unread.iter().map(|(_, id)| id.to_string()).collect();
        assert_eq!((unread, stopped.pending), (ids[2..].to_vec(), 4));
        assert!(stopped.unread.iter().all(|(stream, _)| stream == "s"));

        let unused: Consumer = client.consumer("unheard-of", "g", "me");
        assert_eq!(unused.stop(Duration::ZERO).await?.pending, 0);

        // Somebody who waits is woken; patience has an end.
        let mut consumer: Consumer = client.consumer("t", "g", "me");
        let handle = consumer.handle();
        add(server, "t", 1);
        let held = next(&mut consumer).await;
        let waiting = tokio::spawn(async move { (consumer.next().await.is_none(), consumer) });
        until("it waits at the server", || clients_with(server, "cmd=xreadgroup").len() == 1).await;
        handle.stop();
        let (ended, consumer) = waiting.await?;
        assert!(ended);
        let stopped = consumer.stop(ms(10)).await?;
        assert_eq!((stopped.unread.len(), stopped.pending), (0, 1));
        assert!(held.ack().await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn dropping_it_ends_its_read_and_leaks_nothing() -> Outcome {
    everywhere(async |server, client, _| {
        for _ in 0..3 {
            let mut consumer: Consumer = client.consumer("s", "g", "me");
            assert!(is_idle(&mut consumer, ms(100)).await);
            // A call that is cancelled leaves the read where it is.
            assert!(is_idle(&mut consumer, ms(1)).await && client.pool_stats().in_use == 1);
            drop(consumer);
            until("the server lets go", || clients_with(server, "cmd=xreadgroup").is_empty()).await;
            assert_eq!(client.pool_stats().in_use, 0);
        }
        let stats = client.pool_stats();
        assert_eq!(u64::try_from(stats.idle)?, stats.opened - stats.closed);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn it_is_a_stream_of_several_keys() -> Outcome {
    everywhere(async |server, client, _| {
        let mut consumer: Consumer = client.consumer(["s", "t"], "g", "me");
        add(server, "s", 1);
        add(server, "t", 2);
        let mut got = Vec::new();
        for _ in 0..2 {
            let next = std::future::poll_fn(|cx| Pin::new(&mut consumer).poll_next(cx)).await;
            got.push(next.unwrap()?);
        }
        let mut streams: Vec<&str> = got.iter().map(|job| job.stream()).collect();
        streams.sort_unstable();
        assert_eq!(streams, ["s", "t"]);
        let handle = consumer.handle();
        assert_eq!((handle.ack(&got).await?, handle.ack(&got).await?), (2, 0));
        let id = add(server, "t", 3).parse::<StreamId>()?;
        assert_eq!(next(&mut consumer).await.id, id);
        assert_eq!((handle.ack_ids("t", &[id]).await?, handle.ack_ids("t", &[]).await?), (1, 0));
        assert_eq!(handle.ack_ids("u", &[id]).await.unwrap_err().kind(), ErrorKind::Config);
        assert_eq!((pending(server, "s"), pending(server, "t")), (0, 0));
        Ok(())
    })
    .await
}
