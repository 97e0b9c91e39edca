//! The blocking client.

use std::fmt;
use std::sync::Arc;

use carnelian_command::{Command, ConnectionExecutor, DataExecutor, DecodeError, Executor, FromReply, Value};
use carnelian_core::config::Config;
use carnelian_core::connection::NEVER;
use carnelian_core::pool::PoolStats;
use carnelian_core::{Error, Options, Result};

use crate::dedicated::Dedicated;
use crate::house::House;
use crate::pending;
use crate::shared::Shared;
use crate::target::Target;
use crate::watch::{Events, StateWatch};

/// A client of a Redis or Valkey server that waits on the thread that calls it; no runtime is behind it. A clone is another
/// handle on the same connections, and costs next to nothing.
///
/// Commands of all threads share one connection and are pipelined by themselves; those that wait on the server (BLPOP) take
/// a connection of their own out of a pool. A lost connection is made again; see the guide for what that means for
/// commands under way.
#[derive(Clone)]
pub struct Client {
    handle: Arc<Handle>,
}

/// What all clones hold; the last one to go ends the client.
struct Handle {
    shared: Arc<Shared>,
    house: House,
}

impl Client {
    /// Connects to the server at a URL, or as a [`Config`] says, and returns once the server has answered.
    ///
    /// # Errors
    ///
    /// The config is wrong, or no connection could be made.
    pub fn connect(config: impl TryInto<Config, Error: Into<Error>>) -> Result<Self> {
        let shared = Shared::new(config.try_into().map_err(Into::into)?)?;
        shared.connect_first()?;
        Self::start(shared)
    }

    /// Like [`connect`](Self::connect), but returns at once and connects in the background. Commands wait for the connection
    /// until their deadline.
    ///
    /// # Errors
    ///
    /// The config is wrong.
    pub fn connect_lazily(config: impl TryInto<Config, Error: Into<Error>>) -> Result<Self> {
        Self::start(Shared::new(config.try_into().map_err(Into::into)?)?)
    }

    /// Connects as the environment says: see [`Config::from_env`].
    ///
    /// # Errors
    ///
    /// The environment is wrong, or no connection could be made.
    pub fn from_env() -> Result<Self> {
        Self::connect(Config::from_env()?)
    }

    fn start(shared: Shared) -> Result<Self> {
        let shared = Arc::new(shared);
        let house = House::open(&shared)?;
        Ok(Self { handle: Arc::new(Handle { shared, house }) })
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    #[inline]
    pub(crate) fn target(&self) -> Target<'_> {
        Target::Client(self.shared())
    }

    /// Takes a connection out of the pool, to be had alone until it is dropped.
    ///
    /// # Errors
    ///
    /// All are in use (for too long), or no connection could be made.
    pub fn dedicated(&self) -> Result<Dedicated> {
        self.shared().pool().checkout(NEVER).map(Dedicated::new)
    }

    // ── looking at it ────────────────────────────────────────────────────────────────────────────────────────

    /// The state of the connection, to be looked at or waited on.
    #[must_use]
    pub fn state(&self) -> StateWatch {
        self.shared().node.state()
    }

    /// What happens to the connections from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        self.shared().node.events()
    }

    /// What the pool of dedicated connections holds.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.shared().pool().stats()
    }

    /// The config it was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared().node.config
    }

    // ── changing it ──────────────────────────────────────────────────────────────────────────────────────────

    /// Closes the idle dedicated connections; with `in_use` also those taken out, as soon as they come back.
    pub fn disconnect(&self, in_use: bool) {
        self.shared().pool().disconnect(in_use);
    }

    /// Has replies to `command` go through `callback` before they become a type.
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
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
        self.shared().callbacks.set(command, Arc::new(callback));
    }

    /// Takes back what [`set_response_callback`](Self::set_response_callback) said.
    pub fn remove_response_callback(&self, command: &str) {
        self.shared().callbacks.remove(command);
    }

    /// Finishes the commands under way, for all clones, and closes the connections. Later commands fail with
    /// [`ErrorKind::Closed`](carnelian_core::ErrorKind::Closed).
    pub fn close(&self) {
        self.shared().close();
        self.handle.house.close();
    }
}

/// Waits for nobody: the connections end by themselves.
impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

impl Executor for &Client {
    type Out<R: FromReply> = Result<R>;

    #[inline]
    fn run<R: FromReply>(self, command: Command<R>) -> Result<R> {
        pending::run(self.target(), &command, &Options::NONE)
    }
}

impl DataExecutor for &Client {}
impl ConnectionExecutor for &Client {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("server", &self.shared().node.address)
            .field("state", &self.state().current())
            .finish_non_exhaustive()
    }
}
