//! Keyspace events: what the server tells about what happens to its keys, as types.
//!
//! ```text
//!   KeyspaceEvents ──► which channels and patterns ──► a subscription ──► Filter ──► KeyspaceEvent
//!         │
//!         └──► which letters `notify-keyspace-events` must have ──► it has / to be set / what to tell the user
//! ```
//!
//! A face subscribes and asks the server for its setting; everything else is decided here.
//!
//! # Layout
//!
//! - [`KeyspaceEvents`]: what a user wants to hear of. [`KeyEvent`], [`EventClass`]: what there is to hear of.
//! - [`Filter`]: which channels that means, and what their messages mean. `glob`: patterns as the server understands them.
//! - [`Setting`]: whether the server is set up for it.
//! - [`HandlerFailure`]: a handler of an event that did not do its work.

mod event;
mod failure;
mod filter;
mod glob;
mod options;
mod setting;

use bytes::Bytes;

pub use event::{EventClass, KeyEvent};
pub use failure::HandlerFailure;
pub use filter::Filter;
pub use options::KeyspaceEvents;
pub use setting::{NAME, Setting};

use crate::subscription::{Gap, Notice};

/// Something happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyspaceEvent {
    /// What happened.
    pub event: KeyEvent,
    /// To which key.
    pub key: Bytes,
    /// In which database.
    pub database: u32,
}

impl KeyspaceEvent {
    /// The key as text. What is no UTF-8 in it is shown as `�`.
    #[must_use]
    pub fn key(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.key)
    }
}

/// What a listener for keyspace events is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyspaceNotice {
    /// Something happened to a key.
    Event(KeyspaceEvent),
    /// There was no connection for a while: events may be missing. The server does not keep them.
    Gap(Gap),
    /// So many messages were thrown away here, since nobody read them in time.
    Dropped(u64),
    /// Events stay away from now on: after a reconnect the server refuses to tell of them, or is no longer set up for it.
    Refused(crate::Error),
}

impl KeyspaceNotice {
    /// What a notice of the subscription means. `None`: nothing that was asked for.
    #[must_use]
    pub fn of(notice: Notice, filter: &Filter) -> Option<Self> {
        Some(match notice {
            Notice::Message(message) => Self::Event(filter.event(&message)?),
            Notice::Gap(gap) => Self::Gap(gap),
            Notice::Dropped(count) => Self::Dropped(count),
            Notice::Refused(error) => Self::Refused(error),
            Notice::Noted(_) => return None,
        })
    }
}
