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

/// A place where one caller at a time waits. The parts lie side by side rather than in one enum, so that a reply is written
/// where its caller will find it, and moved once.
#[derive(Debug)]
struct Slot {
    stage: Stage,
    waker: Option<Waker>,
    /// The reply, once the stage says so.
    held: Held,
}

/// What a slot is at.
///
/// ```text
///  Free ──► Waiting ──┬──► Replied ──┬──► Free
///    ▲                ├──► Failed ───┘
///    └── Abandoned ◄──┘
/// ```
#[derive(Debug)]
enum Stage {
    Free {
        next: u32,
    },
    Waiting,
    Replied,
    Failed(Delivery),
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
            if let Stage::Free { next } = slot.stage {
                self.free = next;
            }
            slot.stage = Stage::Waiting;
            slot.waker = waker;
            return Some(Ticket(index));
        }
        let index = u32::try_from(self.slots.len()).ok().filter(|&index| index != NONE)?;
        self.slots.push(Slot { stage: Stage::Waiting, waker, held: Held::nothing() });
        Some(Ticket(index))
    }

    /// Where to put the reply for the caller of a slot, whose waker is to be woken. `None`: nobody waits.
    #[inline]
    pub(super) fn reply(&mut self, index: u32, wakers: &mut Vec<Waker>) -> Option<&mut Held> {
        let slot = self.slots.get_mut(index as usize)?;
        match slot.stage {
            Stage::Waiting => {
                if let Some(waker) = slot.waker.take() {
                    wakers.push(waker);
                }
                slot.stage = Stage::Replied;
                Some(&mut slot.held)
            }
            Stage::Abandoned => {
                slot.stage = Stage::Free { next: self.free };
                self.free = index;
                None
            }
            _ => None,
        }
    }

    /// Tells the caller of a slot that there will be no reply; its waker is to be woken.
    pub(super) fn fail(&mut self, index: u32, wakers: &mut Vec<Waker>, failure: impl FnOnce() -> Delivery) {
        let Some(slot) = self.slots.get_mut(index as usize) else { return };
        match slot.stage {
            Stage::Waiting => {
                wakers.extend(slot.waker.take());
                slot.stage = Stage::Failed(failure());
            }
            Stage::Abandoned => self.release(index),
            _ => {}
        }
    }

    /// True while somebody waits at the slot.
    #[inline]
    pub(super) fn is_waited_for(&self, index: u32) -> bool {
        self.slots.get(index as usize).is_some_and(|slot| matches!(slot.stage, Stage::Waiting))
    }

    /// The waker of whoever waits at the slot, if it left one.
    #[inline]
    pub(super) fn waker(&self, index: u32) -> Option<&Waker> {
        self.slots.get(index as usize).and_then(|slot| slot.waker.as_ref())
    }

    /// Takes what was delivered, which ends the claim; or leaves the waker for when it is.
    #[inline]
    pub(super) fn redeem(&mut self, ticket: &Ticket, waker: Option<&Waker>) -> Poll<Delivery> {
        let Some(slot) = self.slots.get_mut(ticket.0 as usize) else { return Poll::Pending };
        match slot.stage {
            Stage::Replied => {
                slot.stage = Stage::Free { next: self.free };
                self.free = ticket.0;
                Poll::Ready(Delivery::Reply(slot.held.take()))
            }
            Stage::Waiting => {
                match (&slot.waker, waker) {
                    (Some(left), Some(waker)) if left.will_wake(waker) => {}
                    (_, waker) => slot.waker = waker.cloned(),
                }
                Poll::Pending
            }
            Stage::Failed(_) => {
                let stage = std::mem::replace(&mut slot.stage, Stage::Free { next: self.free });
                self.free = ticket.0;
                match stage {
                    Stage::Failed(failure) => Poll::Ready(failure),
                    _ => Poll::Pending,
                }
            }
            Stage::Free { .. } | Stage::Abandoned => Poll::Pending,
        }
    }

    /// Gives up a claim.
    pub(super) fn abandon(&mut self, ticket: &Ticket) {
        let Some(slot) = self.slots.get_mut(ticket.0 as usize) else { return };
        slot.waker = None;
        match slot.stage {
            Stage::Replied | Stage::Failed(_) => self.release(ticket.0),
            _ => slot.stage = Stage::Abandoned,
        }
    }

    /// Frees a slot whose entry is gone.
    pub(super) fn release(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(index as usize) {
            *slot = Slot { stage: Stage::Free { next: self.free }, waker: None, held: Held::nothing() };
            self.free = index;
        }
    }

    /// Ends a claim whose caller has its reply already.
    #[inline]
    pub(super) fn settle(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(index as usize) {
            slot.stage = Stage::Free { next: self.free };
            slot.waker = None;
            self.free = index;
        }
    }

    /// Gives memory back when nobody uses it.
    pub(super) fn shrink(&mut self) {
        if self.slots.iter().all(|slot| matches!(slot.stage, Stage::Free { .. })) {
            *self = Self::new();
        }
    }
}
