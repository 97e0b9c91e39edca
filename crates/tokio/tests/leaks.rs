//! Whatever a client went through, it leaves nothing behind: no task, no socket, no connection at the server. And while
//! it has nothing to do, it does nothing.

mod support;

use std::fs;
use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{BlockFor, BlockingListCommands as _, StringCommands as _};
use carnelian_core::Config;
use carnelian_core::config::{Credentials, Rotating};
use carnelian_testkit::{FaultProxy, ScriptedServer, Server, servers};
use carnelian_tokio::Client;
use support::{Outcome, clients_with, until};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

const ROUNDS: usize = 30;

/// They count what the whole process has.
static ALONE: Mutex<()> = Mutex::const_new(());

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

fn sockets() -> usize {
    let Ok(files) = fs::read_dir("/proc/self/fd") else { return 0 };
    let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
}

/// The processor time of this process so far, all threads together.
fn worked() -> Outcome<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("a strange stat")?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let ticks = times.next().ok_or("no user time")?? + times.next().ok_or("no system time")??;
    // A hundred ticks a second wherever Linux runs.
    Ok(Duration::from_millis(ticks * 10))
}

/// A life with everything in it that a client can have.
async fn live(url: &str, close: bool) -> Outcome {
    let config = Config::new(url)?
        .connections(2)
        .min_idle(1)
        .credentials(Rotating::new(Credentials::password("any")))
        .on_connect(["CLIENT", "SETNAME", "leaky"]);
    let client = Client::connect(config).await?;
    client.set("k", "v").await?;
    let dedicated = client.dedicated().await?;
    dedicated.command("SELECT").arg(1).run::<()>().await?;
    let cut = timeout(Duration::from_millis(5), async {
        client.blpop::<(String, String)>("jobs", BlockFor::Forever).await
    });
    assert!(cut.await.is_err());
    if close {
        drop(dedicated);
        client.close().await;
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_a_client() -> Outcome {
    let _alone = ALONE.lock().await;
    let server = Server::start(&servers::newest_redis());
    let silent = ScriptedServer::start(|mut peer| peer.drain());
    let nobody = format!("redis://127.0.0.1:{}", carnelian_testkit::free_port());
    let before = sockets();
    for round in 0..ROUNDS {
        live(&server.url(), round % 2 == 0).await?;
        assert!(Client::connect(nobody.as_str()).await.is_err());
        let impatient = Config::new(&silent.url())?.connect_timeout(Duration::from_millis(20));
        assert!(Client::connect(impatient).await.is_err());
        // One that is dropped while it tries to connect.
        let lazy = Client::connect_lazily(silent.url())?;
        let cut = timeout(Duration::from_millis(5), async { lazy.get::<Option<String>>("k").await });
        assert!(cut.await.is_err());
    }
    until("all tasks have ended", || tasks() == 0).await;
    until("all sockets are closed", || sockets() <= before).await;
    until("the server has no clients", || clients_with(&server, "name=leaky").is_empty()).await;
    Ok(())
}

/// How much of a while was spent working.
async fn work_during_a_while() -> Outcome<Duration> {
    let before = worked()?;
    sleep(Duration::from_secs(1)).await;
    Ok(worked()?.saturating_sub(before))
}

#[tokio::test]
async fn who_waits_does_nothing() -> Outcome {
    let _alone = ALONE.lock().await;
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::options(server.addr()).buffers(4_096).start();
    let config = || -> Outcome<Config> {
        Ok(Config::new(&proxy.url())?.connect_timeout(Duration::from_secs(60)).health_check_interval(None))
    };
    let (idle, waiting, lazy) = (
        Client::connect(config()?).await?,
        Client::connect(config()?).await?,
        Client::connect_lazily("redis://127.0.0.1:1")?,
    );
    let probing = Client::connect(Config::new(&proxy.url())?).await?;
    let choked = Client::connect(config()?).await?;
    let popped = waiting.clone();
    let popped =
        tokio::spawn(async move { popped.blpop::<(String, String)>("jobs", BlockFor::Forever).await });
    until("BLPOP waits at the server", || clients_with(&server, "cmd=blpop").len() == 1).await;
    server.pause();
    // Past their deadlines, given up, unsent, half sent: each has once kept a driver busy.
    let big = vec![b'x'; 20 << 20];
    let half_sent = timeout(Duration::from_millis(50), async {
        choked.set("big", &big).timeout(Duration::from_millis(80)).await
    });
    assert!(half_sent.await.is_err());
    for client in [&idle, &probing, &choked, &lazy] {
        let given_up = timeout(Duration::from_millis(20), async {
            client.get::<Option<String>>("k").timeout(Duration::from_millis(40)).await
        });
        assert!(given_up.await.is_err());
        let late = client.get::<Option<String>>("k").timeout(Duration::from_millis(40)).await;
        assert!(late.is_err_and(|error| error.is_timeout()));
    }
    for _ in 0..3 {
        let work = work_during_a_while().await?;
        assert!(work < Duration::from_millis(300), "{work:?} of a second were spent on nothing");
    }
    popped.abort();
    server.resume();
    Ok(())
}
