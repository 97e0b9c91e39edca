//! One command in the queue of a connection.

pub use crate::micros::{Micros, NEVER};

/// How one command is to be treated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Call {
    /// When it was made.
    pub made: Micros,
    /// When the caller gives up.
    pub deadline: Micros,
    /// It may be sent again although it may have run: it only reads, or the user said so.
    pub repeatable: bool,
    /// How often it may be sent in all.
    pub tries: u8,
    /// It waits on the server by its nature, so silence says nothing.
    pub waits: bool,
}

impl Call {
    /// A command without a deadline that is sent once.
    #[must_use]
    pub const fn once() -> Self {
        Self { made: 0, deadline: NEVER, repeatable: false, tries: 1, waits: false }
    }
}

/// One command in the queue: whose it is, where its bytes end, how it may be treated.
#[derive(Debug)]
pub(super) struct Entry {
    /// Where its bytes end, in the [`Outbox`](super::outbox::Outbox). They start where those of the one before end.
    pub(super) end: u64,
    /// Who waits, or [`NONE`](super::slots::NONE).
    pub(super) slot: u32,
    /// How many replies it gets: one, unless it is a transaction.
    pub(super) replies: u32,
    /// How many of them have not come.
    pub(super) left: u32,
    /// Which part of its caller's batch it is.
    pub(super) part: u32,
    /// It is part of a batch.
    pub(super) in_batch: bool,
    pub(super) tries: u8,
    pub(super) repeatable: bool,
    pub(super) waits: bool,
    /// It went wholly over an earlier connection and is here again: it may have run, whatever becomes of it now.
    pub(super) sent_before: bool,
    /// It is the link's own (a probe), not a caller's.
    pub(super) own: bool,
    /// It is answered by pushes, one for each name in it, or else by an error.
    pub(super) by_pushes: bool,
    pub(super) deadline: Micros,
}

impl Entry {
    /// A command that has just come, with one reply to get.
    #[inline]
    pub(super) const fn new(end: u64, slot: u32, call: Call) -> Self {
        let Call { deadline, repeatable, tries, waits, .. } = call;
        Self {
            end,
            slot,
            replies: 1,
            left: 1,
            part: 0,
            in_batch: false,
            tries,
            repeatable,
            waits,
            sent_before: false,
            own: false,
            by_pushes: false,
            deadline,
        }
    }

    /// How many replies have come.
    pub(super) const fn answered(&self) -> u32 {
        self.replies - self.left
    }
}
