//! Whose is a frame: the oldest waiting caller's, or nobody's in particular (a push).

use super::inflight::{Answered, Inflight};
use crate::subscription;

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

/// Finds who is to get the frame. `arrays`: arrays may stand for pushes, as they do for a subscriber in RESP2.
#[inline]
pub(super) fn addressee(
    frame: &[u8],
    inflight: &mut Inflight,
    arrays: bool,
) -> Result<Addressee, Unexpected> {
    match frame.first() {
        Some(b'>') => return Ok(Addressee::Push),
        Some(b'*') if arrays && subscription::parse(frame).is_some() => return Ok(Addressee::Push),
        _ => {}
    }
    // A reply that comes before its command was sent answers something else: every later one would be off by one.
    if !inflight.outbox.may_be_answered() {
        return Err(Unexpected);
    }
    inflight.answer().map(Addressee::Caller).ok_or(Unexpected)
}

/// Judges the beginning of a frame whose end has not come: else a command that is sent meanwhile would take it for its own.
#[inline]
pub(super) fn may_begin(first: Option<u8>, inflight: &Inflight, arrays: bool) -> Result<(), Unexpected> {
    match first {
        Some(b'*') if arrays => Ok(()),
        // A push, or attributes in front of one.
        None | Some(b'>' | b'|') => Ok(()),
        Some(_) if inflight.outbox.may_be_answered() => Ok(()),
        Some(_) => Err(Unexpected),
    }
}
