//! The common way of a lone caller: nothing is in flight, nobody drives, so it writes and reads itself, straight on, and
//! decodes its reply where it lies.
//!
//! What is not straight (the socket is full, the reply comes in pieces, others have come meanwhile) goes on in
//! [`driver`](super::driver).

use std::io;
use std::ops::Range;
use std::sync::Arc;

use carnelian_command::Request;
use carnelian_core::connection::{Call, Delivery, Micros, Phase, Refusal, Ticket};
use carnelian_resp::ProtocolError;

use super::driver::{Turn, wake};
use super::guarded::Ending;
use super::wheel::Wheel;
use super::{Guard, Lane};
use crate::socket::Received;
use crate::stream::Stream;

/// What came of a command.
pub(crate) enum Came<'a> {
    /// A reply, to be taken where it lies.
    Here(Alone<'a>),
    /// Anything, by way of the queue.
    Delivered(Delivery),
}

/// A lone caller that has its reply. When it is dropped, the others may go on.
pub(crate) struct Alone<'a> {
    lane: &'a Lane,
    /// `None`: it has been put back.
    wheel: Option<Box<Wheel>>,
    stream: Arc<Stream>,
    ticket: Ticket,
    reply: Range<usize>,
}

impl Lane {
    /// Sends a command and waits for what comes of it.
    #[inline]
    pub(crate) fn call(&self, request: &Request, call: Call, now: Micros) -> Result<Came<'_>, Refusal> {
        let mut guarded = self.lock();
        guarded.look_at_idle(now);
        let ticket = guarded.link.submit(request, call, None)?.ticket;
        if !guarded.link.is_lone(1) || !guarded.is_free_to_read() {
            return Ok(Came::Delivered(self.attend(Turn::new(self, now), guarded, &ticket, call.deadline)));
        }
        Ok(self.call_alone(guarded, ticket, call.deadline, now))
    }

    #[inline]
    fn call_alone<'a>(
        &'a self,
        mut guarded: Guard<'a>,
        ticket: Ticket,
        deadline: Micros,
        now: Micros,
    ) -> Came<'a> {
        let (Some(stream), Some(mut wheel)) = (guarded.stream.clone(), guarded.wheel.take()) else {
            return Came::Delivered(self.attend(Turn::new(self, now), guarded, &ticket, deadline));
        };
        // The lock is held meanwhile: handing the bytes to the system takes no longer than it takes the next caller to
        // encode its own. A failure is met again on the way that is not straight.
        if !guarded.link.write_lone(now, |bytes| stream.write(bytes).unwrap_or(0)) {
            let turn = Turn::driving(self, wheel, now);
            return Came::Delivered(self.attend(turn, guarded, &ticket, deadline));
        }
        // Its reply is a round trip away; for what this is needed for, that is near enough.
        guarded.heard = now;
        drop(guarded);
        let received = wheel.read(&stream, deadline.saturating_sub(now));
        if let Ok(Received::Bytes(_)) = received {
            match wheel.inbox().simple() {
                Ok(Some(reply)) => {
                    return Came::Here(Alone { lane: self, wheel: Some(wheel), stream, ticket, reply });
                }
                Ok(None) => {}
                Err(error) => return self.end_in_nonsense(wheel, &stream, &error, &ticket, deadline),
            }
        }
        self.go_on(wheel, stream, received, &ticket, deadline)
    }

    /// The reply is not there yet, or not simple.
    #[cold]
    fn go_on(
        &self,
        wheel: Box<Wheel>,
        stream: Arc<Stream>,
        received: io::Result<Received>,
        ticket: &Ticket,
        deadline: Micros,
    ) -> Came<'_> {
        let mut turn = Turn::driving(self, wheel, 0);
        let mut guarded = self.lock();
        turn.has_read(&mut guarded, stream, received);
        Came::Delivered(self.attend(turn, guarded, ticket, deadline))
    }

    #[cold]
    fn end_in_nonsense(
        &self,
        wheel: Box<Wheel>,
        stream: &Arc<Stream>,
        error: &ProtocolError,
        ticket: &Ticket,
        deadline: Micros,
    ) -> Came<'_> {
        let turn = Turn::driving(self, wheel, self.node.clock.now());
        let mut guarded = self.lock();
        guarded.break_off(stream, Ending::because(error));
        Came::Delivered(self.attend(turn, guarded, ticket, deadline))
    }
}

impl Alone<'_> {
    /// The reply.
    #[inline]
    pub(crate) fn reply(&self) -> &[u8] {
        self.wheel.as_ref().map(|wheel| wheel.bytes(self.reply.clone())).unwrap_or_default()
    }

    /// The inbox holds more, or not all is well: a driver leaves as it always does.
    #[cold]
    fn leave(&self, mut guarded: Guard<'_>, wheel: Box<Wheel>) {
        let mut turn = Turn::driving(self.lane, wheel, self.lane.node.clock.now());
        turn.has_read(&mut guarded, Arc::clone(&self.stream), Ok(Received::Bytes(0)));
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
        if guarded.is_current(&self.stream) {
            guarded.link.answered(&self.ticket, &mut wakers);
        } else {
            guarded.link.abandon(&self.ticket);
        }
        if guarded.link.phase() != Phase::Ready || guarded.broken.is_some() || wheel.inbox().unread() > 0 {
            self.leave(guarded, wheel);
        } else {
            guarded.wheel = Some(wheel);
            if let Some(waiter) = guarded.link.next_waiter() {
                wakers.push(waiter.clone());
            }
            drop(guarded);
        }
        wake(&mut wakers);
    }
}
