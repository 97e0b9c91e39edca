//! Commands by hand, groups of one's own, and replies that pass through the user's hands first.

use std::time::Duration;

use carnelian_command::group::{
    BlockingListCommands as _, ConnectionCommands as _, OwnConnectionCommands as _, StringCommands as _,
};
use carnelian_command::{DataExecutor, DecodeError, RawCommands as _, ServerError, ToArg, Value};
use carnelian_core::{Config, ErrorKind, ServerCode};
use carnelian_testkit::{ScriptedServer, Server, servers};
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn connected() -> Result<(Server, Client), Box<dyn std::error::Error>> {
    let server = Server::start(&servers::newest_redis());
    let client =
        Client::connect(Config::new(&server.url())?.command_timeout(Duration::from_millis(300))).await?;
    Ok((server, client))
}

#[tokio::test]
async fn any_command_can_be_sent_and_read_as_any_type() -> Outcome {
    let (_server, client) = connected().await?;
    client.command("SET").key("k").arg("v").arg("EX").arg(100).run::<()>().await?;
    let ttl: i64 = client.command("ttl").key("k").run().await?;
    assert!((1..=100).contains(&ttl), "{ttl}");
    let (first, second): (Option<String>, Option<String>) =
        client.command("MGET").key("k").key("none").run().await?;
    assert_eq!((first.as_deref(), second), (Some("v"), None));
    let port: Vec<String> = client.command("CONFIG GET").arg("port").run().await?;
    assert_eq!(port.first().map(String::as_str), Some("port"));
    let binary = [0_u8, 13, 10, 255];
    client.command("SET").key(&binary[..]).arg(&binary[..]).run::<()>().await?;
    assert_eq!(client.command("GET").key(&binary[..]).run::<Vec<u8>>().await?, binary);
    Ok(())
}

#[tokio::test]
async fn what_is_known_of_a_command_counts_for_raw_ones_too() -> Outcome {
    let (_server, client) = connected().await?;
    // It would change the connection that all share.
    for (name, argument) in [("SELECT", "1"), ("select", "1"), ("WATCH", "k"), ("CLIENT REPLY", "OFF")] {
        let error = client.command(name).arg(argument).run::<()>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotHere, "{name}: {error}");
    }
    let error = client.command("CLIENT").arg("REPLY").arg("OFF").run::<()>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotHere, "{error}");
    assert_eq!(client.ping().await?, "PONG");
    // It waits, beyond the time of ordinary commands, on a connection of its own.
    let popped: Option<(String, String)> = client.command("blpop").key("q").arg("0.5").run().await?;
    assert_eq!((popped, client.pool_stats().opened), (None, 1));
    Ok(())
}

#[tokio::test]
async fn a_command_nobody_knows_is_the_servers_to_refuse() -> Outcome {
    let (_server, client) = connected().await?;
    let error = client.command("MY.OWN").arg(1).run::<Value>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert!(error.to_string().contains("MY.OWN"), "{error}");
    assert_eq!(client.ping().await?, "PONG");
    Ok(())
}

#[tokio::test]
async fn a_value_keeps_what_the_server_said() -> Outcome {
    let (_server, client) = connected().await?;
    let script = "return {1, 'two', {3, false}, redis.status_reply('fine'), redis.error_reply('ODD one')}";
    let value: Value = client.command("EVAL").arg(script).arg(0).run().await?;
    assert_eq!(
        value,
        Value::Array(vec![
            Value::Integer(1),
            Value::Bytes("two".into()),
            Value::Array(vec![Value::Integer(3), Value::Nil]),
            Value::Status("fine".into()),
            Value::Error(ServerError::new(b"ODD one")),
        ])
    );
    let resp3 = |code: &str| format!("redis.setresp(3) return {code}");
    for (code, expected) in [
        ("{double=1.5}", Value::Double(1.5)),
        ("true", Value::Boolean(true)),
        ("{big_number='12345678901234567890'}", Value::BigNumber("12345678901234567890".into())),
        (
            "{verbatim_string={format='txt', string='text'}}",
            Value::Verbatim { format: "txt".into(), text: "text".into() },
        ),
        ("{set={x=true}}", Value::Set(vec![Value::Bytes("x".into())])),
        ("{map={x=1}}", Value::Map(vec![(Value::Bytes("x".into()), Value::Integer(1))])),
    ] {
        let value: Value = client.command("EVAL").arg(resp3(code)).arg(0).run().await?;
        assert_eq!(value, expected, "{code}");
    }
    // An error alone is an error, whatever type was asked for.
    let error = client.command("EVAL").arg("return redis.error_reply('ODD one')").arg(0).run::<Value>().await;
    assert_eq!(error.unwrap_err().server_code(), Some(ServerCode::Other));
    Ok(())
}

/// A group of one's own.
trait Inventory: DataExecutor {
    /// Takes one item off the shelf; what is left.
    fn take(self, item: impl ToArg) -> Self::Out<i64> {
        self.decr(item)
    }

    /// What lies on these shelves.
    fn shelves(self, one: impl ToArg, other: impl ToArg) -> Self::Out<(Option<i64>, Option<i64>)> {
        self.command("MGET").key(one).key(other).run()
    }
}
impl<E: DataExecutor> Inventory for E {}

#[tokio::test]
async fn a_group_of_ones_own_runs_on_whatever_runs_commands() -> Outcome {
    let (_server, client) = connected().await?;
    client.set("apples", 7).await?;
    assert_eq!(client.take("apples").await?, 6);
    assert_eq!(client.take("apples").timeout(Duration::from_secs(1)).await?, 5);
    let own = client.dedicated().await?;
    assert_eq!(own.take("apples").await?, 4);
    assert_eq!(own.shelves("apples", "pears").await?, (Some(4), None));
    let soft = client.fail_soft();
    assert_eq!(soft.take("apples").await, Some(3));
    Ok(())
}

#[tokio::test]
async fn replies_pass_through_the_users_callback() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        loop {
            match peer.line()?.as_str() {
                "" => return Ok(()),
                "EXISTS k" => peer.send("+yes\r\n")?,
                "BLPOP q 1" => peer.send("+yes\r\n")?,
                "GET broken" => peer.send("-ODD thing\r\n")?,
                "GET k" => peer.send("$1\r\nv\r\n")?,
                _ => peer.send("+OK\r\n")?,
            }
        }
    });
    let config = Config::new(&server.url())?.protocol(carnelian_core::config::Protocol::Resp2);
    let client = Client::connect(config).await?;
    let exists = async || client.command("EXISTS").key("k").run::<i64>().await;
    assert_eq!(exists().await.unwrap_err().kind(), ErrorKind::Decode);
    let yes = |reply| match reply {
        Value::Status(word) if word == "yes" => Ok(Value::Integer(1)),
        other => Ok(other),
    };
    client.set_response_callback("exists", yes);
    assert_eq!(exists().await?, 1);
    // Clones and dedicated connections share it, other commands are not touched, and errors are errors.
    assert_eq!(client.clone().command("EXISTS").key("k").run::<i64>().await?, 1);
    assert_eq!(client.dedicated().await?.command("EXISTS").key("k").run::<i64>().await?, 1);
    assert_eq!(client.get::<String>("k").await?, "v");
    client.set_response_callback("GET", |_| Ok(Value::Nil));
    assert_eq!(client.get::<Option<String>>("k").await?, None);
    assert_eq!(client.get::<Option<String>>("broken").await.unwrap_err().kind(), ErrorKind::Server);
    client.set_response_callback("BLPOP", |_| Ok(Value::Nil));
    assert_eq!(client.blpop::<(String, String)>("q", Duration::from_secs(1)).await?, None);
    client.set_response_callback("EXISTS", |_| Err(DecodeError::invalid("a no of the user's")));
    let error = exists().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(error.to_string().contains("a no of the user's"), "{error}");
    client.remove_response_callback("EXISTS");
    assert!(client.command("EXISTS").key("k").run::<Value>().await? == Value::Status("yes".into()));
    Ok(())
}

#[tokio::test]
async fn the_name_of_a_connection_is_read_as_what_it_is() -> Outcome {
    let (server, client) = connected().await?;
    assert_eq!(client.client_getname().await?, None);
    let named = Client::connect(Config::new(&server.url())?.client_name("n")).await?;
    assert_eq!(named.command("CLIENT GETNAME").run::<Value>().await?, Value::Bytes("n".into()));
    Ok(())
}

#[tokio::test]
async fn an_error_names_a_command_that_nobody_knows() -> Outcome {
    let (_server, client) = connected().await?;
    let error = client.command("no.such").arg("x").run::<()>().await.unwrap_err();
    assert_eq!((error.command(), error.kind()), (Some("NO.SUCH"), ErrorKind::Server), "{error}");
    Ok(())
}
