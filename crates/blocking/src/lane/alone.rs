//! The common way of a lone caller: nothing is in flight, nobody drives, so it writes and reads itself, straight on.
//!
//! What is not straight (the socket is full, the reply comes in pieces, others have come meanwhile) goes on in
//! [`driver`](super::driver). Only plain streams come here: nothing on this way can panic with the wheel in hand.

use std::io;
use std::sync::Arc;
use std::task::{Poll, Waker};

use carnelian_core::connection::{Delivery, Micros, Phase, Ticket};
use parking_lot::MutexGuard;

use super::driver::{Turn, Wheel, wake};
use super::{Guard, Guarded, Lane};
use crate::socket::Received;
use crate::stream::Stream;

/// What a lone caller has in hand.
pub(crate) struct Alone {
    wheel: Box<Wheel>,
    stream: Arc<Stream>,
}

impl Alone {
    /// Takes the wheel, if all is well and nobody has it.
    #[inline]
    pub(crate) fn with(guarded: &mut Guarded) -> Option<Self> {
        if guarded.broken.is_some() || guarded.deaf.is_some() || guarded.writing {
            return None;
        }
        let stream = guarded.stream.as_ref().filter(|stream| stream.is_plain())?;
        Some(Self { wheel: guarded.wheel.take()?, stream: Arc::clone(stream) })
    }

    /// Writes, reads, and takes the reply.
    #[inline]
    pub(crate) fn call(
        mut self,
        lane: &Lane,
        mut guarded: Guard<'_>,
        ticket: &Ticket,
        deadline: Micros,
        now: Micros,
    ) -> Delivery {
        // The lock is held meanwhile: handing the bytes to the system takes no longer than it takes the next caller to
        // encode its own. A failure is met again on the way that is not straight.
        let stream = &self.stream;
        if !guarded.link.write_lone(now, |bytes| stream.write(bytes).unwrap_or(0)) {
            let turn = Turn::driving(lane, self.wheel, now, Vec::new());
            return lane.attend(turn, guarded, ticket, deadline);
        }
        let left = deadline.saturating_sub(now);
        let wheel = &mut self.wheel;
        let received = MutexGuard::unlocked(&mut guarded, || wheel.read(stream, left));
        let now = lane.node.clock.now();
        let mut wakers = Vec::new();
        if let (Ok(Received::Bytes(_)), true) = (&received, guarded.is_current(stream)) {
            guarded.hand_out(&mut self.wheel, stream, now, &mut wakers);
            if guarded.link.phase() == Phase::Ready
                && guarded.broken.is_none()
                && let Poll::Ready(delivery) = guarded.link.redeem(ticket, None)
            {
                guarded.wheel = Some(self.wheel);
                if let Some(waiter) = guarded.link.next_waiter() {
                    wakers.push(waiter.clone());
                }
                drop(guarded);
                wake(&mut wakers);
                return delivery;
            }
        }
        self.go_on(lane, guarded, ticket, deadline, now, (received, wakers))
    }

    /// The reply is not there yet, or not all is well.
    #[cold]
    fn go_on(
        self,
        lane: &Lane,
        mut guarded: Guard<'_>,
        ticket: &Ticket,
        deadline: Micros,
        now: Micros,
        (received, wakers): (io::Result<Received>, Vec<Waker>),
    ) -> Delivery {
        let mut turn = Turn::driving(lane, self.wheel, now, wakers);
        if !matches!(received, Ok(Received::Bytes(_))) {
            turn.has_read(&mut guarded, self.stream, received);
        }
        lane.attend(turn, guarded, ticket, deadline)
    }
}
