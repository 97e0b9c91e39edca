//! Commands that wait on the server when things go wrong around them: silence, a full pool, a server that goes and comes,
//! a caller that loses patience. What they do when all is well is in `blocking_commands`.

mod support;

use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{BlockFor, BlockingListCommands as _, ListCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect, Wait};
use carnelian_core::{Config, ErrorKind, Event};
use carnelian_testkit::{FaultProxy, Server, servers};
use carnelian_tokio::Client;
use support::{Outcome, clients_with, until};

type Popped = Option<(String, String)>;

fn quick_to_reconnect(url: &str) -> Outcome<Config> {
    let reconnect = Reconnect::new().backoff(Backoff::Constant(Duration::from_millis(20)));
    Ok(Config::new(url)?.reconnect(reconnect))
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test]
async fn silence_is_no_death_while_they_wait() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.health_check_interval(ms(200)).command_timeout(ms(300));
    let client = Client::connect(config).await?;
    let dedicated = client.dedicated().await?;
    let mut events = client.events();
    // Silence counts as death after 0.9 s here.
    let wait = BlockFor::AtMost(ms(2_500));
    let (shared, own): (carnelian_core::Result<Popped>, carnelian_core::Result<Popped>) =
        tokio::join!(async { client.blpop("none", wait).await }, async {
            dedicated.blpop("none", wait).await
        });
    assert_eq!((shared?, own?), (None, None));
    assert!(dedicated.is_connected() && events.try_recv().is_err());
    Ok(())
}

#[tokio::test]
async fn one_that_is_dropped_on_a_dedicated_connection_ends_that_connection_and_no_other_command_does()
-> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).await?;
    let dedicated = client.dedicated().await?;
    // A plain command that is dropped leaves the connection whole, also while another one waits.
    let popped = async { dedicated.blpop::<(String, String)>("jobs", BlockFor::Forever).await };
    let meanwhile = async {
        until("BLPOP waits at the server", || clients_with(&server, "cmd=blpop").len() == 1).await;
        let get = tokio::time::timeout(ms(20), async { dedicated.get::<Option<String>>("k").await });
        assert!(get.await.is_err(), "it is behind the other one");
        client.rpush("jobs", "job").await
    };
    let (popped, pushed) = tokio::join!(popped, meanwhile);
    assert_eq!((popped?, pushed?), (Some(("jobs".to_owned(), "job".to_owned())), 1));
    assert!(dedicated.is_connected());

    let cut = tokio::time::timeout(ms(50), async {
        dedicated.blpop::<(String, String)>("jobs", BlockFor::Forever).await
    });
    assert!(cut.await.is_err());
    until("the server lets it go", || clients_with(&server, "cmd=blpop").is_empty()).await;
    let error = dedicated.get::<Option<String>>("k").await.unwrap_err();
    assert!(!error.may_have_run() && !dedicated.is_connected(), "{error}");
    drop(dedicated);
    // The next one is as good as new.
    let next = client.dedicated().await?;
    assert_eq!(next.get::<Option<String>>("k").await?, None);
    Ok(())
}

#[tokio::test]
async fn a_timeout_of_the_callers_ends_them_too() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).await?;
    let dedicated = client.dedicated().await?;
    let late = |popped: carnelian_core::Result<Popped>| {
        let error = popped.unwrap_err();
        assert!(error.is_timeout() && error.may_have_run(), "{error}");
        let report = error.timeout_report().cloned().unwrap();
        assert_eq!((report.timeout, report.sent, report.connected), (ms(150), true, true));
    };
    late(client.blpop("jobs", BlockFor::Forever).timeout(ms(150)).await);
    until("the server lets it go", || clients_with(&server, "cmd=blpop").is_empty()).await;
    late(dedicated.blpop("jobs", BlockFor::Forever).timeout(ms(150)).await);
    until("the server lets it go", || clients_with(&server, "cmd=blpop").is_empty()).await;
    client.rpush("jobs", "job").await?;
    assert_eq!(client.llen("jobs").await?, 1);
    Ok(())
}

#[tokio::test]
async fn the_callers_timeout_covers_the_wait_for_a_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let config = Config::new(&proxy.url())?.max_connections(1).pool_wait(Wait::Forever);
    let client = Client::connect(config).await?;
    let held = client.dedicated().await?;
    let popped: carnelian_core::Result<Popped> =
        client.blpop("jobs", BlockFor::Forever).timeout(ms(100)).await;
    let error = popped.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_run() && error.is_retryable(), "{error}");
    assert_eq!(client.pool_stats().waiting, 0);
    held.command("CLIENT").arg("SETNAME").arg("spoiled").run::<()>().await?;
    drop(held);
    proxy.blackhole();
    let popped: carnelian_core::Result<Popped> =
        client.blpop("jobs", BlockFor::Forever).timeout(ms(100)).await;
    let error = popped.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    assert_eq!(client.pool_stats().in_use, 0, "the place is free again");
    Ok(())
}

#[tokio::test]
async fn one_that_was_never_sent_waits_for_the_server_to_come_back() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(quick_to_reconnect(&server.url())?).await?;
    let mut events = client.events();
    server.stop();
    let waiting = client.clone();
    let popped =
        tokio::spawn(
            async move { waiting.blpop::<(String, String)>("jobs", BlockFor::AtMost(ms(8_000))).await },
        );
    while !matches!(events.recv().await?, Event::ConnectFailed { .. }) {}
    server.restart();
    until("BLPOP waits at the server", || clients_with(&server, "cmd=blpop").len() == 1).await;
    client.rpush("jobs", "job").await?;
    assert_eq!(popped.await??, Some(("jobs".to_owned(), "job".to_owned())));
    Ok(())
}

#[tokio::test]
async fn one_under_way_when_the_server_goes_is_told_so_and_a_read_goes_on() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(quick_to_reconnect(&server.url())?).await?;
    let (pops, reads) = (client.clone(), client.clone());
    let popped = tokio::spawn(async move { pops.blpop::<(String, String)>("jobs", BlockFor::Forever).await });
    let read = tokio::spawn(async move {
        let read = reads.command("XREAD").arg("BLOCK").arg(0).arg("STREAMS").key("log").arg("0");
        // From 0 on, not from `$`: to read again does no harm, which only the caller can know.
        read.run::<Option<carnelian_command::Value>>().idempotent().await
    });
    until("both wait at the server", || {
        clients_with(&server, "cmd=blpop").len() + clients_with(&server, "cmd=xread").len() == 2
    })
    .await;
    server.kill();
    let error = popped.await?.unwrap_err();
    assert!(error.kind() == ErrorKind::Connection && error.may_have_run(), "{error}");
    server.restart();
    until("the read waits again", || clients_with(&server, "cmd=xread").len() == 1).await;
    client.command("XADD").key("log").arg("*").arg("field").arg("value").run::<String>().await?;
    assert!(read.await??.is_some());
    Ok(())
}

#[tokio::test]
async fn on_a_single_connection_they_hold_up_the_others_but_nothing_breaks() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.single_connection(true).health_check_interval(ms(200));
    let client = Client::connect(config.command_timeout(ms(400))).await?;
    let mut events = client.events();
    let popped = async { client.blpop::<(String, String)>("none", BlockFor::AtMost(ms(1_500))).await };
    let behind = async {
        until("BLPOP waits at the server", || clients_with(&server, "cmd=blpop").len() == 1).await;
        let error = client.get::<Option<String>>("k").await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
    };
    let (popped, ()) = tokio::join!(popped, behind);
    assert_eq!(popped?, None);
    assert_eq!(client.get::<Option<String>>("k").await?, None);
    assert_eq!((client.pool_stats().opened, events.try_recv().is_err()), (0, true));
    Ok(())
}
