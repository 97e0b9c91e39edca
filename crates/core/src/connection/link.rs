//! A link: the queue of one connection, which outlives the connection.
//!
//! ```text
//!                 ready()                      close()              last reply
//!  Connecting ───────────────► Ready ────────────────────► Closing ───────────► Closed
//!      ▲                         │                                                 ▲
//!      └──────── lost() ─────────┘                     fail() from anywhere ───────┘
//! ```
//!
//! Callers submit commands at any time before it closes; the driver connects, writes, reads and tells the link what
//! came of it. All methods return at once; one lock around a link is held for as long as a copy takes.
//!
//! | who | calls |
//! |---|---|
//! | caller | [`submit`](Link::submit), [`redeem`](Link::redeem), [`abandon`](Link::abandon), [`await_room`](Link::await_room) |
//! | driver, in | [`ready`](Link::ready), [`deliver`](Link::deliver), [`expire`](Link::expire), [`lost`](Link::lost), [`fail`](Link::fail) |
//! | driver, out | [`take_wave`](Link::take_wave) and [`give_back`](Link::give_back), [`health`](Link::health), [`alarm`](Link::alarm) |
//!
//! Methods that free callers put their wakers into a list; wake them after the lock is released.

use std::collections::VecDeque;
use std::task::{Poll, Waker};
use std::time::Duration;

use carnelian_command::{Request, spec};
use carnelian_resp::ProtocolError;

use super::dispatch::{self, Addressee, Unexpected};
use super::entry::{Call, Micros, NEVER};
use super::held::Spares;
use super::inbox::Inbox;
use super::inflight::Inflight;
use super::liveness::{Health, Silence};
use super::outbox::{Chunk, LARGE};
use super::slots::{Delivery, Ticket};
use crate::config::{Config, QueueLimits};
use crate::error::TimeoutReport;

/// Where a link is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is no connection yet, or none any more; commands queue.
    Connecting,
    /// Commands are sent as they come.
    Ready,
    /// What is queued is finished; nothing new is taken.
    Closing,
    /// Nothing is taken and nothing comes.
    Closed,
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The queue is full.
    Full,
    /// The link is closed, or about to be.
    Closed,
}

/// A command was taken.
#[derive(Debug)]
#[must_use]
pub struct Submitted {
    /// The claim to its reply.
    pub ticket: Ticket,
    /// The driver sleeps and has to be woken: there is something to write, or an alarm earlier than the one it set.
    pub wake_driver: bool,
}

/// The queue of one connection.
#[derive(Debug)]
pub struct Link {
    phase: Phase,
    inflight: Inflight,
    spares: Spares,
    limits: QueueLimits,
    silence: Silence,
    /// When the driver will wake by itself.
    alarm: Micros,
    /// Callers that wait for room, in the order they came.
    room: VecDeque<(u64, Waker)>,
    /// How many have waited for room so far.
    room_places: u64,
    /// Why the last try to connect failed.
    last_failure: Option<String>,
    pushes: u64,
    replies: u64,
    /// What comes over this connection may answer something else.
    distrusted: bool,
}

impl Link {
    /// A link that is not connected yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            phase: Phase::Connecting,
            inflight: Inflight::new(),
            spares: Spares::default(),
            limits: config.queue().clone(),
            silence: Silence::new(config.liveness()),
            alarm: NEVER,
            room: VecDeque::new(),
            room_places: 0,
            last_failure: None,
            pushes: 0,
            replies: 0,
            distrusted: false,
        }
    }

    /// Where the link is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Commands without a reply.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.inflight.len()
    }

    /// Bytes of commands without a reply.
    #[must_use]
    pub const fn queued_bytes(&self) -> u64 {
        self.inflight.outbox.queued()
    }

    /// Messages that answered no command.
    #[must_use]
    pub const fn pushes(&self) -> u64 {
        self.pushes
    }

    /// Replies that came, probes included.
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.replies
    }

    // ── callers ──────────────────────────────────────────────────────────────────────────────────────────────

    /// Takes a command into the queue.
    ///
    /// # Errors
    ///
    /// The queue is full, or others wait for room in it already, or the link is closed; the command was not taken.
    #[inline]
    pub fn submit(
        &mut self,
        request: &Request,
        call: Call,
        waker: Option<Waker>,
    ) -> Result<Submitted, Refusal> {
        if !self.room.is_empty() {
            return Err(self.refusal());
        }
        self.take(request, call, waker)
    }

    /// Takes the command of a caller that has waited for room at `place`.
    ///
    /// # Errors
    ///
    /// The queue is still full, or the link is closed; the command was not taken.
    pub fn submit_in_turn(
        &mut self,
        place: u64,
        request: &Request,
        call: Call,
        waker: Option<Waker>,
    ) -> Result<Submitted, Refusal> {
        let submitted = self.take(request, call, waker)?;
        self.leave_room(place);
        Ok(submitted)
    }

    #[inline]
    fn take(&mut self, request: &Request, call: Call, waker: Option<Waker>) -> Result<Submitted, Refusal> {
        let size = request.encoded_len();
        self.admit(size)?;
        let ticket = self.inflight.slots.claim(waker).ok_or(Refusal::Full)?;
        match request.whole() {
            Some(whole) if size >= LARGE => self.inflight.outbox.push_whole(whole.clone()),
            _ => request.write(self.inflight.outbox.open()),
        }
        Ok(self.submitted(ticket, call))
    }

    #[inline]
    fn submitted(&mut self, ticket: Ticket, call: Call) -> Submitted {
        self.inflight.push(ticket.0, call);
        let earlier = call.deadline < self.alarm;
        if earlier {
            self.alarm = call.deadline;
        }
        Submitted { ticket, wake_driver: earlier }
    }

    #[inline]
    fn admit(&self, size: usize) -> Result<(), Refusal> {
        match self.phase {
            Phase::Connecting | Phase::Ready if self.has_room(size) => Ok(()),
            _ => Err(self.refusal()),
        }
    }

    #[cold]
    fn refusal(&self) -> Refusal {
        match self.phase {
            Phase::Closing | Phase::Closed => Refusal::Closed,
            Phase::Connecting | Phase::Ready => Refusal::Full,
        }
    }

    /// A queue of nothing takes any command, so that one larger than the bound can be sent at all.
    #[inline]
    fn has_room(&self, size: usize) -> bool {
        let queued = self.inflight.outbox.queued();
        let QueueLimits { max_bytes, max_entries, .. } = self.limits;
        queued == 0 || (self.inflight.len() < max_entries && queued + size as u64 <= max_bytes as u64)
    }

    /// Leaves a waker for when there may be room again. `place` is the caller's own: nothing at first, then where it stands,
    /// and it keeps its place however often it is woken in vain. A caller that goes away must
    /// [`leave_room`](Self::leave_room), or its waker stays for as long as the queue is full.
    pub fn await_room(&mut self, place: &mut Option<u64>, waker: &Waker) {
        let number = *place.get_or_insert_with(|| {
            self.room_places += 1;
            self.room_places
        });
        match self.room.binary_search_by_key(&number, |(place, _)| *place) {
            Ok(index) => {
                if let Some((_, left)) = self.room.get_mut(index) {
                    left.clone_from(waker);
                }
            }
            Err(index) => self.room.insert(index, (number, waker.clone())),
        }
    }

    /// Gives up a place among those that wait for room.
    pub fn leave_room(&mut self, place: u64) {
        if let Ok(index) = self.room.binary_search_by_key(&place, |(place, _)| *place) {
            self.room.remove(index);
        }
    }

    /// Takes what was delivered for a ticket, or leaves the waker for when it is.
    #[inline]
    pub fn redeem(&mut self, ticket: &Ticket, waker: Option<&Waker>) -> Poll<Delivery> {
        self.inflight.slots.redeem(ticket, waker)
    }

    /// Gives up the claim to a reply: it will be read and thrown away.
    pub fn abandon(&mut self, ticket: &Ticket) {
        self.inflight.slots.abandon(ticket);
    }

    /// Takes back a buffer that a reply lay in.
    pub fn keep_buffer(&mut self, buffer: Vec<u8>) {
        self.spares.keep(buffer);
    }

    /// Somebody who waits and has left a waker: the caller of the oldest command, else the first that waits for room. Where
    /// the callers themselves are the driver, whoever stops being it wakes this one to take over.
    #[inline]
    #[must_use]
    pub fn next_waiter(&self) -> Option<&Waker> {
        if self.inflight.len() == 0 && self.room.is_empty() {
            return None;
        }
        self.inflight.first_waiter().or_else(|| self.room.front().map(|(_, waker)| waker))
    }

    /// True when nothing is queued before what was just submitted, so that the caller may write it itself.
    #[inline]
    #[must_use]
    pub fn is_lone(&self) -> bool {
        self.phase == Phase::Ready && self.inflight.len() == 1
    }

    /// A command that waits on the server by its nature is under way, wanted or not.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.inflight.any_waits()
    }

    /// There is a connection, and no command of a caller's is queued or in flight, wanted or not.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.phase == Phase::Ready && self.inflight.is_at_rest()
    }

    /// Writes what is queued right here, for a lone caller. False: the driver has to write the rest.
    #[inline]
    pub fn write_lone(&mut self, now: Micros, write: impl FnOnce(&[u8]) -> usize) -> bool {
        self.silence.ends_idleness(now);
        self.inflight.outbox.write_with(write)
    }

    // ── the driver ───────────────────────────────────────────────────────────────────────────────────────────

    /// Something was not answered as it must be, so what comes next may answer something else: the driver is to close the
    /// connection.
    pub const fn distrust(&mut self) {
        self.distrusted = true;
    }

    /// There is a connection, and its handshake is done.
    pub fn ready(&mut self, now: Micros) {
        self.distrusted = false;
        if self.phase == Phase::Connecting {
            self.phase = Phase::Ready;
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
        while count < most {
            let Some(next) = inbox.next()? else {
                dispatch::may_begin(inbox.first(), &self.inflight)?;
                break;
            };
            count += 1;
            match dispatch::addressee(inbox.frame(&next), &mut self.inflight)? {
                Addressee::Push => self.pushes += 1,
                Addressee::Caller(entry) => {
                    self.replies += 1;
                    let spares = &mut self.spares;
                    dispatch::hand_over(
                        &entry,
                        |held| inbox.hold(&next, spares, held),
                        &mut self.inflight,
                        wakers,
                    );
                }
            }
        }
        self.free_room(count, wakers);
        if self.phase == Phase::Closing && self.inflight.len() == 0 {
            self.phase = Phase::Closed;
        }
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
        if self.phase == Phase::Closing && self.inflight.len() == 0 {
            self.phase = Phase::Closed;
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
    }

    /// Gives memory back while nothing is queued.
    pub fn shrink(&mut self) {
        if self.inflight.len() == 0 {
            self.inflight.shrink();
            self.spares.clear();
        }
    }
}

/// What the peer sent can't be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// It is no RESP.
    Protocol(ProtocolError),
    /// It answers nothing.
    Unexpected,
}

impl From<ProtocolError> for Anomaly {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<Unexpected> for Anomaly {
    fn from(_: Unexpected) -> Self {
        Self::Unexpected
    }
}

impl std::fmt::Display for Anomaly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::Unexpected => f.write_str("the server sent a reply that no command had asked for"),
        }
    }
}
