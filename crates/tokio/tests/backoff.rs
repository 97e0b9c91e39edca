//! A server that takes connections and drops them causes no storm of tries; only a real reply ends the caution.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use carnelian_command::group::StringCommands as _;
use carnelian_core::Config;
use carnelian_core::config::{Backoff, Reconnect, Retry};
use carnelian_testkit::scripted::Peer;
use carnelian_testkit::{FaultProxy, ScriptedServer, Server, servers};
use carnelian_tokio::Client;
use tokio::task::JoinHandle;
use tokio::time::sleep;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const WATCHED: Duration = Duration::from_secs(3);

fn config(address: SocketAddr, backoff: Backoff) -> Outcome<Config> {
    Ok(Config::new(&format!("redis://{address}"))?
        .command_timeout(Duration::from_millis(500))
        .retry(Retry::none())
        .reconnect(Reconnect::new().backoff(backoff)))
}

/// Reads without end, whatever comes of it: connections are wanted all the time.
fn demand(client: &Client) -> Vec<JoinHandle<()>> {
    let ask = |_| {
        let client = client.clone();
        tokio::spawn(async move {
            loop {
                // That it fails is the point.
                let _ = client.get::<Option<String>>("k").await;
                sleep(Duration::from_millis(1)).await;
            }
        })
    };
    (0..20).map(ask).collect()
}

/// The times between the accepts that came after `since`.
fn gaps(accepted: &[Instant], since: Instant) -> Vec<Duration> {
    let later: Vec<_> = accepted.iter().filter(|at| **at >= since).collect();
    later.iter().zip(later.iter().skip(1)).map(|(one, next)| next.duration_since(**one)).collect()
}

/// One accept may be noticed late and the next in time, so it is five pauses in a row that are held against the policy.
fn assert_paced(gaps: &[Duration], least: Duration) {
    for five in gaps.windows(5) {
        assert!(five.iter().sum::<Duration>() >= least * 5 - Duration::from_millis(60), "{gaps:?}");
    }
}

async fn accepted_while_resetting(backoff: Backoff) -> Outcome<Vec<Duration>> {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(config(proxy.addr(), backoff)?).await?;
    let demanding = demand(&client);
    proxy.reset_new();
    let since = Instant::now();
    proxy.reset_all();
    sleep(WATCHED.saturating_sub(since.elapsed())).await;
    let gaps = gaps(&proxy.accepted(), since);
    proxy.clear();
    assert_eq!(
        client.get::<Option<String>>("k").timeout(Duration::from_secs(20)).await?,
        None,
        "it recovers"
    );
    demanding.iter().for_each(JoinHandle::abort);
    Ok(gaps)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_constant_pause_is_kept() -> Outcome {
    let pause = Duration::from_millis(100);
    let gaps = accepted_while_resetting(Backoff::Constant(pause)).await?;
    assert!((5..=30).contains(&gaps.len()), "{gaps:?}");
    assert_paced(&gaps, pause);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exponential_pause_grows() -> Outcome {
    let (base, cap) = (Duration::from_millis(50), Duration::from_secs(1));
    let gaps = accepted_while_resetting(Backoff::Exponential { base, cap }).await?;
    // At 0, 50, 150, 350, 750, 1550 and 2550 ms.
    assert!((3..=6).contains(&gaps.len()), "{gaps:?}");
    Ok(())
}

/// Lets a client in, up to its first real command. False: it went away before.
fn let_in(peer: &mut Peer) -> io::Result<bool> {
    loop {
        let line = peer.line()?;
        let reply = match line.split(' ').next() {
            Some("HELLO") => "%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n",
            Some("CLIENT") => "+OK\r\n",
            Some("PING") => "+PONG\r\n",
            Some("GET") => return Ok(true),
            _ => return Ok(false),
        };
        peer.send(reply)?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lets_in_and_hangs_up_is_not_stormed() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        let_in(&mut peer)?;
        peer.reset()
    });
    let pause = Duration::from_millis(100);
    let client = Client::connect(config(server.addr(), Backoff::Constant(pause))?).await?;
    let (since, demanding) = (Instant::now(), demand(&client));
    sleep(WATCHED).await;
    let gaps = gaps(&server.accepted(), since);
    assert!((5..=30).contains(&gaps.len()), "{gaps:?}");
    assert_paced(&gaps, pause);
    demanding.iter().for_each(JoinHandle::abort);
    client.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_real_reply_ends_the_caution() -> Outcome {
    /// The connections that hang up without a reply; the next one gives a reply first.
    const MUTE: usize = 5;
    let answered = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&answered);
    let server = ScriptedServer::start(move |mut peer| {
        if let_in(&mut peer)? && peer.number() >= MUTE {
            peer.send("$-1\r\n")?;
            answers.store(true, Ordering::Relaxed);
            // All replies that it owes, until it hangs up: one has to arrive.
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    });
    let (base, cap) = (Duration::from_millis(100), Duration::from_secs(20));
    let client = Client::connect(config(server.addr(), Backoff::Exponential { base, cap })?).await?;
    let demanding = demand(&client);
    let limit = Instant::now() + Duration::from_secs(30);
    while server.accepted().len() < MUTE + 3 {
        assert!(Instant::now() < limit, "{:?}", server.accepted().len());
        sleep(Duration::from_millis(10)).await;
    }
    assert!(answered.load(Ordering::Relaxed));
    demanding.iter().for_each(JoinHandle::abort);
    client.close().await;
    let accepted = server.accepted();
    let gaps = gaps(&accepted, accepted.first().copied().ok_or("nobody came")?);
    let gap = |index: usize| gaps.get(index).copied().unwrap_or_default();
    // 0, 100, 200, 400, 800 ms; then a reply came, and it would have been 1600.
    assert!(gap(MUTE - 1) >= Duration::from_millis(700), "it grows as long as there is no reply: {gaps:?}");
    assert!(gap(MUTE) < Duration::from_millis(700), "a reply starts it over: {gaps:?}");
    Ok(())
}
