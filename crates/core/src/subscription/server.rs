//! What the server says to what one listens to over one connection, and what follows from it for the subscribers.
//!
//! ```text
//!   wanted ──► asked for ──► granted ──┬──► no longer wanted
//!     ▲                                │
//!     └─────── the connection is gone ─┘      then messages may be missing until all is granted again
//! ```

use std::task::Waker;

use bytes::Bytes;
use carnelian_command::ServerError;

use super::registry::Subscriptions;
use super::wishes::{Awaited, Change, Wish};
use super::{Kind, Noted};
use crate::micros::Micros;

impl Subscriptions {
    /// There is no connection to say it over: it will be said over the next one.
    pub(crate) fn not_said(&mut self, change: &Change) {
        self.wishes.take_back(change);
    }

    /// Everything that is wanted, to be asked of a new connection.
    pub(crate) fn ask_for_all(&mut self) -> Vec<Change> {
        self.wishes.clear();
        Kind::ALL
            .into_iter()
            .filter_map(|kind| {
                let topics = self.topics.iter().filter(|topic| topic.kind == kind);
                let wishes = topics.map(|topic| Wish { name: topic.name.clone(), serial: topic.serial });
                let wishes = wishes.collect();
                self.wishes.ask(true, kind, wishes)
            })
            .collect()
    }

    /// The connection is gone, and was last heard of at `heard`.
    pub(crate) fn lost(&mut self, heard: Micros) {
        self.wishes.clear();
        for topic in self.topics.iter_mut() {
            topic.granted = false;
        }
        for subscriber in self.subscribers.iter_mut() {
            // Whoever was not granted anything yet has missed nothing that it was promised.
            if subscriber.was_promised_anything() {
                subscriber.gap_since.get_or_insert(heard);
            }
            subscriber.lacking = subscriber.topics.len();
        }
    }

    /// The server confirms a wish. False: nobody had made it.
    pub(crate) fn noted(
        &mut self,
        (listens, kind, name, count): (bool, Kind, &[u8], i64),
        now: Micros,
        wakers: &mut Vec<Waker>,
    ) -> bool {
        let Some(serial) = self.wishes.confirmed(listens, kind, name) else { return false };
        let Some(index) = self.find(kind, name) else { return true };
        let Self { topics, subscribers, .. } = self;
        if let Some(topic) = topics.at_mut(index)
            && listens
            && topic.serial == serial
            && !topic.granted
        {
            topic.granted = true;
            for &listener in &topic.listeners {
                if let Some(subscriber) = subscribers.at_mut(listener) {
                    let noted = Noted { listens, kind, name: Bytes::copy_from_slice(name), count };
                    subscriber.granted(index, noted, now, wakers);
                }
            }
        }
        true
    }

    /// The server took a topic away by itself, as it does when a slot moves. What is wanted still has to be asked for again.
    pub(crate) fn taken_away(&mut self, kind: Kind, name: &[u8], now: Micros) -> Option<Change> {
        let index = self.find(kind, name)?;
        self.serials += 1;
        let serial = self.serials;
        let topic = self.topics.at_mut(index)?;
        if !std::mem::take(&mut topic.granted) {
            return None;
        }
        topic.serial = serial;
        for &listener in &topic.listeners {
            if let Some(subscriber) = self.subscribers.at_mut(listener) {
                subscriber.lacking += 1;
                subscriber.gap_since.get_or_insert(now);
            }
        }
        self.wishes.ask(true, kind, vec![Wish { name: name.into(), serial }])
    }

    /// The server refuses the oldest command that is not confirmed, of which `names` are left.
    pub(crate) fn refused(&mut self, names: u32, error: &ServerError, now: Micros, wakers: &mut Vec<Waker>) {
        for _ in 0..names {
            let Some(Awaited { listens, kind, wish }) = self.wishes.refused() else { return };
            let Some(index) = self.find(kind, &wish.name) else { continue };
            let is_it = self.topics.at(index).is_some_and(|topic| topic.serial == wish.serial);
            if listens
                && is_it
                && let Some(topic) = self.remove(index)
            {
                for listener in topic.listeners {
                    if let Some(subscriber) = self.subscribers.at_mut(listener) {
                        subscriber.refused(index, error, now, wakers);
                    }
                }
            }
        }
    }
}
