//! What a user wants to hear of.

use bytes::Bytes;

use super::glob;
use super::{EventClass, KeyEvent};
use crate::subscription::SubscribeOptions;

/// Which keyspace events one wants to hear of. Without any choice: all events of all keys of the client's own database.
///
/// ```
/// # use carnelian_core::keyspace::{KeyEvent, KeyspaceEvents};
/// let sessions = KeyspaceEvents::new().event(KeyEvent::Expired).prefix("session:");
/// let orders = KeyspaceEvents::new().events(["set", "del"]).pattern("order:*:state").all_databases();
/// ```
///
/// With events chosen, one listens to the channels of these events (`__keyevent@0__:expired`) and keys are picked out here;
/// with keys alone, or one key only, to the channels of the keys (`__keyspace@0__:order:*`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct KeyspaceEvents {
    pub(super) events: Vec<KeyEvent>,
    pub(super) classes: Vec<EventClass>,
    pub(super) keys: Keys,
    pub(super) database: Database,
    pub(super) enable: bool,
    pub(super) insist: bool,
    options: SubscribeOptions,
}

/// Which keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Keys {
    #[default]
    All,
    /// Those that begin so.
    Prefix(Bytes),
    /// Those that match.
    Pattern(Bytes),
    /// This one.
    One(Bytes),
}

/// In which database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Database {
    /// The client's.
    #[default]
    Own,
    One(u32),
    All,
}

impl KeyspaceEvents {
    /// All events of all keys of the client's own database.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event, and drops all that are not chosen.
    pub fn event(self, event: impl Into<KeyEvent>) -> Self {
        self.events([event])
    }

    /// Adds events, and drops all that are not chosen.
    pub fn events(mut self, events: impl IntoIterator<Item = impl Into<KeyEvent>>) -> Self {
        for event in events.into_iter().map(Into::into) {
            if !self.events.contains(&event) {
                self.events.push(event);
            }
        }
        self
    }

    /// Wants the server to have these events switched on, beside those that the chosen events need: for a
    /// [`KeyEvent::Other`], of which it is not known here what switches it on; or instead of all events, when none is chosen.
    pub fn class(mut self, class: EventClass) -> Self {
        self.classes.push(class);
        self
    }

    /// Only keys that begin so.
    pub fn prefix(mut self, prefix: impl AsRef<[u8]>) -> Self {
        self.keys = Keys::Prefix(Bytes::copy_from_slice(prefix.as_ref()));
        self
    }

    /// Only keys that match a glob pattern (`*`, `?`, `[a-z]`).
    pub fn pattern(mut self, pattern: impl AsRef<[u8]>) -> Self {
        let pattern = Bytes::copy_from_slice(pattern.as_ref());
        self.keys = if glob::is_pattern(&pattern) { Keys::Pattern(pattern) } else { Keys::One(pattern) };
        self
    }

    /// Only this key.
    pub fn key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.keys = Keys::One(Bytes::copy_from_slice(key.as_ref()));
        self
    }

    /// In this database instead of the client's own.
    pub fn database(mut self, database: u32) -> Self {
        self.database = Database::One(database);
        self
    }

    /// In all databases.
    pub fn all_databases(mut self) -> Self {
        self.database = Database::All;
        self
    }

    /// Has the client switch on what the server does not tell yet, by CONFIG SET: what is on already stays on, for others
    /// may need it. It is done again after a reconnect, since a server forgets it when it is restarted. Off unless set.
    pub fn enable(mut self, enable: bool) -> Self {
        self.enable = enable;
        self
    }

    /// Fails when the server does not say whether the events are switched on, because CONFIG is forbidden or has another
    /// name, as with many managed services. Else that is passed over with a warning (by `tracing`), and it is left to you to
    /// switch them on in the service's own way.
    pub fn insist(mut self, insist: bool) -> Self {
        self.insist = insist;
        self
    }

    /// How much may wait to be read, and what becomes of the rest.
    pub fn options(mut self, options: SubscribeOptions) -> Self {
        self.options = options.confirmations(false);
        self
    }

    /// How it is subscribed to.
    #[must_use]
    pub const fn subscribe_options(&self) -> &SubscribeOptions {
        &self.options
    }

    /// It wants nothing less than all events.
    #[must_use]
    pub fn wants_all(&self) -> bool {
        self.events.is_empty()
    }
}
