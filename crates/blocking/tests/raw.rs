//! Commands by hand, unix sockets, and replies that pass through the user's hands first.

use carnelian_blocking::Client;
use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_command::{DecodeError, RawCommands as _, Value};
use carnelian_core::config::Protocol;
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::{ScriptedServer, Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn a_unix_socket_is_a_server_like_any_other() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.unix_url())?;
    client.set("k", vec![b'x'; 3 << 20])?;
    assert_eq!(client.get::<Vec<u8>>("k")?.len(), 3 << 20);
    assert_eq!(client.dedicated()?.ping()?, "PONG");
    server.kill();
    server.restart();
    assert_eq!(client.incr("hits")?, 1);
    Ok(())
}

#[test]
fn commands_that_change_the_connection_want_one_of_their_own() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let error = client.command("SELECT").arg(3).run::<()>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotHere, "{error}");
    let own = client.dedicated()?;
    own.command("SELECT").arg(3).run::<()>()?;
    own.set("k", "there")?;
    assert_eq!(client.get::<Option<String>>("k")?, None);
    assert_eq!(own.idempotent().get::<String>("k")?, "there");
    let error = client.command("NO.SUCH").arg(1).run::<()>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    Ok(())
}

#[test]
fn replies_pass_through_the_users_callback() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        loop {
            match peer.line()?.as_str() {
                "" => return Ok(()),
                "EXISTS k" => peer.send("+yes\r\n")?,
                "GET broken" => peer.send("-ODD thing\r\n")?,
                "GET k" => peer.send("$1\r\nv\r\n")?,
                _ => peer.send("+OK\r\n")?,
            }
        }
    });
    let client = Client::connect(Config::new(&server.url())?.protocol(Protocol::Resp2))?;
    let exists = || client.command("EXISTS").key("k").run::<i64>();
    assert_eq!(exists().unwrap_err().kind(), ErrorKind::Decode);
    client.set_response_callback("exists", |reply| match reply {
        Value::Status(word) if word == "yes" => Ok(Value::Integer(1)),
        other => Ok(other),
    });
    assert_eq!(exists()?, 1);
    // Clones and dedicated connections share it, other commands are not touched, and errors are errors.
    assert_eq!(client.clone().command("EXISTS").key("k").run::<i64>()?, 1);
    assert_eq!(client.dedicated()?.command("EXISTS").key("k").run::<i64>()?, 1);
    assert_eq!(client.get::<String>("k")?, "v");
    client.set_response_callback("GET", |_| Ok(Value::Nil));
    assert_eq!(client.get::<Option<String>>("k")?, None);
    assert_eq!(client.get::<Option<String>>("broken").unwrap_err().kind(), ErrorKind::Server);
    client.set_response_callback("EXISTS", |_| Err(DecodeError::invalid("a no of the user's")));
    let error = exists().unwrap_err();
    assert!(error.kind() == ErrorKind::Decode && error.to_string().contains("a no of the user's"), "{error}");
    client.remove_response_callback("EXISTS");
    assert_eq!(client.command("EXISTS").key("k").run::<Value>()?, Value::Status("yes".into()));
    Ok(())
}

#[test]
fn an_error_names_a_command_that_nobody_knows() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let error = client.command("no.such").arg("x").run::<()>().unwrap_err();
    assert_eq!((error.command(), error.kind()), (Some("NO.SUCH"), ErrorKind::Server), "{error}");
    Ok(())
}
