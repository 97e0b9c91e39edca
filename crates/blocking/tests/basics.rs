//! The blocking client against real servers: the common way of a command.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_command::{RawCommands as _, Value};
use carnelian_core::config::Protocol;
use carnelian_core::{Config, ErrorKind, Event, State};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn get(client: &Client, key: &str) -> carnelian_core::Result<Option<String>> {
    client.get(key)
}

#[test]
fn sets_and_gets_on_every_server() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        let client = Client::connect(server.url())?;
        client.set("k", "v")?;
        assert_eq!(get(&client, "k")?, Some("v".into()), "{}", installed.name);
        assert_eq!(get(&client, "none")?, None);
        assert_eq!(client.state().current(), State::Connected);
        client.close();
        assert_eq!(get(&client, "k").unwrap_err().kind(), ErrorKind::Closed);
    }
    Ok(())
}

#[test]
fn speaks_both_protocols() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for (protocol, reply) in [(Protocol::Resp2, 2), (Protocol::Resp3, 3)] {
        let client = Client::connect(Config::new(&server.url())?.protocol(protocol))?;
        let hello: Value = client.command("CLIENT INFO").run()?;
        let info: String = hello.into_typed()?;
        assert!(info.contains(&format!("resp={reply}")), "{info}");
        assert_eq!(get(&client, "none")?, None);
    }
    Ok(())
}

#[test]
fn many_threads_share_a_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..32)
            .map(|thread| {
                let client = client.clone();
                scope.spawn(move || {
                    for n in 0..200 {
                        let (key, value) = (format!("k{thread}"), format!("{thread}:{n}"));
                        client.set(&key, &value)?;
                        assert_eq!(get(&client, &key)?, Some(value));
                    }
                    Ok::<_, carnelian_core::Error>(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    })?;
    let clients: String = client.command("CLIENT LIST").run()?;
    assert_eq!(clients.lines().filter(|line| line.contains("lib-name=")).count(), 1, "{clients}");
    Ok(())
}

/// While the replies to a first command are held back, the commands of all other threads reach the server.
#[test]
fn threads_are_pipelined() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::start(server.addr());
    let client = Client::connect(proxy.url())?;
    proxy.hold(Direction::ToClient);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| client.incr("hits"))).collect();
        carnelian_testkit::eventually("all commands at the server", Duration::from_secs(5), || {
            server.command(&["GET", "hits"]).text() == "20"
        });
        proxy.clear();
        let mut replies: Vec<i64> =
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Result<_, _>>()?;
        replies.sort_unstable();
        assert_eq!(replies, (1..=20).collect::<Vec<_>>());
        Ok(())
    })
}

#[test]
fn values_of_all_sizes_come_back_whole() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
    for url in [server.url(), proxy.url()] {
        let client = Client::connect(url)?;
        for size in [0, 1, 63, 64, 100, 4_000, 16_380, 16_400, 65_530, 65_540, 1 << 20, 10 << 20] {
            let value: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
            client.set("v", &value)?;
            let back: Option<Vec<u8>> = client.get("v")?;
            assert_eq!(back, Some(value), "{size}");
        }
    }
    Ok(())
}

/// Both ways are full at once: whoever waits to write must read as well.
#[test]
fn large_values_both_ways_do_not_block_each_other() -> Outcome {
    const SIZE: usize = 10 << 20;
    let server = Server::start(&servers::newest_redis());
    let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
    let client = Client::connect(Config::new(&proxy.url())?.command_timeout(Duration::from_secs(60)))?;
    client.set("large", vec![b'l'; SIZE])?;
    let start = Barrier::new(6);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..6_usize)
            .map(|thread| {
                let (client, start) = (&client, &start);
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..2 {
                        if thread % 2 == 0 {
                            let back: Vec<u8> = client.get("large")?;
                            assert!(back.len() == SIZE && back.iter().all(|byte| *byte == b'l'));
                        } else {
                            client.set(format!("k{thread}"), vec![b'a'; SIZE])?;
                        }
                    }
                    Ok::<_, carnelian_core::Error>(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    })?;
    assert_eq!(client.strlen("k5")?, SIZE as u64);
    Ok(())
}

#[test]
fn waiting_commands_leave_the_shared_connection_free() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.command_timeout(Duration::from_millis(300)))?;
    let waiting = client.clone();
    let popped =
        thread::spawn(move || waiting.command("BLPOP").key("queue").arg(5).run::<Option<(String, String)>>());
    thread::sleep(Duration::from_millis(600));
    client.command("RPUSH").key("queue").arg("job").run::<i64>()?;
    assert_eq!(popped.join().unwrap()?, Some(("queue".into(), "job".into())));
    assert_eq!(client.pool_stats().idle, 1);
    Ok(())
}

#[test]
fn several_shared_connections_are_used() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.connections(3))?;
    assert!(client.state().wait_for(State::Connected, Duration::from_secs(10)));
    let mut ids: Vec<i64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..12).map(|_| scope.spawn(|| client.command("CLIENT ID").run())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Result<_, _>>()
    })?;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    Ok(())
}

#[test]
fn events_tell_of_connections() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect_lazily(server.url())?;
    let events = client.events();
    let client = Arc::new(client);
    client.ping()?;
    assert!(client.state().wait_for(State::Connected, Duration::from_secs(5)));
    server.kill();
    let lost = std::iter::from_fn(|| events.next_within(Duration::from_secs(10)))
        .find(|event| matches!(event, Event::Lost { .. }));
    assert!(lost.is_some());
    client.close();
    assert!(events.into_iter().any(|event| event == Event::Closed));
    Ok(())
}
