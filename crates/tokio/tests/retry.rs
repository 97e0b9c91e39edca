//! Which failures are tried again, and how often exactly: a scripted server counts.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use carnelian_command::group::StringCommands as _;
use carnelian_core::config::{Backoff, Protocol, Retry};
use carnelian_core::{Config, ErrorKind, ServerCode};
use carnelian_testkit::ScriptedServer;
use carnelian_testkit::scripted::Peer;
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What a server of a script does to a command it counts.
#[derive(Clone, Copy)]
enum Answer {
    Line(&'static str),
    Silence,
    Close,
}

use Answer::{Close, Line, Silence};

/// A server that answers commands other than those of the handshake by `script`, the last answer again and again.
struct Counted {
    server: ScriptedServer,
    seen: Arc<AtomicUsize>,
}

impl Counted {
    fn start(script: &'static [Answer]) -> Self {
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        let server = ScriptedServer::start(move |peer| serve(peer, script, &count));
        Self { server, seen }
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }

    /// A client with this policy, and pauses of a millisecond.
    async fn client(&self, retry: Retry) -> Result<Client, Box<dyn std::error::Error>> {
        let config = Config::new(&self.server.url())?.protocol(Protocol::Resp2).without_lib_info();
        let retry = retry.backoff(Backoff::Constant(Duration::from_millis(1)));
        Ok(Client::connect(config.command_timeout(Duration::from_millis(200)).retry(retry)).await?)
    }
}

fn serve(mut peer: Peer, script: &[Answer], count: &AtomicUsize) -> io::Result<()> {
    loop {
        let line = peer.line()?;
        if line.is_empty() {
            return Ok(());
        }
        if line == "PING" {
            peer.send("+PONG\r\n")?;
            continue;
        }
        let nth = count.fetch_add(1, Ordering::SeqCst);
        match script.get(nth).or_else(|| script.last()) {
            Some(Line(line)) => peer.send(format!("{line}\r\n"))?,
            Some(Close) => return Ok(()),
            Some(Silence) | None => {}
        }
    }
}

const LOADING: Answer = Line("-LOADING Redis is loading the dataset in memory");

#[tokio::test]
async fn what_the_servers_state_refuses_is_tried_again_until_it_goes_well() -> Outcome {
    for refusal in [
        LOADING,
        Line("-READONLY You can't write against a read only replica."),
        Line("-MASTERDOWN Link with MASTER is down"),
        Line("-TRYAGAIN Multiple keys request during rehashing of slot"),
        Line("-CLUSTERDOWN The cluster is down"),
    ] {
        let script: &'static [Answer] = vec![refusal, refusal, Line("+OK")].leak();
        let server = Counted::start(script);
        // A write: it is known not to have run.
        server.client(Retry::new()).await?.set("k", "v").await?;
        assert_eq!(server.seen(), 3);
    }
    Ok(())
}

#[tokio::test]
async fn tries_are_counted_exactly() -> Outcome {
    for attempts in [1, 2, 3, 7] {
        let server = Counted::start(&[LOADING]);
        let client = server.client(Retry::new().attempts(attempts)).await?;
        let error = client.set("k", "v").await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::Loading), "{error}");
        assert!(error.is_retryable() && !error.may_have_run(), "{error}");
        assert_eq!(server.seen(), attempts as usize);
    }
    Ok(())
}

#[tokio::test]
async fn a_command_may_differ_from_its_client() -> Outcome {
    let server = Counted::start(&[LOADING]);
    let client = server.client(Retry::new().attempts(5)).await?;
    assert!(client.set("k", "v").retry(Retry::none()).await.is_err());
    assert_eq!(server.seen(), 1);
    let twice = Retry::new().attempts(2).backoff(Backoff::None);
    assert!(client.set("k", "v").retry(twice).await.is_err());
    assert_eq!(server.seen(), 3);
    Ok(())
}

#[tokio::test]
async fn an_error_of_the_commands_own_is_not_tried_again_unless_it_is_named() -> Outcome {
    const FULL: &[Answer] =
        &[Line("-BUSY Redis is busy running a script"), Line("-OOM no memory"), Line("+OK")];
    for (retry, seen) in [
        (Retry::new().on_error("BUSY").on_error("OOM"), 3),
        (Retry::new().on_error("busy").on_error("OutOfMemoryError"), 3),
        (Retry::new().on_error("BUSY"), 2),
        (Retry::new(), 1),
    ] {
        let server = Counted::start(FULL);
        let outcome = server.client(retry).await?.set("k", "v").await;
        assert_eq!((server.seen(), outcome.is_ok()), (seen, seen == 3), "{outcome:?}");
    }
    let server = Counted::start(&[Line("-ERR wrong number of arguments")]);
    assert!(server.client(Retry::new()).await?.set("k", "v").await.is_err());
    assert_eq!(server.seen(), 1);
    let server = Counted::start(&[Line("-MOVED 1 127.0.0.1:1")]);
    assert!(server.client(Retry::new().on_error("MOVED")).await?.set("k", "v").await.is_err());
    assert_eq!(server.seen(), 1, "another node has it: asking here again can't help");
    Ok(())
}

#[tokio::test]
async fn a_late_reply_is_waited_for_again_only_if_the_user_says_so() -> Outcome {
    let short = Duration::from_millis(60);
    let server = Counted::start(&[Silence]);
    let client = server.client(Retry::new()).await?;
    let error = client.set("k", "v").timeout(short).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_run() && !error.is_retryable(), "{error:?}");
    assert_eq!(server.seen(), 1);

    let server = Counted::start(&[Silence]);
    let client = server.client(Retry::new().attempts(3).on_error("TimeoutError")).await?;
    let error = client.set("k", "v").timeout(short).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_run(), "{error:?}");
    assert_eq!(server.seen(), 3);
    Ok(())
}

#[tokio::test]
async fn a_loss_is_made_up_for_where_that_does_no_harm() -> Outcome {
    const LOSS: &[Answer] = &[Close, Line("+OK")];
    // A write may have run.
    let server = Counted::start(LOSS);
    let error = server.client(Retry::new()).await?.set("k", "v").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.may_have_run(), "{error}");
    assert_eq!(server.seen(), 1);
    // Where the user says so, it is sent again; and so is what was declared harmless.
    let server = Counted::start(LOSS);
    server.client(Retry::new().on_error("ConnectionError")).await?.set("k", "v").await?;
    assert_eq!(server.seen(), 2);
    let server = Counted::start(LOSS);
    server.client(Retry::new()).await?.set("k", "v").idempotent().await?;
    assert_eq!(server.seen(), 2);
    // A read anyway; but not without end, and not if retries are off.
    let server = Counted::start(&[Close, Line("$1\r\nv")]);
    assert_eq!(server.client(Retry::new()).await?.get::<String>("k").await?, "v");
    assert_eq!(server.seen(), 2);
    let server = Counted::start(&[Close]);
    assert!(server.client(Retry::new().attempts(3)).await?.get::<String>("k").await.is_err());
    assert_eq!(server.seen(), 3);
    let server = Counted::start(LOSS);
    assert!(server.client(Retry::none()).await?.get::<String>("k").await.is_err());
    assert_eq!(server.seen(), 1);
    Ok(())
}

#[tokio::test]
async fn the_budget_bounds_the_tries() -> Outcome {
    let server = Counted::start(&[LOADING]);
    let client = server.client(Retry::new().attempts(1_000_000).budget(Duration::from_millis(60))).await?;
    let error = client.set("k", "v").await.unwrap_err();
    assert_eq!(
        error.server_code(),
        Some(ServerCode::Loading),
        "the budget ended it, not the timeout: {error}"
    );
    assert!((2..100).contains(&server.seen()), "{}", server.seen());
    // Without one, the command's own time does.
    let server = Counted::start(&[LOADING]);
    let client = server.client(Retry::new().attempts(1_000_000)).await?;
    let error = client.set("k", "v").timeout(Duration::from_millis(60)).await.unwrap_err();
    assert!(error.is_timeout() || error.server_code() == Some(ServerCode::Loading), "{error}");
    assert!((2..100).contains(&server.seen()), "{}", server.seen());
    Ok(())
}

/// Keeps the text of what is traced.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("carnelian")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = String::new();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            line += &format!("{field}={value:?} ");
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}
}

#[tokio::test]
async fn each_further_try_is_told() -> Outcome {
    let recorder = Recorder::default();
    // Everything runs on this thread.
    let _traced = tracing::subscriber::set_default(recorder.clone());
    let server = Counted::start(&[LOADING, LOADING, Line("+OK")]);
    server.client(Retry::new()).await?.set("k", "top secret").await?;
    let lines = recorder.lines();
    let told = lines.iter().filter(|line| line.contains("SET") && line.contains("LOADING")).count();
    assert_eq!(told, 2, "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("top secret")), "{lines:#?}");
    Ok(())
}
