//! A peer that is gone without a sign is found in five seconds; one that only pauses is waited for, in bounded memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use carnelian_command::RawCommands as _;
use carnelian_command::group::{BlockFor, BlockingListCommands as _, ListCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect, WhenFull};
use carnelian_core::{Config, Error, ErrorKind, Event, State};
use carnelian_testkit::{FaultProxy, ScriptedServer, Server, servers};
use carnelian_tokio::Client;
use tokio::sync::broadcast;
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Five seconds are promised; half a second is for the machine.
const FOUND_WITHIN: Duration = Duration::from_millis(5_500);
const WORKERS: usize = 200;

/// How the peer goes away: both ends of the socket stay open.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The process stands still.
    Frozen,
    /// The cable is cut.
    Blackhole,
}

/// What the client is doing meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Loaded,
    Idle,
    /// Idle for so long that probes have been sent.
    LongIdle,
    Blpop,
}

struct Scene {
    server: Server,
    proxy: FaultProxy,
    client: Client,
    fault: Fault,
}

impl Scene {
    async fn new(fault: Fault) -> Outcome<Self> {
        let server = block_in_place(|| Server::start(&servers::newest_valkey()));
        let proxy = FaultProxy::start(server.addr());
        let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(50)));
        let config = Config::new(&proxy.url())?
            .command_timeout(Duration::from_secs(60))
            .connect_timeout(Duration::from_secs(1))
            .reconnect(reconnect);
        let client = Client::connect(config).await?;
        Ok(Self { server, proxy, client, fault })
    }

    fn begin(&self) {
        match self.fault {
            Fault::Frozen => self.server.pause(),
            Fault::Blackhole => self.proxy.blackhole(),
        }
    }

    fn end(&self) {
        match self.fault {
            Fault::Frozen => self.server.resume(),
            Fault::Blackhole => {
                self.proxy.clear();
                // What was taken in by the black hole stays there.
                self.proxy.reset_all();
            }
        }
    }
}

async fn lost(events: &mut broadcast::Receiver<Event>) -> Outcome<String> {
    loop {
        if let Event::Lost { reason } = events.recv().await? {
            return Ok(reason);
        }
    }
}

/// Reads without end, until told to stop.
fn load(client: &Client, stop: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<Outcome>> {
    let reader = |_| {
        let (client, stop) = (client.clone(), Arc::clone(stop));
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                client.get::<Option<String>>("k").await?;
                sleep(Duration::from_millis(5)).await;
            }
            Ok(())
        })
    };
    (0..10).map(reader).collect()
}

async fn is_found(fault: Fault, work: Work) -> Outcome {
    let scene = Scene::new(fault).await?;
    let client = &scene.client.clone();
    client.set("k", "v").await?;
    let mut events = client.events();
    let stop = Arc::new(AtomicBool::new(work != Work::Loaded));
    let readers = load(client, &stop);
    let waiting = (work == Work::Blpop).then(|| {
        let client = client.clone();
        tokio::spawn(async move { client.blpop::<(String, String)>("jobs", BlockFor::Forever).await })
    });
    sleep(Duration::from_millis(if work == Work::LongIdle { 3_000 } else { 300 })).await;
    assert_eq!(*client.state().borrow(), State::Connected);

    block_in_place(|| scene.begin());
    let since = Instant::now();
    let reason = timeout(FOUND_WITHIN, lost(&mut events))
        .await
        .map_err(|_| format!("{fault:?}, {work:?}: not found"))??;
    assert!(reason.contains("silent"), "{reason}");
    assert_ne!(*client.state().borrow(), State::Connected, "{fault:?}, {work:?}");
    if let Some(waiting) = waiting {
        let rest = FOUND_WITHIN.saturating_sub(since.elapsed());
        let popped = timeout(rest, waiting).await.map_err(|_| format!("{fault:?}: BLPOP waits on"))??;
        let error = popped.err().ok_or("BLPOP came back with nothing wrong")?;
        assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Connection, true), "{error}");
    }

    block_in_place(|| scene.end());
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await??;
    }
    assert_eq!(client.get::<String>("k").await?, "v", "{fault:?}, {work:?}");
    assert_eq!(*client.state().borrow(), State::Connected);
    client.rpush("more", "one").await?;
    assert_eq!(
        client.blpop::<(String, String)>("more", BlockFor::Forever).await?,
        Some(("more".into(), "one".into()))
    );
    block_in_place(|| drop(scene));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_peer_is_found_in_five_seconds() -> Outcome {
    let mut scenes = tokio::task::JoinSet::new();
    for fault in [Fault::Frozen, Fault::Blackhole] {
        for work in [Work::Loaded, Work::Idle, Work::LongIdle, Work::Blpop] {
            scenes.spawn(is_found(fault, work));
        }
    }
    while let Some(scene) = scenes.join_next().await {
        scene??;
    }
    Ok(())
}

/// Memory of this process that is in use, in bytes.
fn resident() -> Outcome<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split(' ').nth(1).ok_or("no second number")?.parse::<usize>()? * 4096)
}

fn bounded(server: &Server, when_full: WhenFull) -> Outcome<Config> {
    Ok(Config::new(&server.url())?
        .command_timeout(Duration::from_secs(60))
        .queue_max_entries(50)
        .when_queue_full(when_full))
}

/// What the workers have done so far.
#[derive(Default)]
struct Tally {
    stop: AtomicBool,
    done: AtomicU64,
    full: AtomicU64,
}

async fn increment_on(client: Client, tally: Arc<Tally>) -> Result<(), Error> {
    while !tally.stop.load(Ordering::Relaxed) {
        match client.incr("n").await {
            Ok(_) => {
                tally.done.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) if error.kind() == ErrorKind::QueueFull => {
                assert!(!error.may_have_run() && error.is_retryable(), "{error}");
                tally.full.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => return Err(error),
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Two hundred workers on a queue of fifty while the server stands still for three seconds.
async fn through_a_pause(when_full: WhenFull) -> Outcome<Arc<Tally>> {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(bounded(&server, when_full)?).await?;
    let mut events = client.events();
    let tally = Arc::new(Tally::default());
    let workers: Vec<_> =
        (0..WORKERS).map(|_| tokio::spawn(increment_on(client.clone(), Arc::clone(&tally)))).collect();
    sleep(Duration::from_millis(300)).await;
    assert_eq!(server.cli(&["CLIENT", "PAUSE", "3000"]), "OK");
    let paused = Instant::now();
    sleep(Duration::from_millis(500)).await;
    let before = resident()?;
    let late = client.command("ECHO").arg("x").run::<String>().timeout(Duration::from_millis(200)).await;
    let error = late.err().ok_or("the server is not paused")?;
    assert!(!error.may_have_run(), "{error}");
    if let Some(report) = error.timeout_report() {
        assert!(report.queued <= 50 && !report.sent, "{report:?}");
    } else {
        assert_eq!((error.kind(), when_full), (ErrorKind::QueueFull, WhenFull::Fail), "{error}");
    }
    sleep(Duration::from_millis(2_300).saturating_sub(paused.elapsed())).await;
    let grown = resident()?.saturating_sub(before);
    assert!(grown < 8 << 20, "memory grew by {grown} bytes");

    let done_in_pause = tally.done.load(Ordering::Relaxed);
    let until = Instant::now() + Duration::from_secs(20);
    while tally.done.load(Ordering::Relaxed) < done_in_pause + 1_000 {
        assert!(Instant::now() < until, "the workers do not go on");
        sleep(Duration::from_millis(10)).await;
    }
    tally.stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await??;
    }
    assert_eq!(client.get::<u64>("n").await?, tally.done.load(Ordering::Relaxed), "each ran once");
    assert!(
        matches!(events.try_recv(), Err(broadcast::error::TryRecvError::Empty)),
        "the connection was kept"
    );
    Ok(tally)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_server_is_waited_for() -> Outcome {
    let tally = through_a_pause(WhenFull::Wait).await?;
    assert_eq!(tally.full.load(Ordering::Relaxed), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_so_at_once_when_asked_to() -> Outcome {
    let tally = through_a_pause(WhenFull::Fail).await?;
    assert!(tally.full.load(Ordering::Relaxed) > 0);
    Ok(())
}

/// A server that counts the PINGs it gets.
fn counting_pings() -> (ScriptedServer, Arc<AtomicU64>) {
    let pings = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&pings);
    let server = ScriptedServer::start(move |mut peer| {
        loop {
            let line = peer.line()?;
            match line.split(' ').next() {
                Some("") | None => return Ok(()),
                Some("HELLO") => peer.send("-ERR unknown command\r\n")?,
                Some("PING") => {
                    count.fetch_add(1, Ordering::SeqCst);
                    peer.send("+PONG\r\n")?;
                }
                Some(_) => peer.send("+OK\r\n")?,
            }
        }
    });
    (server, pings)
}

#[tokio::test]
async fn an_idle_connection_is_asked_for_a_sign_of_life() -> Outcome {
    let (asked, pings) = counting_pings();
    let (left_alone, other_pings) = counting_pings();
    let interval = Duration::from_millis(50);
    let client = Client::connect(Config::new(&asked.url())?.health_check_interval(interval)).await?;
    let dedicated = client.dedicated().await?;
    let other = Client::connect(Config::new(&left_alone.url())?.health_check_interval(None)).await?;
    // One in the handshake of each connection, in both of its forms.
    let (at_first, other_at_first) = (pings.load(Ordering::SeqCst), other_pings.load(Ordering::SeqCst));
    timeout(Duration::from_secs(10), async {
        while pings.load(Ordering::SeqCst) < at_first + 10 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await?;
    assert_eq!(other_pings.load(Ordering::SeqCst), other_at_first);
    assert!(dedicated.is_connected());
    assert_eq!(
        (asked.accepted().len(), left_alone.accepted().len()),
        (2, 1),
        "no connection was lost for it"
    );
    drop((client, dedicated, other));
    Ok(())
}
