//! The callers' side of a [`Link`]: putting commands in, taking replies out, waiting for room.

use std::task::{Poll, Waker};

use carnelian_command::Request;

use super::{Link, Load, Phase, Refusal, Submitted};
use crate::config::QueueLimits;
use crate::connection::batch::Slice;
use crate::connection::entry::{Call, Micros};
use crate::connection::outbox::LARGE;
use crate::connection::slots::{Delivery, Ticket};

impl Link {
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

    /// Takes a command or a batch into the queue. `place`: where its caller has waited for room, if it has; else, if others
    /// wait already, there is no room.
    ///
    /// # Errors
    ///
    /// The queue is full, or the link is closed; nothing was taken.
    pub fn submit_load(
        &mut self,
        load: Load<'_>,
        place: Option<u64>,
        call: Call,
        waker: Option<Waker>,
    ) -> Result<Submitted, Refusal> {
        if place.is_none() && !self.room.is_empty() {
            return Err(self.refusal());
        }
        let submitted = match load {
            Load::Command(request) => self.take(request, call, waker)?,
            Load::Batch(batch) => self.take_batch(batch, call, waker)?,
        };
        if let Some(place) = place {
            self.leave_room(place);
        }
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

    fn take_batch(
        &mut self,
        batch: Slice<'_>,
        call: Call,
        waker: Option<Waker>,
    ) -> Result<Submitted, Refusal> {
        self.admit(batch.bytes.len())?;
        let parts = u32::try_from(batch.len()).map_err(|_| Refusal::Full)?;
        let ticket = self.inflight.slots.claim_many(parts, waker).ok_or(Refusal::Full)?;
        self.inflight.push_batch(ticket.0, batch, call);
        Ok(self.noted(ticket, call))
    }

    #[inline]
    fn submitted(&mut self, ticket: Ticket, call: Call) -> Submitted {
        self.inflight.push(ticket.0, call);
        self.noted(ticket, call)
    }

    #[inline]
    fn noted(&mut self, ticket: Ticket, call: Call) -> Submitted {
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

    /// Gives up the claim to what comes of a command or a batch: it will be read and thrown away.
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
        if self.inflight.len() == 0 && self.room.is_empty() && self.subscriptions.is_none() {
            return None;
        }
        let first = self.inflight.first_waiter().or_else(|| self.room.front().map(|(_, waker)| waker));
        first.or_else(|| self.subscriptions.as_ref()?.first_waiter())
    }

    /// True when nothing is queued but the `commands` that were just submitted, so that the caller may write them itself.
    #[inline]
    #[must_use]
    pub fn is_lone(&self, commands: usize) -> bool {
        self.phase == Phase::Ready && self.inflight.len() == commands
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
}
