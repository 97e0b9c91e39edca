//! The driver's side of a [`Link`]: what is to be written, what has come, what time and the network did.

use std::task::Waker;
use std::time::Duration;

use carnelian_command::{Request, spec};

use super::{Anomaly, Link, Phase};
use crate::connection::dispatch::{self, Addressee};
use crate::connection::entry::Micros;
use crate::connection::inbox::Inbox;
use crate::connection::inflight::Inflight;
use crate::connection::liveness::Health;
use crate::connection::outbox::Chunk;
use crate::connection::slots::{Delivery, Room, Ticket};
use crate::error::TimeoutReport;

impl Link {
    /// Something was not answered as it must be, so what comes next may answer something else: the driver is to close the
    /// connection.
    pub const fn distrust(&mut self) {
        self.distrusted = true;
    }

    /// There is a connection, and its handshake is done. `resp3`: it speaks RESP3.
    pub fn ready(&mut self, now: Micros, resp3: bool, wakers: &mut Vec<Waker>) {
        self.distrusted = false;
        self.resp3 = resp3;
        self.heard = now;
        if self.phase == Phase::Connecting {
            self.phase = Phase::Ready;
            self.inflight.forget_abandoned();
            self.listen_again(wakers);
        }
        self.silence.broken(now);
        self.last_failure = None;
    }

    /// Hands out the next bytes to be written, and how many of them are written already. Give them back.
    #[inline]
    pub fn take_wave(&mut self, now: Micros) -> Option<(Chunk, usize)> {
        if matches!(self.phase, Phase::Connecting | Phase::Closed) {
            return None;
        }
        if !self.inflight.outbox.awaits_peer() {
            self.silence.ends_idleness(now);
        }
        self.inflight.outbox.take()
    }

    /// Takes back bytes of which the first `written` are written.
    #[inline]
    pub fn give_back(&mut self, wave: Chunk, written: usize) {
        self.inflight.outbox.give_back(wave, written);
    }

    /// Bytes of commands that are not written yet.
    #[inline]
    #[must_use]
    pub const fn unsent(&self) -> u64 {
        self.inflight.outbox.unsent()
    }

    /// Bytes came.
    #[inline]
    pub const fn heard(&mut self, now: Micros) {
        self.heard = now;
        self.silence.broken(now);
    }

    /// Hands up to `most` replies from the inbox to their callers. How many there were.
    ///
    /// # Errors
    ///
    /// The peer's bytes are no RESP, or answer nothing. Close the connection.
    #[inline]
    pub fn deliver(
        &mut self,
        inbox: &mut Inbox,
        most: usize,
        wakers: &mut Vec<Waker>,
    ) -> Result<usize, Anomaly> {
        if self.distrusted {
            return Err(Anomaly::Unexpected);
        }
        let mut count = 0;
        while count < most && !self.is_stalled() {
            if self.message(inbox, wakers) {
                count += 1;
                continue;
            }
            if self.inflight.front_is_of_batch() {
                let lines = self.inflight.gather_lines(inbox, most - count, wakers);
                self.replies += lines as u64;
                count += lines;
                if count == most {
                    break;
                }
            }
            let Some(next) = inbox.next()? else {
                dispatch::may_begin(inbox.first(), &self.inflight, self.arrays)?;
                break;
            };
            count += 1;
            match dispatch::addressee(inbox.frame(&next), &mut self.inflight, self.arrays)? {
                Addressee::Push => self.pushed(inbox.frame(&next), wakers),
                Addressee::Caller(answered) => {
                    self.replies += 1;
                    if answered.refused > 0 {
                        self.refused(answered.refused, inbox.frame(&next), wakers)?;
                    }
                    let Inflight { slots, outbox, .. } = &mut self.inflight;
                    match slots.reply(answered.slot, answered.end.is_some(), wakers) {
                        Room::One(held) => inbox.hold(&next, &mut self.spares, held),
                        Room::Many(gathered) => inbox.gather(&next, gathered),
                        Room::Nobody => {}
                    }
                    if let Some(end) = answered.end {
                        outbox.consume(end);
                    }
                }
            }
        }
        self.free_room(count, wakers);
        self.close_if_done(wakers);
        Ok(count)
    }

    /// Notes that the caller of `ticket`, the first in flight, has taken its reply out of the [`Inbox`] itself.
    #[inline]
    pub fn answered(&mut self, ticket: &Ticket, wakers: &mut Vec<Waker>) {
        if let Some(entry) = self.inflight.pop() {
            self.replies += 1;
            self.inflight.outbox.consume(entry.end);
        }
        self.inflight.slots.settle(ticket.0);
        self.free_room(1, wakers);
        self.close_if_done(wakers);
    }

    /// A closing link is closed once all that it had taken is over.
    #[inline]
    fn close_if_done(&mut self, wakers: &mut Vec<Waker>) {
        if self.phase == Phase::Closing && self.inflight.len() == 0 {
            self.phase = Phase::Closed;
            self.end_subscriptions(wakers);
        }
    }

    /// Wakes as many of those that wait for room as replies have come, and all of them once the queue is empty.
    #[inline]
    fn free_room(&mut self, replies: usize, wakers: &mut Vec<Waker>) {
        if self.room.is_empty() {
            return;
        }
        let count = if self.inflight.len() == 0 { self.room.len() } else { replies.min(self.room.len()) };
        wakers.extend(self.room.drain(..count).map(|(_, waker)| waker));
    }

    /// When the driver has to look again although nothing happens: the earliest deadline.
    #[must_use]
    pub const fn alarm(&self) -> Micros {
        self.alarm
    }

    /// Lets commands whose deadline has passed fail. `unread`: bytes of an unfinished reply. The driver gives its wave back
    /// first.
    pub fn expire(&mut self, now: Micros, unread: usize, wakers: &mut Vec<Waker>) {
        if now >= self.alarm {
            let report = self.report(now, unread);
            self.inflight.expire(now, &report, wakers);
            self.alarm = self.inflight.earliest_deadline();
            self.empty_room(wakers);
        }
    }

    /// Wakes all that wait for room.
    fn empty_room(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.room.drain(..).map(|(_, waker)| waker));
    }

    /// What the link looks like, for a timeout.
    #[must_use]
    pub fn report(&self, now: Micros, unread: usize) -> TimeoutReport {
        TimeoutReport {
            connected: self.phase != Phase::Connecting,
            queued: self.inflight.len(),
            unsent_bytes: usize::try_from(self.inflight.outbox.unsent()).unwrap_or(usize::MAX),
            unread_bytes: unread,
            silence: self.silence.length(now),
            last_failure: self.last_failure.clone(),
            ..TimeoutReport::unsent(Duration::ZERO)
        }
    }

    /// Judges the silence of the peer.
    #[must_use]
    pub fn health(&self, now: Micros, node_alive: bool) -> Health {
        if self.is_stalled() {
            // It is we who do not listen.
            return self.silence.look_again(now);
        }
        self.silence.judge(now, self.inflight.outbox.awaits_peer(), self.inflight.front_waits(), node_alive)
    }

    /// Queues a PING that nobody waits for.
    pub fn probe(&mut self) {
        self.tell(&Request::new(&spec::PING));
    }

    /// Queues a command of the driver's own, whose reply is thrown away.
    pub fn tell(&mut self, request: &Request) {
        request.write(self.inflight.outbox.open());
        self.inflight.push_own();
    }

    /// The connection is gone. What was never written, or may be sent again, stays queued in its order; the rest fails.
    /// The driver gives its wave back first.
    pub fn lost(&mut self, wakers: &mut Vec<Waker>) {
        match self.phase {
            Phase::Ready | Phase::Connecting => self.phase = Phase::Connecting,
            // A closing link makes no new connection.
            Phase::Closing | Phase::Closed => {
                self.fail(wakers, |sent| Delivery::Lost { sent });
                return;
            }
        }
        if let Some(subscriptions) = &mut self.subscriptions {
            subscriptions.lost(self.heard);
        }
        self.inflight.reconnect(wakers);
        self.empty_room(wakers);
    }

    /// Says why a try to connect failed, for the errors of those that wait.
    pub fn connect_failed(&mut self, why: String) {
        self.last_failure = Some(why);
    }

    /// Takes no more commands; those queued are finished first. True: it is closed at once.
    pub fn close(&mut self, wakers: &mut Vec<Waker>) -> bool {
        match self.phase {
            Phase::Ready if self.inflight.len() > 0 => self.phase = Phase::Closing,
            Phase::Closing => {}
            // What waits here for its second connection may have run over the first.
            _ => self.fail(wakers, |sent| if sent { Delivery::Lost { sent } } else { Delivery::Closed }),
        }
        self.empty_room(wakers);
        self.phase == Phase::Closed
    }

    /// Closes for good; every command fails with what `delivery` makes of "it may have run".
    pub fn fail(&mut self, wakers: &mut Vec<Waker>, delivery: impl Fn(bool) -> Delivery) {
        self.phase = Phase::Closed;
        self.inflight.fail_all(wakers, delivery);
        self.empty_room(wakers);
        self.end_subscriptions(wakers);
    }

    /// Gives memory back while nothing is queued.
    pub fn shrink(&mut self) {
        if self.inflight.len() == 0 {
            self.inflight.shrink();
            self.spares.clear();
        }
    }
}
