//! Connections of one's own: how many, for how long, who gets the next one, and that each comes back as good as new.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use carnelian_blocking::{Client, Dedicated};
use carnelian_command::RawCommands as _;
use carnelian_command::group::{
    BlockFor, BlockingListCommands as _, ConnectionCommands as _, ConnectionStateCommands as _,
    ListCommands as _, OwnConnectionCommands as _, StringCommands as _,
};
use carnelian_core::config::Wait;
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::{Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

fn config(server: &Server) -> Result<Config, carnelian_core::ConfigError> {
    Ok(Config::new(&server.url())?.client_name("pool"))
}

/// How many of our connections the server sees.
fn seen(server: &Server) -> usize {
    server.cli(&["CLIENT", "LIST"]).matches("name=pool").count()
}

fn id(dedicated: &Dedicated) -> carnelian_core::Result<u64> {
    dedicated.client_id()
}

#[test]
fn no_more_than_allowed_are_open_at_a_time() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.max_connections(2).pool_wait(Wait::FailAtOnce))?;
    let (one, two) = (client.dedicated()?, client.dedicated()?);
    let error = client.dedicated().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted);
    assert!(error.to_string().contains("all 2") && error.to_string().contains("max_connections"), "{error}");
    // A command that needs one feels it too; others do not.
    let error = client.blpop::<(String, String)>("q", SOON).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
    assert_eq!(client.ping()?, "PONG");
    assert_eq!(seen(&server), 3);

    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.idle, stats.waiting, stats.opened, stats.closed), (2, 0, 0, 2, 0));
    let first = id(&one)?;
    drop(one);
    assert_eq!((client.pool_stats().in_use, client.pool_stats().idle), (1, 1));
    let again = client.dedicated()?;
    assert_eq!(id(&again)?, first, "it is used again");
    drop((again, two));
    assert_eq!((client.pool_stats().idle, client.pool_stats().opened), (2, 2));
    Ok(())
}

#[test]
fn who_waits_too_long_is_told_so() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let wait = Wait::Timeout(Duration::from_millis(80));
    let client = Client::connect(config(&server)?.max_connections(1).pool_wait(wait))?;
    let held = client.dedicated()?;
    let error = client.dedicated().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
    // The caller's own patience counts, if it is less.
    let hurried = client.timeout(Duration::from_millis(20));
    let error = hurried.blpop::<(String, String)>("q", BlockFor::Forever).unwrap_err();
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    assert_eq!(client.pool_stats().waiting, 0);
    drop(held);
    client.dedicated()?.ping()?;
    Ok(())
}

#[test]
fn who_waits_longest_is_served_first() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.max_connections(1).pool_wait(Wait::Forever))?;
    let held = client.dedicated()?;
    let (served, order) = channel();
    thread::scope(|scope| {
        for number in 0..10 {
            let (client, served) = (&client, served.clone());
            scope.spawn(move || {
                let own = client.dedicated().unwrap();
                own.ping().unwrap();
                served.send(number).unwrap();
            });
            eventually("it waits", SOON, || client.pool_stats().waiting > number);
        }
        drop((held, served));
        assert_eq!(order.iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    });
    assert_eq!(client.pool_stats().opened, 1);
    Ok(())
}

#[test]
fn idle_ones_are_kept_ready_and_closed_in_time() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let ready = Client::connect(config(&server)?.min_idle(3))?;
    eventually("three are ready", SOON, || ready.pool_stats().idle == 3);
    assert_eq!(seen(&server), 4);
    // One that goes is replaced.
    let taken = ready.dedicated()?;
    let lost = id(&taken)?;
    taken.select(1)?;
    drop(taken);
    eventually("three again", SOON, || ready.pool_stats().idle == 3 && seen(&server) == 4);
    assert_ne!(id(&ready.dedicated()?)?, lost);
    ready.close();
    eventually("all closed", SOON, || seen(&server) == 0);

    let short = Client::connect(config(&server)?.idle_limit(Duration::from_millis(100)))?;
    drop(short.dedicated()?);
    assert_eq!(short.pool_stats().idle, 1);
    eventually("the idle one is closed", SOON, || short.pool_stats().idle == 0 && seen(&server) == 1);
    assert_eq!(short.pool_stats().closed, 1);
    Ok(())
}

#[test]
fn disconnecting_closes_idle_ones_and_if_wanted_those_in_use() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?)?;
    let (held, idle) = (client.dedicated()?, client.dedicated()?);
    drop(idle);
    client.disconnect(false);
    eventually("the idle one is gone", SOON, || seen(&server) == 2);
    let first = id(&held)?;
    drop(held);
    let held = client.dedicated()?;
    assert_eq!(id(&held)?, first, "what was in use goes on");
    client.disconnect(true);
    assert_eq!(held.ping()?, "PONG", "not in the middle of something");
    drop(held);
    eventually("gone when it came back", SOON, || seen(&server) == 1);
    assert_eq!((client.pool_stats().idle, client.pool_stats().closed), (0, 2));
    client.dedicated()?.ping()?;
    Ok(())
}

#[test]
fn nothing_leaks_to_the_next_user() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.max_connections(1))?;
    client.set("where", "0")?;
    for line in
        ["SELECT 3", "WATCH k", "MULTI", "CLIENT SETNAME other", "SUBSCRIBE news", "MY.UNKNOWN SELECT"]
    {
        let own = client.dedicated()?;
        let before = id(&own)?;
        let mut words = line.split(' ');
        let name = words.next().ok_or("no name")?;
        // Some of them fail: even so they may have changed something.
        let hurried = own.timeout(Duration::from_millis(200));
        let _ = hurried.command(name).args(words.collect::<Vec<_>>()).run::<()>();
        drop(own);
        let next = client.dedicated()?;
        assert_ne!(id(&next)?, before, "{line}");
        assert_eq!(next.get::<Option<String>>("where")?.as_deref(), Some("0"), "{line}");
        assert_eq!(next.client_getname()?.as_deref(), Some("pool"), "{line}");
    }
    // An ordinary use leaves nothing behind and costs no connection.
    let own = client.dedicated()?;
    let before = id(&own)?;
    own.set("k", 1)?;
    drop(own);
    assert_eq!(id(&client.dedicated()?)?, before);
    Ok(())
}

#[test]
fn a_connection_given_back_in_the_middle_of_a_command_is_closed() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?)?;
    let own = client.dedicated()?;
    let before = id(&own)?;
    let hurried = own.timeout(Duration::from_millis(50));
    assert!(hurried.blpop::<(String, String)>("q", BlockFor::Forever).unwrap_err().is_timeout());
    drop(own);
    eventually("only the shared one is left", SOON, || seen(&server) == 1);
    client.rpush("q", "job")?;
    let next = client.dedicated()?;
    assert_ne!(id(&next)?, before);
    assert_eq!(next.lpop::<Option<String>>("q")?.as_deref(), Some("job"), "nobody took it");
    Ok(())
}

#[test]
fn a_lost_connection_fails_and_is_replaced() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?)?;
    let own = client.dedicated()?;
    server.cli(&["CLIENT", "KILL", "ID", &id(&own)?.to_string()]);
    eventually("the loss is seen", SOON, || !own.is_connected());
    let error = own.ping().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Closed), "{error:?}");
    let error = own.ping().unwrap_err();
    assert!(error.kind() == ErrorKind::Closed && !error.may_have_run(), "{error:?}");
    drop(own);
    client.dedicated()?.ping()?;
    Ok(())
}

#[test]
fn a_client_may_be_kept_to_one_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.single_connection(true))?;
    thread::scope(|scope| {
        let popped = scope.spawn(|| client.blpop::<(String, String)>("q", SOON));
        eventually("it waits", SOON, || server.cli(&["CLIENT", "LIST"]).contains("cmd=blpop"));
        assert_eq!((seen(&server), client.pool_stats().opened), (1, 0));
        server.cli(&["RPUSH", "q", "job"]);
        assert_eq!(popped.join().unwrap()?, Some(("q".into(), "job".into())));
        Ok::<_, carnelian_core::Error>(())
    })?;
    assert_eq!((seen(&server), client.pool_stats().opened), (1, 0));
    Ok(())
}
