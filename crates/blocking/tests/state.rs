//! The end of a client: what is under way is finished, nothing is left behind, and nobody waits for a drop.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use carnelian_blocking::Client;
use carnelian_command::RawCommands as _;
use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_core::{Config, ErrorKind, State};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const AT_ONCE: Duration = Duration::from_millis(500);

/// The tests of this file count the threads of their process, so they run one after the other where they share one.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many threads of this process do the housekeeping of a client.
fn housekeepers() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("carnelian-house")).count()
}

#[test]
fn commands_under_way_are_finished_and_later_ones_refused() -> Outcome {
    let _alone = alone();
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    client.ping()?;
    proxy.delay(Direction::ToClient, Duration::from_millis(300));
    thread::scope(|scope| {
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(|| client.incr("hits"))).collect();
        thread::sleep(Duration::from_millis(100));
        client.clone().close();
        assert_eq!(client.state().current(), State::Closed);
        let error = client.ping().unwrap_err();
        assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Closed, false));
        for thread in threads {
            assert!(thread.join().unwrap()? > 0);
        }
        Ok::<_, carnelian_core::Error>(())
    })?;
    eventually("no connection is left", Duration::from_secs(5), || proxy.open() == 0);
    client.close();
    assert_eq!(client.dedicated().unwrap_err().kind(), ErrorKind::Closed);
    Ok(())
}

#[test]
fn a_waiting_command_ends_with_the_client() -> Outcome {
    let _alone = alone();
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let waiting = client.clone();
    let popped =
        thread::spawn(move || waiting.command("BLPOP").key("q").arg(0).run::<Option<(String, String)>>());
    thread::sleep(Duration::from_millis(200));
    client.close();
    let error = popped.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Closed, true), "{error}");
    Ok(())
}

#[test]
fn dropping_the_last_handle_ends_everything_and_waits_for_nothing() -> Outcome {
    let _alone = alone();
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(Config::new(&proxy.url())?.min_idle(2))?;
    let other = client.clone();
    client.ping()?;
    eventually("idle connections", Duration::from_secs(5), || client.pool_stats().idle == 2);
    assert_eq!(housekeepers(), 1);
    drop(client);
    other.ping()?;
    // Even when the housekeeper is waiting for a sign of life that doesn't come.
    proxy.hold(Direction::ToClient);
    thread::sleep(Duration::from_millis(2_500));
    let start = Instant::now();
    drop(other);
    assert!(start.elapsed() < AT_ONCE);
    eventually("the thread has ended", AT_ONCE, || housekeepers() == 0);
    proxy.clear();
    eventually("no connection is left", Duration::from_secs(5), || proxy.open() == 0);
    Ok(())
}

#[test]
fn a_client_that_never_connected_ends_as_well() -> Outcome {
    let _alone = alone();
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    proxy.blackhole();
    let client = Client::connect_lazily(proxy.url())?;
    let error = client.timeout(Duration::from_millis(50)).ping().unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("not connected"), "{error}");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.incr("hits"));
        thread::sleep(Duration::from_millis(100));
        let start = Instant::now();
        client.close();
        let error = waiting.join().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Closed, false), "{error}");
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    });
    drop(client);
    eventually("the thread has ended", AT_ONCE, || housekeepers() == 0);
    Ok(())
}
