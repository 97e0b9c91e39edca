//! What a client can be seen doing, from its first connection to its end.

use std::time::Duration;

use carnelian_command::group::{
    BlockFor, BlockingListCommands as _, ConnectionCommands as _, OwnConnectionCommands as _,
    StringCommands as _,
};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::{Config, ErrorKind, Event, State};
use carnelian_testkit::{ScriptedServer, Server, eventually, servers};
use carnelian_tokio::Client;
use tokio::sync::broadcast::Receiver;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

fn config(url: &str) -> Result<Config, carnelian_core::ConfigError> {
    let backoff = Backoff::Constant(Duration::from_millis(20));
    Ok(Config::new(url)?.reconnect(Reconnect::new().backoff(backoff)))
}

/// The next event that is of that kind.
async fn next(
    events: &mut Receiver<Event>,
    wanted: impl Fn(&Event) -> bool,
) -> Result<Event, Box<dyn std::error::Error>> {
    let found = async {
        loop {
            let event = events.recv().await?;
            if wanted(&event) {
                return Ok(event);
            }
        }
    };
    tokio::time::timeout(SOON, found).await?
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_seen_doing_so() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server.url())?).await?;
    let (mut state, mut events) = (client.state(), client.events());
    assert_eq!(*state.borrow(), State::Connected);
    client.set("k", "v").await?;
    server.kill();
    let lost = next(&mut events, |event| matches!(event, Event::Lost { .. })).await?;
    assert!(matches!(&lost, Event::Lost { reason } if !reason.is_empty()), "{lost:?}");
    state.wait_for(|state| *state == State::Connecting).await?;
    let failed = next(&mut events, |event| matches!(event, Event::ConnectFailed { .. })).await?;
    let Event::ConnectFailed { reason, retry_in } = failed else { return Err("no failure".into()) };
    assert!(reason.contains(&server.addr().to_string()), "{reason}");
    assert_eq!(retry_in, Duration::from_millis(20));
    let again =
        next(&mut events, |event| matches!(event, Event::Connecting { failures } if *failures > 1)).await?;
    assert!(matches!(again, Event::Connecting { .. }));

    server.restart();
    next(&mut events, |event| matches!(event, Event::Connected { resp3: true, .. })).await?;
    tokio::time::timeout(SOON, state.wait_for(|state| *state == State::Connected)).await??;
    client.set("k", "v").await?;
    client.close().await;
    next(&mut events, |event| *event == Event::Closed).await?;
    state.wait_for(|state| *state == State::Closed).await?;
    Ok(())
}

#[tokio::test]
async fn connecting_is_proven_by_a_ping() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        let mut said = Vec::new();
        loop {
            let line = peer.line()?;
            if line.is_empty() {
                return Ok(());
            }
            let is_ping = line == "PING";
            said.push(line);
            // Nothing counts before the PING is answered.
            peer.send(if is_ping { "-ERR not today\r\n" } else { "+OK\r\n" })?;
            assert!(said.len() < 8, "{said:?}");
        }
    });
    let config = Config::new(&server.url())?.protocol(carnelian_core::config::Protocol::Resp2);
    let error = Client::connect(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.to_string().contains("not today"), "{error}");
    server.finish();
    Ok(())
}

#[tokio::test]
async fn a_client_may_begin_before_its_server() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    server.kill();
    let client = Client::connect_lazily(config(&server.url())?.command_timeout(SOON))?;
    assert_ne!(*client.state().borrow(), State::Connected);
    let waiting = client.clone();
    let set = tokio::spawn(async move { waiting.set("k", "v").await });
    let mut events = client.events();
    next(&mut events, |event| matches!(event, Event::ConnectFailed { .. })).await?;
    let late = client.get::<Option<String>>("k").timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(late.is_timeout() && !late.may_have_run(), "{late}");
    server.restart();
    set.await??;
    assert_eq!(client.get::<Option<String>>("k").await?.as_deref(), Some("v"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_is_under_way_and_takes_nothing_more() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server.url())?.client_name("closing")).await?;
    let clone = client.clone();
    let own = client.dedicated().await?;
    let mut replies = Vec::new();
    for n in 0..500_i64 {
        let mut reply = Box::pin({
            let client = client.clone();
            async move { client.incr("count").await }
        });
        // Polled once, it is on its way.
        let early = std::future::poll_fn(|cx| std::task::Poll::Ready(reply.as_mut().poll(cx))).await;
        assert!(early.is_pending(), "{n}");
        replies.push(reply);
    }
    client.close().await;
    for (n, reply) in (1..).zip(replies) {
        assert_eq!(reply.await?, n);
    }
    for closed in [&client, &clone] {
        let error = closed.ping().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
        assert!(!error.may_have_run(), "{error}");
        assert_eq!(closed.dedicated().await.unwrap_err().kind(), ErrorKind::Closed);
        let error = closed.blpop::<(String, String)>("q", BlockFor::Forever).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    }
    drop(own);
    eventually("nothing stays open", SOON, || !server.cli(&["CLIENT", "LIST"]).contains("name=closing"));
    // Once more does no harm.
    clone.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_last_handle_closes_without_waiting() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(config(&server.url())?.client_name("dropped")).await?;
    let kept = client.clone();
    drop(client.dedicated().await?);
    drop(client);
    assert_eq!(kept.ping().await?, "PONG", "a clone goes on");
    server.pause();
    drop(kept);
    server.resume();
    eventually("nothing stays open", SOON, || !server.cli(&["CLIENT", "LIST"]).contains("name=dropped"));
    Ok(())
}

#[test]
fn a_client_may_be_dropped_outside_of_any_runtime() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = runtime.block_on(Client::connect(server.url()))?;
    let other = client.clone();
    drop(client);
    drop(runtime);
    drop(other);
    Ok(())
}

#[test]
fn when_the_runtime_of_its_connection_ends_commands_fail_instead_of_hanging() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let home = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = home.block_on(Client::connect(server.url()))?;
    let elsewhere = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let id = elsewhere.block_on(async { client.client_id().await })?;
    assert!(id > 0, "it serves other runtimes as well");
    server.pause();
    let stuck = elsewhere.spawn({
        let client = client.clone();
        async move { client.ping().without_timeout().await }
    });
    elsewhere.block_on(async {
        // Until it is on its way: what another sends behind it can only time out.
        let late = client.ping().timeout(Duration::from_millis(50)).await;
        assert!(late.is_err_and(|error| error.is_timeout()));
    });
    home.shutdown_background();
    let outcome = elsewhere.block_on(async { tokio::time::timeout(SOON, stuck).await })??;
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Connection), "{error:?}");
    let error = elsewhere.block_on(async { client.ping().await }).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Connection), "{error:?}");
    server.resume();
    Ok(())
}

#[test]
fn a_client_whose_runtime_ended_before_it_ran_fails_instead_of_hanging() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    // A runtime on which nothing runs but what is blocked on: the client's own tasks never begin.
    let home = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = {
        let _inside = home.enter();
        Client::connect_lazily(server.url())?
    };
    drop(home);
    let elsewhere = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let error = elsewhere.block_on(async {
        tokio::time::timeout(SOON, async { client.ping().without_timeout().await }).await
    })?;
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Connection), "{error:?}");
    assert!(!error.may_have_run(), "{error}");
    Ok(())
}
