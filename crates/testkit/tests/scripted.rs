//! The scripted server follows its script.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use carnelian_testkit::raw::Connection;
use carnelian_testkit::{ScriptedServer, eventually};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_script_reads_commands_and_answers_with_any_bytes() {
    let server = ScriptedServer::start(|mut peer| {
        assert_eq!(peer.line()?, "HELLO 3");
        peer.send("-NOPROTO no\r\n")?;
        assert_eq!(peer.command()?, Some(vec![b"PING".to_vec()]));
        peer.send(format!(":{}\r\n", peer.number()))?;
        assert_eq!(peer.command()?, None);
        Ok(())
    });
    for number in 0..2 {
        let mut client = Connection::tcp(server.addr()).unwrap();
        assert_eq!(client.call(&["HELLO", "3"]).unwrap().text(), "NOPROTO no");
        assert_eq!(client.call(&["PING"]).unwrap().integer(), number);
    }
    let times = server.accepted();
    assert!(times.len() == 2 && times[0] <= times[1]);
    server.finish();
}

#[test]
fn the_end_of_the_script_closes_the_connection() {
    let server = ScriptedServer::start(|mut peer| peer.send("+half"));
    let mut text = String::new();
    TcpStream::connect(server.addr()).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "+half");
}

#[test]
fn a_script_can_reset() {
    let server = ScriptedServer::start(|peer| peer.reset());
    let mut client = TcpStream::connect(server.addr()).unwrap();
    let error = client.read(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_failed_assertion_of_a_script_fails_the_test() {
    let server = ScriptedServer::start(|mut peer| {
        assert_eq!(peer.line()?, "PING", "as agreed");
        Ok(())
    });
    let mut client = Connection::tcp(server.addr()).unwrap();
    assert!(client.call(&["OTHER"]).is_err());
    let outcome = catch_unwind(AssertUnwindSafe(|| server.finish()));
    let message = *outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("as agreed"), "{message}");
}

#[test]
fn dropping_ends_scripts_that_wait() {
    let server = ScriptedServer::start(|mut peer| {
        peer.send("+waiting\r\n")?;
        peer.drain()
    });
    let address = server.addr();
    let mut client = Connection::tcp(address).unwrap();
    assert_eq!(client.receive().unwrap().text(), "waiting");
    drop(server);
    assert!(client.receive().is_err());
    eventually("the port is closed", SOON, || TcpStream::connect(address).is_err());
}

#[test]
fn what_is_no_command_is_an_error_of_the_script() {
    let server = ScriptedServer::start(|mut peer| {
        assert_eq!(peer.command().unwrap_err().kind(), ErrorKind::InvalidData);
        peer.send("-sorry\r\n")
    });
    let mut client = TcpStream::connect(server.addr()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let mut text = [0; 8];
    client.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"-sorry\r\n");
    server.finish();
}
