//! What a client can be seen doing: its state as a value, its history as events.

use std::fmt;
use std::time::Duration;

/// The state of a client's connection.
///
/// ```text
///  Disconnected ──► Connecting ──► Connected
///       ▲               │  ▲            │
///       └── gives up ───┘  └─── lost ───┘        Closed: from anywhere, for good
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// There is no connection, and none is being made.
    Disconnected,
    /// A connection is being made, for the first time or again.
    Connecting,
    /// Commands are served.
    Connected,
    /// The client was closed.
    Closed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Closed => "closed",
        })
    }
}

/// Something that happened to a connection of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A connection is being made.
    Connecting {
        /// How many tries have failed in a row.
        failures: u32,
    },
    /// A connection is ready.
    Connected {
        /// RESP3 is spoken; else RESP2.
        resp3: bool,
        /// The server's version, when it tells.
        version: String,
    },
    /// A try to connect failed.
    ConnectFailed {
        /// Why.
        reason: String,
        /// When the next try starts.
        retry_in: Duration,
    },
    /// A connection was lost.
    Lost {
        /// Why.
        reason: String,
    },
    /// The connection logged in again with new credentials.
    Reauthenticated,
    /// The client was closed.
    Closed,
}
