//! What a command runs on: a client with its shared lanes and its pool, or one connection of the caller's own.

use std::sync::Arc;
use std::time::Duration;

use carnelian_command::Request;
use carnelian_core::Options;
use carnelian_core::Result;
use carnelian_core::callbacks::{Callbacks, ReplyCallback};
use carnelian_core::config::{Config, WhenFull};
use carnelian_core::connection::Call;
use carnelian_core::route::{self, Place};

use crate::clock::Clock;
use crate::lane::Lane;
use crate::node::Node;
use crate::pool::Own;
use crate::shared::Shared;

/// What a command runs on.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    /// All clones of a client.
    Client(&'a Shared),
    /// A connection of the caller's own.
    Dedicated(&'a Own),
    /// A connection on which a transaction watches keys: what would change it is the transaction's own business.
    Watching(&'a Own),
    /// One lane of a client, for the client's own purposes.
    Lane(&'a Shared, &'a Lane),
}

impl<'a> Target<'a> {
    #[inline]
    fn node(&self) -> &'a Node {
        match self {
            Self::Client(shared) | Self::Lane(shared, _) => &shared.node,
            Self::Dedicated(own) | Self::Watching(own) => own.node(),
        }
    }

    /// Where the command may run here.
    #[inline]
    pub(crate) fn place(&self, request: &Request) -> Result<Place> {
        match self {
            Self::Client(_) | Self::Watching(_) => route::place(request),
            Self::Dedicated(_) if route::waits(request) => Ok(Place::Own),
            Self::Dedicated(_) | Self::Lane(..) => Ok(Place::Shared),
        }
    }

    /// Whose pool has a connection for a command that waits. `None`: it runs right here, for all that share the connection
    /// are one caller, or have asked for it.
    pub(crate) fn lends_connections(&self) -> Option<&'a Shared> {
        match self {
            Self::Client(shared) if !shared.node.config.pool().single_connection => Some(shared),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn lane(&self) -> &'a Lane {
        match self {
            Self::Client(shared) => shared.lane(),
            Self::Dedicated(own) | Self::Watching(own) => own.lane(),
            Self::Lane(_, lane) => lane,
        }
    }

    #[inline]
    pub(crate) fn clock(&self) -> &'a Clock {
        &self.node().clock
    }

    pub(crate) fn address(&self) -> &'a Arc<str> {
        &self.node().address
    }

    #[inline]
    pub(crate) fn config(&self) -> &'a Config {
        &self.node().config
    }

    #[inline]
    pub(crate) fn timeout(&self, options: &Options) -> Option<Duration> {
        options.timeout(self.config())
    }

    /// How the link is to treat a command that starts now.
    #[inline]
    pub(crate) fn call(&self, options: &Options, request: &Request) -> Call {
        options.call(self.config(), request, self.clock().now())
    }

    pub(crate) fn waits_for_room(&self) -> bool {
        self.node().config.queue().when_full == WhenFull::Wait
    }

    #[inline]
    pub(crate) fn callbacks(&self) -> &'a Arc<Callbacks> {
        match self {
            Self::Client(shared) | Self::Lane(shared, _) => &shared.callbacks,
            Self::Dedicated(own) | Self::Watching(own) => own.callbacks(),
        }
    }

    #[inline]
    pub(crate) fn has_callbacks(&self) -> bool {
        self.callbacks().any()
    }

    /// The user's callback for replies to this command.
    pub(crate) fn callback(&self, request: &Request) -> Option<ReplyCallback> {
        if self.has_callbacks() { self.callbacks().of(request) } else { None }
    }

    /// A command that waits on the server was given up.
    pub(crate) fn gave_up_waiting(&self) {
        if let Self::Dedicated(own) | Self::Watching(own) = self {
            own.spoil_if_waiting();
        }
    }
}

impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.node().address)
    }
}
