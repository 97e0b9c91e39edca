//! What waits to be read by one subscriber: bounded, whatever comes.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

use super::{Item, Kind, Letter, Message, Overflow, SubscribeOptions};

/// Dead bytes in front of a buffer are cut off from here on.
const WORTH_CUTTING: usize = 64 << 10;

/// What waits to be read by one subscriber.
#[derive(Debug)]
pub(super) struct Mailbox {
    options: SubscribeOptions,
    bytes: Vec<u8>,
    items: VecDeque<Item>,
    /// Notices that stood before messages that were thrown away.
    kept: Vec<Item>,
    /// How many bytes were cut off before the first one that is here: items name places as if none had been.
    cut: usize,
    /// The first byte that belongs to something still, counted in the same way.
    live: usize,
    /// How many bytes were taken the last time.
    usual: usize,
    /// Thrown away before the first item, and behind the last one.
    dropped: (u64, u64),
    waker: Option<Waker>,
    /// Nothing more is taken.
    pub(super) closed: bool,
    /// It was closed because it overflowed.
    overflowed: bool,
}

impl Mailbox {
    pub(super) const fn new(options: SubscribeOptions) -> Self {
        Self {
            options,
            bytes: Vec::new(),
            items: VecDeque::new(),
            kept: Vec::new(),
            cut: 0,
            live: 0,
            usual: 0,
            dropped: (0, 0),
            waker: None,
            closed: false,
            overflowed: false,
        }
    }

    pub(super) const fn wants_confirmations(&self) -> bool {
        self.options.confirmations
    }

    fn has_room(&self, size: usize) -> bool {
        let alive = self.cut + self.bytes.len() - self.live;
        self.items.is_empty()
            || (self.items.len() < self.options.messages && alive + size <= self.options.bytes)
    }

    /// It takes no more for now, and the server is to wait.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.options.overflow == Overflow::Wait && !self.closed && !self.has_room(0)
    }

    /// Puts a message in, or throws away what the options say.
    #[inline]
    pub(super) fn put_message(
        &mut self,
        kind: Kind,
        pattern: &[u8],
        channel: &[u8],
        payload: &[u8],
        wakers: &mut Vec<Waker>,
    ) {
        let size = pattern.len() + channel.len() + payload.len();
        if self.closed || (!self.has_room(size) && !self.make_room(size)) {
            wakers.extend(self.waker.take());
            return;
        }
        let start = self.cut + self.bytes.len();
        if self.bytes.capacity() - self.bytes.len() < size {
            self.grow(size);
        }
        self.bytes.extend_from_slice(pattern);
        self.bytes.extend_from_slice(channel);
        self.bytes.extend_from_slice(payload);
        let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX);
        let (pattern, channel, payload) = (length(pattern), length(channel), length(payload));
        self.items.push_back(Item::Message { kind, start, pattern, channel, payload });
        if let Some(waker) = self.waker.take() {
            wakers.push(waker);
        }
    }

    /// Gets as much room at once as the last time was needed, within bounds.
    #[cold]
    fn grow(&mut self, size: usize) {
        let usual = if self.bytes.capacity() == 0 { self.usual.min(WORTH_CUTTING) } else { 0 };
        self.bytes.reserve(size.max(usual));
    }

    /// Puts in what is no message. There is always room for that.
    pub(super) fn put(&mut self, item: Item, wakers: &mut Vec<Waker>) {
        if !self.closed {
            // Gaps with nothing between them are one: else a reader that sleeps would collect one for each reconnect.
            match (self.items.back_mut(), item) {
                (Some(Item::Gap(last)), Item::Gap(gap)) => last.end = gap.end,
                (_, item) => self.items.push_back(item),
            }
            wakers.extend(self.waker.take());
        }
    }

    /// Makes room as the options say. False: the new message is thrown away.
    #[cold]
    fn make_room(&mut self, size: usize) -> bool {
        match self.options.overflow {
            Overflow::DropOldest => {
                while !self.has_room(size) {
                    self.drop_first();
                }
                self.cut_off();
                true
            }
            Overflow::DropNewest => {
                self.dropped.1 += 1;
                false
            }
            Overflow::Close => {
                (self.closed, self.overflowed) = (true, true);
                false
            }
            // The connection is not read any more; what of it was read already finds room.
            Overflow::Wait => true,
        }
    }

    fn drop_first(&mut self) {
        match self.items.pop_front() {
            Some(Item::Message { start, pattern, channel, payload, .. }) => {
                self.live = start + pattern as usize + channel as usize + payload as usize;
                self.dropped.0 += 1;
            }
            // What is no message says something that the reader must know.
            Some(notice) => match (self.kept.last_mut(), notice) {
                (Some(Item::Gap(last)), Item::Gap(gap)) => last.end = gap.end,
                (_, notice) => self.kept.push(notice),
            },
            None => {}
        }
    }

    /// Gives the memory of what was thrown away back.
    fn cut_off(&mut self) {
        let dead = self.live - self.cut;
        if dead >= WORTH_CUTTING && dead >= self.bytes.len() / 2 {
            self.bytes.drain(..dead);
            self.cut = self.live;
        }
    }

    /// Takes all that is there. `None`: there is nothing yet.
    pub(super) fn take(&mut self, waker: Option<&Waker>) -> Option<Mail> {
        if self.items.is_empty() && self.dropped == (0, 0) && !self.closed {
            match (&self.waker, waker) {
                (Some(left), Some(waker)) if left.will_wake(waker) => {}
                (_, waker) => self.waker = waker.cloned(),
            }
            return None;
        }
        let cut = std::mem::take(&mut self.cut);
        self.usual = self.bytes.len();
        self.live = 0;
        Some(Mail {
            bytes: Bytes::from(std::mem::take(&mut self.bytes)),
            cut,
            kept: std::mem::take(&mut self.kept).into_iter(),
            items: std::mem::take(&mut self.items),
            dropped: std::mem::take(&mut self.dropped),
            ends: self.closed.then_some(self.overflowed),
        })
    }

    /// Takes no more.
    pub(super) fn close(&mut self, wakers: &mut Vec<Waker>) {
        self.closed = true;
        wakers.extend(self.waker.take());
    }

    /// Wakes the reader without a letter.
    pub(super) fn wake(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.waker.take());
    }

    /// Leaves a waker for when something changes.
    pub(super) fn wait(&mut self, waker: Option<&Waker>) {
        self.waker = waker.cloned();
    }

    pub(super) const fn waker(&self) -> Option<&Waker> {
        self.waker.as_ref()
    }
}

/// What was in a mailbox, to be read at leisure.
#[derive(Debug, Default)]
pub struct Mail {
    bytes: Bytes,
    /// How many bytes were cut off in front of them.
    cut: usize,
    kept: std::vec::IntoIter<Item>,
    items: VecDeque<Item>,
    dropped: (u64, u64),
    /// Nothing comes behind it; true: because there was too much.
    ends: Option<bool>,
}

impl Mail {
    /// Nothing comes behind it.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.ends.is_some()
    }

    /// There was more than the reader allowed, and it wanted an end then.
    #[must_use]
    pub fn has_overflowed(&self) -> bool {
        self.ends == Some(true)
    }

    #[inline]
    fn letter(&self, item: Item) -> Letter {
        match item {
            Item::Message { kind, start, pattern, channel, payload } => {
                Letter::Message(self.message(kind, start, [pattern, channel, payload]))
            }
            Item::Noted(noted) => Letter::Noted(*noted),
            Item::Gap(gap) => Letter::Gap(gap),
            Item::Refused(error) => Letter::Refused(*error),
        }
    }

    fn message(&self, kind: Kind, start: usize, lengths: [u32; 3]) -> Message {
        let [pattern, channel, payload] = lengths.map(|length| length as usize);
        let from = start - self.cut;
        let (from, pattern) = match kind {
            Kind::Pattern => (from + pattern, Some(self.bytes.slice(from..from + pattern))),
            Kind::Channel | Kind::Shard => (from, None),
        };
        let middle = from + channel;
        let (channel, payload) = (self.bytes.slice(from..middle), self.bytes.slice(middle..middle + payload));
        Message { kind, pattern, channel, payload }
    }
}

impl Iterator for Mail {
    type Item = Letter;

    #[inline]
    fn next(&mut self) -> Option<Letter> {
        if self.dropped.0 > 0 {
            return Some(Letter::Dropped(std::mem::take(&mut self.dropped.0)));
        }
        if let Some(kept) = self.kept.next() {
            return Some(self.letter(kept));
        }
        let Some(item) = self.items.pop_front() else {
            let behind = std::mem::take(&mut self.dropped.1);
            return (behind > 0).then_some(Letter::Dropped(behind));
        };
        Some(self.letter(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(overflow: Overflow) -> Mailbox {
        Mailbox::new(SubscribeOptions::new().messages(3).bytes(1 << 20).overflow(overflow))
    }

    fn fill(mailbox: &mut Mailbox, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let number = number.to_string();
            mailbox.put_message(Kind::Channel, b"", b"news", number.as_bytes(), &mut Vec::new());
        }
    }

    fn read(mailbox: &mut Mailbox) -> Vec<String> {
        let Some(mail) = mailbox.take(None) else { return Vec::new() };
        mail.map(|letter| match letter {
            Letter::Message(message) => message.text().into_owned(),
            Letter::Dropped(count) => format!("{count} dropped"),
            Letter::Gap(gap) => format!("gap {gap:?}"),
            other => format!("{other:?}"),
        })
        .collect()
    }

    #[test]
    fn the_oldest_go_first_and_are_counted() {
        let mut mailbox = mailbox(Overflow::DropOldest);
        fill(&mut mailbox, 0..5);
        assert_eq!(read(&mut mailbox), ["2 dropped", "2", "3", "4"]);
        fill(&mut mailbox, 5..7);
        assert_eq!(read(&mut mailbox), ["5", "6"]);
        assert!(mailbox.take(None).is_none());
    }

    #[test]
    fn what_is_no_message_is_never_thrown_away() {
        let mut mailbox = mailbox(Overflow::DropOldest);
        mailbox.put(Item::Gap(1..2), &mut Vec::new());
        fill(&mut mailbox, 0..9);
        mailbox.put(Item::Gap(3..4), &mut Vec::new());
        fill(&mut mailbox, 9..11);
        let told = read(&mut mailbox);
        assert_eq!(told, ["9 dropped", "gap 1..2", "gap 3..4", "9", "10"]);
    }

    #[test]
    fn gaps_that_nobody_reads_become_one() {
        let mut mailbox = mailbox(Overflow::DropOldest);
        for number in 0..1000 {
            mailbox.put(Item::Gap(number..number + 1), &mut Vec::new());
        }
        assert_eq!(read(&mut mailbox), ["gap 0..1000"]);
        for number in 0..1000 {
            mailbox.put(Item::Gap(number..number + 1), &mut Vec::new());
            fill(&mut mailbox, 0..3);
        }
        assert_eq!(read(&mut mailbox), ["2997 dropped", "gap 0..1000", "0", "1", "2"]);
    }

    #[test]
    fn messages_without_a_byte_take_no_memory_either() {
        let mut mailbox = mailbox(Overflow::DropOldest);
        for _ in 0..100_000 {
            mailbox.put_message(Kind::Channel, b"", b"", b"", &mut Vec::new());
        }
        assert!(mailbox.items.capacity() < 100, "{}", mailbox.items.capacity());
        assert_eq!(read(&mut mailbox).len(), 4);
    }

    #[test]
    fn the_newest_may_go_instead() {
        let mut mailbox = mailbox(Overflow::DropNewest);
        fill(&mut mailbox, 0..5);
        assert_eq!(read(&mut mailbox), ["0", "1", "2", "2 dropped"]);
    }

    #[test]
    fn too_much_may_be_the_end() {
        let mut mailbox = mailbox(Overflow::Close);
        fill(&mut mailbox, 0..5);
        let mail = mailbox.take(None).unwrap();
        assert!(mail.is_last() && mail.has_overflowed());
        assert_eq!(mail.count(), 3);
    }

    #[test]
    fn memory_stays_bounded_while_nobody_reads() {
        let mut mailbox = Mailbox::new(SubscribeOptions::new().messages(1000).bytes(100_000));
        let payload = vec![b'x'; 1000];
        for _ in 0..100_000 {
            mailbox.put_message(Kind::Channel, b"", b"news", &payload, &mut Vec::new());
        }
        assert!(mailbox.bytes.capacity() < 1 << 20, "{}", mailbox.bytes.capacity());
        assert!(mailbox.items.capacity() < 10_000, "{}", mailbox.items.capacity());
        let told = read(&mut mailbox);
        assert_eq!(told.first().map(String::as_str), Some("99901 dropped"));
        assert_eq!(told.len(), 100);
    }

    #[test]
    fn one_message_may_be_larger_than_the_bound() {
        let mut mailbox = Mailbox::new(SubscribeOptions::new().bytes(10));
        mailbox.put_message(Kind::Pattern, b"n*", b"news", &[b'x'; 100], &mut Vec::new());
        let Some(Letter::Message(message)) = mailbox.take(None).unwrap().next() else { panic!("no message") };
        assert_eq!((message.pattern.as_deref(), &message.channel[..]), (Some(&b"n*"[..]), &b"news"[..]));
        assert_eq!(message.payload.len(), 100);
    }
}
