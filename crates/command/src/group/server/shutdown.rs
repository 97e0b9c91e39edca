//! Stopping the server.

use crate::{Command, ConnectionExecutor, Executor, FromReply, spec};

/// How a server stops.
///
/// ```
/// use carnelian_command::{Build, group::{ShutdownCommands as _, ShutdownOptions}};
///
/// let command = Build.shutdown_with(ShutdownOptions::new().save(false).now());
/// assert_eq!(command.request().arguments().skip(1).collect::<Vec<_>>(), [&b"NOSAVE"[..], b"NOW"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ShutdownOptions {
    save: Option<bool>,
    now: bool,
    force: bool,
    safe: bool,
    failover: bool,
}

impl ShutdownOptions {
    /// Saves if the server is configured to save at all, and waits a while for replicas to catch up.
    pub const fn new() -> Self {
        Self { save: None, now: false, force: false, safe: false, failover: false }
    }

    /// Whether to save a snapshot first, however the server is configured.
    pub const fn save(mut self, save: bool) -> Self {
        self.save = Some(save);
        self
    }

    /// Doesn't wait for replicas. Since Redis 7.0, Valkey 7.2.
    pub const fn now(mut self) -> Self {
        self.now = true;
        self
    }

    /// Stops even if saving fails. Since Redis 7.0, Valkey 7.2.
    pub const fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Refuses to stop a primary of a cluster that still has slots. Since Valkey 9.0, not in Redis.
    pub const fn safe(mut self) -> Self {
        self.safe = true;
        self
    }

    /// Hands a primary's slots to its best replica first. Since Valkey 9.0, not in Redis.
    pub const fn failover(mut self) -> Self {
        self.failover = true;
        self
    }

    fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = match self.save {
            None => command,
            Some(true) => command.arg("SAVE"),
            Some(false) => command.arg("NOSAVE"),
        };
        let command = command.word_if(self.now, "NOW").word_if(self.force, "FORCE");
        command.word_if(self.safe, "SAFE").word_if(self.failover, "FAILOVER")
    }
}

/// Commands that stop the server.
///
/// A server that stops closes its connections without a reply: a lost connection is what success looks like.
///
/// ```
/// use carnelian_command::{Build, group::ShutdownCommands as _};
///
/// assert_eq!(Build.shutdown().request().len(), 1);
/// ```
pub trait ShutdownCommands: Executor {
    /// Stops the server. An error of the server says that it goes on, and why.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for N keys when it saves.
    #[doc(alias = "SHUTDOWN")]
    fn shutdown(self) -> Self::Out<()>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::SHUTDOWN))
    }

    /// Takes back a stop that waits for replicas.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "SHUTDOWN ABORT")]
    fn shutdown_abort(self) -> Self::Out<()>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::SHUTDOWN).arg("ABORT"))
    }

    /// Like [`shutdown`](Self::shutdown), with a say in how.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for N keys when it saves.
    #[doc(alias = "SHUTDOWN")]
    fn shutdown_with(self, options: ShutdownOptions) -> Self::Out<()>
    where
        Self: ConnectionExecutor,
    {
        self.run(options.add_to(Command::new(&spec::SHUTDOWN)))
    }
}

impl<E: Executor> ShutdownCommands for E {}
