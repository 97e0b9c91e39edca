//! Scripts: by their hash where the server knows it, by their source where it doesn't, and never twice.

use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::RawCommands as _;
use carnelian_command::group::{
    FunctionCommands as _, Library, Script, ScriptingCommands as _, StringCommands as _,
};
use carnelian_core::{ErrorKind, ServerCode};
use carnelian_testkit::{Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn client(server: &Server, protocol: u8) -> carnelian_core::Result<Client> {
    Client::connect(format!("{}?protocol={protocol}", server.url()).as_str())
}

/// How often a command was called, as the server counts.
fn calls(server: &Server, command: &str) -> Result<u64, std::num::ParseIntError> {
    let stats = server.cli(&["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:")));
    let calls = line.and_then(|line| line.split_once("calls=")?.1.split(',').next());
    calls.map_or(Ok(0), str::parse)
}

#[test]
fn a_script_is_sent_whole_only_where_it_is_not_known() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [2, 3].into_iter().filter(|&protocol| protocol == 2 || installed.at_least(6, 0)) {
            let client = client(&server, protocol)?;
            client.command("FLUSHALL").run::<()>()?;
            client.script_flush()?;
            server.cli(&["CONFIG", "RESETSTAT"]);
            let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
            for sum in 1..=5 {
                assert_eq!(client.script::<i64>(add.key("n").arg(1))?, sum);
            }
            assert_eq!((calls(&server, "eval")?, calls(&server, "incrby")?), (1, 5));
            // Emptied between any two calls.
            for sum in 6..=9 {
                client.script_flush()?;
                assert_eq!(client.script::<i64>(&add.key("n").arg(1))?, sum);
            }
            client.script_flush()?;
            assert_eq!(client.timeout(Duration::from_secs(5)).script::<i64>(add.key("n").arg(1))?, 10);
            client.script_flush()?;
            assert_eq!(client.dedicated()?.script::<i64>(add.key("n").arg(1))?, 11);
            assert_eq!(client.pool_stats().in_use, 0);
        }
    }
    Ok(())
}

/// Many threads, of which none knows when the server forgets: each call runs once.
#[test]
fn a_flush_between_the_calls_of_many_threads_is_not_noticed() -> Outcome {
    const EACH: i64 = 200;
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3)?;
    let add = Script::new("return redis.call('INCR', KEYS[1])");
    std::thread::scope(|scope| {
        let adding = || (0..EACH).try_for_each(|_| client.script::<i64>(add.key("n")).map(drop));
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(adding)).collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            client.script_flush()?;
        }
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    })?;
    assert_eq!(client.get::<i64>("n")?, 8 * EACH);
    Ok(())
}

#[test]
fn pipelines_bring_what_they_need() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol)?;
        client.command("FLUSHALL").run::<()>()?;
        let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
        let read = Script::read_only("return redis.call('GET', KEYS[1])");
        for round in 1..=3 {
            client.script_flush()?;
            server.cli(&["CONFIG", "RESETSTAT"]);
            let (one, two, text): (i64, i64, String) = client.pipeline(|p| {
                (p.script(add.key("n").arg(1)), p.script(add.key("n").arg(1)), p.script(read.key("n")))
            })?;
            assert_eq!((one, two, text), (2 * round - 1, 2 * round, (2 * round).to_string()));
            assert_eq!((calls(&server, "eval")?, calls(&server, "evalsha")?), (1, 1));
        }
        client.script_flush()?;
        let (one, two): (i64, i64) =
            client.atomic(|t| (t.script(add.key("n").arg(1)), t.script(add.key("n").arg(1))))?;
        assert_eq!((one, two), (7, 8));
        // In a transaction that watches: one that reads at once, others at the end.
        client.script_flush()?;
        let sum: i64 = client.transaction(["n"], |tx| {
            let have: i64 = tx.script(read.key("n"))?;
            tx.commit(|t| t.script(add.key("n").arg(have)))
        })?;
        assert_eq!(sum, 16);
    }
    Ok(())
}

#[test]
fn errors_of_scripts_name_their_line_and_are_not_run_again() -> Outcome {
    for installed in [servers::named("redis-6.2"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        let client = client(&server, 2)?;
        let fails = Script::new("redis.call('INCR', KEYS[1])\n\nerror('oh no')");
        let error = client.script::<()>(fails.key("n")).unwrap_err();
        assert_eq!((error.kind(), error.server_code()), (ErrorKind::Server, Some(ServerCode::Err)));
        assert_eq!(error.script_line(), Some(3), "{error}");
        assert!(error.to_string().contains("oh no") && error.may_have_run(), "{error}");
        assert_eq!(client.get::<i64>("n")?, 1);
        let own = Script::new("return redis.error_reply('INSUFFICIENT balance')");
        let error = client.script::<()>(own.call()).unwrap_err();
        assert_eq!(error.server_error().map(|line| line.code()), Some("INSUFFICIENT"));
    }
    // The script itself says NOSCRIPT, after it has written.
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3)?;
    let liar = Script::new("redis.call('INCR', KEYS[1])\nreturn redis.error_reply('NOSCRIPT says who?')");
    client.command("SCRIPT").arg("LOAD").arg(liar.source()).run::<String>()?;
    let error = client.script::<()>(liar.key("n")).unwrap_err();
    assert_eq!(error.server_code(), Some(ServerCode::NoScript));
    assert_eq!(client.get::<i64>("n")?, 1);
    Ok(())
}

#[test]
fn libraries_are_loaded_and_called() -> Outcome {
    for installed in [servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [2, 3] {
            let client = client(&server, protocol)?;
            client.command("FLUSHALL").run::<()>()?;
            let library = Library::new(
                "#!lua name=points\nredis.register_function('add_points', function(keys, args)\n\
                 return redis.call('HINCRBY', keys[1], 'points', args[1])\nend)",
            )?;
            for _ in 0..2 {
                assert_eq!(client.load_library(&library)?, "points");
            }
            assert_eq!(client.fcall::<i64>("add_points", "player:1", 20)?, 20);
            let (_, again): (String, i64) =
                client.pipeline(|p| (p.load_library(&library), p.fcall("add_points", "player:1", 5)))?;
            assert_eq!(again, 25);
            let error = client.fcall::<i64>("add_points", "player:1", "many").unwrap_err();
            assert_eq!(error.script_line(), Some(3), "{error}");
        }
    }
    Ok(())
}
