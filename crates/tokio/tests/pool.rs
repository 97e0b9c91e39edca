//! Connections of one's own: how many, for how long, who gets the next one, and that each comes back as good as new.

use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{
    BlockingListCommands as _, ConnectionCommands as _, ConnectionStateCommands as _, ListCommands as _,
    OwnConnectionCommands as _, StringCommands as _,
};
use carnelian_core::config::Wait;
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, eventually, servers};
use carnelian_tokio::{Client, Dedicated};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

fn config(server: &Server) -> Result<Config, carnelian_core::ConfigError> {
    Ok(Config::new(&server.url())?.client_name("pool"))
}

/// How many of our connections the server sees.
fn seen(server: &Server) -> usize {
    server.cli(&["CLIENT", "LIST"]).matches("name=pool").count()
}

async fn id(dedicated: &Dedicated) -> carnelian_core::Result<u64> {
    dedicated.client_id().await
}

#[tokio::test]
async fn no_more_than_allowed_are_open_at_a_time() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.max_connections(2).pool_wait(Wait::FailAtOnce)).await?;
    let (one, two) = (client.dedicated().await?, client.dedicated().await?);
    let error = client.dedicated().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted);
    assert!(error.to_string().contains("all 2") && error.to_string().contains("max_connections"), "{error}");
    // A command that needs one feels it too; others do not.
    let error = client.blpop::<(String, String)>("q", SOON).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
    assert_eq!(client.ping().await?, "PONG");
    assert_eq!(seen(&server), 3);

    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.idle, stats.waiting, stats.opened, stats.closed), (2, 0, 0, 2, 0));
    let first = id(&one).await?;
    drop(one);
    assert_eq!((client.pool_stats().in_use, client.pool_stats().idle), (1, 1));
    let again = client.dedicated().await?;
    assert_eq!(id(&again).await?, first, "it is used again");
    drop((again, two));
    assert_eq!((client.pool_stats().idle, client.pool_stats().opened), (2, 2));
    Ok(())
}

#[tokio::test]
async fn who_waits_too_long_is_told_so() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let wait = Wait::Timeout(Duration::from_millis(80));
    let client = Client::connect(config(&server)?.max_connections(1).pool_wait(wait)).await?;
    let held = client.dedicated().await?;
    let error = client.dedicated().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
    assert_eq!(client.pool_stats().waiting, 0);
    drop(held);
    client.dedicated().await?.ping().await?;
    Ok(())
}

#[tokio::test]
async fn who_waits_longest_is_served_first() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.max_connections(1).pool_wait(Wait::Forever)).await?;
    let held = client.dedicated().await?;
    let (served, mut order) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..10 {
        let (client_of_task, served) = (client.clone(), served.clone());
        tokio::spawn(async move {
            let own = client_of_task.dedicated().await?;
            own.ping().await?;
            let _ = served.send(number);
            Ok::<_, carnelian_core::Error>(())
        });
        while client.pool_stats().waiting <= number {
            tokio::task::yield_now().await;
        }
    }
    drop((held, served));
    for number in 0..10 {
        assert_eq!(order.recv().await, Some(number));
    }
    assert_eq!(client.pool_stats().opened, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_ones_are_kept_ready_and_closed_in_time() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let ready = Client::connect(config(&server)?.min_idle(3)).await?;
    eventually("three are ready", SOON, || ready.pool_stats().idle == 3);
    assert_eq!(seen(&server), 4);
    // One that goes is replaced.
    let mut taken = ready.dedicated().await?;
    let lost = id(&taken).await?;
    taken.select(1).await?;
    drop(taken);
    eventually("three again", SOON, || ready.pool_stats().idle == 3 && seen(&server) == 4);
    taken = ready.dedicated().await?;
    assert_ne!(id(&taken).await?, lost);
    drop(taken);
    ready.close().await;
    eventually("all closed", SOON, || seen(&server) == 0);

    let short = Client::connect(config(&server)?.idle_limit(Duration::from_millis(100))).await?;
    drop(short.dedicated().await?);
    assert_eq!(short.pool_stats().idle, 1);
    eventually("the idle one is closed", SOON, || short.pool_stats().idle == 0 && seen(&server) == 1);
    assert_eq!(short.pool_stats().closed, 1);
    Ok(())
}

#[tokio::test]
async fn past_its_lifetime_a_connection_is_not_used_again() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client =
        Client::connect(config(&server)?.lifetime_limit(Duration::from_millis(100)).idle_limit(None)).await?;
    let own = client.dedicated().await?;
    let old = id(&own).await?;
    own.blpop::<(String, String)>("nothing", Duration::from_millis(150)).await?;
    drop(own);
    let stats = client.pool_stats();
    assert_eq!((stats.idle, stats.closed), (0, 1), "closed when it came back");
    assert_ne!(id(&client.dedicated().await?).await?, old);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_closes_idle_ones_and_if_wanted_those_in_use() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?).await?;
    let (held, idle) = (client.dedicated().await?, client.dedicated().await?);
    drop(idle);
    client.disconnect(false);
    eventually("the idle one is gone", SOON, || seen(&server) == 2);
    let first = id(&held).await?;
    drop(held);
    let held = client.dedicated().await?;
    assert_eq!(id(&held).await?, first, "what was in use goes on");
    client.disconnect(true);
    assert_eq!(held.ping().await?, "PONG", "not in the middle of something");
    drop(held);
    eventually("gone when it came back", SOON, || seen(&server) == 1);
    assert_eq!((client.pool_stats().idle, client.pool_stats().closed), (0, 2));
    client.dedicated().await?.ping().await?;
    Ok(())
}

#[tokio::test]
async fn nothing_leaks_to_the_next_user() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.max_connections(1)).await?;
    client.set("where", "0").await?;
    for line in [
        "SELECT 3",
        "WATCH k",
        "MULTI",
        "SUBSCRIBE news",
        "PSUBSCRIBE n*",
        "SSUBSCRIBE shard",
        "CLIENT TRACKING ON",
        "CLIENT NO-EVICT ON",
        "CLIENT SETNAME other",
        "ASKING",
        "READONLY",
        "MY.UNKNOWN SELECT",
        "AUTH default x",
    ] {
        let own = client.dedicated().await?;
        let before = id(&own).await?;
        let mut words = line.split(' ');
        let name = words.next().ok_or("no name")?;
        // Some of them fail: even so they may have changed something.
        let _ = own.command(name).args(words.collect::<Vec<_>>()).run::<()>().await;
        drop(own);
        let next = client.dedicated().await?;
        assert_ne!(id(&next).await?, before, "{line}");
        assert_eq!(next.get::<Option<String>>("where").await?.as_deref(), Some("0"), "{line}");
        assert_eq!(next.client_getname().await?.as_deref(), Some("pool"), "{line}");
    }
    // An ordinary use leaves nothing behind and costs no connection.
    let own = client.dedicated().await?;
    let before = id(&own).await?;
    own.set("k", 1).await?;
    drop(own);
    assert_eq!(id(&client.dedicated().await?).await?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_given_back_in_the_middle_of_a_command_is_closed() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?).await?;
    let own = client.dedicated().await?;
    let before = id(&own).await?;
    let blocked = tokio::time::timeout(
        Duration::from_millis(50),
        own.blpop::<(String, String)>("q", carnelian_command::group::BlockFor::Forever).into_future(),
    );
    assert!(blocked.await.is_err());
    drop(own);
    eventually("only the shared one is left", SOON, || seen(&server) == 1);
    client.rpush("q", "job").await?;
    let next = client.dedicated().await?;
    assert_ne!(id(&next).await?, before);
    assert_eq!(next.lpop::<Option<String>>("q").await?.as_deref(), Some("job"), "nobody took it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_fails_and_is_replaced() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?).await?;
    let own = client.dedicated().await?;
    server.cli(&["CLIENT", "KILL", "ID", &id(&own).await?.to_string()]);
    eventually("the loss is seen", SOON, || !own.is_connected());
    let error = own.ping().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Closed), "{error:?}");
    drop(own);
    client.dedicated().await?.ping().await?;
    Ok(())
}

#[tokio::test]
async fn a_client_may_be_kept_to_one_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server)?.single_connection(true)).await?;
    let waiting = client.clone();
    let popped =
        tokio::spawn(async move { waiting.blpop::<(String, String)>("q", Duration::from_secs(5)).await });
    while !server.cli(&["CLIENT", "LIST"]).contains("cmd=blpop") {
        tokio::task::yield_now().await;
    }
    assert_eq!((seen(&server), client.pool_stats().opened), (1, 0));
    server.cli(&["RPUSH", "q", "job"]);
    assert_eq!(popped.await??, Some(("q".into(), "job".into())));
    assert_eq!((seen(&server), client.pool_stats().opened), (1, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_kept_ready_are_never_in_the_way_of_who_needs_one() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    // Long enough that the callers come while the connections are being made.
    proxy.delay(Direction::ToClient, Duration::from_millis(20));
    for _ in 0..5 {
        let config = Config::new(&proxy.url())?.max_connections(2).min_idle(2);
        let client = Client::connect(config).await?;
        let takers: Vec<_> = (0..6)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.dedicated().await?.ping().await })
            })
            .collect();
        for taker in takers {
            assert_eq!(taker.await??, "PONG");
        }
        assert_eq!(client.pool_stats().in_use, 0);
    }
    Ok(())
}
