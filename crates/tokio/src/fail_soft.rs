//! A handle for code that must go on without the server: a cache that may be cold, a counter that may be off.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use carnelian_command::{Command, ConnectionExecutor, DataExecutor, Executor, FromReply};
use carnelian_core::Error;
use carnelian_core::config::Config;

use crate::client::Client;

/// Runs commands and never fails: a read gives `None`, a write gives `false`, and the error is logged and counted.
///
/// ```no_run
/// # use carnelian_tokio::FailSoft;
/// # use carnelian_command::group::StringCommands as _;
/// # async fn example() {
/// let soft = FailSoft::from_env(); // no server configured: no error and no connection
/// let name: Option<String> = soft.get("user:1:name").await;
/// let saved: bool = soft.set("user:1:name", "Ada").ok().await;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FailSoft {
    client: Option<Client>,
    swallowed: Arc<AtomicU64>,
}

impl Client {
    /// A handle that never fails: reads give `None`, writes `false`, and what went wrong is logged and counted.
    #[must_use]
    pub fn fail_soft(&self) -> FailSoft {
        FailSoft::over(self.clone())
    }
}

impl FailSoft {
    /// A handle over this client.
    pub(crate) fn over(client: Client) -> Self {
        Self { client: Some(client), swallowed: Arc::default() }
    }

    /// A handle without a client: every read gives `None` and every write `false`.
    #[must_use]
    pub fn unconfigured() -> Self {
        Self { client: None, swallowed: Arc::default() }
    }

    /// A handle over a client that connects in the background. A config that is wrong is logged and gives a handle without
    /// a client. Must be called on a runtime.
    #[must_use]
    pub fn connect(config: impl TryInto<Config, Error: Into<Error>>) -> Self {
        match Client::connect_lazily(config) {
            Ok(client) => Self::over(client),
            Err(error) => {
                let soft = Self::unconfigured();
                soft.swallow(&error);
                soft
            }
        }
    }

    /// A handle as the environment says; without a client when the environment names no server. Must be called on a
    /// runtime.
    #[must_use]
    pub fn from_env() -> Self {
        if !Config::is_configured() {
            return Self::unconfigured();
        }
        match Config::from_env() {
            Ok(config) => Self::connect(config),
            Err(error) => {
                let soft = Self::unconfigured();
                soft.swallow(&error.into());
                soft
            }
        }
    }

    /// True when there is a client behind it, connected or not.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.client.is_some()
    }

    /// How many errors were swallowed, over all clones.
    #[must_use]
    pub fn swallowed(&self) -> u64 {
        self.swallowed.load(Ordering::Relaxed)
    }

    fn swallow(&self, error: &Error) {
        self.swallowed.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(%error, "a failure of the server was passed over");
    }
}

impl<'a> Executor for &'a FailSoft {
    type Out<R: FromReply> = Soft<'a, R>;

    fn run<R: FromReply>(self, command: Command<R>) -> Soft<'a, R> {
        Soft { handle: self, command }
    }
}

impl DataExecutor for &FailSoft {}
impl ConnectionExecutor for &FailSoft {}

/// A command that will not fail: awaited it gives what was read, or `None`.
#[must_use = "a command does nothing until it is awaited"]
#[derive(Debug)]
pub struct Soft<'a, R> {
    handle: &'a FailSoft,
    command: Command<R>,
}

impl<R: FromReply> Soft<'_, R> {
    /// For writes: whether it was done. A write that the server leaves undone on a condition (`SET … NX`) answers with
    /// null, which is no.
    pub async fn ok(self) -> bool {
        self.outcome().await.is_some()
    }

    async fn outcome(self) -> Option<R> {
        let client = self.handle.client.as_ref()?;
        client.run(self.command.into_typed::<Option<R>>()).await.unwrap_or_else(|error| {
            self.handle.swallow(&error);
            None
        })
    }
}

impl<'a, R: FromReply + Send + 'a> IntoFuture for Soft<'a, R> {
    type Output = Option<R>;
    type IntoFuture = Pin<Box<dyn Future<Output = Option<R>> + Send + 'a>>;

    /// A missing key is `None` without being an error.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.outcome())
    }
}
