//! What becomes of commands when the connection is lost, and how it is made again.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use carnelian_blocking::Client;
use carnelian_command::group::{ConnectionCommands as _, ListCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect, Retry};
use carnelian_core::{Config, ErrorKind, Event, State};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, ScriptedServer, Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn commands_wait_for_a_server_that_comes_back() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.command_timeout(SOON))?;
    client.set("k", "1")?;
    server.kill();
    thread::sleep(Duration::from_millis(20));
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| client.incr("hits"))).collect();
        thread::sleep(Duration::from_millis(300));
        server.restart();
        let mut replies: Vec<i64> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<carnelian_core::Result<_>>()?;
        replies.sort_unstable();
        assert_eq!(replies, (1..=8).collect::<Vec<_>>(), "each ran once");
        Ok::<_, carnelian_core::Error>(())
    })?;
    Ok(())
}

#[test]
fn the_first_command_after_an_idle_server_restarts_goes_well() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    for _ in 0..3 {
        client.incr("hits")?;
        server.kill();
        server.restart();
        // A write: were it sent into the old connection, it would be lost.
        assert_eq!(client.incr("hits")?, 1);
    }
    Ok(())
}

/// The reply is lost: a read is asked again, a write is not, and its error says so.
#[test]
fn what_may_have_run_is_not_sent_again() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    client.set("k", "v")?;
    let lose_the_reply = || proxy.cut(Direction::ToClient, Cut::after(0).by_reset().once());
    lose_the_reply();
    assert_eq!(client.get::<Option<String>>("k")?, Some("v".into()));
    lose_the_reply();
    let error = client.incr("hits").unwrap_err();
    assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Connection, true), "{error}");
    assert_eq!(client.get::<i64>("hits")?, 1);
    lose_the_reply();
    assert_eq!(client.idempotent().getset::<Option<String>>("k", "w")?, Some("w".into()), "asked twice");
    lose_the_reply();
    let error = client.retry(Retry::none()).get::<Option<String>>("k").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    Ok(())
}

/// Many threads, connections cut all the time: every reply is the caller's own, and no increment is counted twice.
#[test]
fn nobody_gets_anothers_reply_across_reconnects() -> Outcome {
    const THREADS: usize = 12;
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let config = Config::new(&proxy.url())?
        .reconnect(Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(1))))
        // On a busy machine one and the same read may lose several connections in a row.
        .retry(Retry::new().attempts(250))
        .command_timeout(SOON);
    let client = Client::connect(config)?;
    let (done, stop) = channel::<()>();
    let counted = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let client = &client;
                scope.spawn(move || {
                    let (mut sure, mut unsure) = (0_i64, 0_i64);
                    for n in 0..300 {
                        let name = format!("{thread}:{n}");
                        assert_eq!(client.echo::<String>(&name).unwrap(), name);
                        match client.incr("hits") {
                            Ok(_) => sure += 1,
                            Err(error) if error.may_have_run() => unsure += 1,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    (sure, unsure)
                })
            })
            .collect();
        scope.spawn(|| {
            let stop = stop;
            while stop
                .recv_timeout(Duration::from_millis(15))
                .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                proxy.reset_all();
            }
        });
        let counted: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        drop(done);
        counted
    });
    let sure: i64 = counted.iter().map(|(sure, _)| sure).sum();
    let unsure: i64 = counted.iter().map(|(_, unsure)| unsure).sum();
    let hits: i64 = client.get("hits")?;
    assert!((sure..=sure + unsure).contains(&hits), "{hits} hits, {sure} sure, {unsure} unsure");
    assert!(proxy.accepted().len() > 5, "the connection was lost often");
    Ok(())
}

/// A server that lets everybody in and hangs up on the first command is not stormed.
#[test]
fn a_server_that_hangs_up_again_and_again_is_left_in_peace() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        while let Some(command) = peer.command()? {
            match command.first().map(Vec::as_slice) {
                Some(b"HELLO") => peer.send("%1\r\n+proto\r\n:3\r\n")?,
                Some(b"PING" | b"CLIENT") => peer.send("+OK\r\n")?,
                _ => return peer.reset(),
            }
        }
        Ok(())
    });
    let config = Config::new(&server.url())?
        .reconnect(
            Reconnect::new()
                .backoff(Backoff::equal_jitter(Duration::from_millis(100), Duration::from_secs(2))),
        )
        .retry(Retry::new().attempts(200))
        .command_timeout(Duration::from_millis(1_500));
    let client = Client::connect(config)?;
    let error = client.get::<Option<String>>("k").unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let tries = server.accepted().len();
    assert!((2..=10).contains(&tries), "{tries} connections in 1.5 s");
    drop(client);
    Ok(())
}

#[test]
fn tries_end_when_they_are_limited() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let reconnect = Reconnect::new().attempts(2).backoff(Backoff::None);
    let client = Client::connect(Config::new(&server.url())?.reconnect(reconnect))?;
    server.kill();
    assert!(client.state().wait_for(State::Disconnected, SOON));
    let error = client.ping().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(error.to_string().contains("gave up after 2 tries"), "{error}");
    Ok(())
}

#[test]
fn the_first_connection_is_tried_as_often_as_asked() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let url = server.url();
    server.kill();
    let start = Instant::now();
    let error = Client::connect(url.as_str()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.to_string().contains("is the server running there?"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(2));
    thread::scope(|scope| {
        let config = Config::new(&url).unwrap().connect_attempts(100);
        let connecting = scope.spawn(|| Client::connect(config));
        thread::sleep(Duration::from_millis(200));
        server.restart();
        connecting.join().unwrap()?.ping()
    })?;
    Ok(())
}

/// Nobody has time to see an attempt through, and still it comes to something.
#[test]
fn callers_in_a_hurry_get_connected_to_a_slow_server() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    proxy.delay(Direction::ToClient, Duration::from_millis(120));
    let client =
        Client::connect_lazily(Config::new(&proxy.url())?.command_timeout(Duration::from_millis(20)))?;
    let start = Instant::now();
    while client.state().current() != State::Connected {
        assert!(client.ping().unwrap_err().is_timeout());
        assert!(start.elapsed() < SOON);
    }
    assert!(proxy.accepted().len() < 4, "each caller went on where the one before had stopped");
    proxy.clear();
    eventually("a reply", SOON, || client.ping().is_ok());
    Ok(())
}

#[test]
fn a_lost_connection_is_made_again_without_a_command() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let events = client.events();
    server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    let seen: Vec<Event> = std::iter::from_fn(|| events.next_within(SOON)).take(3).collect();
    assert!(
        matches!(&seen[..], [Event::Lost { .. }, Event::Connecting { .. }, Event::Connected { .. }]),
        "{seen:?}"
    );
    assert!(client.state().wait_for(State::Connected, SOON));
    Ok(())
}

#[test]
fn refusals_are_tried_again_within_the_deadline() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        let mut refusals = 2;
        while let Some(command) = peer.command()? {
            match command.first().map(Vec::as_slice) {
                Some(b"HELLO") => peer.send("%1\r\n+proto\r\n:3\r\n")?,
                Some(b"SET") if refusals > 0 => {
                    refusals -= 1;
                    peer.send("-LOADING Redis is loading the dataset in memory\r\n")?;
                }
                Some(b"INCR") => peer.send("-LOADING Redis is loading the dataset in memory\r\n")?,
                _ => peer.send("+OK\r\n")?,
            }
        }
        Ok(())
    });
    let client = Client::connect(server.url())?;
    client.set("k", "v")?;
    let patient = Retry::new().attempts(100).backoff(Backoff::Constant(Duration::from_millis(50)));
    let start = Instant::now();
    let error = client.timeout(Duration::from_millis(300)).retry(patient).incr("k").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "the server's last word: {error}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let error = client.retry(Retry::none()).incr("k").unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("LOADING"));
    drop(client);
    server.finish();
    Ok(())
}

/// Bytes that answer nothing, or are no RESP, end the connection, and nothing is guessed.
#[test]
fn a_server_that_talks_nonsense_is_cut_off() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        while let Some(command) = peer.command()? {
            match command.first().map(Vec::as_slice) {
                Some(b"HELLO") => peer.send("%1\r\n+proto\r\n:3\r\n")?,
                Some(b"PING" | b"CLIENT") => peer.send("+OK\r\n")?,
                Some(b"INCR") => peer.send("nonsense\r\n")?,
                _ => peer.send(":1\r\n:2\r\n")?,
            }
        }
        Ok(())
    });
    let client = Client::connect(server.url())?;
    let error = client.incr("k").unwrap_err();
    assert!(error.may_have_run(), "{error}");
    let events = client.events();
    assert_eq!(client.strlen("k")?, 1);
    let lost = std::iter::from_fn(|| events.next_within(SOON)).find_map(|event| match event {
        Event::Lost { reason } => Some(reason),
        _ => None,
    });
    assert!(lost.is_some_and(|reason| reason.contains("no command had asked for")));
    Ok(())
}

/// Resets, delays and deadlines at random, over small and large commands of many threads. What was answered is there, what
/// may have run is there once at the most, and what did not run is not there.
#[test]
fn under_chaos_nothing_runs_twice_and_errors_tell_the_truth() -> Outcome {
    const THREADS: u64 = 16;
    const COMMANDS: u64 = 250;
    let server = Server::start(&servers::newest_valkey());
    let proxy = FaultProxy::options(server.addr()).buffers(8192).start();
    let backoff = Backoff::Constant(Duration::from_millis(2));
    let config = Config::new(&proxy.url())?.reconnect(Reconnect::new().backoff(backoff)).connections(2);
    let client = Client::connect(config)?;
    proxy.delay_between(Direction::ToClient, Duration::ZERO..=Duration::from_millis(4), 3);
    let told = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let client = &client;
                scope.spawn(move || push_in_a_hurry(client, thread, COMMANDS))
            })
            .collect();
        let ended = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|inner| {
            inner.spawn(|| {
                while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(25));
                    proxy.reset_all();
                }
            });
            let told: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            ended.store(true, std::sync::atomic::Ordering::Relaxed);
            told
        })
    });
    proxy.clear();
    let sum = |what| told.iter().flatten().filter(|told| **told == what).count();
    let (ran, perhaps, no) = (sum(Told::Ran), sum(Told::Perhaps), sum(Told::No));
    assert!(ran > 200 && perhaps > 20 && no > 20, "{ran} ran, {perhaps} perhaps, {no} not");
    // What is on its way through the proxy still has to arrive.
    thread::sleep(Duration::from_millis(300));
    for (thread, told) in told.iter().enumerate() {
        let list = server.command(&["LRANGE", &format!("list{thread}"), "0", "-1"]);
        let mut times = vec![0; told.len()];
        for item in list.array() {
            let number: usize = item.text().split(':').next().unwrap_or_default().parse()?;
            times[number] += 1;
        }
        for (n, (times, told)) in times.into_iter().zip(told).enumerate() {
            let fits = match told {
                Told::Ran => times == 1,
                Told::Perhaps => times <= 1,
                Told::No => times == 0,
            };
            assert!(fits, "{thread}:{n} was told {told:?} and ran {times} times");
        }
    }
    Ok(())
}

/// Pushes numbered items to the list of a thread, each with a limit of its own: what it was told of each.
fn push_in_a_hurry(client: &Client, thread: u64, commands: u64) -> Vec<Told> {
    let (mut random, mut told) = (thread + 1, Vec::new());
    for n in 0..commands {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let padding = if random % 50 == 0 { 300_000 } else { random as usize % 100 };
        let item = format!("{n}:{}", "x".repeat(padding));
        // Now and then there is no time at all, while others queue: then nothing has been sent.
        let limit = match n % 8 {
            0 => Duration::from_micros(random % 100),
            _ => Duration::from_millis(2 + random % 40),
        };
        let outcome = client.timeout(limit).rpush(format!("list{thread}"), &item);
        told.push(match outcome {
            Ok(_) => Told::Ran,
            Err(error) if error.may_have_run() => Told::Perhaps,
            Err(_) => Told::No,
        });
    }
    told
}

/// What a caller was told of its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Ran,
    Perhaps,
    No,
}
