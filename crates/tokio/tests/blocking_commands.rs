//! Commands that wait on the server: each has a connection of its own, its own patience, and stops at once when nobody
//! waits for it any more.

use std::time::{Duration, Instant};

use carnelian_command::group::{
    BlockFor, BlockingListCommands as _, BlockingSortedSetCommands as _, ConnectionCommands as _,
    ListCommands as _, SortedSetCommands as _, StringCommands as _, WaitCommands as _,
};
use carnelian_command::{RawCommands as _, Value};
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::{Server, eventually, servers};
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;
type Popped = Option<(String, String)>;

const SOON: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(100);

/// A client whose ordinary commands have little time.
async fn hasty(server: &Server) -> Result<Client, Box<dyn std::error::Error>> {
    Ok(Client::connect(Config::new(&server.url())?.command_timeout(SHORT).client_name("hasty")).await?)
}

/// How many clients wait in that command.
fn waiting(server: &Server, command: &str) -> usize {
    let (clients, command) = (server.cli(&["CLIENT", "LIST"]), format!("cmd={command}"));
    let has = |line: &str, field: &str| line.split_ascii_whitespace().any(|own| own == field);
    clients.lines().filter(|line| has(line, "name=hasty") && has(line, &command)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_wait_on_their_own_connection_for_as_long_as_they_said() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        let client = hasty(&server).await?;
        let spawned = |client: Client| {
            tokio::spawn(async move { client.blpop::<(String, String)>("q", Duration::from_secs(20)).await })
        };
        let list = spawned(client.clone());
        let ranking = {
            let client = client.clone();
            tokio::spawn(async move { client.bzpopmin::<Value>("z", BlockFor::Forever).await })
        };
        let stream = {
            let client = client.clone();
            let read = async move {
                client
                    .command("XREAD")
                    .arg("BLOCK")
                    .arg(0)
                    .arg("STREAMS")
                    .key("s")
                    .arg("$")
                    .run::<Value>()
                    .await
            };
            tokio::spawn(read)
        };
        eventually("all three wait", SOON, || {
            ["blpop", "bzpopmin", "xread"].iter().all(|command| waiting(&server, command) == 1)
        });
        assert_eq!(client.pool_stats().in_use, 3, "{}", installed.name);
        // Well beyond the time of ordinary commands, which go on meanwhile.
        let began = Instant::now();
        while began.elapsed() < 3 * SHORT {
            client.set("k", "v").await?;
        }
        client.rpush("q", "job").await?;
        client.zadd("z", [(1.0, "ann")]).await?;
        client.command("XADD").key("s").args(["*", "f", "v"]).run::<()>().await?;
        assert_eq!(list.await??, Some(("q".into(), "job".into())), "{}", installed.name);
        assert!(ranking.await??.is_some(), "{}", installed.name);
        assert_ne!(stream.await??, Value::Nil, "{}", installed.name);
        assert_eq!((client.pool_stats().in_use, client.pool_stats().idle), (0, 3), "given back clean");
    }
    Ok(())
}

#[tokio::test]
async fn their_own_timeout_is_an_answer_not_an_error() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        let client = hasty(&server).await?;
        // Before 6.0, servers count in whole seconds.
        let wait = if installed.at_least(6, 0) { 2 * SHORT } else { Duration::from_secs(1) };
        let began = Instant::now();
        let popped: Popped = client.blpop("q", wait).await?;
        assert_eq!(popped, None, "{}", installed.name);
        assert!(began.elapsed() >= wait.saturating_sub(Duration::from_millis(20)), "{}", installed.name);
        assert_eq!(client.pool_stats().idle, 1, "{}", installed.name);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_longer_waited_for_is_gone_from_the_server() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        let client = hasty(&server).await?;
        let task = {
            let client = client.clone();
            tokio::spawn(async move { client.blpop::<(String, String)>("q", BlockFor::Forever).await })
        };
        eventually("it waits", SOON, || waiting(&server, "blpop") == 1);
        task.abort();
        eventually("it is gone", SOON, || waiting(&server, "blpop") == 0);
        client.rpush("q", "job").await?;
        let left: Vec<String> = client.lrange("q", 0, -1).await?;
        assert_eq!(left, ["job"], "{}: nobody took what nobody waits for", installed.name);
        assert_eq!(client.pool_stats().in_use, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_of_the_caller_ends_it_on_the_server_too() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = hasty(&server).await?;
    let error =
        client.blpop::<(String, String)>("q", BlockFor::Forever).timeout(3 * SHORT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(error.command(), Some("BLPOP"), "{error}");
    eventually("it is gone", SOON, || waiting(&server, "blpop") == 0);
    client.rpush("q", "job").await?;
    assert_eq!(client.llen("q").await?, 1);
    // Enough time is enough.
    let popped: Popped = client.blpop("q", BlockFor::Forever).timeout(SOON).await?;
    assert_eq!(popped, Some(("q".into(), "job".into())));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_wait_on_a_dedicated_connection_as_well() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = hasty(&server).await?;
    let own = client.dedicated().await?;
    own.set("k", "v").await?;
    // There is no replica: the answer comes after the time given, which is beyond that of ordinary commands.
    assert_eq!(own.wait(1, 3 * SHORT).await?, 0);
    assert_eq!(own.blpop::<(String, String)>("q", 2 * SHORT).await?, None);
    assert_eq!(own.ping().await?, "PONG");
    assert_eq!(client.pool_stats().opened, 1, "on that very connection");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_the_client_ends_them() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = hasty(&server).await?;
    let task = {
        let client = client.clone();
        tokio::spawn(async move { client.blpop::<(String, String)>("q", BlockFor::Forever).await })
    };
    eventually("it waits", SOON, || waiting(&server, "blpop") == 1);
    client.close().await;
    let error = task.await?.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.may_have_run(), "it was sent: {error}");
    eventually("it is gone", SOON, || waiting(&server, "blpop") == 0);
    Ok(())
}
