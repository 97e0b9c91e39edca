//! What a connection says first, and that it makes no difference to the caller which protocol it came to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use carnelian_command::group::{
    ConnectionCommands as _, ConnectionStateCommands as _, HashCommands as _, OwnConnectionCommands as _,
    ServerCommands as _, SetCommands as _, SortedSetCommands as _, StringCommands as _,
};
use carnelian_command::{RawCommands as _, Value};
use carnelian_core::config::Protocol;
use carnelian_core::{Config, ErrorKind, Event, State};
use carnelian_testkit::{Flavor, Installed, Server, eventually, servers};
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn speaks_resp3(installed: &Installed) -> bool {
    installed.flavor == Flavor::Valkey || installed.at_least(6, 0)
}

fn keeps_library_names(installed: &Installed) -> bool {
    installed.flavor == Flavor::Valkey || installed.at_least(7, 2)
}

/// One of each kind of reply, as types.
async fn typed_replies(client: &Client, server: &str) -> Outcome {
    client.command("FLUSHALL").run::<()>().await?;
    client.set("text", "grün").await?;
    assert_eq!(client.get::<Option<String>>("text").await?.as_deref(), Some("grün"), "{server}");
    assert_eq!(client.get::<Option<String>>("none").await?, None, "{server}");
    assert_eq!(
        client.mget::<Vec<Option<String>>>(["text", "none"]).await?,
        [Some("grün".to_owned()), None],
        "{server}"
    );
    assert_eq!(client.incr("number").await?, 1);
    assert_eq!(client.incrbyfloat("float", 1.5).await?, 1.5, "{server}");

    client.hset("hash", [("a", "1"), ("b", "2")]).await?;
    let hash: HashMap<String, u32> = client.hgetall("hash").await?;
    assert_eq!(hash, HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]), "{server}");
    let nothing: BTreeMap<String, String> = client.hgetall("none").await?;
    assert!(nothing.is_empty(), "{server}");
    assert_eq!(
        client.hmget::<(Option<String>, Option<String>)>("hash", ["a", "c"]).await?,
        (Some("1".to_owned()), None),
        "{server}"
    );
    assert_eq!(client.hincrbyfloat("hash", "a", 0.25).await?, 1.25, "{server}");

    client.sadd("set", ["x", "y"]).await?;
    let set: BTreeSet<String> = client.smembers("set").await?;
    assert_eq!(set, BTreeSet::from(["x".to_owned(), "y".to_owned()]), "{server}");
    assert!(client.sismember("set", "x").await? && !client.sismember("set", "z").await?, "{server}");

    client.zadd("board", [(1.5, "ann"), (-2.0, "bob"), (f64::INFINITY, "cem")]).await?;
    let board: Vec<(String, f64)> =
        client.command("ZRANGE").key("board").args(["0", "-1"]).arg("WITHSCORES").run().await?;
    let expected = [("bob".to_owned(), -2.0), ("ann".to_owned(), 1.5), ("cem".to_owned(), f64::INFINITY)];
    assert_eq!(board, expected, "{server}");
    assert_eq!(client.zscore("board", "ann").await?, Some(1.5), "{server}");
    assert_eq!(client.zscore("board", "nobody").await?, None, "{server}");
    assert_eq!(client.zincrby("board", 0.5, "ann").await?, 2.0, "{server}");
    Ok(())
}

/// Replies about the server itself: verbatim text and maps in RESP3.
async fn server_replies(client: &Client, server: &Server) -> Outcome {
    let name = &server.installed().name;
    let info = client.info().await?;
    let (major, minor, patch) = server.installed().version;
    assert_eq!(info.server_version(), Some(format!("{major}.{minor}.{patch}").as_str()), "{name}");
    assert_eq!(info.keyspace().map(|space| space.keys).sum::<u64>(), 6, "{name}");
    let clients = client.client_list().await?;
    let id = client.client_id().await?;
    assert!(clients.iter().any(|client| client.id() == id), "{name}");
    let config = client.config_get("maxclients").await?;
    assert!(config.get("maxclients").is_some_and(|most| most.parse::<u32>().is_ok()), "{name}");
    Ok(())
}

#[tokio::test]
async fn both_protocols_give_the_same_types_on_every_server() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        for protocol in [Protocol::Resp2, Protocol::Auto] {
            let client = Client::connect(Config::new(&server.url())?.protocol(protocol)).await?;
            typed_replies(&client, &format!("{} {protocol:?}", installed.name)).await?;
            server_replies(&client, &server).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn only_the_untyped_value_tells_the_protocols_apart() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let values = async |protocol| -> Result<[Value; 4], Box<dyn std::error::Error>> {
        let client = Client::connect(Config::new(&server.url())?.protocol(protocol)).await?;
        client.hset("hash", [("a", "1")]).await?;
        client.sadd("set", "x").await?;
        client.zadd("board", [(1.5, "ann")]).await?;
        Ok([
            client.hgetall("hash").await?,
            client.smembers("set").await?,
            client.command("ZSCORE").key("board").arg("ann").run().await?,
            client.get("none").await?,
        ])
    };
    let bytes = |text: &'static str| Value::Bytes(text.into());
    assert_eq!(
        values(Protocol::Resp2).await?,
        [
            Value::Array(vec![bytes("a"), bytes("1")]),
            Value::Array(vec![bytes("x")]),
            bytes("1.5"),
            Value::Nil
        ]
    );
    assert_eq!(
        values(Protocol::Resp3).await?,
        [
            Value::Map(vec![(bytes("a"), bytes("1"))]),
            Value::Set(vec![bytes("x")]),
            Value::Double(1.5),
            Value::Nil
        ]
    );
    Ok(())
}

#[tokio::test]
async fn the_newest_protocol_of_the_server_is_chosen() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        let client = Client::connect_lazily(server.url())?;
        let mut events = client.events();
        let connected = loop {
            if let Event::Connected { resp3, version } = events.recv().await? {
                break (resp3, version);
            }
        };
        let (major, minor, patch) = installed.version;
        let version =
            if speaks_resp3(&installed) { format!("{major}.{minor}.{patch}") } else { String::new() };
        assert_eq!(connected.0, speaks_resp3(&installed), "{}", installed.name);
        // Valkey's HELLO gives its own version, or the one of Redis it stands for.
        assert!(
            installed.flavor == Flavor::Valkey || connected.1 == version,
            "{} {connected:?}",
            installed.name
        );
    }
    Ok(())
}

#[tokio::test]
async fn insisting_on_resp3_where_there_is_none_is_a_clear_error() -> Outcome {
    let server = Server::start(&servers::named("redis-5.0"));
    let error = Client::connect(Config::new(&server.url())?.protocol(Protocol::Resp3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("RESP3"), "{error}");
    assert!(!error.is_retryable(), "{error}");
    // Without insisting all is well, with login and database too.
    let guarded = Server::options(&servers::named("redis-5.0")).password("hush").start();
    let client = Client::connect(Config::new(&guarded.url())?.db(2).client_name("old")).await?;
    assert_eq!(client.client_getname().await?.as_deref(), Some("old"));
    client.set("k", "v").await?;
    assert_eq!(client.info().await?.keyspace().next().map(|space| space.db), Some(2));
    Ok(())
}

#[tokio::test]
async fn names_are_seen_in_the_list_of_clients() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        for protocol in [Protocol::Resp2, Protocol::Auto] {
            let config = Config::new(&server.url())?.protocol(protocol).client_name("till-7");
            let client = Client::connect(config.lib_name("shop").lib_version("1.2.3")).await?;
            let id = client.client_id().await?;
            let clients = client.client_list().await?;
            let own = clients.iter().find(|client| client.id() == id).ok_or("not in the list")?;
            assert_eq!(own.name(), Some("till-7"), "{}", installed.name);
            if keeps_library_names(&installed) {
                assert_eq!(
                    (own.field("lib-name"), own.field("lib-ver")),
                    (Some("shop"), Some("1.2.3")),
                    "{}",
                    installed.name
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_library_names_itself_unless_told_not_to() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    let library = async |config: Config| -> Result<String, Box<dyn std::error::Error>> {
        let client = Client::connect(config).await?;
        Ok(client.client_info().await?.field("lib-name").unwrap_or_default().to_owned())
    };
    assert_eq!(library(Config::new(&server.url())?).await?, "carnelian");
    assert_eq!(library(Config::new(&server.url())?.without_lib_info()).await?, "");
    Ok(())
}

#[tokio::test]
async fn the_url_names_the_database() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis()] {
        let server = Server::start(&installed);
        let client = Client::connect(format!("{}/5", server.url())).await?;
        client.set("here", 5).await?;
        let dedicated = client.dedicated().await?;
        assert_eq!(dedicated.get::<Option<i64>>("here").await?, Some(5), "dedicated ones are there too");
        let first = Client::connect(server.url()).await?;
        assert_eq!(first.get::<Option<i64>>("here").await?, None);
        let other = client.dedicated().await?;
        other.select(0).await?;
        assert_eq!(other.get::<Option<i64>>("here").await?, None);
    }
    Ok(())
}

#[tokio::test]
async fn a_unix_socket_is_a_server_like_any_other() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::options(&installed).password("hush").start();
        let client = Client::connect(format!("{}?db=1", server.unix_url())).await?;
        client.set("k", "v").await?;
        assert_eq!(client.get::<Option<String>>("k").await?.as_deref(), Some("v"), "{}", installed.name);
        let own = client.client_info().await;
        if installed.at_least(6, 2) {
            assert!(own?.addr().is_some_and(|addr| addr.ends_with(":0")), "{}", installed.name);
        }
    }
    Ok(())
}

#[tokio::test]
async fn on_connect_commands_run_on_every_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.on_connect(["INCR", "greeted"]).on_connect(["SELECT", "3"]);
    let client = Client::connect(config).await?;
    let greeted = || server.cli(&["GET", "greeted"]);
    assert_eq!(greeted(), "1");
    client.set("k", "in 3").await?;
    let dedicated = client.dedicated().await?;
    assert_eq!(greeted(), "2");
    assert_eq!(dedicated.get::<Option<String>>("k").await?.as_deref(), Some("in 3"));

    let mut state = client.state();
    let id = client.client_id().await?;
    server.cli(&["CLIENT", "KILL", "ID", &id.to_string()]);
    state.wait_for(|state| *state != State::Connected).await?;
    state.wait_for(|state| *state == State::Connected).await?;
    assert_eq!(greeted(), "3");
    assert_eq!(client.get::<Option<String>>("k").await?.as_deref(), Some("in 3"), "still in 3 after a loss");
    Ok(())
}

#[tokio::test]
async fn an_on_connect_command_that_fails_fails_the_connect() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.on_connect(["NOSUCHCOMMAND", "hush"]);
    let error = Client::connect(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("on-connect"), "{error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_connections_share_the_work() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.connections(4).client_name("four")).await?;
    let named = || server.cli(&["CLIENT", "LIST"]).matches("name=four").count();
    eventually("four connections", Duration::from_secs(5), || named() == 4);
    let mut tasks = Vec::new();
    for task in 0..64_u64 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let mut ids = BTreeSet::new();
            for n in 0..20_i64 {
                // In order: a task's commands never overtake each other.
                assert_eq!(client.incr(format!("count:{task}")).await?, n + 1);
                ids.insert(client.client_id().await?);
            }
            Ok::<_, carnelian_core::Error>(ids)
        }));
    }
    let mut ids = BTreeSet::new();
    for task in tasks {
        let of_task = task.await??;
        assert_eq!(of_task.len(), 1, "a task stays with its connection");
        ids.extend(of_task);
    }
    assert_eq!(ids.len(), 4);
    assert_eq!(named(), 4);
    client.close().await;
    eventually("all closed", Duration::from_secs(5), || named() == 0);
    Ok(())
}
