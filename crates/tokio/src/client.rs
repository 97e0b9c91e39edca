//! The async client.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use carnelian_command::{Command, ConnectionExecutor, DataExecutor, DecodeError, Executor, FromReply, Value};
use carnelian_core::config::{Config, ConfigError};
use carnelian_core::pool::PoolStats;
use carnelian_core::{Error, Event, Result, State};
use tokio::sync::{broadcast, watch};

use crate::dedicated::Dedicated;
use crate::login;
use crate::pending::Pending;
use crate::shared::Shared;
use crate::target::Target;

/// How often idle dedicated connections are looked after.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// A client of a Redis or Valkey server. A clone is another handle on the same connections, and costs next to nothing.
///
/// Commands of all tasks share one connection and are pipelined by themselves; those that wait on the server (BLPOP) take
/// a connection of their own out of a pool. A lost connection is made again in the background; see the guide for what that
/// means for commands under way.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// Connects to the server at a URL, or as a [`Config`] says, and returns once the server has answered.
    ///
    /// # Errors
    ///
    /// The config is wrong, or no connection could be made.
    pub async fn connect(config: impl TryInto<Config, Error: Into<Error>>) -> Result<Self> {
        let shared = Shared::new(config.try_into().map_err(Into::into)?)?;
        let first = shared.node.connect_first().await?;
        Ok(Self::start(shared, Some(Box::new(first))))
    }

    /// Like [`connect`](Self::connect), but returns at once and connects in the background. Commands wait for the connection
    /// until their deadline. Must be called on a runtime.
    ///
    /// # Errors
    ///
    /// The config is wrong.
    pub fn connect_lazily(config: impl TryInto<Config, Error: Into<Error>>) -> Result<Self> {
        Ok(Self::start(Shared::new(config.try_into().map_err(Into::into)?)?, None))
    }

    /// Connects as the environment says: see [`Config::from_env`].
    ///
    /// # Errors
    ///
    /// The environment is wrong, or no connection could be made.
    pub async fn from_env() -> Result<Self> {
        Self::connect(Config::from_env()?).await
    }

    fn start(shared: Shared, first: Option<Box<crate::connect::Connected>>) -> Self {
        shared.start(first);
        let shared = Arc::new(shared);
        tokio::spawn(keep_house(Arc::downgrade(&shared)));
        login::renew(&shared);
        Self { shared }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    #[inline]
    pub(crate) fn target(&self) -> Target<'_> {
        Target::Client(&self.shared)
    }

    /// Takes a connection out of the pool, to be had alone until it is dropped.
    ///
    /// # Errors
    ///
    /// All are in use (for too long), or no connection could be made.
    pub async fn dedicated(&self) -> Result<Dedicated> {
        self.shared.checkout().await.map(Dedicated::new)
    }

    /// The state of the connection, to be looked at or waited on.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.shared.node.state()
    }

    /// What happens to the connections from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.node.events()
    }

    /// What the pool of dedicated connections holds.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.shared.pool().stats()
    }

    /// Closes the idle dedicated connections; with `in_use` also those taken out, as soon as they come back.
    pub fn disconnect(&self, in_use: bool) {
        self.shared.pool().disconnect(in_use);
    }

    /// Has replies to `command` go through `callback` before they become a type.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # use carnelian_command::Value;
    /// # fn example(client: &Client) {
    /// // A server that says "yes" where others say 1.
    /// client.set_response_callback("EXISTS", |reply| match reply {
    ///     Value::Status(word) if word == "yes" => Ok(Value::Integer(1)),
    ///     other => Ok(other),
    /// });
    /// # }
    /// ```
    pub fn set_response_callback(
        &self,
        command: &str,
        callback: impl Fn(Value) -> Result<Value, DecodeError> + Send + Sync + 'static,
    ) {
        self.shared.callbacks.set(command, Arc::new(callback));
    }

    /// Takes back what [`set_response_callback`](Self::set_response_callback) said.
    pub fn remove_response_callback(&self, command: &str) {
        self.shared.callbacks.remove(command);
    }

    /// Finishes the commands under way, for all clones, and closes the connections. Later commands fail with
    /// [`ErrorKind::Closed`](carnelian_core::ErrorKind::Closed).
    pub async fn close(&self) {
        self.shared.close().await;
    }

    /// The config it was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.node.config
    }
}

impl<'a> Executor for &'a Client {
    type Out<R: FromReply> = Pending<'a, R>;

    #[inline]
    fn run<R: FromReply>(self, command: Command<R>) -> Pending<'a, R> {
        Pending::new(self.target(), command)
    }
}

impl DataExecutor for &Client {}
impl ConnectionExecutor for &Client {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("server", &self.shared.node.address)
            .field("state", &*self.shared.node.state().borrow())
            .finish_non_exhaustive()
    }
}

/// Looks after the pool for as long as the client lives.
async fn keep_house(shared: Weak<Shared>) {
    loop {
        let Some(pool) = shared.upgrade().map(|shared| Arc::clone(shared.pool())) else { return };
        // Boxed, since the task of every idle client would keep room for it.
        Box::pin(pool.keep_house()).await;
        drop(pool);
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

// A URL that can't be parsed must be an error of the client's, so that `?` works on one type.
const _: fn(ConfigError) -> Error = Error::from;
