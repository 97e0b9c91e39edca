//! Received bytes, cut into replies.

use std::ops::Range;

use carnelian_resp::{Framer, Limits, ProtocolError, flatten};

use super::gathered::Gathered;
use super::held::{Held, Spares};

/// What a fresh buffer holds: enough for many small replies, little enough for thousands of idle connections.
const FIRST: usize = 1 << 10;

/// Steps that a buffer grows by while replies keep filling it.
const MOST: usize = 64 << 10;

/// Replies from this size on are handed over with the block they were read into.
const HUGE: usize = 64 << 10;

/// The bytes that have come and are not handed out yet.
#[derive(Debug)]
pub struct Inbox {
    buffer: Vec<u8>,
    /// Where the first frame that is not handed out starts.
    start: usize,
    framer: Framer,
    /// The first frame was looked at and is not all there: only the framer may go on with it.
    begun: bool,
    /// How much room to offer the next read.
    room: usize,
    limits: Limits,
}

/// A whole frame at the front of the inbox.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) streamed: bool,
}

impl Inbox {
    /// An empty inbox.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { buffer: Vec::new(), start: 0, framer: Framer::new(limits), begun: false, room: FIRST, limits }
    }

    /// Where to put received bytes: append to it. It has room for a good read.
    #[inline]
    pub fn space(&mut self) -> &mut Vec<u8> {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
        // The rest of a large reply is asked for in one block, so that the buffer grows once.
        let wanted = (self.start + self.framer.wanted()).saturating_sub(self.buffer.len());
        let room = self.room.max(wanted);
        // Half the room will do: a small rest in front of a read is no reason for another block.
        if self.buffer.capacity() - self.buffer.len() < wanted.max(room / 2) {
            self.make_room(room);
        }
        &mut self.buffer
    }

    #[cold]
    fn make_room(&mut self, room: usize) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.reserve_exact(room);
    }

    /// Says that a read put `count` bytes in: a read that fills the buffer gets more room next time.
    #[inline]
    pub fn received(&mut self, count: usize) {
        if count > 0 && self.buffer.len() == self.buffer.capacity() {
            self.room = (self.room * 2).min(MOST);
        }
    }

    /// Bytes that have come and are not handed out.
    #[must_use]
    pub const fn unread(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The first byte that has come and is not handed out.
    #[inline]
    pub(super) fn first(&self) -> Option<u8> {
        self.buffer.get(self.start).copied()
    }

    /// Looks for the next whole frame and moves behind it.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Next>, ProtocolError> {
        let unread = self.buffer.get(self.start..).unwrap_or_default();
        if unread.is_empty() {
            return Ok(None);
        }
        let span = self.framer.frame(unread)?;
        self.begun = span.is_none();
        let Some(span) = span else { return Ok(None) };
        let start = self.start;
        self.start += span.end;
        Ok(Some(Next { start, end: self.start, streamed: span.streamed }))
    }

    /// Takes the next frame if it is nothing but `OK` or a whole number: most of what comes for a pipeline of writes. What is
    /// anything else, or not all there, is for [`next`](Self::next).
    #[inline]
    pub(super) fn next_line(&mut self) -> Option<&[u8]> {
        let unread = self.buffer.get(self.start..).filter(|_| !self.begun)?;
        let line = unread.get(..short_line(unread)?)?;
        self.start += line.len();
        Some(line)
    }

    /// What has come and is not handed out, if nobody has looked into it yet: for those who know a frame at first sight. They
    /// [`pass`](Self::pass) over it.
    #[inline]
    pub(super) fn unseen(&self) -> &[u8] {
        if self.begun { &[] } else { self.buffer.get(self.start..).unwrap_or_default() }
    }

    /// So many bytes of [`unseen`](Self::unseen) were a frame.
    #[inline]
    pub(super) const fn pass(&mut self, count: usize) {
        self.start += count;
    }

    /// The bytes of a frame that [`next`](Self::next) found.
    #[inline]
    pub(super) fn frame(&self, next: &Next) -> &[u8] {
        self.buffer.get(next.start..next.end).unwrap_or_default()
    }

    /// The next reply where it lies, for a driver that is itself the only caller who can be meant; it counts as handed out.
    /// `None`: it is not all there, or not as simple as that (a push, a streamed or a huge reply).
    ///
    /// # Errors
    ///
    /// The peer's bytes are no RESP.
    #[inline]
    pub fn simple(&mut self) -> Result<Option<Range<usize>>, ProtocolError> {
        if self.first() == Some(b'>') {
            return Ok(None);
        }
        let Some(next) = self.next()? else { return Ok(None) };
        if next.streamed || next.end - next.start >= HUGE {
            // Looked at again from its start by whoever has the patience.
            self.start = next.start;
            return Ok(None);
        }
        Ok(Some(next.start..next.end))
    }

    /// The bytes of a reply that [`simple`](Self::simple) found.
    #[inline]
    #[must_use]
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// Puts a frame where its caller will find it.
    #[inline]
    pub(super) fn hold(&mut self, next: &Next, spares: &mut Spares, held: &mut Held) {
        if next.streamed {
            // The framer has seen that it is whole and well-formed.
            *held = Held::whole(flatten(self.frame(next)).unwrap_or_default());
        } else if next.end - next.start >= HUGE {
            *held = self.hand_over(next, spares);
        } else {
            held.put(self.frame(next), spares);
        }
    }

    /// Adds a frame to those of a batch.
    #[inline]
    pub(super) fn gather(&self, next: &Next, gathered: &mut Gathered) {
        let frame = self.frame(next);
        if next.streamed {
            gathered.push(&flatten(frame).unwrap_or_default());
        } else {
            gathered.push(frame);
        }
    }

    /// Gives the block itself away and goes on with another one.
    fn hand_over(&mut self, next: &Next, spares: &mut Spares) -> Held {
        let mut fresh = spares.take();
        fresh.extend_from_slice(self.buffer.get(next.end..).unwrap_or_default());
        let given = std::mem::replace(&mut self.buffer, fresh);
        self.start = 0;
        Held::part(given, next.start, next.end)
    }

    /// The next whole frame, for a handshake, which has no link yet.
    ///
    /// # Errors
    ///
    /// The peer's bytes are no RESP.
    pub fn take(&mut self, spares: &mut Spares) -> Result<Option<Held>, ProtocolError> {
        let Some(next) = self.next()? else { return Ok(None) };
        let mut held = Held::nothing();
        self.hold(&next, spares, &mut held);
        Ok(Some(held))
    }

    /// Starts again for a new connection.
    pub fn restart(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Gives memory back while nothing is coming.
    pub fn shrink(&mut self) {
        if self.unread() == 0 && self.buffer.capacity() > FIRST {
            self.restart();
        }
    }
}

/// Where a line ends that is nothing but `OK` or a whole number of everyday size.
#[inline]
fn short_line(bytes: &[u8]) -> Option<usize> {
    const OK: &[u8] = b"+OK\r\n";
    if bytes.starts_with(OK) {
        return Some(OK.len());
    }
    let digits = bytes.strip_prefix(b":")?;
    let count = digits.iter().take(18).take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0 && digits.get(count..count + 2) == Some(b"\r\n")).then_some(count + 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::connection::{Call, Link};
    use carnelian_command::{Request, spec};

    fn inbox(bytes: &[u8]) -> Inbox {
        let mut inbox = Inbox::new(Limits::default());
        inbox.space().extend_from_slice(bytes);
        inbox
    }

    #[test]
    fn a_lone_caller_takes_its_reply_where_it_lies() {
        let mut link = Link::new(&Config::default());
        link.ready(0, true, &mut Vec::new());
        let ticket = link.submit(&Request::new(&spec::PING), Call::once(), None).unwrap().ticket;
        assert!(link.is_lone(1) && link.write_lone(0, |bytes| bytes.len()));
        let mut inbox = inbox(b"+PONG\r\n");
        let range = inbox.simple().unwrap().unwrap();
        assert_eq!(inbox.bytes(range), b"+PONG\r\n");
        let mut wakers = Vec::new();
        link.answered(&ticket, &mut wakers);
        assert_eq!((link.queued(), link.queued_bytes(), link.replies(), inbox.unread()), (0, 0, 1, 0));
        let again = link.submit(&Request::new(&spec::PING), Call::once(), None).unwrap().ticket;
        assert_eq!(again, ticket, "the slot is free again");
    }

    #[test]
    fn what_is_not_simple_is_left_for_others() {
        for bytes in [&b">1\r\n+x\r\n"[..], b"$3\r\nab", b"$?\r\n;1\r\na\r\n;0\r\n", b""] {
            let mut inbox = inbox(bytes);
            assert_eq!(inbox.simple(), Ok(None), "{}", bytes.escape_ascii());
            assert_eq!(inbox.unread(), bytes.len());
        }
        let mut streamed = inbox(b"$?\r\n;1\r\na\r\n;0\r\n");
        assert_eq!(streamed.simple(), Ok(None));
        assert_eq!(streamed.take(&mut Spares::new()).unwrap().unwrap().bytes(), b"$1\r\na\r\n");
        assert!(inbox(b"nonsense\r\n").simple().is_err());
    }
}
