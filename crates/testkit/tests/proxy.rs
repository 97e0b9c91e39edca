//! Each fault of the proxy does what it says.

#![expect(clippy::unwrap_used, reason = "what a test's own tools cannot do fails the test")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use Direction::{ToClient, ToServer};
use carnelian_testkit::proxy::{Cut, Direction};
use carnelian_testkit::raw::Connection;
use carnelian_testkit::{FaultProxy, ScriptedServer, Server, eventually, servers};

const SOON: Duration = Duration::from_secs(10);
/// Long enough to tell "nothing comes" from "not yet".
const SILENCE: Duration = Duration::from_millis(100);

/// A server that sends back what it gets.
fn echo() -> ScriptedServer {
    ScriptedServer::start(|peer| {
        let mut stream = peer.stream();
        io::copy(&mut stream.try_clone()?, &mut stream).map(drop)
    })
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

/// Sends the text and reads as much back.
fn says(mut stream: &TcpStream, text: &str) -> io::Result<String> {
    stream.write_all(text.as_bytes())?;
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back)?;
    Ok(String::from_utf8(back).unwrap())
}

fn is_silent(mut stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let outcome = stream.read(&mut [0; 1]);
    stream.set_read_timeout(Some(SOON)).unwrap();
    matches!(outcome, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn rest(mut stream: &TcpStream) -> io::Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn without_faults_it_is_not_there() {
    let server = Server::start(&servers::named("redis-7.0"));
    let proxy = FaultProxy::start(server.addr());
    let mut client = Connection::tcp(proxy.addr()).unwrap();
    let value = "v".repeat(300_000);
    assert!(client.call(&["SET", "key", &value]).unwrap().is_ok());
    assert_eq!(client.call(&["GET", "key"]).unwrap().text(), value);
    // Counted once they are passed on, which the client may see first.
    eventually("all bytes are counted", SOON, || {
        proxy.forwarded(ToServer) > 300_000 && proxy.forwarded(ToClient) > 300_000
    });
    assert_eq!((proxy.accepted().len(), proxy.open()), (1, 1));
    drop(client);
    eventually("the connection is closed on both sides", SOON, || proxy.open() == 0);
}

#[test]
fn the_end_of_either_side_is_passed_on() {
    let server = ScriptedServer::start(|mut peer| {
        peer.drain()?;
        peer.send("bye")
    });
    let proxy = FaultProxy::start(server.addr());
    let client = connect(proxy.addr());
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(rest(&client).unwrap(), "bye");
}

#[test]
fn a_delay_delays_each_way_and_ends_when_cleared() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    let client = connect(proxy.addr());
    assert_eq!(says(&client, "warm").unwrap(), "warm");
    proxy.delay(ToClient, Duration::from_millis(60));
    proxy.delay_between(ToServer, Duration::from_millis(20)..=Duration::from_millis(40), 1);
    let before = Instant::now();
    assert_eq!(says(&client, "slow").unwrap(), "slow");
    assert!(before.elapsed() >= Duration::from_millis(80), "{:?}", before.elapsed());
    proxy.delay(ToClient, Duration::from_secs(3600));
    (&client).write_all(b"later").unwrap();
    assert!(is_silent(&client));
    proxy.clear();
    let mut back = [0; 5];
    (&client).read_exact(&mut back).unwrap();
    assert_eq!(&back, b"later");
}

#[test]
fn a_delay_does_not_slow_the_flow() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    proxy.delay(ToClient, Duration::from_millis(50));
    let client = connect(proxy.addr());
    let mut reader = client.try_clone().unwrap();
    let before = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..200 {
                (&client).write_all(b"x").unwrap();
                thread::sleep(Duration::from_millis(1));
            }
        });
        reader.read_exact(&mut [0; 200]).unwrap();
    });
    // One after the other the 200 would take ten seconds.
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
}

#[test]
fn a_throttle_limits_the_rate() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    proxy.throttle(ToServer, 10_000);
    let client = connect(proxy.addr());
    let before = Instant::now();
    assert_eq!(says(&client, &"x".repeat(2_000)).unwrap().len(), 2_000);
    assert!(before.elapsed() >= Duration::from_millis(150), "{:?}", before.elapsed());
}

#[test]
fn a_cut_lets_exactly_so_many_bytes_through() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    let client = connect(proxy.addr());
    assert_eq!(says(&client, "before").unwrap(), "before");
    proxy.cut(ToClient, Cut::after(3));
    (&client).write_all(b"abcdef").unwrap();
    assert_eq!(rest(&client).unwrap(), "abc");
    let again = connect(proxy.addr());
    (&again).write_all(b"abcdef").unwrap();
    assert_eq!(rest(&again).unwrap(), "abc", "each connection is cut");
    proxy.cut(ToClient, Cut::after(0).once());
    let once = connect(proxy.addr());
    (&once).write_all(b"x").unwrap();
    assert_eq!(rest(&once).unwrap(), "");
    assert_eq!(says(&connect(proxy.addr()), "whole").unwrap(), "whole", "one connection only is cut");
}

#[test]
fn a_cut_on_the_way_to_the_server_leaves_what_came_before_it() {
    let server = Server::start(&servers::named("redis-7.0"));
    let proxy = FaultProxy::start(server.addr());
    let command = b"*2\r\n$4\r\nINCR\r\n$3\r\nkey\r\n";
    proxy.cut(ToServer, Cut::after(command.len() as u64));
    let client = connect(proxy.addr());
    (&client).write_all(command).unwrap();
    (&client).write_all(command).unwrap();
    let replies = rest(&client).unwrap();
    assert!(replies.is_empty() || replies == ":1\r\n", "{replies:?}");
    eventually("the whole command was run", SOON, || server.cli(&["GET", "key"]) == "1");
}

#[test]
fn a_cut_by_reset_is_a_reset() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    proxy.cut(ToServer, Cut::after(0).by_reset());
    let client = connect(proxy.addr());
    assert_eq!(says(&client, "x").unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn held_bytes_come_when_cleared() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    let client = connect(proxy.addr());
    proxy.hold(ToClient);
    (&client).write_all(b"held").unwrap();
    assert!(is_silent(&client));
    proxy.clear();
    assert_eq!(says(&client, " on").unwrap(), "hel");
    let mut back = [0; 4];
    (&client).read_exact(&mut back).unwrap();
    assert_eq!(&back, b"d on");
}

#[test]
fn swallowed_replies_never_come_and_nothing_follows_the_gap() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    let client = connect(proxy.addr());
    assert_eq!(says(&client, "whole").unwrap(), "whole");
    proxy.swallow(ToClient);
    (&client).write_all(b"lost").unwrap();
    eventually("the reply is swallowed", SOON, || proxy.swallowed(ToClient) == 4);
    assert_eq!(proxy.swallowed(ToServer), 0);
    proxy.clear();
    (&client).write_all(b"after").unwrap();
    assert!(is_silent(&client), "bytes came after a gap");
    assert_eq!(says(&connect(proxy.addr()), "new").unwrap(), "new");
}

#[test]
fn a_blackhole_is_silent_even_when_the_server_dies() {
    let server = Server::start(&servers::named("redis-7.0"));
    let proxy = FaultProxy::start(server.addr());
    let old = connect(proxy.addr());
    assert_eq!(says(&old, "PING\r\n").unwrap(), "+PONG\r");
    assert_eq!((&old).read(&mut [0; 8]).unwrap(), 1);
    proxy.blackhole();
    let new = connect(proxy.addr());
    server.kill();
    for client in [&old, &new] {
        (&*client).write_all(b"PING\r\n").unwrap();
        assert!(is_silent(client));
    }
    assert_eq!(proxy.swallowed(ToServer), 12);
    assert_eq!(proxy.accepted().len(), 2);
    server.restart();
    proxy.clear();
    assert!(Connection::tcp(proxy.addr()).unwrap().call(&["PING"]).unwrap().text() == "PONG");
}

#[test]
fn refusing_keeps_the_port_and_ends() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    let old = connect(proxy.addr());
    assert_eq!(says(&old, "a").unwrap(), "a");
    for _ in 0..20 {
        proxy.refuse_new();
        let refused = TcpStream::connect(proxy.addr()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert!(std::net::TcpListener::bind(proxy.addr()).is_err(), "the port was given up");
        assert_eq!(says(&old, "b").unwrap(), "b", "open connections are left alone");
        proxy.clear();
        assert_eq!(says(&connect(proxy.addr()), "c").unwrap(), "c");
    }
}

#[test]
fn new_connections_can_be_reset() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    proxy.reset_new();
    for _ in 0..3 {
        let error = says(&connect(proxy.addr()), "x").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    }
    let times = proxy.accepted();
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted());
}

#[test]
fn all_connections_can_be_closed_or_reset() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    let clients: Vec<_> = (0..3).map(|_| connect(proxy.addr())).collect();
    for client in &clients {
        says(client, "x").unwrap();
    }
    proxy.close_all();
    for client in &clients {
        assert_eq!(rest(client).unwrap(), "");
    }
    let client = connect(proxy.addr());
    says(&client, "x").unwrap();
    proxy.reset_all();
    assert_eq!(proxy.open(), 0);
    assert_eq!((&client).read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_reset_comes_through_even_when_the_way_is_full() {
    let server = ScriptedServer::start(|peer| {
        thread::sleep(Duration::from_secs(3));
        drop(peer);
        Ok(())
    });
    let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
    let client = connect(proxy.addr());
    client.set_nonblocking(true).unwrap();
    let mut sent = 0;
    eventually("nothing more goes in", SOON, || match (&client).write(&[0; 4096]) {
        Ok(count) => {
            sent += count;
            false
        }
        Err(error) => {
            error.kind() == ErrorKind::WouldBlock && {
                thread::sleep(SILENCE);
                (&client).write(&[0]).is_err()
            }
        }
    });
    assert!(sent > 0);
    proxy.reset_all();
    client.set_nonblocking(false).unwrap();
    assert_eq!((&client).read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn small_buffers_fill_both_ways() {
    let server = echo();
    let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
    let client = connect(proxy.addr());
    client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Who writes without reading gets stuck: the echo fills the way back.
    let stuck = (&client).write_all(&vec![0; 64 << 20]);
    assert_eq!(stuck.unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn new_connections_go_to_the_new_upstream() {
    let answer = |text: &'static str| ScriptedServer::start(move |mut peer| peer.send(text));
    let (one, two) = (answer("one"), answer("two"));
    let proxy = FaultProxy::start(one.addr());
    assert_eq!(rest(&connect(proxy.addr())).unwrap(), "one");
    proxy.set_upstream(two.addr());
    assert_eq!(rest(&connect(proxy.addr())).unwrap(), "two");
}

#[test]
fn without_a_server_the_client_sees_a_close() {
    let proxy = FaultProxy::start((std::net::Ipv4Addr::LOCALHOST, carnelian_testkit::free_port()).into());
    assert_eq!(rest(&connect(proxy.addr())).unwrap(), "");
}

#[test]
fn dropping_it_closes_everything_at_once() {
    let server = echo();
    let proxy = FaultProxy::start(server.addr());
    let (address, client) = (proxy.addr(), connect(proxy.addr()));
    says(&client, "x").unwrap();
    proxy.hold(ToClient);
    drop(proxy);
    assert_eq!(rest(&client).unwrap(), "");
    assert!(TcpStream::connect(address).is_err());
    let refusing = FaultProxy::start(server.addr());
    refusing.refuse_new();
    drop(refusing);
}
