//! A peer that is gone without a sign is found in five seconds: under load, idle, and beneath a command that waits.

use std::thread;
use std::time::{Duration, Instant};

use carnelian_blocking::Client;
use carnelian_command::RawCommands as _;
use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_core::{Config, ErrorKind, Event};
use carnelian_testkit::{FaultProxy, Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The promise.
const FOUND: Duration = Duration::from_secs(5);

fn lost_within(events: &carnelian_blocking::Events, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    std::iter::from_fn(|| events.next_within(until.saturating_duration_since(Instant::now())))
        .any(|event| matches!(event, Event::Lost { reason } if reason.contains("silent")))
}

#[test]
fn an_idle_connection_to_a_stopped_server_is_given_up() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let events = client.events();
    thread::sleep(Duration::from_millis(2_500));
    server.pause();
    assert!(lost_within(&events, FOUND));
    server.resume();
    eventually("a reply", Duration::from_secs(20), || client.ping().is_ok());
    Ok(())
}

#[test]
fn a_loaded_connection_to_a_stopped_server_is_given_up() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.command_timeout(None))?;
    client.ping()?;
    let events = client.events();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        if let Err(error) = client.incr("hits") {
                            return error;
                        }
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(200));
        server.pause();
        let start = Instant::now();
        let found = lost_within(&events, FOUND);
        server.resume();
        assert!(found);
        for thread in threads {
            let error = thread.join().unwrap();
            assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Connection, true), "{error}");
        }
        assert!(start.elapsed() < Duration::from_secs(15));
    });
    Ok(())
}

/// Callers that give up one after the other, each before the silence has lasted long enough.
#[test]
fn short_deadlines_do_not_hide_a_dead_peer() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.command_timeout(Duration::from_millis(100)))?;
    client.ping()?;
    let events = client.events();
    server.pause();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        assert!(client.ping().unwrap_err().is_timeout());
    }
    assert!(lost_within(&events, FOUND - start.elapsed()));
    server.resume();
    eventually("a reply", Duration::from_secs(20), || client.ping().is_ok());
    Ok(())
}

#[test]
fn a_waiting_command_on_a_cut_cable_ends() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    let waiting = client.clone();
    let popped = thread::spawn(move || {
        let outcome = waiting.command("BLPOP").key("q").arg(0).run::<Option<(String, String)>>();
        (outcome.unwrap_err(), Instant::now())
    });
    thread::sleep(Duration::from_millis(2_500));
    let cut = Instant::now();
    proxy.blackhole();
    let (error, ended) = popped.join().unwrap();
    assert!(ended - cut <= FOUND, "{:?}", ended - cut);
    assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Connection, true), "{error}");
    Ok(())
}

#[test]
fn a_waiting_command_may_be_silent_while_its_server_lives() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let waiting = client.clone();
    let popped =
        thread::spawn(move || waiting.command("BLPOP").key("q").arg(0).run::<Option<(String, String)>>());
    thread::sleep(Duration::from_millis(6_500));
    client.command("RPUSH").key("q").arg("job").run::<i64>()?;
    assert_eq!(popped.join().unwrap()?, Some(("q".into(), "job".into())));
    Ok(())
}

/// The bytes of a large reply that come slowly are signs of life.
#[test]
fn a_slow_reply_is_no_silence() -> Outcome {
    use carnelian_testkit::proxy::Direction;
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(Config::new(&proxy.url())?.command_timeout(Duration::from_secs(30)))?;
    client.set("large", vec![b'x'; 600_000])?;
    let events = client.events();
    proxy.throttle(Direction::ToClient, 100_000);
    assert_eq!(client.get::<Vec<u8>>("large")?.len(), 600_000);
    assert!(!lost_within(&events, Duration::ZERO));
    Ok(())
}
