//! Commands that one caller sends together.

use std::ops::Range;

use carnelian_command::Request;
use carnelian_command::spec::Facts;
use carnelian_resp::{Reader, Token};

use crate::route;

/// Encoded commands that go over the wire one after the other, with nobody else's between them.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

/// What runs or does not run as one: a command, or a whole transaction.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Where its bytes end.
    end: usize,
    /// How many replies it gets.
    pub(super) replies: u32,
    /// It only reads.
    pub(super) reads: bool,
    /// The facts of the command.
    pub facts: &'static Facts,
}

impl Batch {
    /// No commands yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), parts: Vec::new() }
    }

    /// Adds a command.
    #[inline]
    pub fn push(&mut self, request: &Request) {
        self.push_known(request, route::is_repeatable(request));
    }

    /// Adds a command of which it is known whether it only reads.
    #[inline]
    pub(crate) fn push_known(&mut self, request: &Request, reads: bool) {
        if self.parts.capacity() == 0 {
            self.make_room();
        }
        request.write(&mut self.bytes);
        self.parts.push(Part { end: self.bytes.len(), replies: 1, reads, facts: request.facts() });
    }

    /// Room for the everyday pipeline, so that it doesn't grow in small steps.
    #[cold]
    fn make_room(&mut self) {
        self.parts.reserve(32);
        self.bytes.reserve(2 << 10);
    }

    /// This batch as one part, between a command in front and one behind: a transaction, which runs wholly or not at all.
    #[must_use]
    pub fn enclosed(&self, front: &Request, behind: &Request) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 48);
        front.write(&mut bytes);
        bytes.extend_from_slice(&self.bytes);
        behind.write(&mut bytes);
        let replies = u32::try_from(self.parts.len() + 2).unwrap_or(u32::MAX);
        let reads = self.parts.iter().all(|part| part.reads);
        let part = Part { end: bytes.len(), replies, reads, facts: behind.facts() };
        Self { bytes, parts: vec![part] }
    }

    /// How many parts there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parts.len()
    }

    /// How many bytes they are.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// True without parts.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The name of a command.
    #[must_use]
    pub fn name(&self, part: usize) -> String {
        let facts = self.parts.get(part).map(|part| part.facts);
        if let Some(facts) = facts.filter(|facts| !facts.name.is_empty()) {
            return facts.name.to_owned();
        }
        let mut reader = Reader::new(self.slice(part..part + 1).bytes);
        match (reader.token(), reader.token()) {
            (Ok(Token::Array(_)), Ok(Token::Bulk(name))) => String::from_utf8_lossy(name).to_uppercase(),
            _ => String::new(),
        }
    }

    /// Where a part starts.
    fn start(&self, part: usize) -> usize {
        part.checked_sub(1).and_then(|before| self.parts.get(before)).map_or(0, |part| part.end)
    }

    /// Some of the parts.
    #[must_use]
    pub fn slice(&self, parts: Range<usize>) -> Slice<'_> {
        let start = self.start(parts.start);
        let chosen = self.parts.get(parts).unwrap_or_default();
        let end = chosen.last().map_or(start, |part| part.end);
        Slice { bytes: self.bytes.get(start..end).unwrap_or_default(), start, parts: chosen }
    }

    /// How far a wave goes that starts at a part: until either bound is reached, but one part at least.
    #[must_use]
    pub fn wave(&self, first: usize, most: usize, most_bytes: usize) -> Range<usize> {
        let limit = self.start(first).saturating_add(most_bytes);
        let rest = self.parts.get(first..).unwrap_or_default();
        let fitting = rest.partition_point(|part| part.end <= limit);
        first..first + fitting.clamp(1, most.max(1)).min(rest.len())
    }

    /// Empties it, and keeps the memory for the next commands.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.parts.clear();
    }
}

/// Some parts of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    pub(super) bytes: &'a [u8],
    /// Where the bytes start in the batch.
    start: usize,
    parts: &'a [Part],
}

impl<'a> Slice<'a> {
    /// How many parts there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parts.len()
    }

    /// True without parts.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Its parts, each with where it ends in these bytes.
    pub(super) fn ends(&self) -> impl Iterator<Item = (u64, &'a Part)> {
        let start = self.start;
        self.parts.iter().map(move |part| ((part.end - start) as u64, part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnelian_command::spec;

    fn batch(count: usize) -> Batch {
        let mut batch = Batch::new();
        (0..count).for_each(|_| batch.push(&Request::new(&spec::PING)));
        batch
    }

    #[test]
    fn waves_obey_both_bounds_and_hold_one_part_at_least() {
        let batch = batch(10);
        let one = batch.slice(0..1).bytes.len();
        assert_eq!(batch.wave(0, 4, usize::MAX), 0..4);
        assert_eq!(batch.wave(8, 4, usize::MAX), 8..10);
        assert_eq!(batch.wave(2, 100, 3 * one), 2..5);
        assert_eq!(batch.wave(2, 100, 1), 2..3);
        assert_eq!(batch.slice(2..5).ends().map(|(end, _)| end).last(), Some(3 * one as u64));
    }

    #[test]
    fn a_transaction_is_one_part_with_a_reply_for_each_line() {
        let whole = batch(3).enclosed(&Request::new(&spec::MULTI), &Request::new(&spec::EXEC));
        assert_eq!((whole.len(), whole.parts()[0].replies), (1, 5));
    }
}
