//! Deadlines of the blocking client: kept to the millisecond, and harmless to everybody else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use carnelian_blocking::Client;
use carnelian_command::RawCommands as _;
use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_core::config::Retry;
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The promise.
const KEPT_WITHIN: Duration = Duration::from_millis(10);

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Runs what is to time out after `limit`. What came of it, and how much later that was than a plain timer of the same
/// length beside it: what the timer is late is the machine's.
fn lateness<T>(limit: Duration, command: impl FnOnce() -> T) -> (T, Duration) {
    let timer = thread::spawn(move || {
        let start = Instant::now();
        thread::sleep(limit);
        start.elapsed()
    });
    let start = Instant::now();
    let outcome = command();
    let elapsed = start.elapsed();
    assert!(elapsed >= limit, "{elapsed:?} is before {limit:?}");
    let timer = timer.join().unwrap_or_else(|_| panic!("a thread that only sleeps"));
    (outcome, elapsed.saturating_sub(timer))
}

/// One in twenty may fall victim to the machine.
fn assert_kept(mut late: Vec<Duration>) {
    late.sort_unstable();
    let spared = late.len() / 20;
    let most = late.iter().rev().nth(spared).copied().unwrap_or_default();
    eprintln!("later than a timer: {late:?}");
    assert!(most <= KEPT_WITHIN, "{late:?}");
}

/// Replies come late at random, and every value tells which command it belongs to. Whatever times out, nobody ever gets
/// another one's reply.
#[test]
fn late_replies_are_nobody_elses() -> Outcome {
    const THREADS: u64 = 20;
    const COMMANDS: u64 = 500;
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(Config::new(&proxy.url())?.retry(Retry::none()))?;
    proxy.delay_between(Direction::ToClient, Duration::ZERO..=millis(10), 7);
    let (in_time, late) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (client, in_time, late) = (&client, &in_time, &late);
            scope.spawn(move || {
                let mut random = thread;
                for n in 0..COMMANDS {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let name = format!("{thread}:{n}:{}", "x".repeat((random >> 55) as usize));
                    let limit = millis(random >> 33 & 15);
                    match client.timeout(limit).echo::<String>(&name) {
                        Ok(back) => {
                            assert_eq!(back, name);
                            in_time.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => {
                            assert!(error.is_timeout(), "{error}");
                            late.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let (in_time, late) = (in_time.into_inner(), late.into_inner());
    assert_eq!(in_time + late, THREADS * COMMANDS);
    assert!(in_time > 500 && late > 500, "{in_time} in time, {late} late");
    proxy.clear();
    assert_eq!(client.echo::<String>("whole")?, "whole");
    assert_eq!(proxy.accepted().len(), 1, "the connection has survived");
    Ok(())
}

/// While nothing comes from the server, each of many threads hears of its own deadline in time.
#[test]
fn deadlines_are_kept_under_many_threads() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    client.ping()?;
    proxy.hold(Direction::ToClient);
    let late: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = (0..60_u64)
            .map(|thread| {
                let client = &client;
                scope.spawn(move || {
                    let limit = millis(3 + thread * 17);
                    let (outcome, late) =
                        lateness(limit, || client.timeout(limit).get::<Option<String>>("k"));
                    let error = outcome.unwrap_err();
                    assert!(error.is_timeout() && error.timeout_report().unwrap().timeout == limit);
                    late
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_kept(late);
    proxy.clear();
    assert_eq!(client.get::<Option<String>>("k")?, None);
    Ok(())
}

#[test]
fn a_lone_callers_deadline_is_kept_whatever_its_length() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    client.ping()?;
    proxy.hold(Direction::ToClient);
    let mut all = Vec::new();
    for limit in [0, 1, 5, 30, 70, 130, 400, 1_500].map(millis) {
        let (outcome, late) = lateness(limit, || client.timeout(limit).ping());
        let error = outcome.unwrap_err();
        assert!(error.is_timeout() && error.command() == Some("PING"), "{error}");
        all.push(late);
    }
    all.sort_unstable();
    all.pop();
    assert_kept(all);
    Ok(())
}

/// The bytes of a large command can't leave: its caller hears of it in time, and so do the others. What was never sent
/// did not run.
#[test]
fn a_choked_connection_lets_deadlines_pass() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
    let client = Client::connect(proxy.url())?;
    client.ping()?;
    proxy.hold(Direction::ToServer);
    thread::scope(|scope| {
        let large = scope.spawn(|| {
            let large = vec![0_u8; 10 << 20];
            lateness(millis(600), || client.timeout(millis(600)).set("large", large))
        });
        thread::sleep(millis(100));
        let small: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| lateness(millis(200), || client.timeout(millis(200)).incr("small"))))
            .collect();
        let mut all = Vec::new();
        for small in small {
            let (outcome, late) = small.join().unwrap();
            let error = outcome.unwrap_err();
            assert!(error.is_timeout() && !error.may_have_run(), "{error}");
            all.push(late);
        }
        // Its time begins once its ten megabytes are encoded, so a timer beside it proves nothing.
        let (outcome, _) = large.join().unwrap();
        let error = outcome.unwrap_err();
        assert!(error.is_timeout() && error.may_have_run(), "{error}");
        assert_kept(all);
    });
    proxy.clear();
    // The rest of the large command goes first.
    assert_eq!(client.incr("small")?, 1);
    assert_eq!(client.strlen("large")?, 10 << 20);
    Ok(())
}

#[test]
fn options_hold_for_one_call_only() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.command_timeout(millis(150)))?;
    let sleep = |seconds: &'static str| {
        let debug = client.without_timeout();
        debug.command("DEBUG SLEEP").arg(seconds).run::<()>()
    };
    sleep("0.3")?;
    let error = client.command("DEBUG SLEEP").arg("0.4").run::<()>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    thread::sleep(millis(400));
    // A read that is late may be tried again if the user says so.
    let patient = client.timeout(millis(300)).retry(Retry::new().attempts(5).on_error("TimeoutError"));
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| sleep("0.8"));
        thread::sleep(millis(50));
        assert_eq!(patient.get::<Option<String>>("none")?, None);
        sleeper.join().unwrap()
    })?;
    Ok(())
}

#[test]
fn waiting_commands_obey_their_own_time_unless_told_otherwise() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.command_timeout(millis(100)))?;
    let popped = client.command("BLPOP").key("q").arg("0.4").run::<Option<(String, String)>>()?;
    assert_eq!(popped, None);
    let hurried = client.timeout(millis(150));
    let error = hurried.command("BLPOP").key("q").arg(0).run::<Option<(String, String)>>().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    // The server does not go on waiting for a caller who is gone.
    client.command("RPUSH").key("q").arg("job").run::<i64>()?;
    thread::sleep(millis(50));
    assert_eq!(client.command("LLEN").key("q").run::<i64>()?, 1);
    Ok(())
}
