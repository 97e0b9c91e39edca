//! Who listens to what over one connection: the subscribers, their topics, and the way of a message to them. What the server
//! is asked for is in [`wishes`](super::wishes), what it says to that in [`server`](super::server).

use std::collections::{BTreeMap, HashMap};
use std::task::{Poll, Waker};

use bytes::Bytes;
use carnelian_command::ServerError;

use super::mailbox::{Mail, Mailbox};
use super::places::Places;
use super::wishes::{Change, Wish, Wishes};
use super::{Item, Kind, Noted, Overflow, SubscribeOptions};
use crate::micros::Micros;

/// Who listens to what over one connection.
#[derive(Debug, Default)]
pub struct Subscriptions {
    pub(super) topics: Places<Topic>,
    by_name: [HashMap<Box<[u8]>, u32>; 3],
    pub(super) subscribers: Places<Subscriber>,
    /// What the server has yet to take note of, in the order of the wire.
    pub(super) wishes: Wishes,
    /// Where the last message went: the next one often goes there too.
    recent: Option<u32>,
    /// Topics asked for so far.
    pub(super) serials: u64,
    /// There are subscribers that want the server to wait for them.
    patient: bool,
}

/// What somebody listens to.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) kind: Kind,
    pub(super) name: Box<[u8]>,
    pub(super) listeners: Vec<u32>,
    /// The server has granted it over the present connection.
    pub(super) granted: bool,
    /// Which wish it is: one that is given up and made again is another.
    pub(super) serial: u64,
}

/// Somebody who listens.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) mailbox: Mailbox,
    /// What it listens to, and whether that was ever granted to it.
    pub(super) topics: BTreeMap<u32, bool>,
    /// How many of them are not granted now.
    pub(super) lacking: usize,
    /// Messages may be missing since then.
    pub(super) gap_since: Option<Micros>,
    /// Why the last wish was not granted.
    refused: Option<ServerError>,
}

/// Why one can't listen.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The server says so.
    Server(ServerError),
    /// There is no connection any more, and there will be none.
    Closed,
}

impl Subscriptions {
    // ── subscribers ──────────────────────────────────────────────────────────────────────────────────────────

    /// A new subscriber, who listens to nothing yet.
    pub(crate) fn open(&mut self, options: SubscribeOptions) -> u32 {
        self.patient |= options.overflow == Overflow::Wait;
        self.subscribers.put(Subscriber {
            mailbox: Mailbox::new(options),
            topics: BTreeMap::new(),
            lacking: 0,
            gap_since: None,
            refused: None,
        })
    }

    /// How many subscribers there are.
    pub(crate) fn count(&self) -> usize {
        self.subscribers.len()
    }

    /// Has a subscriber listen to these. What is to be asked of the server for that, if it is there to be asked, and which of
    /// them it did not listen to before.
    pub(crate) fn listen(&mut self, id: u32, kind: Kind, names: &[Bytes]) -> (Option<Change>, Vec<Bytes>) {
        let (mut new, mut added) = (Vec::new(), Vec::new());
        if let Some(subscriber) = self.subscribers.at_mut(id) {
            // What an earlier wish came to, of somebody who did not wait for it.
            subscriber.refused = None;
        }
        for name in names {
            let index = self.topic(kind, name, &mut new);
            let count = self.count_of(kind);
            let (Some(subscriber), Some(topic)) = (self.subscribers.at_mut(id), self.topics.at_mut(index))
            else {
                continue;
            };
            if subscriber.topics.contains_key(&index) {
                continue;
            }
            topic.listeners.push(id);
            subscriber.topics.insert(index, topic.granted);
            subscriber.lacking += usize::from(!topic.granted);
            added.push(name.clone());
            if topic.granted {
                subscriber.note(Noted { listens: true, kind, name: name.clone(), count }, &mut Vec::new());
            }
        }
        (self.wishes.ask(true, kind, new), added)
    }

    /// The topic of this name, made if need be; then it is added to the new ones.
    fn topic(&mut self, kind: Kind, name: &[u8], new: &mut Vec<Wish>) -> u32 {
        if let Some(topic) = self.find(kind, name) {
            return topic;
        }
        self.serials += 1;
        let (name, serial): (Box<[u8]>, u64) = (name.into(), self.serials);
        let topic = Topic { kind, name: name.clone(), listeners: Vec::new(), granted: false, serial };
        let index = self.topics.put(topic);
        self.names(kind).insert(name.clone(), index);
        new.push(Wish { name, serial });
        index
    }

    /// Has a subscriber no longer listen to these; what is to be told the server.
    pub(crate) fn leave(&mut self, id: u32, kind: Kind, names: &[Bytes], now: Micros) -> Option<Change> {
        let topics: Vec<u32> = names.iter().filter_map(|name| self.find(kind, name)).collect();
        let change = self.leave_topics(id, &topics).into_iter().next();
        if let Some(subscriber) = self.subscribers.at_mut(id)
            && !subscriber.topics.is_empty()
        {
            // It may have been the last that a new connection had to grant again.
            subscriber.complete(now, &mut Vec::new());
        }
        change
    }

    /// Ends a subscriber; what is to be told the server.
    pub(crate) fn close(&mut self, id: u32) -> Vec<Change> {
        let topics: Vec<u32> = self.subscribers.at(id).into_iter().flat_map(Subscriber::all_topics).collect();
        let changes = self.leave_topics(id, &topics);
        self.subscribers.take(id);
        changes
    }

    fn leave_topics(&mut self, id: u32, topics: &[u32]) -> Vec<Change> {
        let mut left: [Vec<Wish>; 3] = Default::default();
        for &index in topics {
            let (Some(topic), Some(subscriber)) = (self.topics.at_mut(index), self.subscribers.at_mut(id))
            else {
                continue;
            };
            if subscriber.topics.remove(&index).is_none() {
                continue;
            }
            subscriber.lacking -= usize::from(!topic.granted);
            topic.listeners.retain(|listener| *listener != id);
            let kind = topic.kind;
            let name = subscriber.mailbox.wants_confirmations().then(|| Bytes::copy_from_slice(&topic.name));
            if topic.listeners.is_empty()
                && let Some(gone) = self.remove(index)
                && let Some(left) = left.get_mut(kind as usize)
            {
                left.push(Wish { name: gone.name, serial: gone.serial });
            }
            let count = self.count_of(kind);
            if let (Some(name), Some(subscriber)) = (name, self.subscribers.at_mut(id)) {
                subscriber.note(Noted { listens: false, kind, name, count }, &mut Vec::new());
            }
        }
        let left = Kind::ALL.into_iter().zip(left);
        left.filter_map(|(kind, names)| self.wishes.ask(false, kind, names)).collect()
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<Topic> {
        self.recent = None;
        let topic = self.topics.take(index)?;
        self.names(topic.kind).remove(&topic.name);
        Some(topic)
    }

    /// The topic of this name, if somebody listens to it.
    pub(super) fn find(&self, kind: Kind, name: &[u8]) -> Option<u32> {
        self.by_name.get(kind as usize)?.get(name).copied()
    }

    fn names(&mut self, kind: Kind) -> &mut HashMap<Box<[u8]>, u32> {
        let [channels, patterns, shards] = &mut self.by_name;
        match kind {
            Kind::Channel => channels,
            Kind::Pattern => patterns,
            Kind::Shard => shards,
        }
    }

    /// How much is listened to, as servers count it: channels and patterns together, shard channels apart.
    fn count_of(&self, kind: Kind) -> i64 {
        let [channels, patterns, shards] = &self.by_name;
        let count = if kind == Kind::Shard { shards.len() } else { channels.len() + patterns.len() };
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    // ── messages ─────────────────────────────────────────────────────────────────────────────────────────────

    /// Puts a message where it belongs.
    #[inline]
    pub(crate) fn route(
        &mut self,
        kind: Kind,
        topic: &[u8],
        (channel, payload): (&[u8], &[u8]),
        wakers: &mut Vec<Waker>,
    ) {
        let Self { topics, by_name, subscribers, recent, .. } = self;
        let is_it =
            |index: &u32| topics.at(*index).is_some_and(|found| found.kind == kind && &*found.name == topic);
        let index = match recent.filter(is_it) {
            Some(index) => index,
            None => {
                let Some(index) = by_name.get(kind as usize).and_then(|names| names.get(topic)) else {
                    return;
                };
                *recent = Some(*index);
                *index
            }
        };
        let Some(found) = topics.at(index) else { return };
        let pattern = if kind == Kind::Pattern { topic } else { b"" };
        for &listener in &found.listeners {
            if let Some(subscriber) = subscribers.at_mut(listener) {
                subscriber.mailbox.put_message(kind, pattern, channel, payload, wakers);
            }
        }
    }

    /// Some subscriber wants the server to wait until it has read.
    #[inline]
    pub(crate) fn is_stalled(&self) -> bool {
        self.patient && self.subscribers.iter().any(|subscriber| subscriber.mailbox.is_full())
    }

    /// There will be no connection any more.
    pub(crate) fn close_all(&mut self, wakers: &mut Vec<Waker>) {
        for subscriber in self.subscribers.iter_mut() {
            subscriber.mailbox.close(wakers);
        }
    }

    // ── reading ──────────────────────────────────────────────────────────────────────────────────────────────

    /// Waits until all that a subscriber wants is granted.
    pub(crate) fn granted(&mut self, id: u32, waker: Option<&Waker>) -> Poll<Result<(), Refusal>> {
        let Some(subscriber) = self.subscribers.at_mut(id) else {
            return Poll::Ready(Err(Refusal::Closed));
        };
        if let Some(error) = subscriber.refused.take() {
            return Poll::Ready(Err(Refusal::Server(error)));
        }
        if subscriber.mailbox.closed {
            return Poll::Ready(Err(Refusal::Closed));
        }
        if subscriber.lacking == 0 {
            return Poll::Ready(Ok(()));
        }
        subscriber.mailbox.wait(waker);
        Poll::Pending
    }

    /// Takes what there is to read. `None` in it: there is no such subscriber.
    pub(crate) fn mail(&mut self, id: u32, waker: Option<&Waker>) -> Poll<Option<Mail>> {
        let Some(subscriber) = self.subscribers.at_mut(id) else { return Poll::Ready(None) };
        subscriber.mailbox.take(waker).map_or(Poll::Pending, |mail| Poll::Ready(Some(mail)))
    }

    /// Somebody who waits for a message.
    pub(crate) fn first_waiter(&self) -> Option<&Waker> {
        self.subscribers.iter().find_map(|subscriber| subscriber.mailbox.waker())
    }

    /// What a subscriber listens to.
    pub(crate) fn listened(&self, id: u32) -> Vec<(Kind, Bytes)> {
        let topics = self.subscribers.at(id).into_iter().flat_map(Subscriber::all_topics);
        topics
            .filter_map(|topic| self.topics.at(topic))
            .map(|topic| (topic.kind, Bytes::copy_from_slice(&topic.name)))
            .collect()
    }
}

impl Subscriber {
    fn all_topics(&self) -> impl Iterator<Item = u32> {
        self.topics.keys().copied()
    }

    /// Something was promised to it once, so that it counts on messages.
    pub(super) fn was_promised_anything(&self) -> bool {
        self.topics.values().any(|promised| *promised)
    }

    /// A wish is granted.
    pub(super) fn granted(&mut self, topic: u32, noted: Noted, now: Micros, wakers: &mut Vec<Waker>) {
        self.lacking = self.lacking.saturating_sub(1);
        self.topics.insert(topic, true);
        self.note(noted, wakers);
        self.complete(now, wakers);
    }

    fn note(&mut self, noted: Noted, wakers: &mut Vec<Waker>) {
        if self.mailbox.wants_confirmations() {
            self.mailbox.put(Item::Noted(Box::new(noted)), wakers);
        }
    }

    /// Tells of the gap once it is over.
    fn complete(&mut self, now: Micros, wakers: &mut Vec<Waker>) {
        if self.lacking == 0 {
            match self.gap_since.take() {
                Some(since) => self.mailbox.put(Item::Gap(since..now), wakers),
                None => self.mailbox.wake(wakers),
            }
        }
    }

    /// A wish is refused, one that was not granted at the moment.
    pub(super) fn refused(&mut self, topic: u32, error: &ServerError, now: Micros, wakers: &mut Vec<Waker>) {
        let Some(promised) = self.topics.remove(&topic) else { return };
        self.lacking = self.lacking.saturating_sub(1);
        if promised {
            // It was granted before: whoever reads has to hear of it.
            self.mailbox.put(Item::Refused(Box::new(error.clone())), wakers);
        } else {
            self.refused = Some(error.clone());
        }
        self.complete(now, wakers);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Letter;
    use super::*;

    fn bytes(names: &[&'static str]) -> Vec<Bytes> {
        names.iter().map(|name| Bytes::from_static(name.as_bytes())).collect()
    }

    /// The server confirms a wish.
    fn confirm(all: &mut Subscriptions, listens: bool, name: &str, now: Micros) -> bool {
        all.noted((listens, Kind::Channel, name.as_bytes(), 1), now, &mut Vec::new())
    }

    fn letters(all: &mut Subscriptions, id: u32) -> Vec<String> {
        let Poll::Ready(Some(mail)) = all.mail(id, None) else { return Vec::new() };
        mail.map(|letter| match letter {
            Letter::Message(message) => message.text().into_owned(),
            Letter::Noted(noted) => format!("{}{:?}", if noted.listens { '+' } else { '-' }, noted.name),
            Letter::Gap(gap) => format!("gap {gap:?}"),
            Letter::Refused(error) => format!("refused {error}"),
            Letter::Dropped(count) => format!("dropped {count}"),
        })
        .collect()
    }

    #[test]
    fn a_wish_given_up_and_made_again_waits_for_its_own_answer() {
        let mut all = Subscriptions::default();
        let id = all.open(SubscribeOptions::new());
        let names = bytes(&["a"]);
        assert!(all.listen(id, Kind::Channel, &names).0.is_some());
        assert!(all.leave(id, Kind::Channel, &names, 0).is_some());
        assert!(all.listen(id, Kind::Channel, &names).0.is_some());
        assert!(confirm(&mut all, true, "a", 1) && all.granted(id, None).is_pending());
        assert!(confirm(&mut all, false, "a", 1) && all.granted(id, None).is_pending());
        assert!(confirm(&mut all, true, "a", 1));
        assert!(matches!(all.granted(id, None), Poll::Ready(Ok(()))));
        assert!(!confirm(&mut all, true, "a", 1), "nobody had asked for that");
    }

    #[test]
    fn only_what_is_new_is_added_and_asked_for() {
        let mut all = Subscriptions::default();
        let (one, two) = (all.open(SubscribeOptions::new()), all.open(SubscribeOptions::new()));
        let (change, added) = all.listen(one, Kind::Channel, &bytes(&["a", "a", "b"]));
        assert_eq!((change.map(|change| change.names), added), (Some(2), bytes(&["a", "b"])));
        let (change, added) = all.listen(one, Kind::Channel, &bytes(&["b", "c"]));
        assert_eq!((change.map(|change| change.names), added), (Some(1), bytes(&["c"])));
        let (change, added) = all.listen(two, Kind::Channel, &bytes(&["a"]));
        assert_eq!((change.map(|change| change.names), added), (None, bytes(&["a"])));
        assert!(all.leave(one, Kind::Channel, &bytes(&["a", "a"]), 0).is_none(), "somebody listens still");
        assert_eq!(all.close(two).len(), 1);
        assert_eq!(all.close(one).len(), 1);
        assert_eq!((all.count(), all.topics.len()), (0, 0));
    }

    #[test]
    fn a_new_wish_refused_during_a_gap_is_its_callers_alone() {
        let mut all = Subscriptions::default();
        let id = all.open(SubscribeOptions::new());
        all.listen(id, Kind::Channel, &bytes(&["old"]));
        assert!(confirm(&mut all, true, "old", 1));
        all.lost(2);
        // While there is no connection, another wish is made.
        let (change, _) = all.listen(id, Kind::Channel, &bytes(&["new"]));
        all.not_said(&change.unwrap());
        assert_eq!(all.ask_for_all().len(), 1);
        assert!(confirm(&mut all, true, "old", 3));
        all.refused(1, &ServerError::new(b"NOPERM no"), 4, &mut Vec::new());
        assert!(matches!(all.granted(id, None), Poll::Ready(Err(Refusal::Server(_)))));
        assert_eq!(letters(&mut all, id), ["gap 2..4"]);

        // What had been promised is told in its place.
        all.lost(5);
        all.ask_for_all();
        all.refused(1, &ServerError::new(b"NOPERM no"), 6, &mut Vec::new());
        assert_eq!(letters(&mut all, id), ["refused NOPERM no", "gap 5..6"]);
        assert!(all.listened(id).is_empty());
    }

    #[test]
    fn a_refusal_that_nobody_waited_for_is_not_told_to_the_next() {
        let mut all = Subscriptions::default();
        let id = all.open(SubscribeOptions::new());
        all.listen(id, Kind::Channel, &bytes(&["secret"]));
        all.refused(1, &ServerError::new(b"NOPERM no"), 1, &mut Vec::new());
        all.listen(id, Kind::Channel, &bytes(&["open"]));
        assert!(confirm(&mut all, true, "open", 2));
        assert!(matches!(all.granted(id, None), Poll::Ready(Ok(()))));
    }

    #[test]
    fn a_gap_is_told_when_what_was_lacking_is_no_longer_wanted() {
        let mut all = Subscriptions::default();
        let id = all.open(SubscribeOptions::new());
        all.listen(id, Kind::Channel, &bytes(&["a", "b"]));
        assert!(confirm(&mut all, true, "a", 1) && confirm(&mut all, true, "b", 1));
        all.lost(2);
        all.ask_for_all();
        assert!(confirm(&mut all, true, "a", 3));
        assert!(letters(&mut all, id).is_empty());
        all.leave(id, Kind::Channel, &bytes(&["b"]), 4);
        assert_eq!(letters(&mut all, id), ["gap 2..4"]);
    }

    #[test]
    fn confirmations_come_to_each_who_wants_them() {
        let mut all = Subscriptions::default();
        let options = SubscribeOptions::new().confirmations(true);
        let (one, two) = (all.open(options.clone()), all.open(options));
        all.listen(one, Kind::Channel, &bytes(&["a"]));
        assert!(confirm(&mut all, true, "a", 1));
        all.listen(two, Kind::Channel, &bytes(&["a"]));
        all.leave(one, Kind::Channel, &bytes(&["a"]), 2);
        assert_eq!(letters(&mut all, one), ["+b\"a\"", "-b\"a\""]);
        assert_eq!(letters(&mut all, two), ["+b\"a\""]);
    }
}
