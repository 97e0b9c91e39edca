//! The replies to a batch, gathered until the last one is there.

use std::ops::Range;

use super::slots::Delivery;

/// What came of the parts of a [`Batch`](super::Batch): the replies in the order of the wire, and which parts failed.
#[derive(Debug)]
pub struct Gathered {
    frames: Vec<u8>,
    /// Where each reply ends in `frames`.
    ends: Vec<usize>,
    /// Parts without a reply, by their number in the batch, in order.
    failures: Vec<(u32, Delivery)>,
    /// The first reply that is an error line.
    first_error: Option<usize>,
    /// Parts of which nothing is known yet.
    pub(super) outstanding: u32,
}

/// Most replies are as short as `+OK` or a small number.
const SHORT: usize = 8;

impl Gathered {
    /// Waits for so many parts.
    pub(crate) fn of(parts: u32) -> Self {
        let count = usize::try_from(parts).unwrap_or(0);
        Self {
            frames: Vec::with_capacity(count * SHORT),
            ends: Vec::with_capacity(count),
            failures: Vec::new(),
            first_error: None,
            outstanding: parts,
        }
    }

    /// Adds a reply.
    #[inline]
    pub(crate) fn push(&mut self, frame: &[u8]) {
        if matches!(frame.first(), Some(b'-' | b'!')) && self.first_error.is_none() {
            self.first_error = Some(self.ends.len());
        }
        self.frames.extend_from_slice(frame);
        self.ends.push(self.frames.len());
    }

    /// Adds a reply that is a short line, and no error.
    #[inline]
    pub(super) fn push_line(&mut self, line: &[u8]) {
        match line.first_chunk::<5>() {
            // Most are `OK`; of a length that is known, a copy costs no call.
            Some(line_of_five) if line.len() == 5 => self.frames.extend_from_slice(line_of_five),
            _ => self.frames.extend_from_slice(line),
        }
        self.ends.push(self.frames.len());
    }

    /// Notes that there will be no reply to a part, of which `partial` replies have come already: they count no more.
    pub(super) fn fail(&mut self, part: u32, partial: u32, failure: Delivery) {
        self.rewind(partial);
        self.failures.push((part, failure));
        self.outstanding -= 1;
    }

    /// Forgets the last replies.
    pub(super) fn rewind(&mut self, replies: u32) {
        let left = self.ends.len().saturating_sub(usize::try_from(replies).unwrap_or(usize::MAX));
        self.keep(left);
    }

    fn keep(&mut self, replies: usize) {
        self.ends.truncate(replies);
        self.frames.truncate(self.ends.last().copied().unwrap_or(0));
        self.first_error = self.first_error.filter(|&number| number < replies);
    }

    /// Forgets what came of all parts but the first, in a batch whose parts have one reply each.
    pub fn keep_parts(&mut self, parts: usize) {
        self.failures.retain(|(part, _)| (*part as usize) < parts);
        self.keep(parts - self.failures.len());
    }

    /// The first part whose reply is an error line, in a batch whose parts have one reply each.
    #[must_use]
    pub fn first_error(&self) -> Option<usize> {
        let mut part = self.first_error?;
        // Each part that failed before it has moved it by one.
        for (failed, _) in &self.failures {
            part += usize::from(*failed as usize <= part);
        }
        Some(part)
    }

    /// How many replies there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes they are.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.frames.len()
    }

    /// True when no reply came.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One reply.
    #[inline]
    #[must_use]
    pub fn reply(&self, number: usize) -> Option<&[u8]> {
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.frames.get(Range { start, end: *self.ends.get(number)? })
    }

    /// Parts without a reply, by their number, in order; what is left in their place says only that they failed.
    pub fn take_failures(&mut self) -> Vec<(u32, Delivery)> {
        let left = self.failures.iter().map(|(part, _)| (*part, Delivery::Closed)).collect();
        std::mem::replace(&mut self.failures, left)
    }

    /// The failure of a batch of one part.
    pub fn take_first_failure(&mut self) -> Option<Delivery> {
        (!self.failures.is_empty()).then(|| self.failures.remove(0).1)
    }
}

/// What came of one part.
#[derive(Debug)]
pub enum PartOutcome<'a> {
    /// Its reply, which may be an error line.
    Reply(&'a [u8]),
    /// There is none.
    Failed(&'a Delivery),
}

impl Gathered {
    /// What came of a part, in a batch whose parts have one reply each.
    #[inline]
    #[must_use]
    pub fn part(&self, number: usize) -> Option<PartOutcome<'_>> {
        if self.failures.is_empty() {
            return self.reply(number).map(PartOutcome::Reply);
        }
        match self.failures.binary_search_by_key(&number, |(part, _)| *part as usize) {
            Ok(index) => self.failures.get(index).map(|(_, failure)| PartOutcome::Failed(failure)),
            // As many replies are missing before it as parts have failed before it.
            Err(before) => self.reply(number - before).map(PartOutcome::Reply),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_around_failures() {
        let mut gathered = Gathered::of(4);
        gathered.push(b"+a\r\n");
        gathered.fail(1, 0, Delivery::Lost { sent: true });
        gathered.push(b":22\r\n");
        gathered.fail(3, 0, Delivery::Lost { sent: false });
        let told: Vec<String> = (0..5)
            .map(|number| match gathered.part(number) {
                Some(PartOutcome::Reply(frame)) => frame.escape_ascii().to_string(),
                Some(PartOutcome::Failed(Delivery::Lost { sent })) => format!("lost {sent}"),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["+a\\r\\n", "lost true", ":22\\r\\n", "lost false", "None"]);
    }

    #[test]
    fn a_part_that_fails_takes_its_first_replies_with_it() {
        let mut gathered = Gathered::of(2);
        gathered.push(b"+a\r\n");
        gathered.push(b"+QUEUED\r\n");
        gathered.push(b"+QUEUED\r\n");
        gathered.fail(1, 2, Delivery::Closed);
        assert_eq!((gathered.len(), gathered.reply(0)), (1, Some(&b"+a\r\n"[..])));
    }
}
