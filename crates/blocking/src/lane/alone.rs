//! The common way of a lone caller: nothing is in flight, nobody drives, so it writes and reads itself, straight on, and
//! decodes its reply where it lies.
//!
//! What is not straight (the socket is full, the reply comes in pieces, others have come meanwhile) goes on in
//! [`driver`](super::driver).

use std::io;
use std::ops::Range;

use carnelian_command::Request;
use carnelian_core::connection::{Call, Delivery, Micros, Phase, Refusal, Ticket};
use carnelian_resp::ProtocolError;

use super::driver::{Turn, wake};
use super::guarded::Ending;
use super::wheel::Wheel;
use super::{Guard, Lane};
use crate::socket::Received;

/// What came of a command.
pub(crate) enum Came<T> {
    /// A reply, taken where it lay.
    Here(T),
    /// Anything, by way of the queue.
    Delivered(Delivery),
}

/// A lone caller that has its reply. When it is dropped, even by a panic of whoever takes the reply, the others may go on.
struct Alone<'a> {
    lane: &'a Lane,
    /// `None`: it has been put back.
    wheel: Option<Box<Wheel>>,
    ticket: Ticket,
}

impl Lane {
    /// Sends a command and waits for what comes of it. `take` gets a reply that a lone caller finds where it lies: it is in
    /// nobody's way meanwhile but that of those who wait for replies of their own.
    #[inline]
    pub(crate) fn call<T>(
        &self,
        request: &Request,
        call: Call,
        now: Micros,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<Came<T>, Refusal> {
        let mut guarded = self.lock();
        guarded.look_at_idle(now);
        let ticket = guarded.link.submit(request, call, None)?.ticket;
        let (deadline, is_straight) = (call.deadline, guarded.link.is_lone(1) && guarded.is_free_to_read());
        let Some(mut wheel) = guarded.wheel.take_if(|_| is_straight) else {
            return Ok(Came::Delivered(self.attend(Turn::new(self, now), guarded, &ticket, deadline)));
        };
        let received = match self.ask(guarded, &mut wheel, deadline, now) {
            Ok(received) => received,
            Err(guarded) => {
                let turn = Turn::driving(self, wheel, now);
                return Ok(Came::Delivered(self.attend(turn, guarded, &ticket, deadline)));
            }
        };
        if let Ok(Received::Bytes(_)) = received {
            match wheel.inbox().simple() {
                Ok(Some(reply)) => {
                    let alone = Alone { lane: self, wheel: Some(wheel), ticket };
                    return Ok(Came::Here(take(alone.bytes(reply))));
                }
                Ok(None) => {}
                Err(error) => {
                    return Ok(Came::Delivered(self.end_in_nonsense(wheel, &error, &ticket, deadline)));
                }
            }
        }
        Ok(Came::Delivered(self.go_on(wheel, received, &ticket, deadline)))
    }

    /// Writes and reads, once each. An error: there is more to write, and the lock is still held.
    #[inline]
    fn ask<'a>(
        &self,
        mut guarded: Guard<'a>,
        wheel: &mut Wheel,
        deadline: Micros,
        now: Micros,
    ) -> Result<io::Result<Received>, Guard<'a>> {
        let Some(stream) = wheel.follow(guarded.stream.as_ref()) else { return Err(guarded) };
        // The lock is held meanwhile: handing the bytes to the system takes no longer than it takes the next caller to
        // encode its own. A failure is met again on the way that is not straight.
        if !guarded.link.write_lone(now, |bytes| stream.write(bytes).unwrap_or(0)) {
            return Err(guarded);
        }
        // Its reply is a round trip away; for what this is needed for, that is near enough.
        guarded.heard = now;
        drop(guarded);
        Ok(wheel.read_own(deadline.saturating_sub(now)))
    }

    /// The reply is not there yet, or not simple.
    #[cold]
    fn go_on(
        &self,
        wheel: Box<Wheel>,
        received: io::Result<Received>,
        ticket: &Ticket,
        deadline: Micros,
    ) -> Delivery {
        let mut turn = Turn::driving(self, wheel, 0);
        let mut guarded = self.lock();
        turn.has_read(&mut guarded, received);
        self.attend(turn, guarded, ticket, deadline)
    }

    #[cold]
    fn end_in_nonsense(
        &self,
        wheel: Box<Wheel>,
        error: &ProtocolError,
        ticket: &Ticket,
        deadline: Micros,
    ) -> Delivery {
        let mut guarded = self.lock();
        if let Some(stream) = wheel.stream() {
            guarded.break_off(stream, Ending::because(error));
        }
        let turn = Turn::driving(self, wheel, self.node.clock.now());
        self.attend(turn, guarded, ticket, deadline)
    }
}

impl Alone<'_> {
    #[inline]
    fn bytes(&self, reply: Range<usize>) -> &[u8] {
        self.wheel.as_ref().map(|wheel| wheel.bytes(reply)).unwrap_or_default()
    }

    /// The inbox holds more, or not all is well: a driver leaves as it always does.
    #[cold]
    fn leave(&self, mut guarded: Guard<'_>, wheel: Box<Wheel>) {
        let mut turn = Turn::driving(self.lane, wheel, self.lane.node.clock.now());
        turn.has_read(&mut guarded, Ok(Received::Bytes(0)));
        turn.leave(&mut guarded);
        drop(guarded);
    }
}

impl Drop for Alone<'_> {
    #[inline]
    fn drop(&mut self) {
        let Some(mut wheel) = self.wheel.take() else { return };
        let mut guarded = self.lane.lock();
        let mut wakers = Vec::new();
        if wheel.stream().is_some_and(|stream| guarded.is_current(stream)) {
            guarded.link.answered(&self.ticket, &mut wakers);
        } else {
            guarded.link.abandon(&self.ticket);
        }
        if guarded.link.phase() != Phase::Ready || guarded.broken.is_some() || wheel.inbox().unread() > 0 {
            self.leave(guarded, wheel);
        } else {
            if let Some(waiter) = guarded.link.next_waiter() {
                wakers.push(waiter.clone());
            }
            guarded.wheel = Some(wheel);
            drop(guarded);
        }
        wake(&mut wakers);
    }
}
