//! Scripts: by their hash where the server knows it, by their source where it doesn't, and never twice.

use std::future::IntoFuture as _;
use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_command::group::{
    FunctionCommands as _, Library, Script, ScriptingCommands as _, StringCommands as _,
};
use carnelian_core::{ErrorKind, ServerCode};
use carnelian_testkit::{Server, servers};
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn client(server: &Server, protocol: u8) -> carnelian_core::Result<Client> {
    Client::connect(format!("{}?protocol={protocol}", server.url()).as_str()).await
}

/// How often a command was called, as the server counts.
fn calls(server: &Server, command: &str) -> Result<u64, std::num::ParseIntError> {
    let stats = server.cli(&["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:")));
    let calls = line.and_then(|line| line.split_once("calls=")?.1.split(',').next());
    calls.map_or(Ok(0), str::parse)
}

#[tokio::test]
async fn a_script_is_sent_whole_only_where_it_is_not_known() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [2, 3].into_iter().filter(|&protocol| protocol == 2 || installed.at_least(6, 0)) {
            let client = client(&server, protocol).await?;
            client.command("FLUSHALL").run::<()>().await?;
            client.script_flush().await?;
            server.cli(&["CONFIG", "RESETSTAT"]);
            let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
            for sum in 1..=5 {
                let got: i64 = client.script(add.key("n").arg(1)).await?;
                assert_eq!(got, sum);
            }
            assert_eq!((calls(&server, "eval")?, calls(&server, "incrby")?), (1, 5));
            // Emptied between any two calls.
            for sum in 6..=9 {
                client.script_flush().await?;
                assert_eq!(client.script::<i64>(&add.key("n").arg(1)).await?, sum);
            }
            let own = client.dedicated().await?;
            client.script_flush().await?;
            let got: i64 = own.script(add.key("n").arg(1)).timeout(Duration::from_secs(5)).await?;
            assert_eq!(got, 10);
        }
    }
    Ok(())
}

#[tokio::test]
async fn pipelines_bring_what_they_need() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol).await?;
        client.command("FLUSHALL").run::<()>().await?;
        let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
        let read = Script::read_only("return redis.call('GET', KEYS[1])");
        for round in 1..=3 {
            client.script_flush().await?;
            server.cli(&["CONFIG", "RESETSTAT"]);
            let (one, two, text): (i64, i64, String) = client
                .pipeline(|p| {
                    (p.script(add.key("n").arg(1)), p.script(add.key("n").arg(1)), p.script(read.key("n")))
                })
                .await?;
            assert_eq!((one, two, text), (2 * round - 1, 2 * round, (2 * round).to_string()));
            assert_eq!((calls(&server, "eval")?, calls(&server, "evalsha")?), (1, 1));
        }
        client.script_flush().await?;
        let (one, two): (i64, i64) =
            client.atomic(|t| (t.script(add.key("n").arg(1)), t.script(add.key("n").arg(1)))).await?;
        assert_eq!((one, two), (7, 8));
        let many: Vec<i64> = client
            .pipeline(|p| (0..1_000).map(|_| p.script(add.key("m").arg(1))).collect::<Vec<_>>())
            .await?;
        assert!(many.into_iter().eq(1..=1_000));
    }
    Ok(())
}

#[tokio::test]
async fn errors_of_scripts_name_their_line() -> Outcome {
    for installed in [servers::named("redis-6.2"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        let client = client(&server, 2).await?;
        client.set("text", "word").await?;
        let fails = Script::new("local one = 1\n\nerror('oh no')");
        let error = client.script::<()>(fails.call()).await.unwrap_err();
        assert_eq!((error.kind(), error.server_code()), (ErrorKind::Server, Some(ServerCode::Err)));
        assert_eq!(error.script_line(), Some(3), "{error}");
        assert!(error.to_string().contains("oh no") && error.may_have_run(), "{error}");
        let command = Script::new("local key = KEYS[1]\nreturn redis.call('INCR', key)");
        let error = client.script::<()>(command.key("text")).await.unwrap_err();
        assert_eq!(error.script_line(), Some(2), "{error}");
        let wrong = Script::new("local one = 1\nlocal two =");
        let error = client.script::<()>(wrong.call()).await.unwrap_err();
        assert_eq!(error.script_line(), Some(2), "{error}");
        // An error line of the script's own making.
        let own = Script::new("return redis.error_reply('INSUFFICIENT balance')");
        let error = client.script::<()>(own.call()).await.unwrap_err();
        assert_eq!(error.server_error().map(|line| line.code()), Some("INSUFFICIENT"));
    }
    Ok(())
}

#[tokio::test]
async fn a_script_that_says_noscript_itself_is_not_run_again() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3).await?;
    let liar = Script::new("redis.call('INCR', KEYS[1])\nreturn redis.error_reply('NOSCRIPT says who?')");
    client.command("SCRIPT").arg("LOAD").arg(liar.source()).run::<String>().await?;
    let error = client.script::<()>(liar.key("n")).await.unwrap_err();
    assert_eq!(error.server_code(), Some(ServerCode::NoScript));
    assert_eq!(client.get::<i64>("n").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_call_given_up_leaves_the_connection_whole() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3).await?;
    let echo = Script::new("return ARGV[1]");
    for polls in 0..6 {
        client.script_flush().await?;
        let mut call = Box::pin(client.script::<String>(echo.arg("lost")).into_future());
        let mut left = polls;
        std::future::poll_fn(|cx| {
            left -= 1;
            if left < 0 {
                return std::task::Poll::Ready(());
            }
            call.as_mut().poll(cx).map(drop)
        })
        .await;
        drop(call);
        assert_eq!(client.script::<String>(echo.arg(polls)).await?, polls.to_string());
    }
    Ok(())
}

#[tokio::test]
async fn libraries_are_loaded_and_called() -> Outcome {
    for installed in [servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [2, 3] {
            let client = client(&server, protocol).await?;
            client.command("FLUSHALL").run::<()>().await?;
            let library = Library::new(
                "#!lua name=points\nredis.register_function('add_points', function(keys, args)\n\
                 return redis.call('HINCRBY', keys[1], 'points', args[1])\nend)",
            )?;
            for _ in 0..2 {
                assert_eq!(client.load_library(&library).await?, "points");
            }
            let points: i64 = client.fcall("add_points", "player:1", 20).await?;
            assert_eq!(points, 20);
            let (_, again): (String, i64) =
                client.pipeline(|p| (p.load_library(&library), p.fcall("add_points", "player:1", 5))).await?;
            assert_eq!(again, 25);
            let error = client.fcall::<i64>("add_points", "player:1", "many").await.unwrap_err();
            assert_eq!(error.script_line(), Some(3), "{error}");
        }
    }
    Ok(())
}
