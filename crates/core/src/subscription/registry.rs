//! Who listens to what over one connection.
//!
//! ```text
//!   wanted ──► asked for ──► granted ──┬──► no longer wanted
//!     ▲                                │
//!     └─────── the connection is gone ─┘      then messages may be missing until all is granted again
//! ```

use std::collections::{HashMap, VecDeque};
use std::task::{Poll, Waker};

use bytes::Bytes;
use carnelian_command::spec::Facts;
use carnelian_command::{Request, ServerError, spec};

use super::mailbox::{Mail, Mailbox};
use super::{Item, Kind, Noted, Overflow, SubscribeOptions};
use crate::micros::Micros;

/// Who listens to what over one connection.
#[derive(Debug, Default)]
pub struct Subscriptions {
    topics: Vec<Option<Topic>>,
    by_name: [HashMap<Box<[u8]>, u32>; 3],
    subscribers: Vec<Option<Subscriber>>,
    /// What the server has yet to take note of, in the order of the wire.
    awaited: VecDeque<Awaited>,
    /// Where the last message went: the next one often goes there too.
    recent: Option<u32>,
    /// Topics asked for so far.
    serials: u64,
    /// There are subscribers that want the server to wait for them.
    patient: bool,
}

#[derive(Debug)]
struct Topic {
    kind: Kind,
    name: Box<[u8]>,
    listeners: Vec<u32>,
    /// The server has granted it over the present connection.
    granted: bool,
    /// Which wish it is: one that is given up and made again is another.
    serial: u64,
}

#[derive(Debug)]
struct Subscriber {
    mailbox: Mailbox,
    topics: Vec<u32>,
    /// How many of them are not granted.
    lacking: usize,
    /// Messages may be missing since then.
    gap_since: Option<Micros>,
    /// Why the last wish was not granted.
    refused: Option<ServerError>,
}

/// What the server has yet to take note of.
#[derive(Debug)]
struct Awaited {
    listens: bool,
    kind: Kind,
    name: Box<[u8]>,
    serial: u64,
}

/// A command that changes what the connection listens to.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) request: Request,
    /// How many confirmations it gets.
    pub(crate) names: u32,
}

/// Why one can't listen.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The server says so.
    Server(ServerError),
    /// There is no connection any more, and there will be none.
    Closed,
}

const KINDS: [Kind; 3] = [Kind::Channel, Kind::Pattern, Kind::Shard];

const fn facts(kind: Kind, listens: bool) -> &'static Facts {
    match (kind, listens) {
        (Kind::Channel, true) => &spec::SUBSCRIBE,
        (Kind::Pattern, true) => &spec::PSUBSCRIBE,
        (Kind::Shard, true) => &spec::SSUBSCRIBE,
        (Kind::Channel, false) => &spec::UNSUBSCRIBE,
        (Kind::Pattern, false) => &spec::PUNSUBSCRIBE,
        (Kind::Shard, false) => &spec::SUNSUBSCRIBE,
    }
}

impl Subscriptions {
    // ── subscribers ──────────────────────────────────────────────────────────────────────────────────────────

    /// A new subscriber, who listens to nothing yet.
    pub(crate) fn open(&mut self, options: SubscribeOptions) -> u32 {
        self.patient |= options.overflow == Overflow::Wait;
        let (mailbox, topics) = (Mailbox::new(options), Vec::new());
        let subscriber = Subscriber { mailbox, topics, lacking: 0, gap_since: None, refused: None };
        put(&mut self.subscribers, subscriber)
    }

    /// How many subscribers there are.
    pub(crate) fn count(&self) -> usize {
        self.subscribers.iter().flatten().count()
    }

    /// Has a subscriber listen to these. What is to be asked of the server for that, if it is there to be asked.
    pub(crate) fn listen(&mut self, id: u32, kind: Kind, names: &[Bytes]) -> Option<Change> {
        let mut new = Vec::new();
        for name in names {
            let topic = self.topic(kind, name, &mut new);
            let (Some(subscriber), Some(wanted)) =
                (at(&mut self.subscribers, id), at(&mut self.topics, topic))
            else {
                continue;
            };
            if !wanted.listeners.contains(&id) {
                wanted.listeners.push(id);
                subscriber.topics.push(topic);
                subscriber.lacking += usize::from(!wanted.granted);
            }
        }
        self.ask(true, kind, new)
    }

    /// The topic of this name, made if need be; then it is added to the new ones.
    fn topic(&mut self, kind: Kind, name: &[u8], new: &mut Vec<(Box<[u8]>, u64)>) -> u32 {
        if let Some(&topic) = self.names(kind).get(name) {
            return topic;
        }
        self.serials += 1;
        let (name, serial): (Box<[u8]>, u64) = (name.into(), self.serials);
        let topic = Topic { kind, name: name.clone(), listeners: Vec::new(), granted: false, serial };
        let index = put(&mut self.topics, topic);
        self.names(kind).insert(name.clone(), index);
        new.push((name, serial));
        index
    }

    /// Has a subscriber no longer listen to these; what is to be told the server.
    pub(crate) fn leave(&mut self, id: u32, kind: Kind, names: &[Bytes]) -> Option<Change> {
        let topics: Vec<u32> =
            names.iter().filter_map(|name| self.names(kind).get(&**name).copied()).collect();
        self.leave_topics(id, &topics).into_iter().next()
    }

    /// Ends a subscriber; what is to be told the server.
    pub(crate) fn close(&mut self, id: u32) -> Vec<Change> {
        let topics =
            at(&mut self.subscribers, id).map_or_else(Vec::new, |subscriber| subscriber.topics.clone());
        let changes = self.leave_topics(id, &topics);
        if let Some(place) = self.subscribers.get_mut(id as usize) {
            *place = None;
        }
        changes
    }

    fn leave_topics(&mut self, id: u32, topics: &[u32]) -> Vec<Change> {
        let mut left: [Vec<(Box<[u8]>, u64)>; 3] = Default::default();
        for &index in topics {
            let Some(topic) = at(&mut self.topics, index) else { continue };
            let Some(place) = topic.listeners.iter().position(|listener| *listener == id) else { continue };
            topic.listeners.swap_remove(place);
            let (kind, granted, unheard) = (topic.kind, topic.granted, topic.listeners.is_empty());
            if let Some(subscriber) = at(&mut self.subscribers, id) {
                subscriber.topics.retain(|topic| *topic != index);
                subscriber.lacking -= usize::from(!granted);
            }
            if unheard
                && let Some(gone) = self.remove(index)
                && let Some(left) = left.get_mut(kind as usize)
            {
                left.push((gone.name, gone.serial));
            }
        }
        let left = KINDS.into_iter().zip(left);
        left.filter_map(|(kind, names)| self.ask(false, kind, names)).collect()
    }

    fn remove(&mut self, index: u32) -> Option<Topic> {
        self.recent = None;
        let topic = self.topics.get_mut(index as usize)?.take()?;
        self.names(topic.kind).remove(&topic.name);
        Some(topic)
    }

    fn names(&mut self, kind: Kind) -> &mut HashMap<Box<[u8]>, u32> {
        let [channels, patterns, shards] = &mut self.by_name;
        match kind {
            Kind::Channel => channels,
            Kind::Pattern => patterns,
            Kind::Shard => shards,
        }
    }

    // ── the server ───────────────────────────────────────────────────────────────────────────────────────────

    /// Notes what the server will have to confirm, and makes the command.
    fn ask(&mut self, listens: bool, kind: Kind, names: Vec<(Box<[u8]>, u64)>) -> Option<Change> {
        if names.is_empty() {
            return None;
        }
        let mut request = Request::new(facts(kind, listens));
        let count = u32::try_from(names.len()).ok()?;
        for (name, serial) in names {
            request.push(&*name);
            self.awaited.push_back(Awaited { listens, kind, name, serial });
        }
        Some(Change { request, names: count })
    }

    /// There is no connection to say it over: it will be said over the next one.
    pub(crate) fn not_said(&mut self, change: &Change) {
        let left = self.awaited.len().saturating_sub(change.names as usize);
        self.awaited.truncate(left);
    }

    /// Everything that is wanted, to be asked of a new connection.
    pub(crate) fn ask_for_all(&mut self) -> Vec<Change> {
        self.awaited.clear();
        KINDS
            .into_iter()
            .filter_map(|kind| {
                let topics = self.topics.iter().flatten().filter(|topic| topic.kind == kind);
                let names = topics.map(|topic| (topic.name.clone(), topic.serial)).collect();
                self.ask(true, kind, names)
            })
            .collect()
    }

    /// The connection is gone, and was last heard of at `heard`.
    pub(crate) fn lost(&mut self, heard: Micros) {
        self.awaited.clear();
        for topic in self.topics.iter_mut().flatten() {
            topic.granted = false;
        }
        for subscriber in self.subscribers.iter_mut().flatten() {
            // Whoever was not granted anything yet has missed nothing that it was promised.
            if subscriber.lacking < subscriber.topics.len() {
                subscriber.gap_since.get_or_insert(heard);
            }
            subscriber.lacking = subscriber.topics.len();
        }
    }

    /// The server confirms a wish. False: nobody had made it.
    pub(crate) fn noted(
        &mut self,
        (listens, kind, name, count): (bool, Kind, &[u8], i64),
        now: Micros,
        wakers: &mut Vec<Waker>,
    ) -> bool {
        let expected =
            |awaited: &Awaited| awaited.listens == listens && awaited.kind == kind && &*awaited.name == name;
        if !self.awaited.front().is_some_and(expected) {
            return false;
        }
        let Some(awaited) = self.awaited.pop_front() else { return false };
        let index = self.names(kind).get(name).copied();
        let Some(topic) = index.and_then(|index| at(&mut self.topics, index)) else { return true };
        if listens && topic.serial == awaited.serial && !topic.granted {
            topic.granted = true;
            for &listener in &topic.listeners {
                if let Some(subscriber) = at(&mut self.subscribers, listener) {
                    let noted = Noted { listens, kind, name: Bytes::copy_from_slice(name), count };
                    subscriber.granted(noted, now, wakers);
                }
            }
        }
        true
    }

    /// The server took a topic away by itself, as it does when a slot moves. True: it is wanted still, and has to be asked
    /// for again.
    pub(crate) fn taken_away(&mut self, kind: Kind, name: &[u8], now: Micros) -> Option<Change> {
        let index = self.names(kind).get(name).copied()?;
        self.serials += 1;
        let serial = self.serials;
        let topic = at(&mut self.topics, index)?;
        if !std::mem::take(&mut topic.granted) {
            return None;
        }
        topic.serial = serial;
        for &listener in &topic.listeners {
            if let Some(subscriber) = at(&mut self.subscribers, listener) {
                subscriber.lacking += 1;
                subscriber.gap_since.get_or_insert(now);
            }
        }
        self.ask(true, kind, vec![(name.into(), serial)])
    }

    /// The server refuses the oldest command that is not confirmed, of which `names` are left.
    pub(crate) fn refused(&mut self, names: u32, error: &ServerError, now: Micros, wakers: &mut Vec<Waker>) {
        for _ in 0..names {
            let Some(Awaited { listens, kind, name, serial }) = self.awaited.pop_front() else { return };
            let Some(index) = self.names(kind).get(&name).copied() else { continue };
            let is_it = at(&mut self.topics, index).is_some_and(|topic| topic.serial == serial);
            if listens
                && is_it
                && let Some(topic) = self.remove(index)
            {
                for listener in topic.listeners {
                    if let Some(subscriber) = at(&mut self.subscribers, listener) {
                        subscriber.topics.retain(|topic| *topic != index);
                        subscriber.lacking -= usize::from(!topic.granted);
                        subscriber.refused(error, now, wakers);
                    }
                }
            }
        }
    }

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
        let is_it = |index: &u32| {
            let found = topics.get(*index as usize).and_then(Option::as_ref);
            found.is_some_and(|found| found.kind == kind && &*found.name == topic)
        };
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
        let Some(found) = topics.get(index as usize).and_then(Option::as_ref) else { return };
        let pattern = if kind == Kind::Pattern { topic } else { b"" };
        for &listener in &found.listeners {
            if let Some(subscriber) = at(subscribers, listener) {
                subscriber.mailbox.put_message(kind, pattern, channel, payload, wakers);
            }
        }
    }

    /// Some subscriber wants the server to wait until it has read.
    #[inline]
    pub(crate) fn is_stalled(&self) -> bool {
        self.patient && self.subscribers.iter().flatten().any(|subscriber| subscriber.mailbox.is_full())
    }

    /// There will be no connection any more.
    pub(crate) fn close_all(&mut self, wakers: &mut Vec<Waker>) {
        for subscriber in self.subscribers.iter_mut().flatten() {
            subscriber.mailbox.close(wakers);
        }
    }

    // ── reading ──────────────────────────────────────────────────────────────────────────────────────────────

    /// Waits until all that a subscriber wants is granted.
    pub(crate) fn granted(&mut self, id: u32, waker: Option<&Waker>) -> Poll<Result<(), Refusal>> {
        let Some(subscriber) = at(&mut self.subscribers, id) else {
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
        let Some(subscriber) = at(&mut self.subscribers, id) else { return Poll::Ready(None) };
        subscriber.mailbox.take(waker).map_or(Poll::Pending, |mail| Poll::Ready(Some(mail)))
    }

    /// Somebody who waits for a message.
    pub(crate) fn first_waiter(&self) -> Option<&Waker> {
        self.subscribers.iter().flatten().find_map(|subscriber| subscriber.mailbox.waker())
    }

    /// What a subscriber listens to.
    pub(crate) fn listened(&self, id: u32) -> Vec<(Kind, Bytes)> {
        let subscriber = self.subscribers.get(id as usize).and_then(Option::as_ref);
        let topics = subscriber.into_iter().flat_map(|subscriber| &subscriber.topics);
        topics
            .filter_map(|topic| self.topics.get(*topic as usize)?.as_ref())
            .map(|topic| (topic.kind, Bytes::copy_from_slice(&topic.name)))
            .collect()
    }
}

impl Subscriber {
    fn granted(&mut self, noted: Noted, now: Micros, wakers: &mut Vec<Waker>) {
        self.lacking = self.lacking.saturating_sub(1);
        if self.mailbox.wants_confirmations() {
            self.mailbox.put(Item::Noted(Box::new(noted)), wakers);
        }
        self.complete(now, wakers);
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

    fn refused(&mut self, error: &ServerError, now: Micros, wakers: &mut Vec<Waker>) {
        if self.gap_since.is_some() {
            // It was granted before: whoever reads has to hear of it.
            self.mailbox.put(Item::Refused(Box::new(error.clone())), wakers);
            self.complete(now, wakers);
        } else {
            self.refused = Some(error.clone());
            self.mailbox.wake(wakers);
        }
    }
}

/// What is at a place.
#[inline]
fn at<T>(places: &mut [Option<T>], index: u32) -> Option<&mut T> {
    places.get_mut(index as usize)?.as_mut()
}

/// Puts something into the first free place.
fn put<T>(places: &mut Vec<Option<T>>, thing: T) -> u32 {
    let free = places.iter().position(Option::is_none).unwrap_or(places.len());
    if free == places.len() {
        places.push(None);
    }
    if let Some(place) = places.get_mut(free) {
        *place = Some(thing);
    }
    u32::try_from(free).unwrap_or(u32::MAX)
}
