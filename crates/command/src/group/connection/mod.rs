//! Connections: what a server is asked about itself being there, and about the connections it has.
//!
//! Three traits, by who may run what: here what any client may ask, and what speaks about the very connection it runs
//! on; in `state` what changes the connection, for those who have it to themselves.

mod client_filter;
mod client_info;
mod hello;
mod state;
mod tracking;

use std::time::Duration;

use super::expiry::millis;
use crate::{Command, ConnectionExecutor, DataExecutor, Executor, FromReply, ToArg, spec};

pub use client_filter::{ClientBy, ClientFilter, ClientType};
pub use client_info::{ClientInfo, ClientList};
pub use hello::{HelloOptions, ServerHello, ServerModule};
pub use state::{ConnectionStateCommands, ReplyMode};
pub use tracking::{TrackingInfo, TrackingOptions, TrackingRedirect};

/// Commands about the server's being there and about all connections it has.
///
/// ```
/// use carnelian_command::{Build, group::{ClientBy, ClientFilter, ConnectionCommands as _}};
///
/// let filter = ClientFilter::new().only(ClientBy::User("guest".into()));
/// let command = Build.client_kill_with(filter);
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"CLIENT"[..], b"KILL", b"USER", b"guest"]);
/// ```
pub trait ConnectionCommands: DataExecutor {
    /// Closes the connection whose other end has this address, as in [`ClientInfo::addr`]. The server says it is an
    /// error when there is none.
    ///
    /// Since Redis 2.4, Valkey 7.2. O(N) for N connections.
    #[doc(alias = "CLIENT KILL")]
    fn client_kill(self, addr: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::CLIENT_KILL).arg(addr))
    }

    /// Closes all connections that a filter lets through; how many they were. The one that this runs on stays, unless
    /// the filter says otherwise.
    ///
    /// Since Redis 2.8.12, Valkey 7.2. O(N) for N connections.
    #[doc(alias = "CLIENT KILL")]
    fn client_kill_with(self, filter: ClientFilter) -> Self::Out<u64> {
        self.run(filter.add_to(Command::new(&spec::CLIENT_KILL)))
    }

    /// All connections of the server.
    ///
    /// Since Redis 2.4, Valkey 7.2. O(N) for N connections.
    #[doc(alias = "CLIENT LIST")]
    fn client_list(self) -> Self::Out<ClientList> {
        self.run(Command::new(&spec::CLIENT_LIST))
    }

    /// The connections that a filter lets through. Redis filters by type or by id, not by both; Valkey since 8.1 by
    /// all that a [`ClientFilter`] can say.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(N) for N connections.
    #[doc(alias = "CLIENT LIST")]
    fn client_list_with(self, filter: ClientFilter) -> Self::Out<ClientList> {
        self.run(filter.add_to(Command::new(&spec::CLIENT_LIST)))
    }

    /// Lets the commands of all clients wait for this long, as during a switch of primaries.
    ///
    /// Since Redis 3.0, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT PAUSE")]
    fn client_pause(self, time: Duration) -> Self::Out<()> {
        self.run(Command::new(&spec::CLIENT_PAUSE).arg(millis(time)))
    }

    /// Lets only commands that write wait for this long; reads go on.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT PAUSE WRITE")]
    fn client_pause_writes(self, time: Duration) -> Self::Out<()> {
        self.run(Command::new(&spec::CLIENT_PAUSE).arg(millis(time)).arg("WRITE"))
    }

    /// Ends the wait of a client in a blocking command, as if its time were over; `false` when it was not waiting.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log N) for N connections.
    #[doc(alias = "CLIENT UNBLOCK")]
    fn client_unblock(self, id: u64) -> Self::Out<bool> {
        self.run(Command::new(&spec::CLIENT_UNBLOCK).arg(id))
    }

    /// Like [`client_unblock`](Self::client_unblock), but the blocking command gets an `UNBLOCKED` error.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log N) for N connections.
    #[doc(alias = "CLIENT UNBLOCK ERROR")]
    fn client_unblock_error(self, id: u64) -> Self::Out<bool> {
        self.run(Command::new(&spec::CLIENT_UNBLOCK).arg(id).arg("ERROR"))
    }

    /// Ends a [`client_pause`](Self::client_pause) before its time.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(N) for N connections that were paused.
    #[doc(alias = "CLIENT UNPAUSE")]
    fn client_unpause(self) -> Self::Out<()> {
        self.run(Command::new(&spec::CLIENT_UNPAUSE))
    }

    /// Gives back what was sent.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "ECHO")]
    fn echo<R: FromReply>(self, message: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::ECHO).arg(message))
    }

    /// Asks whether the server is there; it says `PONG`.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "PING")]
    fn ping(self) -> Self::Out<String> {
        self.run(Command::new(&spec::PING))
    }

    /// Asks whether the server is there; it gives back `message`.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1).
    #[doc(alias = "PING")]
    fn ping_message<R: FromReply>(self, message: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::PING).arg(message))
    }
}

impl<E: DataExecutor> ConnectionCommands for E {}

/// Commands about the connection they run on. On a client that has several, that is one of them.
///
/// ```
/// use carnelian_command::{Build, Command, group::OwnConnectionCommands as _};
///
/// let command: Command<u64> = Build.client_id();
/// assert_eq!(command.request().name(), "CLIENT ID");
/// ```
pub trait OwnConnectionCommands: Executor {
    /// The name that this connection was given; `None` when it has none.
    ///
    /// Since Redis 2.6.9, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT GETNAME")]
    fn client_getname(self) -> Self::Out<Option<String>>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::CLIENT_GETNAME))
    }

    /// Where the invalidation messages of this connection go.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT GETREDIR")]
    fn client_getredir(self) -> Self::Out<TrackingRedirect>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::CLIENT_GETREDIR))
    }

    /// The number of this connection, which the server never gives to another.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT ID")]
    fn client_id(self) -> Self::Out<u64>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::CLIENT_ID))
    }

    /// What the server knows about this connection.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT INFO")]
    fn client_info(self) -> Self::Out<ClientInfo>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::CLIENT_INFO))
    }

    /// Whether and how the server tracks for this connection which keys it has read.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "CLIENT TRACKINGINFO")]
    fn client_trackinginfo(self) -> Self::Out<TrackingInfo>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::CLIENT_TRACKINGINFO))
    }
}

impl<E: Executor> OwnConnectionCommands for E {}
