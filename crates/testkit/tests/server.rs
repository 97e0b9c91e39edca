//! The testkit's servers are what they say they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use carnelian_testkit::raw::Connection;
use carnelian_testkit::{Reply, Server, eventually, servers, shared};

const SOON: Duration = Duration::from_secs(10);

fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z")))
}

fn folder_of(server: &Server) -> PathBuf {
    server.unix_path().with_file_name("")
}

#[test]
fn every_server_of_the_matrix_serves_by_tcp_and_by_unix_socket() {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        assert!(server.command(&["SET", "key", "value"]).is_ok(), "{}", installed.name);
        assert_eq!(server.connect_unix().call(&["GET", "key"]).unwrap(), Reply::Bulk(b"value".into()));
        assert_eq!(server.command(&["GET", "none"]), Reply::Nil);
        assert!(server.command(&["DEBUG", "SLEEP", "0"]).is_ok(), "{}: DEBUG is locked", installed.name);
        let (major, minor, patch) = installed.version;
        let field =
            if server.cli(&["INFO", "server"]).contains("valkey_version") { "valkey" } else { "redis" };
        let line = format!("{field}_version:{major}.{minor}.{patch}");
        assert!(server.cli(&["INFO", "server"]).contains(&line), "{line}");
        assert!(server.cli(&["INFO", "server"]).contains(&format!("process_id:{}\r\n", server.pid())));
        assert!(server.log().contains("eady to accept connections"));
    }
}

#[test]
fn a_password_is_asked_for_and_known_to_the_testkit() {
    let server = Server::options(&servers::named("redis-5.0")).password("s\"e cret").start();
    let stranger = Connection::tcp(server.addr()).unwrap().call(&["GET", "key"]).unwrap();
    assert!(stranger.text().starts_with("NOAUTH"), "{stranger}");
    assert_eq!(server.command(&["GET", "key"]), Reply::Nil);
}

#[test]
fn users_have_their_rules() {
    let server = Server::options(&servers::newest_valkey()).user("ann", "on >secret ~a:* +get").start();
    let mut ann = Connection::tcp(server.addr()).unwrap();
    assert!(ann.call(&["AUTH", "ann", "secret"]).unwrap().is_ok());
    assert_eq!(ann.call(&["GET", "a:1"]).unwrap(), Reply::Nil);
    assert!(ann.call(&["GET", "b:1"]).unwrap().text().starts_with("NOPERM"));
}

#[test]
fn options_reach_the_server() {
    let server = Server::options(&servers::named("redis-7.0"))
        .databases(3)
        .max_clients(2)
        .config("appendonly", "yes")
        .ipv6()
        .locked_debug()
        .start();
    let mut first = Connection::tcp(([0, 0, 0, 0, 0, 0, 0, 1], server.port()).into()).unwrap();
    assert_eq!(first.call(&["CONFIG", "GET", "databases"]).unwrap().array()[1].text(), "3");
    assert_eq!(first.call(&["CONFIG", "GET", "appendonly"]).unwrap().array()[1].text(), "yes");
    assert!(first.call(&["DEBUG", "SLEEP", "0"]).unwrap().is_error());
    let mut second = server.connect();
    assert_eq!(second.call(&["PING"]).unwrap().text(), "PONG");
    let mut third = server.connect();
    assert!(third.receive().unwrap().text().contains("max number of clients"));
}

#[test]
fn killed_and_restarted_it_comes_back_on_its_port() {
    let server = Server::start(&servers::newest_redis());
    let (port, pid) = (server.port(), server.pid());
    assert!(server.command(&["SET", "key", "value"]).is_ok());
    server.kill();
    assert!(!server.is_running() && !is_alive(pid));
    assert!(Connection::tcp(server.addr()).is_err());
    std::thread::sleep(Duration::from_millis(300));
    server.restart();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), pid);
    assert_eq!(server.command(&["GET", "key"]), Reply::Nil, "it kept what was to be lost");
    assert_eq!(server.connect_unix().call(&["PING"]).unwrap().text(), "PONG");
}

#[test]
fn stopping_is_graceful_and_restarting_keeps_the_folder() {
    let server = Server::options(&servers::named("redis-6.2")).config("appendonly", "yes").start();
    assert!(server.command(&["SET", "key", "value"]).is_ok());
    server.pause();
    server.stop();
    assert!(!server.is_running());
    assert!(server.log().contains("bye bye"), "{}", server.log());
    // The watcher must not take a server that is down for a test that is over.
    std::thread::sleep(Duration::from_millis(300));
    server.restart();
    assert_eq!(server.cli(&["GET", "key"]), "value");
}

#[test]
fn a_paused_server_is_silent_until_it_goes_on() {
    let server = Server::start(&servers::newest_valkey());
    let mut connection = server.connect();
    server.pause();
    assert!(server.is_running());
    connection.send(b"PING\r\n").unwrap();
    let mut connection = std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            assert_eq!(connection.receive().unwrap().text(), "PONG");
            connection
        });
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished(), "a paused server answered");
        server.resume();
        waiting.join().unwrap()
    });
    assert_eq!(connection.call(&["PING"]).unwrap().text(), "PONG");
}

#[test]
fn dropping_kills_the_server_and_removes_its_folder() {
    let server = Server::start(&servers::named("redis-7.4"));
    let (pid, folder) = (server.pid(), folder_of(&server));
    assert!(is_alive(pid) && folder.exists());
    server.pause();
    drop(server);
    assert!(!is_alive(pid));
    assert!(!folder.exists());
}

/// Not a test of its own: what [`a_killed_process_takes_its_servers_along`] runs in a process that it then kills.
const VICTIM: &str = "CARNELIAN_TESTKIT_VICTIM";

#[test]
fn a_killed_process_takes_its_servers_along() {
    if let Some(file) = std::env::var_os(VICTIM) {
        let server = shared("redis-7.0");
        let partial = Path::new(&file).with_extension("partial");
        fs::write(&partial, format!("{} {}", server.pid(), folder_of(server).display())).unwrap();
        fs::rename(partial, file).unwrap();
        std::thread::sleep(Duration::from_secs(60));
        panic!("nobody killed the victim");
    }
    let keeper = Server::start(&servers::named("redis-7.0"));
    let note = folder_of(&keeper).join("victim");
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_process_takes_its_servers_along"])
        .env(VICTIM, &note)
        .spawn()
        .unwrap();
    eventually("the victim's server is up", SOON * 3, || note.exists());
    let text = fs::read_to_string(&note).unwrap();
    let (pid, folder) = text.split_once(' ').unwrap();
    let pid: u32 = pid.parse().unwrap();
    assert!(is_alive(pid));
    victim.kill().unwrap();
    victim.wait().unwrap();
    eventually("the server is gone", SOON, || !is_alive(pid));
    eventually("its folder is gone", SOON, || !Path::new(folder).exists());
    assert!(keeper.is_running());
}

#[test]
fn a_server_that_cannot_start_fails_with_its_log() {
    let started = std::panic::catch_unwind(|| {
        Server::options(&servers::named("redis-7.0")).config("no-such-directive", "1").start()
    });
    let message = *started.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("redis-7.0") && message.contains("no-such-directive"), "{message}");
}
