//! The bytes of commands, from the caller's pen until the reply is there.
//!
//! ```text
//!   callers append                    the driver takes            replies come
//!        │                                  │                          │
//!        ▼                                  ▼                          ▼
//!     [ open ] ──── sealed ────► [ wave ][ wave ][ wave ] ──────► consumed, used again
//!                                               ▲
//!                                    written up to here
//! ```
//!
//! A wave is kept until all of its replies have come, so that commands can be sent again over the next connection
//! without asking their callers. Positions count the bytes of this connection.

use std::collections::VecDeque;
use std::ops::Range;

use carnelian_command::Whole;

use super::held::Spares;

/// Commands from this size on travel in a wave of their own, without a copy.
pub(super) const LARGE: usize = 16 << 10;

/// Waves grown beyond this are not used again.
const LARGEST_REUSED: usize = 256 << 10;

/// The bytes of a wave.
#[derive(Debug)]
pub enum Chunk {
    /// Commands one after the other.
    Small(Vec<u8>),
    /// One large command, in the block that its caller encoded it into.
    Large(Whole),
}

impl std::ops::Deref for Chunk {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Small(bytes) => bytes,
            Self::Large(whole) => whole.bytes(),
        }
    }
}

impl Chunk {
    /// Cuts those of `ranges` that lie in it. How much was cut.
    fn cut(&mut self, start: u64, ranges: &[Range<u64>]) -> u64 {
        match self {
            Self::Small(bytes) => cut(bytes, start, ranges),
            // One command: all of it or nothing.
            Self::Large(_) if ranges.iter().any(|range| range.start == start) => {
                let len = self.len() as u64;
                *self = Self::default();
                len
            }
            Self::Large(_) => 0,
        }
    }
}

impl Default for Chunk {
    fn default() -> Self {
        Self::Small(Vec::new())
    }
}

#[derive(Debug)]
struct Wave {
    bytes: Chunk,
    start: u64,
    end: u64,
}

#[derive(Debug)]
pub(super) struct Outbox {
    open: Vec<u8>,
    /// Where `open` starts.
    open_start: u64,
    waves: VecDeque<Wave>,
    /// How many waves at the front are wholly written.
    written_waves: usize,
    /// Bytes the socket took.
    written: u64,
    /// Bytes whose replies have come.
    consumed: u64,
    /// The driver holds the first unwritten wave.
    taken: bool,
    /// Where the wave ends that the driver holds, or held last.
    taken_end: u64,
    spares: Spares,
}

impl Outbox {
    pub(super) const fn empty() -> Self {
        Self {
            open: Vec::new(),
            open_start: 0,
            waves: VecDeque::new(),
            written_waves: 0,
            written: 0,
            consumed: 0,
            taken: false,
            taken_end: 0,
            spares: Spares::new(),
        }
    }

    /// Bytes whose replies have come.
    #[inline]
    pub(super) const fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Something written is not answered.
    #[inline]
    pub(super) const fn awaits_reply(&self) -> bool {
        self.written > self.consumed
    }

    /// Where the next command will start.
    #[inline]
    pub(super) const fn end(&self) -> u64 {
        self.open_start + self.open.len() as u64
    }

    /// Bytes of commands without a reply.
    #[inline]
    pub(super) const fn queued(&self) -> u64 {
        self.end() - self.consumed
    }

    /// Bytes not written yet.
    #[inline]
    pub(super) const fn unsent(&self) -> u64 {
        self.end() - self.written
    }

    /// Bytes the socket took.
    #[inline]
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Where commands can be written.
    #[inline]
    pub(super) const fn open(&mut self) -> &mut Vec<u8> {
        &mut self.open
    }

    /// Adds a command that is too large to copy.
    pub(super) fn push_whole(&mut self, whole: Whole) {
        self.seal();
        self.push_wave(Chunk::Large(whole));
    }

    #[inline]
    fn push_wave(&mut self, bytes: Chunk) {
        let start = self.open_start;
        let end = start + bytes.len() as u64;
        self.waves.push_back(Wave { bytes, start, end });
        self.open_start = end;
    }

    /// Closes the open wave, so that it can be written.
    #[inline]
    fn seal(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let bytes = std::mem::replace(&mut self.open, self.spares.take());
        self.push_wave(Chunk::Small(bytes));
        if self.written == self.open_start {
            // A lone caller has written it where it lay.
            self.written_waves += 1;
        }
    }

    /// Hands the next bytes to be written to the driver: the wave and how much of it is written already.
    #[inline]
    pub(super) fn take(&mut self) -> Option<(Chunk, usize)> {
        if self.taken || self.unsent() == 0 {
            return None;
        }
        if self.written_waves == self.waves.len() {
            self.seal();
        }
        let written = self.written;
        let wave = self.waves.get_mut(self.written_waves)?;
        self.taken = true;
        self.taken_end = wave.end;
        let offset = usize::try_from(written.saturating_sub(wave.start)).unwrap_or(0);
        Some((std::mem::take(&mut wave.bytes), offset))
    }

    /// Takes a wave back of which the first `offset` bytes are written.
    #[inline]
    pub(super) fn give_back(&mut self, bytes: Chunk, offset: usize) {
        self.taken = false;
        // Its replies may have come before the writer came to give it back; then it is popped already.
        let Some(wave) = self.waves.get_mut(self.written_waves) else {
            self.reuse(bytes);
            return;
        };
        wave.bytes = bytes;
        let written = wave.start + offset as u64;
        let whole = written >= wave.end;
        self.written = self.written.max(written);
        if whole {
            self.written_waves += 1;
            self.pop_consumed();
        }
    }

    /// Writes the next bytes right here, for a caller that finds the connection idle. True: all is written.
    #[inline]
    pub(super) fn write_with(&mut self, write: impl FnOnce(&[u8]) -> usize) -> bool {
        if self.waves.is_empty() {
            return self.write_open(write);
        }
        let Some((bytes, offset)) = self.take() else { return false };
        let rest = bytes.get(offset..).unwrap_or_default();
        let offset = offset + write(rest).min(rest.len());
        self.give_back(bytes, offset);
        self.unsent() == 0
    }

    /// Writes where the bytes lie, without closing the wave: it may well be empty again before anybody adds to it.
    #[inline]
    fn write_open(&mut self, write: impl FnOnce(&[u8]) -> usize) -> bool {
        let offset = usize::try_from(self.written.saturating_sub(self.open_start)).unwrap_or(usize::MAX);
        let rest = self.open.get(offset..).unwrap_or_default();
        self.written += write(rest).min(rest.len()) as u64;
        self.unsent() == 0
    }

    /// The bytes of one command.
    pub(super) fn slice(&self, range: Range<u64>) -> &[u8] {
        let within = |start: u64| {
            let at = |position: u64| usize::try_from(position.saturating_sub(start)).unwrap_or(usize::MAX);
            at(range.start)..at(range.end)
        };
        if range.start >= self.open_start {
            return self.open.get(within(self.open_start)).unwrap_or_default();
        }
        let wave = self.waves.iter().find(|wave| wave.start <= range.start && range.end <= wave.end);
        wave.and_then(|wave| wave.bytes.get(within(wave.start))).unwrap_or_default()
    }

    /// The replies of all bytes up to `end` have come.
    #[inline]
    pub(super) fn consume(&mut self, end: u64) {
        self.consumed = end;
        if self.waves.is_empty() {
            self.empty_open();
        } else {
            self.pop_consumed();
        }
    }

    /// Uses the open wave again once all that a lone caller has written of it is answered.
    #[inline]
    fn empty_open(&mut self) {
        if self.consumed == self.end() {
            self.open_start = self.consumed;
            self.open.clear();
            if self.open.capacity() > LARGEST_REUSED {
                self.open = Vec::new();
            }
        }
    }

    #[inline]
    fn pop_consumed(&mut self) {
        while self.written_waves > 0 && self.waves.front().is_some_and(|wave| wave.end <= self.consumed) {
            self.written_waves -= 1;
            if let Some(wave) = self.waves.pop_front() {
                self.reuse(wave.bytes);
            }
        }
    }

    #[inline]
    fn reuse(&mut self, bytes: Chunk) {
        match bytes {
            Chunk::Small(bytes) if bytes.capacity() <= LARGEST_REUSED => self.spares.keep(bytes),
            _ => {}
        }
    }

    /// From where on nothing is written and nobody is writing, so that commands can still be taken back.
    #[inline]
    pub(super) const fn recallable_from(&self) -> u64 {
        if self.taken { self.taken_end } else { self.written }
    }

    /// The first command without a reply may have reached the peer, so that a reply may be its.
    #[inline]
    pub(super) const fn may_be_answered(&self) -> bool {
        self.consumed < self.recallable_from()
    }

    /// The peer owes something: a reply, or that it takes what is being written.
    pub(super) const fn awaits_peer(&self) -> bool {
        self.taken || self.awaits_reply()
    }

    /// Takes back commands that nobody is to run any more. `ranges` are in order and lie behind
    /// [`recallable_from`](Self::recallable_from); what is behind them moves up.
    pub(super) fn recall(&mut self, ranges: &[Range<u64>]) {
        if ranges.is_empty() {
            return;
        }
        let mut shift = 0;
        for wave in &mut self.waves {
            let (start, bytes) = (wave.start, &mut wave.bytes);
            let cut = bytes.cut(start, ranges);
            wave.start -= shift;
            shift += cut;
            wave.end -= shift;
        }
        cut(&mut self.open, self.open_start, ranges);
        self.open_start -= shift;
        // A wave of which nothing is left would be taken for written.
        let written = self.written_waves;
        let mut index = 0;
        self.waves.retain(|wave| {
            index += 1;
            index <= written || wave.start < wave.end
        });
    }

    /// Starts again for a new connection, with nothing but `bytes` to send.
    pub(super) fn restart(&mut self, bytes: Vec<u8>) {
        let mut spares = std::mem::take(&mut self.spares);
        if bytes.is_empty() {
            spares.clear();
        }
        *self = Self { open: bytes, spares, ..Self::empty() };
    }

    /// Gives memory back when nothing is queued.
    pub(super) fn shrink(&mut self) {
        if self.queued() == 0 && !self.taken {
            self.spares.clear();
            if self.open.is_empty() {
                self.open = Vec::new();
            }
        }
    }
}

/// Cuts those of `ranges` that lie in `bytes`, which start at `start`. How much was cut.
fn cut(bytes: &mut Vec<u8>, start: u64, ranges: &[Range<u64>]) -> u64 {
    let end = start + bytes.len() as u64;
    let mut total = 0;
    for range in ranges.iter().rev().filter(|range| range.start >= start && range.end <= end) {
        let at = |position: u64| usize::try_from(position - start).unwrap_or(usize::MAX);
        bytes.drain(at(range.start)..at(range.end));
        total += range.end - range.start;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large() -> Whole {
        let mut request = carnelian_command::Request::new(&carnelian_command::spec::SET);
        request.push("k");
        request.push(&[b'x'; LARGE][..]);
        request.whole().unwrap().clone()
    }

    fn outbox(parts: &[&[u8]]) -> Outbox {
        let mut outbox = Outbox::empty();
        for part in parts {
            outbox.open().extend_from_slice(part);
        }
        outbox
    }

    #[test]
    fn bytes_are_kept_until_their_replies_come() {
        let mut outbox = outbox(&[b"one", b"two"]);
        let (bytes, offset) = outbox.take().unwrap();
        assert_eq!((&bytes[..], offset), (&b"onetwo"[..], 0));
        assert!(outbox.take().is_none(), "one writer at a time");
        outbox.open().extend_from_slice(b"three");
        outbox.give_back(bytes, 4);
        assert_eq!((outbox.written(), outbox.unsent()), (4, 7));
        let (bytes, offset) = outbox.take().unwrap();
        assert_eq!(offset, 4);
        outbox.give_back(bytes, 6);
        assert_eq!(outbox.slice(3..6), b"two");
        assert_eq!(outbox.slice(6..11), b"three");
        outbox.consume(3);
        assert_eq!((outbox.queued(), outbox.slice(3..6)), (8, &b"two"[..]));
        outbox.consume(6);
        assert_eq!(&outbox.take().unwrap().0[..], b"three");
    }

    #[test]
    fn a_lone_command_is_written_where_it_lies() {
        let mut outbox = outbox(&[b"one"]);
        assert!(!outbox.write_with(|_| 2));
        assert!(outbox.write_with(|rest| rest.len()));
        assert_eq!((outbox.slice(0..3), outbox.recallable_from()), (&b"one"[..], 3));
        assert!(outbox.take().is_none(), "all is written");
        outbox.consume(3);
        assert_eq!((outbox.queued(), outbox.end()), (0, 3));

        outbox.open().extend_from_slice(b"two");
        assert!(!outbox.write_with(|_| 1));
        outbox.open().extend_from_slice(b"three");
        let (bytes, offset) = outbox.take().unwrap();
        assert_eq!((&bytes[..], offset), (&b"twothree"[..], 1));
        outbox.give_back(bytes, 8);
        outbox.consume(6);
        assert_eq!(outbox.slice(6..11), b"three");
        outbox.consume(11);
        assert!(outbox.waves.is_empty() && outbox.queued() == 0);

        // Written whole, then followed by others before its reply comes.
        outbox.open().extend_from_slice(b"four");
        assert!(outbox.write_with(|rest| rest.len()));
        outbox.push_whole(large());
        let (bytes, offset) = outbox.take().unwrap();
        assert_eq!((bytes.len(), offset), (large().bytes().len(), 0));
        let (written, end) = (bytes.len(), outbox.end());
        outbox.give_back(bytes, written);
        outbox.consume(15);
        outbox.consume(end);
        assert!(outbox.waves.is_empty() && outbox.queued() == 0);
    }

    #[test]
    fn replies_that_overtake_the_writer_are_fine() {
        let mut outbox = outbox(&[b"one"]);
        let (bytes, _) = outbox.take().unwrap();
        outbox.consume(3);
        outbox.give_back(bytes, 3);
        assert_eq!((outbox.queued(), outbox.unsent()), (0, 0));
        outbox.open().extend_from_slice(b"two");
        assert_eq!(&outbox.take().unwrap().0[..], b"two");
    }

    #[test]
    fn unwritten_commands_can_be_recalled() {
        let mut outbox = outbox(&[b"aa", b"bb"]);
        let (bytes, _) = outbox.take().unwrap();
        outbox.give_back(bytes, 1);
        outbox.open().extend_from_slice(b"ccdd");
        assert_eq!(outbox.recallable_from(), 1);
        outbox.recall(&[2..4, 4..6]);
        assert_eq!((outbox.end(), outbox.unsent()), (4, 3));
        assert_eq!(outbox.slice(2..4), b"dd");
        let (bytes, offset) = outbox.take().unwrap();
        assert_eq!((&bytes[..], offset), (&b"aa"[..], 1));
        assert_eq!(outbox.recallable_from(), 2);
        outbox.give_back(bytes, 2);
        assert_eq!(&outbox.take().unwrap().0[..], b"dd");
    }

    #[test]
    fn large_commands_travel_alone() {
        let mut outbox = outbox(&[b"a"]);
        outbox.push_whole(large());
        outbox.open().extend_from_slice(b"b");
        let mut sent = Vec::new();
        while let Some((bytes, offset)) = outbox.take() {
            sent.push(bytes.len() - offset);
            let all = bytes.len();
            outbox.give_back(bytes, all);
        }
        assert_eq!(sent, [1, large().bytes().len(), 1]);
    }

    #[test]
    fn a_large_command_can_be_recalled_whole() {
        let mut outbox = outbox(&[b"a"]);
        outbox.push_whole(large());
        outbox.open().extend_from_slice(b"b");
        let end = 1 + large().bytes().len() as u64;
        outbox.recall(std::slice::from_ref(&(1..end)));
        assert_eq!(outbox.unsent(), 2);
        assert_eq!(&outbox.take().unwrap().0[..], b"a");
    }
}
