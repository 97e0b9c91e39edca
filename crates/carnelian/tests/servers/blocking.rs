//! The blocking client: the same names and the same replies, without a runtime.

use std::collections::HashMap;

use carnelian::State;
use carnelian::blocking::Client;
use carnelian::config::Protocol;
use carnelian::prelude::*;
use carnelian_testkit::{Server, eventually, servers};

#[test]
fn every_group_on_every_server() {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        for protocol in [Protocol::Auto, Protocol::Resp2] {
            eprintln!("on {} with {protocol:?}", installed.name);
            let client = Client::connect(Config::new(&server.url()).unwrap().protocol(protocol)).unwrap();
            client.flushall().unwrap();
            client.setex("k", hours(1), "v").unwrap();
            assert_eq!(client.get::<Option<String>>("k").unwrap().as_deref(), Some("v"));
            assert_eq!(client.get::<Option<String>>("none").unwrap(), None);
            assert_eq!(client.ttl("k").unwrap().left(), Some(hours(1)));
            client.hset("h", [("a", 1), ("b", 2)]).unwrap();
            let all: HashMap<String, i64> = client.hgetall("h").unwrap();
            assert_eq!(all.len(), 2);
            client.rpush("l", ["a", "b"]).unwrap();
            assert_eq!(client.lrange::<Vec<String>>("l", 0, -1).unwrap(), ["a", "b"]);
            client.zadd("z", [(1.5, "a"), (2.0, "b")]).unwrap();
            let pairs: Vec<(String, f64)> = client.zrange_with_scores("z", 0, -1).unwrap();
            assert_eq!(pairs, [("a".to_owned(), 1.5), ("b".to_owned(), 2.0)]);
            assert!(client.sadd("s", "x").unwrap() == 1 && client.sismember("s", "x").unwrap());
            assert_eq!(client.scan_with::<String>(0, ScanOptions::new().count(100)).unwrap().items.len(), 5);
            assert!(client.info().unwrap().used_memory().is_some());
            assert_eq!(
                client.blpop::<(String, String)>("l", seconds(1)).unwrap(),
                Some(("l".to_owned(), "a".to_owned()))
            );
            let large = vec![b'x'; 3 << 20];
            client.set("large", &large).unwrap();
            assert_eq!(client.get::<Vec<u8>>("large").unwrap(), large);
            let own = client.dedicated().unwrap();
            own.select(1).unwrap();
            assert_eq!((own.dbsize().unwrap(), client.dbsize().unwrap()), (0, 6));
        }
    }
}

#[test]
fn threads_share_a_connection_and_each_gets_its_own_replies() {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let client = client.clone();
            scope.spawn(move || {
                for round in 0..500 {
                    let own = format!("{thread}:{round}");
                    assert_eq!(client.echo::<String>(&own).unwrap(), own);
                }
            });
        }
    });
    assert_eq!(client.client_list().unwrap().iter().count(), 1);
}

#[test]
fn a_waiting_thread_holds_up_nobody() {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).unwrap();
    std::thread::scope(|scope| {
        let pop = scope.spawn(|| client.blpop::<(String, String)>("l", seconds(30)).unwrap());
        eventually("somebody waits", seconds(10), || client.info().unwrap().blocked_clients() == Some(1));
        client.rpush("l", "job").unwrap();
        assert_eq!(pop.join().unwrap().map(|(_, job)| job).as_deref(), Some("job"));
    });
}

#[test]
fn it_comes_back_and_closes() {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).unwrap();
    assert_eq!(client.state().current(), State::Connected);
    server.kill();
    server.restart();
    client.set("k", "v").unwrap();
    assert_eq!(client.pool_stats().in_use, 0);
    client.close();
    assert_eq!(client.get::<String>("k").unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.state().current(), State::Closed);
}
