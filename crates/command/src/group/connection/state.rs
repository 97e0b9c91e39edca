//! What changes the connection it runs on, so that later commands there mean something else.

use super::{HelloOptions, ServerHello, TrackingOptions};
use crate::{Command, DedicatedExecutor, Executor, ToArg, ToArgs, spec};

/// Whether a connection gets replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplyMode {
    /// To every command.
    On,
    /// To none, this command included.
    Off,
    /// Not to the next command, and not to this one.
    Skip,
}

impl ReplyMode {
    const fn word(self) -> &'static str {
        match self {
            Self::On => "ON",
            Self::Off => "OFF",
            Self::Skip => "SKIP",
        }
    }
}

const fn on_off(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

/// Commands that change the connection they run on. Most of them belong into the configuration, so that every
/// connection has it from the start and again after a reconnect.
///
/// ```
/// use carnelian_command::{Build, group::ConnectionStateCommands as _};
///
/// let command = Build.select(2);
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"SELECT"[..], b"2"]);
/// ```
pub trait ConnectionStateCommands: Executor {
    /// Logs in with the password of the user `default`.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for N passwords of the user.
    #[doc(alias = "AUTH")]
    fn auth(self, password: impl ToArg) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::AUTH).arg(password))
    }

    /// Logs in as a user.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(N) for N passwords of the user.
    #[doc(alias = "AUTH")]
    fn auth_user(self, username: impl ToArg, password: impl ToArg) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::AUTH).arg(username).arg(password))
    }

    /// Whether the keys of the next command are tracked: `true` with [`optin`](TrackingOptions::optin), `false` with
    /// [`optout`](TrackingOptions::optout).
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT CACHING")]
    fn client_caching(self, track: bool) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_CACHING).arg(if track { "YES" } else { "NO" }))
    }

    /// Tells the server what this client can do, such as `redirect`: to follow redirects without being in a cluster.
    ///
    /// Since Valkey 8.0, not in Redis. O(1).
    #[doc(alias = "CLIENT CAPA")]
    fn client_capa(self, capabilities: impl ToArgs) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_CAPA).args(capabilities))
    }

    /// Marks this connection as the one that brings data into a server in import mode, which then expires nothing by
    /// itself.
    ///
    /// Since Valkey 8.1, not in Redis. O(1).
    #[doc(alias = "CLIENT IMPORT-SOURCE")]
    fn client_import_source(self, on: bool) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_IMPORT_SOURCE).arg(on_off(on)))
    }

    /// Keeps the server from closing this connection when it runs short of memory for clients.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT NO-EVICT")]
    fn client_no_evict(self, on: bool) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_NO_EVICT).arg(on_off(on)))
    }

    /// Keeps commands of this connection from counting as uses of the keys they touch.
    ///
    /// Since Redis 7.2, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT NO-TOUCH")]
    fn client_no_touch(self, on: bool) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_NO_TOUCH).arg(on_off(on)))
    }

    /// Whether commands on this connection get replies. The server confirms only [`ReplyMode::On`], so this is for
    /// code that writes to a connection by hand: whoever waits for a reply to the others waits for ever.
    ///
    /// Since Redis 3.2, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT REPLY")]
    fn client_reply(self, mode: ReplyMode) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_REPLY).arg(mode.word()))
    }

    /// Tells the server the name of this client library.
    ///
    /// Since Redis 7.2, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT SETINFO LIB-NAME")]
    fn client_setinfo_lib_name(self, name: impl ToArg) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_SETINFO).arg("LIB-NAME").arg(name))
    }

    /// Tells the server the version of this client library.
    ///
    /// Since Redis 7.2, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT SETINFO LIB-VER")]
    fn client_setinfo_lib_ver(self, version: impl ToArg) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_SETINFO).arg("LIB-VER").arg(version))
    }

    /// Names this connection, without spaces; the empty name takes the name away.
    ///
    /// Since Redis 2.6.9, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT SETNAME")]
    fn client_setname(self, name: impl ToArg) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_SETNAME).arg(name))
    }

    /// Turns on or off that the server tracks what this connection reads, and tells it when that changes.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT TRACKING")]
    fn client_tracking(self, on: bool) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::CLIENT_TRACKING).arg(on_off(on)))
    }

    /// Turns tracking on, with a say in what is tracked and who is told.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT TRACKING")]
    fn client_tracking_with(self, options: TrackingOptions) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(options.add_to(Command::new(&spec::CLIENT_TRACKING).arg("ON")))
    }

    /// What the server says about itself and the connection, which stays as it is.
    ///
    /// Since Redis 6.0, Valkey 7.2; Redis 6.0 itself still wants a protocol. O(1).
    #[doc(alias = "HELLO")]
    fn hello(self) -> Self::Out<ServerHello>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::HELLO))
    }

    /// Chooses the protocol and, if asked, logs in and names the connection; what the server says about itself.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "HELLO")]
    fn hello_with(self, options: HelloOptions) -> Self::Out<ServerHello>
    where
        Self: DedicatedExecutor,
    {
        self.run(options.add_to(Command::new(&spec::HELLO)))
    }

    /// Lets the server close the connection after this reply.
    ///
    /// Since Redis 1.0, Valkey 7.2; in Redis deprecated since 7.2, simply close the connection. O(1).
    #[doc(alias = "QUIT")]
    fn quit(self) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::QUIT))
    }

    /// Lets a replica in a cluster answer reads on this connection, though they may be a little behind.
    ///
    /// Since Redis 3.0, Valkey 7.2. O(1).
    #[doc(alias = "READONLY")]
    fn readonly(self) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::READONLY))
    }

    /// Takes back [`readonly`](Self::readonly).
    ///
    /// Since Redis 3.0, Valkey 7.2. O(1).
    #[doc(alias = "READWRITE")]
    fn readwrite(self) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::READWRITE))
    }

    /// Puts the connection back to how it was at first: RESP2, database 0, not logged in, nothing watched, tracked or
    /// subscribed to.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "RESET")]
    fn reset(self) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::RESET))
    }

    /// Chooses the database that commands on this connection work on.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "SELECT")]
    fn select(self, db: u32) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::SELECT).arg(db))
    }
}

impl<E: Executor> ConnectionStateCommands for E {}
