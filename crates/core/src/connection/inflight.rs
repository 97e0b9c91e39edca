//! The commands in flight: who waits for which reply, in the order of the wire.

use std::collections::VecDeque;
use std::ops::Range;
use std::task::Waker;

use super::batch::Slice;
use super::entry::{Call, Entry, Micros, NEVER};
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::slots::{Delivery, NONE, Slots};
use crate::error::TimeoutReport;

/// The queue of one connection: entries in the order of the wire, and the bytes they stand for.
#[derive(Debug)]
pub(super) struct Inflight {
    entries: VecDeque<Entry>,
    pub(super) outbox: Outbox,
    pub(super) slots: Slots,
}

/// Whose a reply is.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) slot: u32,
    /// Where its command ends, if this was the last reply to it.
    pub(super) end: Option<u64>,
    /// It should have been answered by this many pushes, so the reply is a refusal.
    pub(super) refused: u32,
}

/// What happened to an entry when the connection broke.
enum Fate {
    /// It is sent over the next connection.
    Resend,
    /// Nobody waits for it.
    Forget,
    /// It fails, and may have run.
    Fail,
}

impl Inflight {
    pub(super) const fn new() -> Self {
        Self { entries: VecDeque::new(), outbox: Outbox::empty(), slots: Slots::new() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Notes a command whose bytes were just added to the outbox.
    #[inline]
    pub(super) fn push(&mut self, slot: u32, call: Call) {
        self.entries.push_back(Entry::new(self.outbox.end(), slot, call));
    }

    /// Adds the parts of a batch, bytes and all.
    pub(super) fn push_batch(&mut self, slot: u32, batch: Slice<'_>, call: Call) {
        let start = self.outbox.end();
        self.outbox.open().extend_from_slice(batch.bytes);
        self.entries.extend(batch.ends().zip(0..).map(|((end, part), number)| Entry {
            replies: part.replies,
            left: part.replies,
            part: number,
            in_batch: true,
            repeatable: call.repeatable || part.reads,
            ..Entry::new(start + end, slot, call)
        }));
    }

    /// Notes a command of the link's own, whose bytes were just added to the outbox and whose reply nobody wants.
    pub(super) fn push_own(&mut self) {
        self.push(NONE, Call::once());
        if let Some(entry) = self.entries.back_mut() {
            entry.own = true;
        }
    }

    /// Notes a command of the link's own whose bytes were just added, and which is answered by so many pushes.
    pub(super) fn push_change(&mut self, pushes: u32) {
        self.push_own();
        if let Some(entry) = self.entries.back_mut() {
            (entry.replies, entry.left, entry.by_pushes) = (pushes, pushes, true);
        }
    }

    /// Notes that a push has come that answers the oldest command. False: it does not await any.
    pub(super) fn answer_by_push(&mut self) -> bool {
        let Some(front) = self.entries.front_mut().filter(|front| front.by_pushes) else { return false };
        front.left -= 1;
        if front.left == 0
            && let Some(entry) = self.entries.pop_front()
        {
            self.outbox.consume(entry.end);
        }
        true
    }

    /// Takes the entry that the next reply belongs to.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.entries.pop_front()
    }

    /// Notes that a reply has come: whose it is.
    #[inline]
    pub(super) fn answer(&mut self) -> Option<Answered> {
        let front = self.entries.front_mut()?;
        if front.left > 1 && !front.by_pushes {
            front.left -= 1;
            return Some(Answered { slot: front.slot, end: None, refused: 0 });
        }
        let Entry { slot, end, left, by_pushes, .. } = self.entries.pop_front()?;
        Some(Answered { slot, end: Some(end), refused: if by_pushes { left } else { 0 } })
    }

    /// The oldest command is one of several that were sent together.
    #[inline]
    pub(super) fn front_is_of_batch(&self) -> bool {
        self.entries.front().is_some_and(|entry| entry.in_batch)
    }

    /// Hands short replies to the oldest batch, one after the other, while its next command has but one reply and may have
    /// been sent. How many there were; the rest is looked at one by one.
    #[inline]
    pub(super) fn gather_lines(&mut self, inbox: &mut Inbox, most: usize, wakers: &mut Vec<Waker>) -> usize {
        let Self { entries, outbox, slots } = self;
        let Some(slot) = entries.front().map(|entry| entry.slot) else { return 0 };
        let Some(gathered) = slots.gathered(slot) else { return 0 };
        let (mut start, sent) = (outbox.consumed(), outbox.recallable_from());
        let mut count = 0;
        while count < most
            && let Some(entry) = entries.front()
            && entry.slot == slot
            && entry.replies == 1
            && !entry.by_pushes
            && start < sent
            && let Some(line) = inbox.next_line()
        {
            gathered.push_line(line);
            start = entry.end;
            count += 1;
            entries.pop_front();
        }
        if count > 0 {
            slots.have_come(slot, count, wakers);
            outbox.consume(start);
        }
        count
    }

    /// The command that the server works on waits by its nature.
    #[inline]
    pub(super) fn front_waits(&self) -> bool {
        self.entries.front().is_some_and(|entry| entry.waits)
    }

    /// A command that waits by its nature is queued or in flight.
    pub(super) fn any_waits(&self) -> bool {
        self.entries.iter().any(|entry| entry.waits)
    }

    /// No command of a caller's is queued or in flight, wanted or not.
    pub(super) fn is_at_rest(&self) -> bool {
        self.entries.iter().all(|entry| entry.own)
    }

    /// The waker of the oldest command whose caller has left one.
    #[inline]
    pub(super) fn first_waiter(&self) -> Option<&Waker> {
        self.entries.iter().find_map(|entry| self.slots.waker(entry.slot))
    }

    /// The earliest deadline of those that have not been given up.
    pub(super) fn earliest_deadline(&self) -> Micros {
        let waiting = self.entries.iter().filter(|entry| entry.slot != NONE);
        waiting.map(|entry| entry.deadline).min().unwrap_or(NEVER)
    }

    /// Lets those whose deadline has passed fail. A command that was never sent is taken back: its caller will hear that
    /// it did not run, so it must not. One whose caller is gone gets the same treatment, and its slot is free again.
    pub(super) fn expire(&mut self, now: Micros, report: &TimeoutReport, wakers: &mut Vec<Waker>) {
        self.take_back(|entry, sent, slots| {
            if entry.deadline > now || entry.slot == NONE {
                return false;
            }
            let may_have_run = sent || entry.sent_before;
            slots.fail(entry, wakers, || {
                Delivery::TimedOut(Box::new(TimeoutReport { sent: may_have_run, ..report.clone() }))
            });
            entry.slot = NONE;
            !sent
        });
    }

    /// Takes back what was never sent and nobody waits for any more.
    pub(super) fn forget_abandoned(&mut self) {
        self.take_back(|entry, sent, slots| {
            let wanted = sent || entry.own || slots.is_waited_for(entry.slot);
            if !wanted {
                slots.forget(entry.slot);
            }
            !wanted
        });
    }

    /// Takes those commands out of the queue for which `judge` says so, which is told whether they may have been sent.
    fn take_back(&mut self, mut judge: impl FnMut(&mut Entry, bool, &mut Slots) -> bool) {
        let recallable = self.outbox.recallable_from();
        let mut recalled: Vec<Range<u64>> = Vec::new();
        let (mut start, mut shift) = (self.outbox.consumed(), 0);
        let Self { entries, slots, .. } = self;
        entries.retain_mut(|entry| {
            let range = start..entry.end;
            start = entry.end;
            entry.end -= shift;
            let taken = judge(entry, range.start < recallable, slots);
            if taken {
                shift += range.end - range.start;
                recalled.push(range);
            }
            !taken
        });
        self.outbox.recall(&recalled);
    }

    /// The connection is gone: what may go over the next one stays in the queue, in order; the rest fails.
    pub(super) fn reconnect(&mut self, wakers: &mut Vec<Waker>) {
        let written = self.outbox.written();
        let mut start = self.outbox.consumed();
        let (mut bytes, mut kept) = (Vec::new(), VecDeque::new());
        for mut entry in std::mem::take(&mut self.entries) {
            let range = start..entry.end;
            start = entry.end;
            match fate(&mut entry, written, &self.slots) {
                Fate::Resend => {
                    self.slots.rewind(&entry);
                    entry.left = entry.replies;
                    bytes.extend_from_slice(self.outbox.slice(range));
                    entry.end = bytes.len() as u64;
                    kept.push_back(entry);
                }
                Fate::Forget => self.slots.forget(entry.slot),
                Fate::Fail => {
                    self.slots.fail(&entry, wakers, || Delivery::Lost { sent: true });
                }
            }
        }
        self.entries = kept;
        self.outbox.restart(bytes);
    }

    /// Lets every command fail with what `delivery` makes of "it may have run". Of a wave that the driver still holds nobody
    /// knows how much is written: all of it may be.
    pub(super) fn fail_all(&mut self, wakers: &mut Vec<Waker>, delivery: impl Fn(bool) -> Delivery) {
        let written = self.outbox.recallable_from();
        for entry in std::mem::take(&mut self.entries) {
            self.slots.fail(&entry, wakers, || delivery(entry.sent_before || entry.end <= written));
        }
        self.outbox.restart(Vec::new());
    }

    pub(super) fn shrink(&mut self) {
        if self.entries.is_empty() {
            self.entries = VecDeque::new();
            self.slots.shrink();
            self.outbox.shrink();
        }
    }
}

/// A command that was written only in part can't have run: a server needs all of it.
fn fate(entry: &mut Entry, written: u64, slots: &Slots) -> Fate {
    if !slots.is_waited_for(entry.slot) {
        return Fate::Forget;
    }
    if entry.end > written {
        return Fate::Resend;
    }
    if entry.repeatable && entry.tries > 1 {
        entry.tries -= 1;
        entry.sent_before = true;
        return Fate::Resend;
    }
    Fate::Fail
}
