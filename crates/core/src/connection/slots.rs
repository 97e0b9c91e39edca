//! Where waiting callers leave their waker and find their reply. Slots are used again, so that a command allocates nothing.

use std::task::{Poll, Waker};

use super::entry::Entry;
use super::gathered::Gathered;
use super::held::Held;

/// What a waiting caller gets.
#[derive(Debug)]
pub enum Delivery {
    /// The reply, which may be an error line.
    Reply(Held),
    /// What came of the parts of a batch.
    Gathered(Box<Gathered>),
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
    /// What has come for a batch.
    gathered: Option<Box<Gathered>>,
    /// Why there is no reply.
    failure: Option<Box<Delivery>>,
}

impl Slot {
    const fn at(stage: Stage, waker: Option<Waker>) -> Self {
        Self { stage, waker, held: Held::nothing(), gathered: None, failure: None }
    }

    /// What has come for a batch whose caller is there.
    fn batch(&mut self) -> Option<&mut Gathered> {
        if self.stage == Stage::Gathering { self.gathered.as_deref_mut() } else { None }
    }

    /// True when the caller of a batch still waits for parts of it.
    fn lacks_parts(&self) -> bool {
        self.stage == Stage::Gathering
            && self.gathered.as_ref().is_some_and(|gathered| gathered.outstanding > 0)
    }

    /// Leaves the waker for when there is something.
    #[inline]
    fn wait(&mut self, waker: Option<&Waker>) -> Poll<Delivery> {
        match (&self.waker, waker) {
            (Some(left), Some(waker)) if left.will_wake(waker) => {}
            (_, waker) => self.waker = waker.cloned(),
        }
        Poll::Pending
    }
}

/// What a slot is at.
///
/// ```text
///  Free ──┬─► Waiting ──┬──► Replied ──┬──► Free
///    ▲    │             ├──► Failed ───┤
///    │    │             │              │
///    │    └─► Gathering ┼── all came ──┘
///    └── Abandoned ◄────┘
/// ```
///
/// Plain data, so that it changes without a look at what it was: what goes with the rarer ones lies beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Free {
        next: u32,
    },
    Waiting,
    Replied,
    Failed,
    /// The caller waits for the parts of a batch, or all are there and it has not come for them.
    Gathering,
    /// The caller is gone; what comes of its commands, of which so many are left, will be thrown away.
    Abandoned {
        parts: u32,
    },
}

/// Where a reply goes.
pub(super) enum Room<'a> {
    /// It is all that its caller waits for.
    One(&'a mut Held),
    /// It is one of several.
    Many(&'a mut Gathered),
    /// Nobody waits for it.
    Nobody,
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
        self.claim_at(Stage::Waiting, waker)
    }

    /// Takes a slot for the caller of a batch of so many parts.
    pub(super) fn claim_many(&mut self, parts: u32, waker: Option<Waker>) -> Option<Ticket> {
        let ticket = self.claim_at(Stage::Gathering, waker)?;
        if let Some(slot) = self.slots.get_mut(ticket.0 as usize) {
            slot.gathered = Some(Box::new(Gathered::of(parts)));
        }
        Some(ticket)
    }

    #[inline]
    fn claim_at(&mut self, stage: Stage, waker: Option<Waker>) -> Option<Ticket> {
        let index = self.free;
        if let Some(slot) = self.slots.get_mut(index as usize) {
            if let Stage::Free { next } = slot.stage {
                self.free = next;
            }
            slot.stage = stage;
            slot.waker = waker;
            return Some(Ticket(index));
        }
        let index = u32::try_from(self.slots.len()).ok().filter(|&index| index != NONE)?;
        self.slots.push(Slot::at(stage, waker));
        Some(Ticket(index))
    }

    /// Where to put a reply for the caller of a slot, whose waker is to be woken when it has all it waits for. `last`: it is
    /// the last reply to that command.
    #[inline]
    pub(super) fn reply(&mut self, index: u32, last: bool, wakers: &mut Vec<Waker>) -> Room<'_> {
        let Some(slot) = self.slots.get_mut(index as usize) else { return Room::Nobody };
        match slot.stage {
            Stage::Waiting => {
                if let Some(waker) = slot.waker.take() {
                    wakers.push(waker);
                }
                slot.stage = Stage::Replied;
                Room::One(&mut slot.held)
            }
            Stage::Gathering => {
                let Some(gathered) = &mut slot.gathered else { return Room::Nobody };
                gathered.outstanding -= u32::from(last);
                if gathered.outstanding == 0 {
                    wakers.extend(slot.waker.take());
                }
                Room::Many(gathered)
            }
            Stage::Abandoned { ref mut parts } => {
                *parts -= u32::from(last);
                if *parts == 0 {
                    slot.stage = Stage::Free { next: self.free };
                    self.free = index;
                }
                Room::Nobody
            }
            _ => Room::Nobody,
        }
    }

    /// What has come for a batch whose caller waits at the slot.
    #[inline]
    pub(super) fn gathered(&mut self, index: u32) -> Option<&mut Gathered> {
        self.slots.get_mut(index as usize)?.batch()
    }

    /// Notes that so many more parts of a batch have come.
    #[inline]
    pub(super) fn have_come(&mut self, index: u32, parts: usize, wakers: &mut Vec<Waker>) {
        let Some(slot) = self.slots.get_mut(index as usize) else { return };
        if let Some(gathered) = slot.batch() {
            gathered.outstanding -= u32::try_from(parts).unwrap_or(gathered.outstanding);
            if gathered.outstanding == 0 {
                wakers.extend(slot.waker.take());
            }
        }
    }

    /// Tells the caller of a command that there will be no reply; its waker is to be woken.
    pub(super) fn fail(
        &mut self,
        entry: &Entry,
        wakers: &mut Vec<Waker>,
        failure: impl FnOnce() -> Delivery,
    ) {
        let Some(slot) = self.slots.get_mut(entry.slot as usize) else { return };
        match slot.stage {
            Stage::Waiting => {
                wakers.extend(slot.waker.take());
                slot.stage = Stage::Failed;
                slot.failure = Some(Box::new(failure()));
            }
            Stage::Gathering => {
                let Some(gathered) = &mut slot.gathered else { return };
                gathered.fail(entry.part, entry.answered(), failure());
                if gathered.outstanding == 0 {
                    wakers.extend(slot.waker.take());
                }
            }
            Stage::Abandoned { .. } => self.forget(entry.slot),
            _ => {}
        }
    }

    /// Throws away the replies to a command that have come already: it is sent again from its start.
    pub(super) fn rewind(&mut self, entry: &Entry) {
        if let Some(gathered) = self.gathered(entry.slot) {
            gathered.rewind(entry.answered());
        }
    }

    /// Notes that a command whose caller is gone is over.
    pub(super) fn forget(&mut self, index: u32) {
        let Some(slot) = self.slots.get_mut(index as usize) else { return };
        match &mut slot.stage {
            Stage::Abandoned { parts } if *parts > 1 => *parts -= 1,
            Stage::Abandoned { .. } => self.release(index),
            _ => {}
        }
    }

    /// True while somebody waits at the slot.
    #[inline]
    pub(super) fn is_waited_for(&self, index: u32) -> bool {
        self.slots.get(index as usize).is_some_and(|slot| slot.stage == Stage::Waiting || slot.lacks_parts())
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
            Stage::Waiting => slot.wait(waker),
            Stage::Gathering if slot.lacks_parts() => slot.wait(waker),
            Stage::Gathering | Stage::Failed => {
                slot.stage = Stage::Free { next: self.free };
                self.free = ticket.0;
                let gathered = slot.gathered.take().map(Delivery::Gathered);
                let failure = || slot.failure.take().map(|failure| *failure);
                gathered.or_else(failure).map_or(Poll::Pending, Poll::Ready)
            }
            Stage::Free { .. } | Stage::Abandoned { .. } => Poll::Pending,
        }
    }

    /// Gives up a claim.
    pub(super) fn abandon(&mut self, ticket: &Ticket) {
        let Some(slot) = self.slots.get_mut(ticket.0 as usize) else { return };
        slot.waker = None;
        match slot.stage {
            Stage::Gathering if slot.lacks_parts() => {
                let parts = slot.gathered.take().map_or(0, |gathered| gathered.outstanding);
                slot.stage = Stage::Abandoned { parts };
            }
            Stage::Replied | Stage::Failed | Stage::Gathering => self.release(ticket.0),
            _ => slot.stage = Stage::Abandoned { parts: 1 },
        }
    }

    /// Frees a slot whose entry is gone.
    pub(super) fn release(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(index as usize) {
            *slot = Slot::at(Stage::Free { next: self.free }, None);
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
