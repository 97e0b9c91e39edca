//! The chapter on streams: consumers of both faces are one group, and what one of them leaves the other takes over.

use std::collections::BTreeSet;
use std::time::Duration;

use carnelian::blocking;
use carnelian::consumer::{Consumer, Origin};
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

const LIMIT: Duration = seconds(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_of_both_faces_share_the_work() {
    let server = Server::start(&servers::any());
    let client = Client::connect(server.url()).await.unwrap();
    let mut ids = BTreeSet::new();
    for number in 0..100_u64 {
        ids.insert(client.xadd("s", ("n", number)).await.unwrap());
    }
    let options = ConsumerOptions::new().batch(3).block(ms(50)).claim_after(ms(300));
    let (url, for_thread) = (server.url(), options.clone());
    let other = tokio::task::spawn_blocking(move || {
        let client = blocking::Client::connect(url).unwrap();
        let mut consumer: blocking::Consumer = client.consumer_with("s", "g", "thread", for_thread);
        let mut done = BTreeSet::new();
        while done.len() < 30 {
            let job = consumer.next_timeout(LIMIT).unwrap().unwrap();
            assert!(job.ack().unwrap() && done.insert(job.id));
        }
        // Takes one more, and goes without a word.
        let left = consumer.next_timeout(LIMIT).unwrap().unwrap().id;
        (done, left)
    });
    let mut consumer: Consumer = client.consumer_with("s", "g", "task", options);
    let (mut mine, mut claimed) = (BTreeSet::new(), BTreeSet::new());
    let mut take = async |consumer: &mut Consumer| {
        let job = tokio::time::timeout(LIMIT, consumer.next()).await.unwrap().unwrap().unwrap();
        assert!(job.ack().await.unwrap() && mine.insert(job.id));
        if job.origin == Origin::Claimed {
            claimed.insert(job.id);
        }
        mine.len()
    };
    while take(&mut consumer).await < 60 {}
    let (done, left) = other.await.unwrap();
    while take(&mut consumer).await < 70 {}
    assert!(claimed.contains(&left), "{claimed:?}");
    assert_eq!(done.union(&mine).copied().collect::<BTreeSet<_>>(), ids);
    assert_eq!(client.xpending("s", "g").await.unwrap().count, 0);
}
