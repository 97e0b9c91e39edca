//! Whose is a frame: the oldest waiting caller's, or nobody's in particular (a push).

use super::inflight::{Answered, Inflight};

/// A reply came that nobody asked for: the connection can't be trusted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unexpected;

/// Who is to get a frame.
pub(super) enum Addressee {
    /// The caller of the oldest command.
    Caller(Answered),
    /// Whoever listens: it answers no command.
    Push,
}

/// Finds who is to get the frame.
#[inline]
pub(super) fn addressee(frame: &[u8], inflight: &mut Inflight) -> Result<Addressee, Unexpected> {
    if frame.first() == Some(&b'>') {
        return Ok(Addressee::Push);
    }
    // A reply that comes before its command was sent answers something else: every later one would be off by one.
    if !inflight.outbox.may_be_answered() {
        return Err(Unexpected);
    }
    inflight.answer().map(Addressee::Caller).ok_or(Unexpected)
}

/// Judges the beginning of a frame whose end has not come: else a command that is sent meanwhile would take it for its own.
#[inline]
pub(super) fn may_begin(first: Option<u8>, inflight: &Inflight) -> Result<(), Unexpected> {
    match first {
        // A push, or attributes in front of one.
        None | Some(b'>' | b'|') => Ok(()),
        Some(_) if inflight.outbox.may_be_answered() => Ok(()),
        Some(_) => Err(Unexpected),
    }
}
