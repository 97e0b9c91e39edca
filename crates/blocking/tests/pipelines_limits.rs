//! Pipelines at their limits: deadlines, a full queue, refusals by the server's state, large values, callbacks, a connection
//! of one's own.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use carnelian_blocking::Client;
use carnelian_command::Value;
use carnelian_command::group::StringCommands as _;
use carnelian_core::config::{Backoff, Protocol, Retry, WhenFull};
use carnelian_core::{Config, ErrorKind, ServerCode};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, ScriptedServer, Server, servers};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const SOON: Duration = Duration::from_millis(150);

#[test]
fn a_deadline_is_told_for_each_command_and_leaves_the_connection_whole() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    proxy.hold(Direction::ToClient);
    let (a, b) = client.timeout(SOON).pipeline_results(|p| (p.incr("n"), p.get::<Option<i64>>("n")));
    for error in [a.unwrap_err(), b.unwrap_err()] {
        assert!(error.is_timeout() && error.may_have_run(), "{error}");
    }
    let error = client.timeout(SOON).atomic(|t| (t.incr("n"), t.incr("n"))).unwrap_err();
    assert!(error.is_timeout() && error.may_have_run(), "{error}");
    proxy.clear();
    assert_eq!(client.get::<i64>("n")?, 3, "the late replies found nobody");
    assert_eq!(proxy.accepted().len(), 1, "the connection stayed the same");
    Ok(())
}

#[test]
fn what_was_not_sent_in_time_never_runs() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    proxy.refuse_new();
    proxy.reset_all();
    let error = client.timeout(SOON).pipeline(|p| (p.incr("n"), p.incr("n"))).unwrap_err();
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    let error = client.timeout(SOON).atomic(|t| (t.incr("n"), t.incr("n"))).unwrap_err();
    assert!(error.is_timeout() && !error.may_have_run(), "{error}");
    proxy.clear();
    assert_eq!(client.incr("n")?, 1);
    Ok(())
}

#[test]
fn a_full_queue_is_waited_for_or_refuses_the_whole_as_configured() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for when_full in [WhenFull::Fail, WhenFull::Wait] {
        let proxy = FaultProxy::start(server.addr());
        let config = Config::new(&proxy.url())?.queue_max_entries(1).when_queue_full(when_full);
        let client = Client::connect(config)?;
        client.set("n", 0)?;
        proxy.hold(Direction::ToClient);
        thread::scope(|scope| {
            let first = scope.spawn(|| client.get::<i64>("n"));
            thread::sleep(SOON);
            let many = scope.spawn(|| client.pipeline_results(|p| (p.incr("n"), p.incr("n"))));
            if when_full == WhenFull::Fail {
                let (a, b) = many.join().unwrap();
                for error in [a.unwrap_err(), b.unwrap_err()] {
                    assert_eq!(
                        (error.kind(), error.may_have_run()),
                        (ErrorKind::QueueFull, false),
                        "{error}"
                    );
                }
                proxy.clear();
            } else {
                thread::sleep(SOON);
                assert!(!many.is_finished(), "it waits");
                proxy.clear();
                let (a, b) = many.join().unwrap();
                assert_eq!((a?, b?), (1, 2));
            }
            assert_eq!(first.join().unwrap()?, 0);
            Outcome::Ok(())
        })?;
    }
    Ok(())
}

/// A server that answers the commands one after the other by these lines, and notes them.
fn scripted(lines: &'static [&'static str]) -> (ScriptedServer, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let server = ScriptedServer::start(move |mut peer| {
        let mut answers = lines.iter();
        loop {
            let line = peer.line()?;
            if line.is_empty() {
                return Ok(());
            }
            if line == "PING" {
                peer.send("+PONG\r\n")?;
                continue;
            }
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            peer.send(answers.next().copied().unwrap_or("+OK\r\n"))?;
        }
    });
    (server, seen)
}

fn patient_client(server: &ScriptedServer) -> Outcome<Client> {
    let retry = Retry::new().attempts(4).backoff(Backoff::Constant(Duration::from_millis(1)));
    let config = Config::new(&server.url())?.protocol(Protocol::Resp2).without_lib_info().retry(retry);
    Ok(Client::connect(config)?)
}

fn taken(seen: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn what_the_servers_state_refuses_is_tried_again_only_at_the_end() -> Outcome {
    const LOADING: &str = "-LOADING not yet\r\n";
    let (server, seen) = scripted(&[":1\r\n", LOADING, "-READONLY no\r\n", ":2\r\n", LOADING, ":3\r\n"]);
    let client = patient_client(&server)?;
    let came: (i64, i64, i64) = client.pipeline(|p| (p.incr("a"), p.incr("b"), p.incr("c")))?;
    assert_eq!(came, (1, 2, 3));
    assert_eq!(taken(&seen), ["INCR a", "INCR b", "INCR c", "INCR b", "INCR c", "INCR c"].map(str::to_owned));
    Ok(())
}

#[test]
fn a_refusal_in_the_middle_is_told_since_those_behind_it_have_run() -> Outcome {
    let (server, seen) = scripted(&[":1\r\n", "-LOADING not yet\r\n", ":3\r\n"]);
    let client = patient_client(&server)?;
    let (a, b, c) = client.pipeline_results(|p| (p.incr("a"), p.incr("b"), p.incr("c")));
    assert_eq!((a?, c?), (1, 3));
    let error = b.unwrap_err();
    assert_eq!((error.server_code(), error.may_have_run()), (Some(ServerCode::Loading), false));
    assert_eq!(taken(&seen).len(), 3);
    Ok(())
}

#[test]
fn a_refused_transaction_is_tried_again_as_a_whole() -> Outcome {
    let (server, seen) = scripted(&[
        "+OK\r\n",
        "-LOADING not yet\r\n",
        "-EXECABORT discarded\r\n",
        "+OK\r\n",
        "+QUEUED\r\n",
        "*1\r\n:1\r\n",
    ]);
    let client = patient_client(&server)?;
    assert_eq!(client.atomic(|t| t.incr("a"))?, 1);
    assert_eq!(taken(&seen), ["MULTI", "INCR a", "EXEC", "MULTI", "INCR a", "EXEC"]);
    Ok(())
}

#[test]
fn large_values_go_both_ways() -> Outcome {
    const MIB: usize = 1 << 20;
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let client = Client::connect(format!("{}?protocol={protocol}", server.url()).as_str())?;
        let values: Vec<Vec<u8>> = (0..4_u8).map(|n| vec![b'a' + n; MIB + usize::from(n)]).collect();
        client.pipeline(|p| values.iter().map(|value| p.set(&value[..1], value)).collect::<Vec<_>>())?;
        client.set("huge", Bytes::from(vec![b'z'; 10 * MIB]))?;
        let (one, other, many, huge, small): (Vec<u8>, Bytes, Vec<Option<Bytes>>, Bytes, i64) = client
            .pipeline(|p| (p.get("a"), p.get("b"), p.mget(["c", "d", "none"]), p.get("huge"), p.incr("n")))?;
        assert!(one == values[0] && other == values[1][..]);
        assert!(many.iter().map(Option::as_deref).eq([Some(&values[2][..]), Some(&values[3][..]), None]));
        assert!(huge.len() == 10 * MIB && huge.iter().all(|byte| *byte == b'z'));
        assert_eq!(small, i64::from(protocol) - 1);
        let (whole, huge): (Vec<u8>, Bytes) = client.atomic(|t| (t.get("a"), t.get("huge")))?;
        assert!(whole == values[0] && huge.len() == 10 * MIB);
    }
    Ok(())
}

#[test]
fn replies_of_pipelines_pass_through_the_users_callbacks() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    client.set("k", "v")?;
    client.set_response_callback("GET", |_| Ok(Value::Bytes("changed".into())));
    let (get, n): (String, i64) = client.pipeline(|p| (p.get("k"), p.incr("n")))?;
    assert_eq!((get.as_str(), n), ("changed", 1));
    let (get, n): (String, i64) = client.atomic(|t| (t.get("k"), t.incr("n")))?;
    assert_eq!((get.as_str(), n), ("changed", 2));
    client.remove_response_callback("GET");
    assert_eq!(client.pipeline(|p| p.get::<String>("k"))?, "v");
    Ok(())
}

#[test]
fn a_connection_of_ones_own_has_pipelines_too() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let dedicated = client.dedicated()?;
    let (a, b): (i64, i64) = dedicated.pipeline(|p| (p.incr("n"), p.incr("n")))?;
    assert_eq!((a, b), (1, 2));
    let (a, b) = dedicated.atomic_results(|t| (t.incr("n"), t.incr("n")))?;
    assert_eq!((a?, b?), (3, 4));
    let (a, none) = dedicated.pipeline_results(|p| (p.incr("n"), p.get::<i64>("none")));
    assert_eq!(a?, 5);
    assert_eq!(none.unwrap_err().kind(), ErrorKind::Decode);
    Ok(())
}

#[test]
fn a_late_pipeline_is_tried_again_where_the_user_wants_that() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(Config::new(&proxy.url())?)?;
    client.set("n", 0)?;
    // The replies to the first try never come in time.
    proxy.hold(Direction::ToClient);
    let opener = thread::spawn(move || {
        thread::sleep(Duration::from_millis(450));
        proxy.clear();
        proxy
    });
    let (limit, policy) = (Duration::from_millis(300), Retry::new().attempts(5).on_timeout(true));
    let (first, second): (i64, i64) =
        client.timeout(limit).retry(policy).pipeline(|p| (p.incr("n"), p.incr("n")))?;
    assert!(first >= 3 && second == first + 1, "both ran again, in order: {first}, {second}");
    opener.join().map_err(|_| "the opener panicked")?;
    Ok(())
}
