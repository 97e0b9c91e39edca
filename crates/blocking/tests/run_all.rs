//! Any number of commands, taken as they can be sent: all of them in order, each with its own result.

use std::cell::Cell;
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::group::{ListCommands as _, StringCommands as _};
use carnelian_command::{Build, RawCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, Server, servers};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[test]
fn commands_are_taken_when_they_are_needed_and_dropping_it_leaves_nothing() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let taken = Cell::new(0);
    let mut results = client.run_all((0..).map(|_| {
        taken.set(taken.get() + 1);
        Build.incr("n")
    }));
    assert_eq!(taken.get(), 0, "nothing is sent before it is asked for");
    for expected in 1..=10 {
        assert_eq!(results.next().ok_or("no end")??, expected);
    }
    drop(results);
    assert!(taken.get() < 1_000, "{} of an endless many", taken.get());
    assert_eq!(client.incr("n")?, taken.get() + 1);
    assert_eq!(client.run_all(std::iter::empty::<carnelian_command::Command<i64>>()).count(), 0);
    Ok(())
}

#[test]
fn each_has_its_own_result_and_what_can_not_be_run_fails_in_its_place() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    client.set("text", "word")?;
    let commands = (0..10).map(|n| match n {
        3 => Build.incr("text"),
        6 => Build.command("BLPOP").arg("list").arg(0).run(),
        _ => Build.incr("n"),
    });
    let told: Vec<_> = client.run_all(commands).map(|result| result.map_err(|error| error.kind())).collect();
    let (server_error, not_here) = (Err(ErrorKind::Server), Err(ErrorKind::NotHere));
    assert_eq!(told, [Ok(1), Ok(2), Ok(3), server_error, Ok(4), Ok(5), not_here, Ok(6), Ok(7), Ok(8)]);
    Ok(())
}

#[test]
fn through_lost_connections_all_keep_their_order_and_none_runs_twice() -> Outcome {
    const COMMANDS: u64 = 60_000;
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(1)));
    let client = Client::connect(Config::new(&proxy.url())?.reconnect(reconnect))?;
    let (mut done, mut maybe) = (Vec::new(), Vec::new());
    for (number, result) in (0..).zip(client.run_all((0..COMMANDS).map(|n| Build.rpush("log", n)))) {
        match result {
            Ok(_) => done.push(number),
            Err(error) if error.may_have_run() => maybe.push(number),
            Err(error) => panic!("{error}"),
        }
        if number % 5_000 == 0 {
            let way = if number % 10_000 == 0 { Direction::ToServer } else { Direction::ToClient };
            proxy.cut(way, Cut::after(number / 7).once());
        }
    }
    proxy.clear();
    assert_eq!(done.len() + maybe.len(), usize::try_from(COMMANDS)?);
    let log: Vec<u64> = client.lrange("log", 0, -1)?;
    assert!(log.is_sorted_by(|one, next| one < next), "something ran twice, or overtook something else");
    assert!(done.iter().all(|number| log.binary_search(number).is_ok()));
    assert!(
        log.iter().all(|number| done.binary_search(number).is_ok() || maybe.binary_search(number).is_ok())
    );
    assert!(!maybe.is_empty(), "the connection was never lost");
    Ok(())
}
