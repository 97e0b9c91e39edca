//! What a lost connection does to commands: what was never sent is sent later, what may have run is never run again unless
//! that does no harm, and the error says which it was.

mod random;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{ListCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::{Config, Error, ErrorKind, State};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::{FaultProxy, ScriptedServer, Server, servers};
use carnelian_tokio::Client;
use random::Random;
use tokio::time::{sleep, timeout};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const SOON: Duration = Duration::from_millis(150);

/// A client of a real server behind a proxy.
struct Setup {
    server: Server,
    proxy: Arc<FaultProxy>,
    client: Client,
}

impl Setup {
    async fn new() -> Outcome<Self> {
        let server = Server::start(&servers::newest_redis());
        let proxy = Arc::new(FaultProxy::start(server.addr()));
        let client = Client::connect(quick_to_reconnect(&proxy.url())?).await?;
        Ok(Self { server, proxy, client })
    }

    /// What the server itself says, past the client under test.
    fn ask(&self, words: &[&str]) -> String {
        self.server.cli(words)
    }

    /// Cuts the client off; no new connection is let in.
    async fn cut_off(&self) -> Outcome {
        self.proxy.refuse_new();
        self.proxy.reset_all();
        self.reaches(State::Connecting).await
    }

    async fn reaches(&self, state: State) -> Outcome {
        timeout(Duration::from_secs(20), self.client.state().wait_for(|now| *now == state)).await??;
        Ok(())
    }

    /// Waits until a reply has been lost on its way.
    async fn a_reply_is_swallowed(&self) -> Outcome {
        for _ in 0..4_000 {
            if self.proxy.swallowed(Direction::ToClient) > 0 {
                return Ok(());
            }
            sleep(Duration::from_millis(5)).await;
        }
        Err("no reply came to be swallowed".into())
    }
}

fn quick_to_reconnect(url: &str) -> Outcome<Config> {
    let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(5)));
    Ok(Config::new(url)?.command_timeout(Duration::from_secs(60)).reconnect(reconnect))
}

fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> Outcome<Error> {
    match result {
        Ok(value) => Err(format!("it went well, with {value:?}").into()),
        Err(error) => Ok(error),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_reply_is_lost_may_have_run_and_does_not_run_again() -> Outcome {
    let setup = Setup::new().await?;
    setup.proxy.swallow(Direction::ToClient);
    let client = setup.client.clone();
    let calls = [
        tokio::spawn({
            let client = client.clone();
            async move { client.incr("counter").await.map(drop) }
        }),
        tokio::spawn({
            let client = client.clone();
            async move { client.lpush("list", "one").await.map(drop) }
        }),
        tokio::spawn(
            async move { client.command("XADD").key("log").args(["*", "f", "v"]).run::<()>().await },
        ),
    ];
    let effects = || {
        let count = |words| setup.ask(words);
        (count(&["GET", "counter"]), count(&["LLEN", "list"]), count(&["XLEN", "log"]))
    };
    let once = ("1".to_owned(), "1".to_owned(), "1".to_owned());
    for _ in 0..2_000 {
        if effects() == once {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    setup.a_reply_is_swallowed().await?;
    setup.proxy.clear();
    setup.proxy.reset_all();
    for call in calls {
        let error = failure(call.await?)?;
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert!(error.may_have_run(), "{error}");
        assert!(error.command().is_some() && error.node().is_some(), "{error}");
    }
    assert_eq!(setup.client.get::<i64>("counter").await?, 1, "connected again");
    assert_eq!(effects(), once);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_sent_and_timed_out_may_have_run() -> Outcome {
    let setup = Setup::new().await?;
    setup.proxy.swallow(Direction::ToClient);
    let error = failure(setup.client.incr("n").timeout(SOON).await)?;
    assert!(error.is_timeout() && error.may_have_run(), "{error}");
    assert!(error.timeout_report().is_some_and(|report| report.sent && report.connected), "{error}");
    setup.proxy.clear();
    setup.proxy.reset_all();
    assert_eq!(setup.client.incr("n").await?, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_what_is_harmless_twice_are_sent_again_silently() -> Outcome {
    let setup = Setup::new().await?;
    setup.client.set("k", "v").await?;
    setup.proxy.swallow(Direction::ToClient);
    let client = setup.client.clone();
    let read = tokio::spawn(async move { client.get::<String>("k").await });
    let client = setup.client.clone();
    let write = tokio::spawn(async move { client.incr("n").idempotent().await });
    while setup.ask(&["GET", "n"]) != "1" {
        sleep(Duration::from_millis(5)).await;
    }
    setup.a_reply_is_swallowed().await?;
    setup.proxy.clear();
    setup.proxy.reset_all();
    assert_eq!(read.await??, "v");
    assert_eq!(write.await??, 2, "it ran once more, as the caller allowed");
    assert_eq!(setup.ask(&["GET", "n"]), "2");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_sent_fails_as_such_and_never_runs() -> Outcome {
    let setup = Setup::new().await?;
    setup.cut_off().await?;
    let error = failure(setup.client.incr("n").timeout(SOON).await)?;
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    assert!(error.timeout_report().is_some_and(|report| !report.sent && !report.connected), "{error}");
    setup.proxy.clear();
    setup.reaches(State::Connected).await?;
    assert_eq!(setup.client.get::<Option<i64>>("n").await?, None);
    assert_eq!(setup.client.incr("n").await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_behind_a_full_socket_was_not_sent() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
    let client = Client::connect(quick_to_reconnect(&proxy.url())?).await?;
    proxy.hold(Direction::ToServer);
    let large = client.clone();
    let large = tokio::spawn(async move { large.set("large", vec![b'x'; 16 << 20]).await });
    sleep(SOON).await;
    let error = failure(client.incr("n").timeout(SOON).await)?;
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    let report = error.timeout_report().cloned().ok_or("no report")?;
    assert!(report.connected && !report.sent && report.unsent_bytes > 0 && report.queued == 2, "{report:?}");
    proxy.clear();
    large.await??;
    assert_eq!(client.incr("n").await?, 1, "the one that timed out was taken back");
    Ok(())
}

#[tokio::test]
async fn what_was_never_sent_is_sent_after_reconnecting_in_its_order() -> Outcome {
    let setup = Setup::new().await?;
    setup.cut_off().await?;
    // On this runtime tasks start in the order in which they were spawned.
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let client = setup.client.clone();
            tokio::spawn(async move { client.rpush("list", number).await })
        })
        .collect();
    sleep(SOON).await;
    assert!(calls.iter().all(|call| !call.is_finished()), "they wait");
    setup.proxy.clear();
    for (index, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await??, index as u64 + 1);
    }
    let list: Vec<u64> = setup.client.lrange("list", 0, -1).await?;
    assert_eq!(list, (0..100).collect::<Vec<_>>());
    Ok(())
}

/// Breaks connections in all ways at random, until it is dropped.
struct Chaos {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    proxy: Arc<FaultProxy>,
}

impl Chaos {
    fn start(proxy: &Arc<FaultProxy>, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, harmed) = (Arc::clone(&stop), Arc::clone(proxy));
        let thread = std::thread::spawn(move || {
            let mut random = Random::new(seed);
            while !stopped.load(Ordering::Relaxed) {
                harm(&harmed, &mut random);
                std::thread::sleep(random.micros_below(30_000));
            }
        });
        Self { stop, thread: Some(thread), proxy: Arc::clone(proxy) }
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of it would come up as connections that stay broken.
            let _ = thread.join();
        }
        self.proxy.clear();
    }
}

fn harm(proxy: &FaultProxy, random: &mut Random) {
    let direction = if random.below(2) == 0 { Direction::ToServer } else { Direction::ToClient };
    match random.below(5) {
        0 => proxy.reset_all(),
        1 => proxy.close_all(),
        2 => proxy.cut(direction, Cut::after(random.below(2_000)).once().by_reset()),
        3 => proxy.cut(direction, Cut::after(random.below(2_000)).once()),
        _ => {
            // In an instant, so that it is not the liveness that ends it.
            proxy.swallow(Direction::ToClient);
            std::thread::sleep(random.micros_below(10_000));
            proxy.clear();
            proxy.reset_all();
        }
    }
}

/// What callers were told of their writes, each of which has a name of its own.
#[derive(Default)]
struct Told {
    done: HashSet<u64>,
    maybe: HashSet<u64>,
    never: HashSet<u64>,
}

impl Told {
    fn note<T>(&mut self, number: u64, result: &Result<T, Error>) {
        match result {
            Ok(_) => self.done.insert(number),
            Err(error) if error.may_have_run() => self.maybe.insert(number),
            Err(_) => self.never.insert(number),
        };
    }

    fn absorb(&mut self, other: Self) {
        self.done.extend(other.done);
        self.maybe.extend(other.maybe);
        self.never.extend(other.never);
    }

    /// Holds what the callers were told against what the server has.
    fn check(&self, found: &[u64]) {
        let distinct: HashSet<u64> = found.iter().copied().collect();
        assert_eq!(distinct.len(), found.len(), "something ran twice");
        assert!(self.done.is_subset(&distinct), "something that was answered did not run");
        assert!(self.never.is_disjoint(&distinct), "something ran that was said not to");
        let told = self.done.len() + self.maybe.len() + self.never.len();
        assert!(
            distinct.iter().all(|number| self.done.contains(number) || self.maybe.contains(number)),
            "{told}"
        );
        assert!(!self.done.is_empty() && !self.maybe.is_empty(), "the chaos was too mild or too wild");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_chaos_nothing_runs_twice_and_errors_tell_the_truth() -> Outcome {
    const TASKS: u64 = 40;
    const CALLS: u64 = 60;
    let setup = Setup::new().await?;
    let chaos = Chaos::start(&setup.proxy, 11);
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let client = setup.client.clone();
        tasks.push(tokio::spawn(async move {
            let (mut random, mut told) = (Random::new(task), Told::default());
            let mut counted = (0_i64, 0_i64);
            for call in 0..CALLS {
                let number = task * CALLS + call;
                // Some with hardly any time, so that deadlines pass at every stage.
                let limit =
                    Duration::from_millis(if random.below(4) == 0 { random.below(20) } else { 60_000 });
                let push = client.command("LPUSH").key("list").arg(number).run::<u64>().timeout(limit).await;
                told.note(number, &push);
                let increment = client.incr("counter").timeout(limit).await;
                match increment {
                    Ok(_) => counted.0 += 1,
                    Err(error) if error.may_have_run() => counted.1 += 1,
                    Err(_) => {}
                }
                sleep(random.micros_below(20_000)).await;
            }
            (told, counted)
        }));
    }
    let (mut told, mut counted) = (Told::default(), (0, 0));
    for task in tasks {
        let (of_task, count) = task.await?;
        told.absorb(of_task);
        counted = (counted.0 + count.0, counted.1 + count.1);
    }
    drop(chaos);
    let found: Vec<u64> = setup.client.lrange("list", 0, -1).await?;
    told.check(&found);
    let counter: i64 = setup.client.get("counter").await?;
    assert!((counted.0..=counted.0 + counted.1).contains(&counter), "{counter} of {counted:?}");
    assert!(setup.proxy.accepted().len() > 10, "it was reconnected often");
    Ok(())
}

#[tokio::test]
async fn the_order_of_commands_survives_reconnects() -> Outcome {
    let setup = Setup::new().await?;
    let chaos = Chaos::start(&setup.proxy, 23);
    let (mut told, mut random, mut number) = (Told::default(), Random::new(5), 0);
    for _ in 0..150 {
        // A pipeline of one caller: on this runtime tasks start in the order in which they were spawned.
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let (client, own) = (setup.client.clone(), number);
                number += 1;
                (
                    own,
                    tokio::spawn(async move {
                        client.command("XADD").key("log").args(["*", "n"]).arg(own).run::<String>().await
                    }),
                )
            })
            .collect();
        sleep(random.micros_below(8_000)).await;
        for (own, call) in calls {
            told.note(own, &call.await?);
        }
    }
    drop(chaos);
    let log: Vec<(String, (String, u64))> =
        setup.client.command("XRANGE").key("log").args(["-", "+"]).run().await?;
    let found: Vec<u64> = log.into_iter().map(|(_, (_, number))| number).collect();
    assert!(found.is_sorted(), "{found:?}");
    told.check(&found);
    Ok(())
}

#[tokio::test]
async fn what_the_server_said_before_it_hung_up_counts() -> Outcome {
    const COMMANDS: usize = 50;
    // Answers so many commands, then closes, with the others unanswered.
    let server = ScriptedServer::start(|mut peer| {
        let mut answered = 0;
        loop {
            let line = peer.line()?;
            match line.split(' ').next() {
                Some("") | None => return Ok(()),
                Some("INCR") => {
                    answered += 1;
                    if answered == COMMANDS {
                        // In one piece with the end.
                        let last: String = (1..COMMANDS).map(|n| format!(":{n}\r\n")).collect();
                        return peer.send(last);
                    }
                }
                Some("PING") => peer.send("+PONG\r\n")?,
                Some("HELLO") => peer.send("-ERR unknown command\r\n")?,
                Some(_) => peer.send("+OK\r\n")?,
            }
        }
    });
    for _ in 0..20 {
        let client = Client::connect(quick_to_reconnect(&server.url())?).await?;
        let commands: Vec<_> = (0..COMMANDS)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.incr("n").await })
            })
            .collect();
        let mut outcomes = Vec::new();
        for command in commands {
            outcomes.push(command.await?);
        }
        // All but the last were answered.
        let lost: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert!(lost.iter().all(|error| error.may_have_run()), "{lost:?}");
    }
    Ok(())
}
