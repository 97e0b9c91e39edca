//! Deadlines, and what they say; servers that are gone without a word.

use std::time::Instant;

use carnelian::prelude::*;
use carnelian::{Event, State, blocking};
use carnelian_testkit::{FaultProxy, Server, servers};

use super::support::{Outcome, newest, noticed_loss};

#[tokio::test]
async fn a_timeout_says_what_it_saw() -> Outcome {
    let (server, client) = newest().await?;
    server.pause();
    let error = client.get::<Option<String>>("k").timeout(ms(50)).await.unwrap_err();
    let report = error.timeout_report().unwrap();
    assert!(report.sent && report.connected && report.queued == 1, "{report:?}");
    assert_eq!(report.timeout, ms(50));
    assert!(error.is_timeout() && error.to_string().contains("sent and not answered"), "{error}");
    server.resume();

    server.kill();
    noticed_loss(&client).await;
    let error = client.get::<Option<String>>("k").timeout(ms(300)).await.unwrap_err();
    let report = error.timeout_report().unwrap();
    assert!(!report.sent && !report.connected && !error.may_have_run() && error.is_retryable(), "{error}");
    assert!(error.to_string().contains("is the server running there?"), "{error}");
    Ok(())
}

#[tokio::test]
async fn what_was_never_sent_when_its_time_was_up_never_runs() -> Outcome {
    let (server, client) = newest().await?;
    server.kill();
    noticed_loss(&client).await;
    for _ in 0..10 {
        let error = client.incr("n").timeout(ms(20)).await.unwrap_err();
        assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    }
    server.restart();
    assert_eq!(client.incr("n").await?, 1);
    Ok(())
}

/// Until the loss of a server that says nothing any more is noticed. The promise is five seconds, and it is the feature:
/// hence the clock.
async fn noticed_within_five_seconds(busy: bool) -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(Config::new(&proxy.url())?.command_timeout(seconds(60))).await?;
    let mut events = client.events();
    proxy.blackhole();
    let began = Instant::now();
    let reading = client.clone();
    let read =
        tokio::spawn(async move { if busy { reading.get::<Option<String>>("k").await } else { Ok(None) } });
    while !matches!(events.recv().await?, Event::Lost { .. }) {}
    // Half a second for a machine that has other things to do.
    assert!(began.elapsed() < seconds(5) + ms(500), "{:?}", began.elapsed());
    proxy.clear();
    assert_eq!(read.await??, None, "read over the next connection");
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_gone_without_a_word_is_found_by_an_idle_client() -> Outcome {
    noticed_within_five_seconds(false).await
}

#[tokio::test]
async fn a_server_that_is_gone_without_a_word_is_found_by_a_busy_client() -> Outcome {
    noticed_within_five_seconds(true).await
}

#[test]
fn the_blocking_client_keeps_its_deadlines() {
    let server = Server::start(&servers::newest_redis());
    let client = blocking::Client::connect(server.url()).unwrap();
    server.pause();
    let error = client.timeout(ms(50)).get::<Option<String>>("k").unwrap_err();
    assert!(error.is_timeout() && error.may_have_run() && error.timeout_report().unwrap().sent, "{error}");
    server.resume();
    assert_eq!(client.get::<Option<String>>("k").unwrap(), None);
    server.kill();
    assert!(client.state().wait_for(State::Connecting, seconds(10)));
    let error = client.timeout(ms(50)).incr("n").unwrap_err();
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    server.restart();
    assert_eq!(client.incr("n").unwrap(), 1, "it was made again by itself");
}
