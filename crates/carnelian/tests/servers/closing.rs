//! Closing: what is under way ends well, what comes later is told.

use carnelian::prelude::*;
use carnelian::{Event, State};

use super::support::{Outcome, newest};

#[tokio::test]
async fn what_is_under_way_is_finished() -> Outcome {
    let (_server, client) = newest().await?;
    let mut events = client.events();
    let mut writes = tokio::task::JoinSet::new();
    for number in 0..500 {
        let client = client.clone();
        writes.spawn(async move { client.rpush("l", number).await });
    }
    tokio::task::yield_now().await;
    let other = client.clone();
    client.close().await;
    let (mut done, mut refused) = (0_u64, 0);
    for outcome in writes.join_all().await {
        match outcome {
            Ok(_) => done += 1,
            Err(error) => {
                assert!(error.kind() == ErrorKind::Closed && !error.may_have_run(), "{error}");
                refused += 1;
            }
        }
    }
    assert_eq!(done + refused, 500);
    for error in [other.ping().await.map(drop), other.dedicated().await.map(drop)].map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
    assert_eq!(*other.state().borrow(), State::Closed);
    while events.recv().await? != Event::Closed {}

    let again = Client::connect(other.config()).await?;
    assert_eq!(again.llen("l").await?, done, "what was said to be done is done, and nothing else");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_last_handle_closes_without_waiting() -> Outcome {
    let (server, client) = newest().await?;
    let own = client.dedicated().await?;
    let state = client.state();
    drop(client.clone());
    assert_eq!(*state.borrow(), State::Connected, "another handle is there");
    drop(client);
    assert_eq!(*state.borrow(), State::Closed);
    drop(own);
    carnelian_testkit::eventually("the connections end", seconds(10), || {
        server.cli(&["CLIENT", "LIST"]).lines().filter(|line| line.contains("lib-name=carnelian")).count()
            == 0
    });
    Ok(())
}
