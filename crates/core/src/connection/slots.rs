//! Where waiting callers leave their waker and find their reply. Slots are used again, so that a command allocates nothing.

use std::task::{Poll, Waker};

use super::held::Held;

/// What a waiting caller gets.
#[derive(Debug)]
pub enum Delivery {
    /// The reply, which may be an error line.
    Reply(Held),
    /// The connection broke, and the command was not sent again.
    Lost {
        /// All of it had been written: it may have run.
        sent: bool,
    },
    /// The deadline passed.
    TimedOut(Box<crate::error::TimeoutReport>),
    /// The client was closed.
    Closed,
}

/// A caller's claim to one reply. Give it back to the [`Link`](super::Link) that issued it: take the reply, or abandon it.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a ticket that is neither redeemed nor abandoned keeps its slot"]
pub struct Ticket(pub(super) u32);

#[derive(Debug)]
enum Slot {
    Free {
        next: u32,
    },
    Waiting(Option<Waker>),
    Done(Delivery),
    /// The caller is gone; the reply will be thrown away.
    Abandoned,
}

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: u32,
}

impl Slots {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: NONE }
    }

    /// Takes a slot for a caller. `None`: there are 2³² of them in use.
    #[inline]
    pub(super) fn claim(&mut self, waker: Option<Waker>) -> Option<Ticket> {
        let index = self.free;
        if let Some(slot) = self.slots.get_mut(index as usize) {
            if let Slot::Free { next } = *slot {
                self.free = next;
            }
            *slot = Slot::Waiting(waker);
            return Some(Ticket(index));
        }
        let index = u32::try_from(self.slots.len()).ok().filter(|&index| index != NONE)?;
        self.slots.push(Slot::Waiting(waker));
        Some(Ticket(index))
    }

    /// Hands something to the caller of a slot; its waker is to be woken. False: nobody waits.
    #[inline]
    pub(super) fn fill(
        &mut self,
        index: u32,
        wakers: &mut Vec<Waker>,
        delivery: impl FnOnce() -> Delivery,
    ) -> bool {
        let Some(slot) = self.slots.get_mut(index as usize) else { return false };
        match slot {
            Slot::Waiting(waker) => {
                wakers.extend(waker.take());
                *slot = Slot::Done(delivery());
                true
            }
            Slot::Abandoned => {
                self.release(index);
                false
            }
            _ => false,
        }
    }

    /// True while somebody waits at the slot.
    #[inline]
    pub(super) fn is_waited_for(&self, index: u32) -> bool {
        matches!(self.slots.get(index as usize), Some(Slot::Waiting(_)))
    }

    /// The waker of whoever waits at the slot, if it left one.
    #[inline]
    pub(super) fn waker(&self, index: u32) -> Option<&Waker> {
        match self.slots.get(index as usize) {
            Some(Slot::Waiting(waker)) => waker.as_ref(),
            _ => None,
        }
    }

    /// Takes what was delivered, which ends the claim; or leaves the waker for when it is.
    #[inline]
    pub(super) fn redeem(&mut self, ticket: &Ticket, waker: Option<&Waker>) -> Poll<Delivery> {
        let Some(slot) = self.slots.get_mut(ticket.0 as usize) else { return Poll::Pending };
        match slot {
            Slot::Done(_) => {
                let done = std::mem::replace(slot, Slot::Free { next: self.free });
                self.free = ticket.0;
                match done {
                    Slot::Done(delivery) => Poll::Ready(delivery),
                    _ => Poll::Pending,
                }
            }
            Slot::Waiting(left) => {
                match (&left, waker) {
                    (Some(left), Some(waker)) if left.will_wake(waker) => {}
                    (_, waker) => *left = waker.cloned(),
                }
                Poll::Pending
            }
            _ => Poll::Pending,
        }
    }

    /// Gives up a claim.
    pub(super) fn abandon(&mut self, ticket: &Ticket) {
        match self.slots.get_mut(ticket.0 as usize) {
            Some(Slot::Done(_)) => self.release(ticket.0),
            Some(slot) => *slot = Slot::Abandoned,
            None => {}
        }
    }

    /// Frees a slot whose entry is gone.
    pub(super) fn release(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(index as usize) {
            *slot = Slot::Free { next: self.free };
            self.free = index;
        }
    }

    /// Gives memory back when nobody uses it.
    pub(super) fn shrink(&mut self) {
        if self.slots.iter().all(|slot| matches!(slot, Slot::Free { .. })) {
            *self = Self::new();
        }
    }
}
