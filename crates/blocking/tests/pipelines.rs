//! Pipelines: each command finds its own reply, whatever happens to the others or to the connection.

use carnelian_blocking::Client;
use carnelian_command::RawCommands as _;
use carnelian_command::group::{HashCommands as _, ListCommands as _, StringCommands as _};
use carnelian_core::pipeline::Pipeline;
use carnelian_core::{Config, ErrorKind, ServerCode};
use carnelian_testkit::{Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn client(server: &Server, protocol: u8) -> carnelian_core::Result<Client> {
    Client::connect(format!("{}?protocol={protocol}", server.url()).as_str())
}

#[test]
fn each_command_gets_its_own_typed_reply() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [2, 3].into_iter().filter(|&protocol| protocol == 2 || installed.at_least(6, 0)) {
            let client = client(&server, protocol)?;
            client.command("FLUSHALL").run::<()>()?;
            let (visits, name, _, map): (i64, Option<String>, u64, Vec<(String, i64)>) = client
                .pipeline(|p| (p.incr("visits"), p.get("name"), p.hset("h", [("a", 1)]), p.hgetall("h")))?;
            assert_eq!((visits, name, map), (1, None, vec![("a".to_owned(), 1)]));
            let keys = ["x", "y", "z"];
            let lengths: Vec<u64> =
                client.pipeline(|p| keys.iter().map(|key| p.append(key, "ab")).collect::<Vec<_>>())?;
            assert_eq!(lengths, [2, 2, 2]);
            let nested: ([Option<String>; 2], (i64, Vec<String>)) =
                client.pipeline(|p| ([p.get("x"), p.get("nothing")], (p.incr("n"), p.lrange("l", 0, -1))))?;
            assert_eq!(nested, ([Some("ab".to_owned()), None], (1, Vec::new())));
            // Tickets need not be asked in the order of the commands.
            let (second, first): (Option<String>, i64) = client.pipeline(|p| {
                let first = p.incr("n");
                (p.get("n"), first)
            })?;
            assert_eq!((first, second.as_deref()), (2, Some("2")));
        }
    }
    Ok(())
}

#[test]
fn errors_are_raised_in_order_or_kept_apart() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3)?;
    client.set("text", "word")?;
    let error = client.pipeline(|p| (p.incr("n"), p.incr("text"), p.lpush("text", "x"))).unwrap_err();
    assert_eq!((error.command(), error.kind()), (Some("INCR"), ErrorKind::Server));
    assert!(error.may_have_run(), "the first command has run: {error}");
    // Also those whose ticket nobody kept.
    let error = client
        .pipeline(|p| {
            p.lpush("text", "x");
            p.get::<Option<String>>("text")
        })
        .unwrap_err();
    assert_eq!(error.server_code(), Some(ServerCode::WrongType));
    let (n, text, list) = client.pipeline_results(|p| (p.incr("n"), p.incr("text"), p.lpush("text", "x")));
    assert_eq!(n?, 2);
    assert_eq!(text.unwrap_err().command(), Some("INCR"));
    assert_eq!(list.unwrap_err().server_code(), Some(ServerCode::WrongType));
    Ok(())
}

#[test]
fn transactions_run_wholly_or_not_at_all() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = client(&server, protocol)?;
        client.command("FLUSHALL").run::<()>()?;
        let (a, b): (i64, i64) = client.atomic(|t| (t.incr("a"), t.incrby("b", 5)))?;
        assert_eq!((a, b), (1, 5));
        // What the server does not take into its queue spoils the whole.
        let error = client.atomic(|t| (t.incr("a"), t.command("NOSUCH").run::<()>())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        assert!(!error.may_have_run() && error.to_string().contains("nothing was run"), "{error}");
        assert_eq!(client.get::<i64>("a")?, 1);
        // One that fails while it runs does not keep the others from running.
        client.set("text", "word")?;
        let (a, text) = client.atomic_results(|t| (t.incr("a"), t.incr("text")))?;
        assert_eq!(a?, 2);
        assert_eq!(text.unwrap_err().kind(), ErrorKind::Server);
        let error = client.atomic(|t| (t.incr("a"), t.incr("text"))).unwrap_err();
        assert!(error.may_have_run(), "{error}");
        assert_eq!(client.get::<i64>("a")?, 3);
        let (): () = client.atomic(|_| ())?;
    }
    Ok(())
}

#[test]
fn what_can_not_stand_in_a_pipeline_is_refused_before_anything_is_sent() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3)?;
    for name in ["BLPOP", "SUBSCRIBE", "MULTI", "SELECT"] {
        let error =
            client.pipeline(|p| (p.incr("n"), p.command(name).arg("1").arg("1").run::<()>())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotHere, "{name}: {error}");
        assert!(!error.may_have_run());
        let error = client.atomic(|p| p.command(name).arg("1").arg("1").run::<()>()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotHere, "{name}: {error}");
    }
    assert_eq!(client.get::<Option<i64>>("n")?, None);
    Ok(())
}

#[test]
fn a_ticket_of_another_pipeline_is_refused() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = client(&server, 3)?;
    let (one, other) = (Pipeline::new(), Pipeline::new());
    let (first, second) = (one.incr("n"), other.incr("n"));
    let replies = client.send(one);
    assert_eq!(second.take(&replies).unwrap_err().kind(), ErrorKind::NotHere);
    assert_eq!(first.take(&replies)?, 1);
    Ok(())
}

#[test]
fn a_pipeline_larger_than_the_queue_goes_in_waves() -> Outcome {
    const COMMANDS: usize = 50_000;
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.queue_max_bytes(300_000);
    let client = Client::connect(config)?;
    let numbers: Vec<i64> = client.pipeline(|p| (0..COMMANDS).map(|_| p.incr("n")).collect::<Vec<_>>())?;
    assert!(numbers.into_iter().eq(1..=i64::try_from(COMMANDS)?));
    Ok(())
}
