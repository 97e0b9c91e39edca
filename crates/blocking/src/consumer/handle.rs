//! What a consumer, its handles and its deliveries share; acknowledging, and stopping from elsewhere.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use carnelian_command::group::{StreamDelete, StreamId};
use carnelian_command::{Command, FromReply};
use carnelian_core::config::Backoff;
use carnelian_core::connection::Micros;
use carnelian_core::consumer::{Hands, Setup, is_unknown_command};
use carnelian_core::{Options, Result, ServerCode};
use parking_lot::{Condvar, Mutex};

use crate::Client;
use crate::pending;

use super::Delivery;

/// What a consumer, its handles and its deliveries share.
pub(super) struct Inside {
    pub(super) client: Client,
    pub(super) setup: Setup,
    pub(super) hands: Mutex<Hands>,
    pub(super) backoff: Backoff,
    stopping: AtomicBool,
    /// The server has no XACKDEL.
    no_ackdel: AtomicBool,
    /// Something happened to the hands, or the consumer is to stop.
    news: Condvar,
}

impl Inside {
    pub(super) fn new(client: Client, setup: Setup) -> Self {
        let backoff = client.config().reconnect_policy().backoff;
        Self {
            client,
            setup,
            hands: Mutex::default(),
            backoff,
            stopping: AtomicBool::new(false),
            no_ackdel: AtomicBool::new(false),
            news: Condvar::new(),
        }
    }

    pub(super) fn now(&self) -> Micros {
        self.client.target().clock().now()
    }

    /// Waits until that moment, or until the consumer is to stop.
    pub(super) fn pause(&self, until: Micros) {
        let until = self.client.target().clock().instant(until);
        let mut hands = self.hands.lock();
        while !self.is_stopping() && !self.news.wait_until(&mut hands, until).timed_out() {}
    }

    pub(super) fn stop(&self) {
        // Under the lock, or one that is about to wait would miss it.
        let hands = self.hands.lock();
        self.stopping.store(true, Ordering::Release);
        drop(hands);
        self.news.notify_all();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Waits until nothing is in the user's hands, for as long as `patience`.
    pub(super) fn let_go(&self, patience: Duration) {
        let until = Instant::now().checked_add(patience);
        let mut hands = self.hands.lock();
        while !hands.are_empty() {
            match until {
                Some(until) if self.news.wait_until(&mut hands, until).timed_out() => return,
                Some(_) => {}
                None => self.news.wait(&mut hands),
            }
        }
    }

    /// The user has acknowledged an entry, or dropped it.
    pub(super) fn settle(&self, change: impl FnOnce(&mut Hands)) {
        let mut hands = self.hands.lock();
        change(&mut hands);
        let emptied = hands.are_empty();
        drop(hands);
        if emptied {
            self.news.notify_all();
        }
    }

    /// How many entries wait for this consumer.
    pub(super) fn pending(&self) -> Result<u64> {
        let mut all = 0_u64;
        for key in 0..self.setup.keys().len() {
            match self.repeatable(self.setup.pending(key)) {
                Ok(summary) => all = all.saturating_add(self.setup.pending_here(&summary)),
                // It has not come to that: the group waits for nobody.
                Err(error) if error.server_code() == Some(ServerCode::NoGroup) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Acknowledges entries of one stream; how many the group waited for.
    pub(super) fn ack(&self, key: usize, ids: &[StreamId]) -> Result<u64> {
        if ids.is_empty() {
            return Ok(0);
        }
        let count = match self.ack_and_delete(key, ids)? {
            Some(count) => count,
            None => {
                let count = self.repeatable(self.setup.ack(key, ids))?;
                if self.setup.deletes() {
                    self.repeatable(self.setup.delete(key, ids))?;
                }
                count
            }
        };
        self.settle(|hands| ids.iter().for_each(|id| hands.acknowledge(key, *id)));
        Ok(count)
    }

    /// Does both at once. `None`: that is not wanted, or the server can't.
    fn ack_and_delete(&self, key: usize, ids: &[StreamId]) -> Result<Option<u64>> {
        if !self.setup.deletes() || self.no_ackdel.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match self.repeatable(self.setup.ack_and_delete(key, ids)) {
            Ok(answers) => {
                let done = answers.iter().filter(|answer| **answer != StreamDelete::Missing).count();
                Ok(Some(u64::try_from(done).unwrap_or(u64::MAX)))
            }
            Err(error) if is_unknown_command(&error) => {
                self.no_ackdel.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What does no harm twice.
    fn repeatable<R: FromReply>(&self, command: Command<R>) -> Result<R> {
        let options = Options { idempotent: true, ..Options::NONE };
        pending::run(self.client.target(), &command, &options)
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams: Vec<&str> = self.setup.keys().iter().map(|key| key.name()).collect();
        f.debug_struct("Consumer")
            .field("streams", &streams)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// A handle on a [`Consumer`](super::Consumer): acknowledges what it has handed out, and stops it. A clone is another handle.
#[derive(Clone, Debug)]
pub struct ConsumerHandle {
    inside: Arc<Inside>,
}

impl ConsumerHandle {
    pub(super) fn new(inside: &Arc<Inside>) -> Self {
        Self { inside: Arc::clone(inside) }
    }

    /// Acknowledges many entries, with one command for each stream; how many of them the group still waited for.
    ///
    /// # Errors
    ///
    /// It is not known whether all of them are acknowledged. Doing it again does no harm.
    pub fn ack<'a, V: 'a>(&self, deliveries: impl IntoIterator<Item = &'a Delivery<V>>) -> Result<u64> {
        let all = Setup::by_key(deliveries.into_iter().map(Delivery::place));
        let mut count = 0_u64;
        for (key, ids) in all {
            count = count.saturating_add(self.inside.ack(key, &ids)?);
        }
        Ok(count)
    }

    /// Like [`ack`](Self::ack), by the IDs of entries of one stream.
    ///
    /// # Errors
    ///
    /// As for [`ack`](Self::ack); the consumer does not read a stream of that name.
    pub fn ack_ids(&self, stream: &str, ids: &[StreamId]) -> Result<u64> {
        let key = self.inside.setup.number_of(stream.as_bytes()).ok_or_else(Setup::not_read)?;
        self.inside.ack(key, ids)
    }

    /// Has the consumer stop: it reads nothing more, and its `next` is `None` from now on; a read that waits at the server
    /// ends first, within [`block`](carnelian_core::consumer::ConsumerOptions::block). What it has handed out can
    /// still be acknowledged; [`Consumer::stop`](super::Consumer::stop) then tells what stays pending.
    pub fn stop(&self) {
        self.inside.stop();
    }
}
