//! What a command runs on: a client with its shared lanes and its pool, or one connection of the caller's own.

use std::sync::Arc;
use std::time::Duration;

use carnelian_command::Request;
use carnelian_core::Result;
use carnelian_core::config::{Retry, WhenFull};
use carnelian_core::route::{self, Place};

use crate::callbacks::{Callbacks, ReplyCallback};
use crate::clock::Clock;
use crate::dedicated::Own;
use crate::lane::Lane;
use crate::node::Node;
use crate::pending::Options;
use crate::shared::Shared;

/// What a command runs on.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    /// All clones of a client.
    Client(&'a Shared),
    /// A connection of the caller's own.
    Dedicated(&'a Own),
    /// One lane of a client, for the client's own purposes.
    Lane(&'a Shared, &'a Lane),
}

impl<'a> Target<'a> {
    #[inline]
    fn node(&self) -> &'a Node {
        match self {
            Self::Client(shared) | Self::Lane(shared, _) => &shared.node,
            Self::Dedicated(own) => own.node(),
        }
    }

    /// Where the command may run here.
    #[inline]
    pub(crate) fn place(&self, request: &Request) -> Result<Place> {
        match self {
            Self::Client(shared) if shared.node.config.pool().single_connection => {
                route::place(request).map(|_| Place::Shared)
            }
            Self::Client(_) => route::place(request),
            Self::Dedicated(_) | Self::Lane(..) => Ok(Place::Shared),
        }
    }

    #[inline]
    pub(crate) fn lane(&self) -> &'a Lane {
        match self {
            Self::Client(shared) => shared.lane(),
            Self::Dedicated(own) => own.lane(),
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
    pub(crate) fn retry_policy(&self) -> &'a Retry {
        self.node().config.retry_policy()
    }

    #[inline]
    pub(crate) fn timeout(&self, options: &Options) -> Option<Duration> {
        options.timeout.unwrap_or(self.node().config.timeouts().command)
    }

    pub(crate) fn waits_for_room(&self) -> bool {
        self.node().config.queue().when_full == WhenFull::Wait
    }

    #[inline]
    fn callbacks(&self) -> &'a Callbacks {
        match self {
            Self::Client(shared) | Self::Lane(shared, _) => &shared.callbacks,
            Self::Dedicated(own) => own.callbacks(),
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

    /// A command was given up while its reply was awaited.
    pub(crate) fn abandoned(&self) {
        if let Self::Dedicated(own) = self {
            own.spoil_if_waiting();
        }
    }
}

impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.node().address)
    }
}
