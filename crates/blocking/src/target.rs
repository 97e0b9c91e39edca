//! What a command runs on: a client with its shared lanes and its pool, or one connection of the caller's own.

use std::sync::Arc;

use carnelian_command::Request;
use carnelian_core::callbacks::{Callbacks, ReplyCallback};
use carnelian_core::config::{Config, WhenFull};
use carnelian_core::route::{self, Place};
use carnelian_core::{Error, Result};

use crate::clock::Clock;
use crate::lane::Lane;
use crate::node::Node;
use crate::pool::{DedicatedPool, Own};
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
}

impl<'a> Target<'a> {
    #[inline]
    pub(crate) fn node(&self) -> &'a Node {
        match self {
            Self::Client(shared) => &shared.node,
            Self::Dedicated(own) | Self::Watching(own) => own.node(),
        }
    }

    /// Where the command may run here.
    #[inline]
    pub(crate) fn place(&self, request: &Request) -> Result<Place> {
        match self {
            Self::Client(_) | Self::Watching(_) => route::place(request),
            Self::Dedicated(_) if route::waits(request) => Ok(Place::Own),
            Self::Dedicated(_) => Ok(Place::Shared),
        }
    }

    /// Whose pool has a connection for a command that waits. `None`: it runs right here, for all that share the connection
    /// are one caller, or have asked for it.
    pub(crate) fn lends_connections(&self) -> Option<&'a Arc<DedicatedPool>> {
        match self {
            Self::Client(shared) if !shared.node.config.pool().single_connection => Some(shared.pool()),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn lane(&self) -> &'a Lane {
        match self {
            Self::Client(shared) => shared.lane(),
            Self::Dedicated(own) | Self::Watching(own) => own.lane(),
        }
    }

    #[inline]
    pub(crate) fn clock(&self) -> &'a Clock {
        &self.node().clock
    }

    #[inline]
    pub(crate) fn config(&self) -> &'a Config {
        &self.node().config
    }

    /// Says at which server it happened.
    #[cold]
    pub(crate) fn at(&self, error: Error) -> Error {
        error.at(&self.node().address)
    }

    pub(crate) fn waits_for_room(&self) -> bool {
        self.config().queue().when_full == WhenFull::Wait
    }

    #[inline]
    pub(crate) fn callbacks(&self) -> &'a Arc<Callbacks> {
        match self {
            Self::Client(shared) => &shared.callbacks,
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

    /// A connection whose state a command may have changed is not given to others.
    pub(crate) fn note(&self, request: &Request) {
        if let Self::Dedicated(own) | Self::Watching(own) = self {
            let facts = request.facts();
            if facts.name.is_empty() || facts.connection_state().is_some() {
                own.spoil();
            }
        }
    }
}
