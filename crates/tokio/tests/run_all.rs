//! Any number of commands, taken as they can be sent: all of them in order, each with its own result, in bounded memory.

use std::cell::Cell;
use std::time::Duration;

use carnelian_command::group::{ListCommands as _, StringCommands as _};
use carnelian_command::{Build, RawCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, Server, servers};
use carnelian_tokio::Client;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::test]
async fn commands_are_taken_when_they_are_needed_and_dropping_it_leaves_nothing() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).await?;
    let taken = Cell::new(0);
    let mut results = client.run_all((0..).map(|_| {
        taken.set(taken.get() + 1);
        Build.incr("n")
    }));
    assert_eq!(taken.get(), 0, "nothing is sent before it is asked for");
    for expected in 1..=10 {
        assert_eq!(results.next().await.ok_or("no end")??, expected);
    }
    drop(results);
    assert!(taken.get() < 1_000, "{} of an endless many", taken.get());
    // What was under way runs, and its replies are thrown away.
    assert_eq!(client.incr("n").await?, taken.get() + 1);
    let mut none = client.run_all(std::iter::empty::<carnelian_command::Command<i64>>());
    assert!(none.next().await.is_none() && none.next().await.is_none());
    Ok(())
}

#[tokio::test]
async fn each_has_its_own_result_and_what_can_not_be_run_fails_in_its_place() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).await?;
    client.set("text", "word").await?;
    let commands = (0..10).map(|n| match n {
        3 => Build.incr("text"),
        6 => Build.command("BLPOP").arg("list").arg(0).run(),
        _ => Build.incr("n"),
    });
    let mut results = client.run_all(commands);
    let mut told = Vec::new();
    while let Some(result) = results.next().await {
        told.push(result.map_err(|error| (error.kind(), error.command().map(str::to_owned))));
    }
    let (server_error, not_here) = (ErrorKind::Server, ErrorKind::NotHere);
    let expected = [Ok(1), Ok(2), Ok(3), Err((server_error, Some("INCR".to_owned()))), Ok(4), Ok(5)]
        .into_iter()
        .chain([Err((not_here, None)), Ok(6), Ok(7), Ok(8)]);
    assert!(told.iter().cloned().eq(expected), "{told:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_lost_connections_all_keep_their_order_and_none_runs_twice() -> Outcome {
    const COMMANDS: u64 = 60_000;
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(1)));
    let client = Client::connect(Config::new(&proxy.url())?.reconnect(reconnect)).await?;
    let mut results = client.run_all((0..COMMANDS).map(|n| Build.rpush("log", n)));
    let (mut number, mut done, mut maybe) = (0, Vec::new(), Vec::new());
    while let Some(result) = results.next().await {
        match result {
            Ok(_) => done.push(number),
            Err(error) if error.may_have_run() => maybe.push(number),
            Err(error) => panic!("{error}"),
        }
        number += 1;
        if number % 5_000 == 0 {
            let way = if number % 10_000 == 0 { Direction::ToServer } else { Direction::ToClient };
            proxy.cut(way, Cut::after(number / 7).once());
        }
    }
    proxy.clear();
    assert_eq!(number, COMMANDS);
    let log: Vec<u64> = client.lrange("log", 0, -1).await?;
    assert!(log.is_sorted_by(|one, next| one < next), "something ran twice, or overtook something else");
    assert!(done.iter().all(|number| log.binary_search(number).is_ok()));
    assert!(
        log.iter().all(|number| done.binary_search(number).is_ok() || maybe.binary_search(number).is_ok())
    );
    assert!(!maybe.is_empty(), "the connection was never lost");
    Ok(())
}

#[tokio::test]
async fn giving_up_one_wait_loses_no_result() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url()).await?;
    proxy.delay(Direction::ToClient, Duration::from_millis(5));
    let mut results = client.run_all((0..2_000).map(|_| Build.incr("n")));
    let (mut seen, mut given_up) = (0, 0);
    loop {
        match tokio::time::timeout(Duration::from_millis(1), results.next()).await {
            Ok(Some(result)) => {
                seen += 1;
                assert_eq!(result?, seen);
            }
            Ok(None) => break,
            Err(_) => given_up += 1,
        }
    }
    assert_eq!(seen, 2_000);
    assert!(given_up > 0, "it never waited");
    Ok(())
}
