//! Commands that wait on the server when things go wrong around them: a full pool, a server that goes and comes, a caller
//! that loses patience.

use std::thread;
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::group::{BlockFor, BlockingListCommands as _, ListCommands as _};
use carnelian_command::{RawCommands as _, Value};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::{Config, ErrorKind, Event};
use carnelian_testkit::{FaultProxy, Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;
type Popped = Option<(String, String)>;

const SOON: Duration = Duration::from_secs(5);

fn quick_to_reconnect(server: &Server) -> carnelian_core::Result<Client> {
    let backoff = Backoff::Constant(Duration::from_millis(20));
    Client::connect(Config::new(&server.url())?.reconnect(Reconnect::new().backoff(backoff)))
}

/// How many connections at the server are busy with `command`.
fn waiting(server: &Server, command: &str) -> usize {
    server.cli(&["CLIENT", "LIST"]).matches(&format!("cmd={command}")).count()
}

#[test]
fn the_callers_timeout_covers_the_making_of_a_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    proxy.blackhole();
    let hurried = client.timeout(Duration::from_millis(100));
    let popped: carnelian_core::Result<Popped> = hurried.blpop("jobs", BlockFor::Forever);
    let error = popped.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    assert_eq!(client.pool_stats().in_use, 0, "the place is free again");
    Ok(())
}

#[test]
fn one_that_was_never_sent_waits_for_the_server_to_come_back() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = quick_to_reconnect(&server)?;
    let events = client.events();
    server.stop();
    thread::scope(|scope| {
        let popped = scope
            .spawn(|| client.blpop::<(String, String)>("jobs", BlockFor::AtMost(Duration::from_secs(8))));
        assert!(events.into_iter().any(|event| matches!(event, Event::ConnectFailed { .. })));
        server.restart();
        eventually("BLPOP waits at the server", SOON, || waiting(&server, "blpop") == 1);
        client.rpush("jobs", "job")?;
        assert_eq!(popped.join().unwrap()?, Some(("jobs".to_owned(), "job".to_owned())));
        Ok(())
    })
}

#[test]
fn one_under_way_when_the_server_goes_is_told_so_and_a_read_goes_on() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = quick_to_reconnect(&server)?;
    thread::scope(|scope| {
        let popped = scope.spawn(|| client.blpop::<(String, String)>("jobs", BlockFor::Forever));
        let read = scope.spawn(|| {
            // From 0 on, not from `$`: to read again does no harm, which only the caller can know.
            let harmless = client.idempotent();
            let read = harmless.command("XREAD").arg("BLOCK").arg(0).arg("STREAMS").key("log").arg("0");
            read.run::<Option<Value>>()
        });
        eventually("both wait", SOON, || waiting(&server, "blpop") + waiting(&server, "xread") == 2);
        server.kill();
        let error = popped.join().unwrap().unwrap_err();
        assert!(error.kind() == ErrorKind::Connection && error.may_have_run(), "{error}");
        server.restart();
        eventually("the read waits again", SOON, || waiting(&server, "xread") == 1);
        client.command("XADD").key("log").arg("*").arg("field").arg("value").run::<String>()?;
        assert!(read.join().unwrap()?.is_some());
        Ok(())
    })
}

#[test]
fn many_wait_at_once_and_each_gets_its_own() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.max_connections(8))?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| client.blpop::<(String, String)>("jobs", BlockFor::Forever)))
            .collect();
        eventually("all connections wait", SOON, || waiting(&server, "blpop") == 8);
        for number in 0..24 {
            client.rpush("jobs", number)?;
        }
        let mut jobs = Vec::new();
        for thread in threads {
            jobs.extend(thread.join().unwrap()?.map(|(_, job)| job.parse::<i32>()));
        }
        let mut jobs: Vec<i32> = jobs.into_iter().collect::<Result<_, _>>()?;
        jobs.sort_unstable();
        assert_eq!(jobs, (0..24).collect::<Vec<_>>());
        Ok(())
    })
}
