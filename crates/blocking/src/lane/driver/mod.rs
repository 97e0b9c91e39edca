//! The driver: moves bytes between a socket and its lane. There is no thread for it: whoever waits for a reply drives.
//!
//! ```text
//!                    ┌──── the wheel is free: take it ────► Connect, Read, Wait for the socket ◄─┐
//!   submit ──► Write ┤                                              │                           │
//!                ▲   └──── somebody drives ──► Park ────────────────┤ not my reply: go on ──────┘
//!                │                               ▲                  │
//!                └── others queued meanwhile     └─ woken ──        └──► my reply: put the wheel back, wake the next
//! ```
//!
//! The *wheel* is what reading needs (the inbox, the attempt to connect). Whoever holds it hands out the replies of all;
//! the others park. When it has its own it puts the wheel back and wakes one of those that still wait. Writing is
//! another turn: whoever finds bytes unsent, and nobody writing, writes them all; what others queue meanwhile goes along
//! in the next wave. So a lone caller makes one write and one read and wakes nobody, and many make few.
//!
//! Nobody waits for room in the socket without also reading, unless somebody else reads.
//!
//! Here is what a caller does next; how it moves bytes is in [`exchange`], how it makes a connection in [`connecting`].
//!
//! Each caller watches its own deadline; the one who reads also watches the health of the connection.

mod connecting;
mod exchange;

use std::io;
use std::sync::Arc;
use std::task::{Poll, Waker};

use carnelian_core::connection::{Chunk, Micros, NEVER, Phase};
use parking_lot::MutexGuard;

use super::guarded::Guarded;
use super::wheel::Wheel;
use super::{Guard, Lane};
use crate::parker::Place;
use crate::socket::{For, Received};
use crate::stream::Stream;

/// How long one who waits for the socket goes without looking whether others have changed something.
const GLANCE: Micros = 20_000;

/// A wave in hand.
struct Wave {
    bytes: Chunk,
    written: usize,
    /// The socket took no more the last time.
    blocked: bool,
}

/// One caller's part in driving a lane, while it waits for something.
pub(crate) struct Turn<'a> {
    lane: &'a Lane,
    now: Micros,
    /// When to look at the health of the connection.
    look: Micros,
    /// The last read came back with nothing, so that the next may take longer.
    quiet: bool,
    wheel: Option<Box<Wheel>>,
    wave: Option<Wave>,
    stream: Option<Arc<Stream>>,
    /// Those to be woken once the lock is released.
    wakers: Vec<Waker>,
    place: Option<Place>,
}

/// What to do next.
enum Step {
    Write,
    Read,
    /// What was read before is handed out, now that there is room for it.
    HandOut,
    /// Wait for the socket, but not beyond this time.
    Await(For, Micros),
    /// Wait for others, but not beyond this time.
    Park(Micros),
    Connect,
}

impl<'a> Turn<'a> {
    /// Make it before the lane is locked, so that it ends after.
    #[inline]
    pub(crate) const fn new(lane: &'a Lane, now: Micros) -> Self {
        let (wheel, wave, stream, place) = (None, None, None, None);
        Self { lane, now, look: NEVER, quiet: false, wheel, wave, stream, wakers: Vec::new(), place }
    }

    /// The turn of a caller that has the wheel already.
    pub(super) fn driving(lane: &'a Lane, wheel: Box<Wheel>, now: Micros) -> Self {
        let mut turn = Self::new(lane, now);
        turn.wheel = Some(wheel);
        turn
    }

    /// It has read already from the connection that its wheel holds on to, with this result.
    pub(super) fn has_read(&mut self, guarded: &mut Guarded, result: io::Result<Received>) {
        self.stream = self.wheel.as_ref().and_then(|wheel| wheel.stream().cloned());
        self.received(guarded, result);
    }

    /// The time when it last looked.
    pub(crate) const fn now(&self) -> Micros {
        self.now
    }

    /// Drives, or has others drive, until `until` is ready. It gets a waker when this thread is about to park, to be left
    /// where somebody will find it. `None`: the deadline passed.
    #[inline]
    pub(crate) fn attend<T>(
        &mut self,
        guarded: &mut Guard<'_>,
        deadline: Micros,
        mut until: impl FnMut(&mut Guarded, Option<&Waker>) -> Poll<T>,
    ) -> Option<T> {
        let outcome = loop {
            if let Poll::Ready(value) = until(guarded, None) {
                break Some(value);
            }
            if self.now >= deadline {
                self.give_up(guarded);
                break match until(guarded, None) {
                    Poll::Ready(value) => Some(value),
                    Poll::Pending => None,
                };
            }
            match self.choose(guarded) {
                Step::Write => self.write(guarded),
                Step::Read => self.read(guarded, deadline),
                Step::HandOut => self.hand_out(guarded),
                Step::Await(what, limit) => self.wait(guarded, what, limit.min(deadline)),
                Step::Connect => self.connect(guarded, deadline),
                Step::Park(limit) => {
                    let place = self.place.get_or_insert_with(Place::here).clone();
                    place.reset();
                    if let Poll::Ready(value) = until(guarded, Some(&place.waker)) {
                        break Some(value);
                    }
                    self.park(guarded, &place, limit.min(deadline));
                }
            }
        };
        self.leave(guarded);
        outcome
    }

    // ── what to do ───────────────────────────────────────────────────────────────────────────────────────────

    #[inline]
    fn choose(&mut self, guarded: &mut Guarded) -> Step {
        if self.wheel.is_none() {
            self.wheel = guarded.wheel.take();
        }
        if guarded.broken.is_some()
            && let Some(step) = self.choose_broken(guarded)
        {
            return step;
        }
        let Some(stream) = &guarded.stream else { return self.choose_unconnected(guarded) };
        if self.stream.as_ref().is_none_or(|mine| !Arc::ptr_eq(mine, stream)) {
            self.stream = Some(Arc::clone(stream));
        }
        if self.wave.is_none() {
            let wave = guarded.take_wave(self.now);
            self.wave = wave.map(|(bytes, written)| Wave { bytes, written, blocked: false });
        }
        match (&self.wave, &self.wheel) {
            (Some(wave), _) if !wave.blocked => Step::Write,
            (Some(_), Some(_)) => Step::Await(For::Both, NEVER),
            (Some(_), None) => Step::Await(For::Writing, self.now + GLANCE),
            (None, None) => Step::Park(NEVER),
            (None, Some(_)) => self.choose_reading(guarded),
        }
    }

    /// Somebody else writes, perhaps our command too: if that can't go on, it is for us to do so.
    #[inline]
    fn choose_reading(&self, guarded: &Guarded) -> Step {
        let unflushed = self.stream.as_ref().is_some_and(|stream| stream.is_unflushed());
        if guarded.left_over && !guarded.link.is_stalled() {
            Step::HandOut
        } else if unflushed {
            Step::Await(For::Both, self.now + GLANCE)
        } else if guarded.link.unsent() > 0 && guarded.deaf.is_none() {
            Step::Await(For::Reading, self.now + GLANCE)
        } else {
            Step::Read
        }
    }

    /// The connection is to be given up. It is, if nobody writes to it any more and this thread drives.
    #[cold]
    fn choose_broken(&mut self, guarded: &mut Guarded) -> Option<Step> {
        self.return_wave(guarded);
        if self.wheel.is_none() {
            return Some(Step::Park(NEVER));
        }
        if guarded.writing {
            let place = self.place.get_or_insert_with(Place::here);
            guarded.watchers.push(place.waker.clone());
            return Some(Step::Park(self.now + GLANCE));
        }
        self.lose(guarded);
        None
    }

    #[cold]
    fn choose_unconnected(&mut self, guarded: &mut Guarded) -> Step {
        self.return_wave(guarded);
        self.stream = None;
        match &self.wheel {
            Some(wheel) if guarded.link.phase() == Phase::Connecting => {
                if wheel.attempt.is_none() && self.now < wheel.next_try {
                    Step::Park(wheel.next_try)
                } else {
                    Step::Connect
                }
            }
            _ => Step::Park(NEVER),
        }
    }

    /// Waits until it is woken.
    #[cold]
    fn park(&mut self, guarded: &mut Guard<'_>, place: &Place, limit: Micros) {
        let wakers = &mut self.wakers;
        let clock = &self.lane.node.clock;
        MutexGuard::unlocked(guarded, || {
            wake(wakers);
            place.park(clock.instant(limit));
        });
        self.now = clock.now();
    }

    // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────

    /// The deadline has passed: ours, and perhaps those of others.
    #[cold]
    fn give_up(&mut self, guarded: &mut Guarded) {
        self.return_wave(guarded);
        guarded.link.expire(self.now, guarded.unread, &mut self.wakers);
        if self.wheel.is_some() && guarded.broken.is_none() {
            self.look_at_health(guarded);
        }
    }

    #[inline]
    fn return_wave(&mut self, guarded: &mut Guarded) {
        if let Some(wave) = self.wave.take() {
            guarded.give_back(wave.bytes, wave.written, &mut self.wakers);
        }
    }

    /// Leaves the lane so that the others can go on.
    #[inline]
    pub(super) fn leave(&mut self, guarded: &mut Guarded) {
        self.return_wave(guarded);
        if guarded.broken.is_some() && self.wheel.is_some() && !guarded.writing {
            self.lose(guarded);
        }
        if guarded.link.phase() == Phase::Closed {
            self.close(guarded);
        }
        if self.wheel.is_some() {
            guarded.wheel = self.wheel.take();
        }
        // Somebody has to drive, and somebody has to write.
        let nobody_drives = guarded.wheel.is_some();
        if nobody_drives || (guarded.link.unsent() > 0 && !guarded.writing) {
            if let Some(waiter) = guarded.link.next_waiter() {
                self.wakers.push(waiter.clone());
            }
            if nobody_drives && !guarded.watchers.is_empty() {
                self.wakers.append(&mut guarded.watchers);
            }
        }
    }

    #[cold]
    fn close(&mut self, guarded: &mut Guarded) {
        let stream = self.lane.ended(guarded, &mut self.wakers);
        if let Some(wheel) = &mut self.wheel {
            wheel.let_go();
        }
        if let Some(stream) = stream {
            stream.shut_down();
        }
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.wheel.is_some() || self.wave.is_some() {
            // Something panicked in the middle. The others must be able to go on.
            let lane = self.lane;
            self.leave(&mut lane.lock());
        }
        wake(&mut self.wakers);
    }
}

/// Wakes them all.
#[inline]
pub(crate) fn wake(wakers: &mut Vec<Waker>) {
    if !wakers.is_empty() {
        wakers.drain(..).for_each(Waker::wake);
    }
}
