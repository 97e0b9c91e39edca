//! Listening to channels, patterns and shard channels: who listens to what over a connection, and what waits to be read.
//!
//! ```text
//!   push frame ──► which topic ──► the mailbox of each subscriber ──► its stream or iterator
//!                     │
//!                     └── what is wanted is kept here, so that a new connection asks for all of it again
//! ```
//!
//! The [`Link`](crate::connection::Link) owns a [`Subscriptions`]; faces give each subscriber a handle.

mod mailbox;
mod options;
mod places;
mod push;
mod registry;
mod server;
mod wishes;

use std::ops::Range;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use carnelian_command::ServerError;

pub use mailbox::Mail;
pub use options::{Overflow, SubscribeOptions};
pub(crate) use push::{Push, message, parse};
pub(crate) use registry::Refusal;
pub use registry::Subscriptions;
pub(crate) use wishes::Change;

use crate::micros::Micros;

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Channels by name (SUBSCRIBE).
    Channel,
    /// All channels that match a glob pattern (PSUBSCRIBE).
    Pattern,
    /// Channels of one shard of a cluster, by name (SSUBSCRIBE).
    Shard,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Channel, Self::Pattern, Self::Shard];
}

/// A message that came.
///
/// Its parts share the memory of all that came with it and waited to be read at the same time: copy
/// what is to be kept for long, or that memory is kept with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// By what it came.
    pub kind: Kind,
    /// The pattern that the channel matched, if it came by one.
    pub pattern: Option<Bytes>,
    /// The channel it was sent to.
    pub channel: Bytes,
    /// What was sent.
    pub payload: Bytes,
}

impl Message {
    /// The name of the channel as text. What is no UTF-8 in it is shown as `�`.
    #[must_use]
    pub fn channel(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.channel)
    }

    /// The payload as text. What is no UTF-8 in it is shown as `�`.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.payload)
    }

    /// The payload as a type, as a reply would become it.
    ///
    /// # Errors
    ///
    /// It is no such thing.
    pub fn decode<T: carnelian_command::FromReply>(&self) -> crate::Result<T> {
        let mut frame = Vec::with_capacity(self.payload.len() + 32);
        carnelian_resp::encode::bulk(&mut frame, &self.payload);
        let decoded = T::from_whole(&mut carnelian_resp::Reader::new(&frame));
        decoded.map_err(|error| {
            crate::Error::decode(&carnelian_command::spec::SUBSCRIBE, error).possibly_run(false)
        })
    }
}

/// What a mailbox holds.
#[derive(Debug)]
pub(crate) enum Item {
    Message {
        kind: Kind,
        start: usize,
        pattern: u32,
        channel: u32,
        payload: u32,
    },
    /// The server has taken note of a wish.
    Noted(Box<Noted>),
    /// Messages may be missing.
    Gap(Range<Micros>),
    /// The server refuses what had been granted before.
    Refused(Box<ServerError>),
}

/// The server has taken note that one wants to listen, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Noted {
    /// It listens from now on; else no longer.
    pub listens: bool,
    /// To what.
    pub kind: Kind,
    /// The name of the channel, or the pattern.
    pub name: Bytes,
    /// How many channels and patterns the connection listens to now, of all subscribers that share it.
    pub count: i64,
}

/// What a mailbox gives out, one after the other.
#[derive(Debug)]
pub enum Letter {
    /// A message.
    Message(Message),
    /// The server has taken note of a wish.
    Noted(Noted),
    /// Between these moments messages may be missing: there was no connection.
    Gap(Range<Micros>),
    /// So many messages were thrown away here, because nobody read them.
    Dropped(u64),
    /// The server refuses what had been granted before.
    Refused(ServerError),
}

/// What a subscription yields.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A message.
    Message(Message),
    /// The server has taken note of a wish. Only with [`SubscribeOptions::confirmations`].
    Noted(Noted),
    /// There was no connection for a while: messages may be missing.
    Gap(Gap),
    /// So many messages were thrown away here, since nobody read them in time: see [`Overflow`].
    Dropped(u64),
    /// After a reconnect the server refused what it had granted before; the rest goes on.
    Refused(crate::Error),
}

/// A time in which messages may have been missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// When the connection was last known to be alive.
    pub since: SystemTime,
    /// When the server had confirmed all subscriptions over a new one.
    pub until: SystemTime,
}

impl Gap {
    /// How long it was.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.until.duration_since(self.since).unwrap_or_default()
    }
}

impl Letter {
    /// As users see it. `time` tells what moment it was.
    #[must_use]
    pub fn opened(self, time: impl Fn(Micros) -> SystemTime) -> Notice {
        match self {
            Self::Message(message) => Notice::Message(message),
            Self::Noted(noted) => Notice::Noted(noted),
            Self::Gap(gap) => Notice::Gap(Gap { since: time(gap.start), until: time(gap.end) }),
            Self::Dropped(count) => Notice::Dropped(count),
            Self::Refused(error) => {
                Notice::Refused(crate::Error::server(&carnelian_command::spec::SUBSCRIBE, error))
            }
        }
    }
}

/// The names in the arguments of a subscription.
#[must_use]
pub fn names(arguments: impl carnelian_command::ToArgs) -> Vec<Bytes> {
    let command = carnelian_command::Command::<()>::new(&carnelian_command::spec::SUBSCRIBE).args(arguments);
    command.request().arguments().skip(1).map(Bytes::copy_from_slice).collect()
}
