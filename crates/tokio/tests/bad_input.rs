//! What is wrong from the start, or comes wrong from the other side: one clear error, soon, and never a secret in it.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use carnelian_command::group::{HashCommands as _, StringCommands as _};
use carnelian_core::config::CacheOptions;
use carnelian_core::{Config, Error, ErrorKind, ServerCode};
use carnelian_testkit::{ScriptedServer, Server, servers};
use carnelian_tokio::Client;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SECRET: &str = "hunter2-is-secret";

/// Keeps the text of everything that is traced, at every level.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<String>>);

impl Recorder {
    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Visit for Recorder {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{field}={value:?}");
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("carnelian")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, record: &Record<'_>) {
        record.record(&mut self.clone());
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

/// Everything that is shown of an error, its causes included.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(" {error} {error:?}");
        cause = error.source();
    }
    text
}

/// The error of a connect that fails well before its time is up.
async fn refusal(config: Config) -> Error {
    let limit = Duration::from_secs(4);
    let connect = Client::connect(config.connect_timeout(limit));
    let result = tokio::time::timeout(limit, connect).await.expect("it fails before its time is up");
    let error = result.expect_err("the connect must fail");
    assert!(!error.is_timeout(), "{error}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");
    error
}

#[tokio::test]
async fn who_may_not_come_in_is_told_why() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::options(&installed).password("right").start();
        let wrong = format!("redis://:{SECRET}@{}", server.addr());
        let error = refusal(Config::new(&wrong)?).await;
        assert_eq!(error.kind(), ErrorKind::Authentication, "{} {error}", installed.name);
        assert!(error.to_string().contains("password"), "{error}");

        let error = refusal(Config::new(&format!("redis://{}", server.addr()))?).await;
        assert_eq!(error.kind(), ErrorKind::Authentication, "{} {error}", installed.name);
        assert!(error.to_string().contains("password"), "{error}");

        let unknown = format!("redis://nobody:{SECRET}@{}", server.addr());
        let error = refusal(Config::new(&unknown)?).await;
        assert_eq!(error.kind(), ErrorKind::Authentication, "{} {error}", installed.name);
        assert!(!error.is_retryable(), "{error}");

        let error = refusal(Config::new(&server.url())?.db(99)).await;
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains("database"), "{error}");
    }
    // A password where none is asked for.
    for installed in [servers::named("redis-5.0"), servers::newest_redis()] {
        let open = Server::start(&installed);
        let error = refusal(Config::new(&format!("redis://nobody:{SECRET}@{}", open.addr()))?).await;
        assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_command_on_the_wrong_type_says_so() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        let client = Client::connect(server.url()).await?;
        client.set("k", "text").await?;
        let error = client.hset("k", [("f", "v")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{error}");
        assert_eq!(error.server_code(), Some(ServerCode::WrongType), "{error}");
        assert_eq!(error.command(), Some("HSET"));
        assert!(error.to_string().contains("HSET") && !error.may_have_run(), "{error}");
        let error = client.get::<i64>("k").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        // The connection goes on.
        assert_eq!(client.get::<String>("k").await?, "text");
    }
    Ok(())
}

/// Answers the handshake with these bytes.
fn greets_with(bytes: &'static [u8]) -> ScriptedServer {
    ScriptedServer::start(move |mut peer| {
        peer.command()?;
        peer.send(bytes)?;
        peer.drain()
    })
}

#[tokio::test]
async fn what_is_no_resp_is_told_from_what_is() -> Outcome {
    for (bytes, what) in [
        (&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], "HTTP"),
        (b"220 mail.example ESMTP\r\n", "mail"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "a TLS alert"),
        (b"$99999999999999999999\r\n", "a length of twenty digits"),
        (b"$-7\r\n", "a negative length"),
        (b"*2147483647\r\n", "a list of two thousand million"),
        (b"%2147483647\r\n", "a huge map"),
        (b"$9223372036854775807\r\n", "a huge string"),
    ] {
        let server = greets_with(bytes);
        let error = refusal(Config::new(&server.url())?).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{what}: {error}");
        assert!(error.to_string().contains("does not speak RESP"), "{what}: {error}");
        assert_eq!(server.accepted().len(), 1, "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn lists_in_lists_without_end_are_refused() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        peer.command()?;
        peer.send("*1\r\n".repeat(5_000))?;
        peer.drain()
    });
    let error = refusal(Config::new(&server.url())?).await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    Ok(())
}

#[tokio::test]
async fn a_line_without_end_is_refused() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        peer.command()?;
        peer.send(b"+")?;
        // Until the client has had enough of it.
        while peer.send([b'x'; 4096]).is_ok() {}
        Ok(())
    });
    let error = refusal(Config::new(&server.url())?).await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    Ok(())
}

#[tokio::test]
async fn garbage_after_the_handshake_fails_the_command_and_the_next_one_goes_well() -> Outcome {
    let garbled = ScriptedServer::start(move |mut peer| {
        while let Some(words) = peer.command()? {
            let first = peer.number() == 0;
            match words.first().map(Vec::as_slice) {
                Some(b"HELLO") => peer.send("-NOPROTO sorry\r\n")?,
                Some(b"GET") if first => peer.send("$3\r\nabcde\r\n")?,
                Some(b"GET") => peer.send("$2\r\nok\r\n")?,
                _ => peer.send("+OK\r\n")?,
            }
        }
        Ok(())
    });
    let config = Config::new(&garbled.url())?.retry(carnelian_core::config::Retry::none());
    let client = Client::connect(config).await?;
    let error = client.get::<String>("k").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Protocol), "{error:?}");
    assert_eq!(client.get::<String>("k").await?, "ok", "on a connection made anew");
    assert_eq!(garbled.accepted().len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() -> Outcome {
    let server = ScriptedServer::start(|mut peer| peer.drain());
    let config = Config::new(&server.url())?.connect_timeout(Duration::from_millis(300));
    let error = Client::connect(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("300ms"), "{error}");
    Ok(())
}

#[tokio::test]
async fn where_nobody_listens_the_address_is_named() -> Outcome {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let error = refusal(Config::new(&format!("redis://:{SECRET}@{address}"))?).await;
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(error.to_string().contains("is the server running"), "{error}");
    let error = refusal(Config::unix("/nonexistent/redis.sock")).await;
    assert!(error.to_string().contains("/nonexistent/redis.sock"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_url_that_makes_no_sense_is_refused_before_anything_is_connected() -> Outcome {
    for (url, part) in [
        (format!("http://:{SECRET}@localhost"), "scheme"),
        (format!(":{SECRET}@localhost"), "scheme"),
        (String::new(), "empty"),
        (format!("redis://:{SECRET}@localhost:port"), "port"),
        (format!("redis://:{SECRET}@localhost/one"), "db"),
        (format!("redis://:{SECRET}@localhost?sokcet_timeout=1"), "socket_timeout"),
        (format!("redis://:{SECRET}@localhost?socket_timeout=soon"), "socket_timeout"),
        (format!("redis://:{SECRET}/x@localhost"), "%2F"),
        (format!("redis://:{SECRET}@localhost?ssl_ca_certs=/x"), "rediss://"),
    ] {
        let error = Client::connect(url.as_str()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
        assert!(!shown(&error).contains(SECRET), "{error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_built_yet_is_named() -> Outcome {
    for (url, feature) in [
        ("mem://", "mem://"),
        ("redis-sentinel://a,b/service", "Sentinel"),
        ("redis-cluster://a,b", "Cluster"),
        ("rediss-cluster://a", "Cluster"),
    ] {
        let error = Client::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let text = error.to_string();
        assert!(text.contains("not built yet") && text.contains(feature), "{text}");
        assert!(Client::connect_lazily(url).is_err(), "{url}");
    }
    let cached = Config::tcp("localhost", 1).client_cache(CacheOptions::new());
    let text = Client::connect(cached).await.unwrap_err().to_string();
    assert!(text.contains("not built yet") && text.contains("client_cache"), "{text}");
    Ok(())
}

#[tokio::test]
async fn options_that_contradict_each_other_are_refused_before_anything_is_connected() -> Outcome {
    let base = || Config::tcp("localhost", 1);
    for (config, option) in [
        (base().client_name("two words"), "client_name"),
        (base().max_connections(2).min_idle(3), "min_idle"),
        (base().liveness_timeout(Duration::from_secs(1)), "liveness_timeout"),
        (base().connect_timeout(Duration::ZERO), "socket_connect_timeout"),
        (base().host("localhost:6379"), "host"),
    ] {
        for error in [Client::connect(config.clone()).await.err(), Client::connect_lazily(config).err()] {
            let error = error.ok_or(option)?;
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(error.to_string().contains(option), "{error}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_secret_is_shown_or_traced() -> Outcome {
    let recorder = Recorder::default();
    // Everything runs on this thread.
    let _traced = tracing::subscriber::set_default(recorder.clone());
    let server = Server::options(&servers::newest_redis()).password(SECRET).start();
    let config = Config::new(&server.url())?.on_connect(["SET", "token", SECRET]);
    let client = Client::connect(config.clone()).await?;
    let dedicated = client.dedicated().await?;
    let failed = client.hset("token", [("f", SECRET)]).await.unwrap_err();
    let mut shown_text = shown(&failed);
    shown_text += &format!("{config:?} {client:?} {dedicated:?} {:?}", client.set("k", SECRET));
    let mut state = client.state();
    server.kill();
    state.wait_for(|state| *state != carnelian_core::State::Connected).await?;
    let lost = client.set("k", SECRET).timeout(Duration::from_millis(50)).await.unwrap_err();
    shown_text += &shown(&lost);
    let wrong = format!("redis://:{SECRET}@{}", server.addr());
    shown_text += &shown(&Client::connect(wrong.as_str()).await.unwrap_err());
    let traced = recorder.text();
    assert!(!traced.is_empty(), "nothing was traced at all");
    assert!(!traced.contains(SECRET), "{traced}");
    assert!(!shown_text.contains(SECRET), "{shown_text}");
    Ok(())
}
