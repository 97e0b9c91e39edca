//! An entry in the user's hands.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use carnelian_command::group::StreamId;
use carnelian_core::Result;
use carnelian_core::consumer::{Entry, Origin};

use super::handle::Inside;

/// An entry that was handed out, to be acknowledged when the work on it is done.
///
/// While it is there, this consumer does not hand it out again. Dropped without being acknowledged, it stays pending: it comes
/// again once it has been left alone for [`claim_after`](carnelian_core::consumer::ConsumerOptions::claim_after), to this or
/// another consumer, or after a restart.
#[must_use = "it stays pending until it is acknowledged"]
#[non_exhaustive]
pub struct Delivery<V = HashMap<String, String>> {
    /// Its ID.
    pub id: StreamId,
    /// Its fields.
    pub fields: V,
    /// The how-manieth time it is handed out, as the server counts; a delivery lost on the wire counts too.
    pub deliveries: u64,
    /// How it came to this consumer.
    pub origin: Origin,
    /// It has been handed out more often than [`max_deliveries`](carnelian_core::consumer::ConsumerOptions::max_deliveries).
    pub exhausted: bool,
    grip: Grip,
}

impl<V> Delivery<V> {
    /// The entry as the user gets it, or the error of one that can't become a `V`.
    pub(super) fn new(inside: &Arc<Inside>, entry: Entry<V>) -> Result<Self> {
        let fields = entry.fields.map_err(|error| inside.setup.unreadable(entry.key, entry.id, &error))?;
        Ok(Self {
            id: entry.id,
            fields,
            deliveries: entry.deliveries,
            origin: entry.origin,
            exhausted: entry.exhausted,
            grip: Grip { inside: Arc::clone(inside), key: entry.key, id: entry.id },
        })
    }

    /// The key of its stream, as text.
    #[must_use]
    pub fn stream(&self) -> &str {
        self.grip.inside.setup.keys().get(self.grip.key).map_or("", |key| key.name())
    }

    /// True when it was taken over from a consumer that had it for too long.
    #[must_use]
    pub fn is_claimed(&self) -> bool {
        self.origin == Origin::Claimed
    }

    /// Acknowledges it: it never comes again. False: the group did not wait for it any more, since another consumer took it
    /// over and was quicker.
    ///
    /// # Errors
    ///
    /// It is not known whether it is acknowledged. Doing it again does no harm.
    pub fn ack(&self) -> Result<bool> {
        Ok(self.grip.inside.ack(self.grip.key, &[self.id])? > 0)
    }

    pub(super) const fn place(&self) -> (usize, StreamId) {
        (self.grip.key, self.grip.id)
    }
}

impl<V: fmt::Debug> fmt::Debug for Delivery<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("stream", &self.stream())
            .field("id", &self.id)
            .field("fields", &self.fields)
            .field("deliveries", &self.deliveries)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// What keeps an entry from being handed out once more.
struct Grip {
    inside: Arc<Inside>,
    key: usize,
    id: StreamId,
}

impl Drop for Grip {
    fn drop(&mut self) {
        self.inside.settle(|hands| hands.release(self.key, self.id));
    }
}
