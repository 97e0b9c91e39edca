//! The other half of the state machine: what follows from an answer.

use std::collections::HashMap;

use bytes::Bytes;
use carnelian_command::FromReply;
use carnelian_command::group::{GroupStart, PendingEntry, StreamEntry, StreamGroupInfo, StreamId, Trim};

use crate::config::Backoff;
use crate::connection::Micros;
use crate::connection::liveness::as_micros;
use crate::{Error, ServerCode};

use super::chore::{Chore, PAGE, after};
use super::entry::{Decoded, Entry, Origin};
use super::failure::{Failure, is_unknown_command};
use super::hands::Hands;
use super::options::Exhausted;
use super::reader::{Failing, Reader};
use super::task::{Answer, History, News, Plain};

impl<V: FromReply> Reader<V> {
    /// What came of the last step. After a failure, there is a pause by `backoff` with the help of a `random` number.
    pub fn answer(
        &mut self,
        now: Micros,
        hands: &mut Hands,
        answer: Result<Answer<V>, Error>,
        backoff: &Backoff,
        random: u64,
    ) {
        let Some(chore) = self.current.take() else { return };
        match answer {
            Ok(answer) => {
                if matches!(chore, Chore::Read { .. }) {
                    // All that stands before a read has gone well too.
                    self.failing = Failing::default();
                }
                self.follow(chore, answer, hands);
            }
            Err(error) => self.failed(now, chore, error, hands, backoff, random),
        }
    }

    fn follow(&mut self, chore: Chore<V>, answer: Answer<V>, hands: &mut Hands) {
        match (chore, answer) {
            (Chore::Look { key, from }, Answer::Pending(page)) => self.looked(key, from, &page, hands),
            (Chore::Fetch { key, found, .. }, Answer::History(history)) => {
                self.fetched(key, &found, history);
            }
            (Chore::Claim { key, .. }, Answer::Claim(page)) => {
                if !page.is_last() {
                    self.chores.push_front(Chore::Claim { key, from: page.next });
                }
                let entries = not_held(page.entries, key, hands);
                if let Some(first) = entries.iter().map(|entry| entry.id).min() {
                    self.chores.push_front(Chore::Tally { key, entries, counted: Vec::new(), from: first });
                }
            }
            (Chore::Tally { key, entries, counted, .. }, Answer::Pending(page)) => {
                self.tallied(key, entries, counted, &page);
            }
            (Chore::Stale { key, .. }, Answer::Pending(page)) => self.found_stale(key, &page, hands),
            (Chore::ClaimThese { key, found }, Answer::ClaimThese(entries)) => {
                let before: HashMap<_, _> = found.into_iter().collect();
                for entry in entries {
                    let deliveries = before.get(&entry.id).copied().unwrap_or(0).saturating_add(1);
                    self.receive(key, entry.id, entry.fields, deliveries, Origin::Claimed);
                }
            }
            (Chore::Exhume { key, id, deliveries }, Answer::Plain(entries)) => {
                self.exhumed(key, id, deliveries, entries);
            }
            (Chore::Bury { key, id, .. }, Answer::Add(_)) => {
                self.chores.push_front(Chore::Buried { key, id });
            }
            (Chore::Buried { .. }, Answer::Count(_)) => self.stats.dead_lettered += 1,
            (Chore::Forget { .. }, Answer::Count(count)) => self.stats.vanished += count,
            (Chore::Groups { key }, Answer::Groups(groups)) => self.plan_trim(key, groups),
            (Chore::Oldest { key, mut groups, floor }, Answer::Summary(summary)) => {
                let floor = match (groups.pop(), summary.min) {
                    (_, Some(oldest)) => floor.min(oldest),
                    (Some((_, last)), None) => floor.min(after(last)),
                    (None, None) => floor,
                };
                self.go_on_trimming(key, groups, floor);
            }
            (Chore::Read { .. }, Answer::Read(news)) => self.read(news),
            // Nothing follows from what is created or trimmed.
            _ => {}
        }
    }

    /// Takes what is lacking out of a page of pending entries.
    fn looked(&mut self, key: usize, from: StreamId, page: &[PendingEntry], hands: &mut Hands) {
        let to = page.last().filter(|_| is_full(page)).map_or(StreamId::MAX, |last| last.id);
        hands.forget_others(key, from, to, page);
        let limit = usize::try_from(self.setup.options.batch).unwrap_or(usize::MAX);
        let claim_after = self.setup.options.claim_after;
        let lacking = |entry: &&PendingEntry| hands.lack(key, entry, claim_after);
        let found: Vec<_> =
            page.iter().filter(lacking).take(limit).map(|entry| (entry.id, entry.deliveries)).collect();
        let (Some((first, _)), Some((last, _))) = (found.first(), found.last()) else {
            if let Some(last) = page.last().filter(|_| is_full(page)) {
                self.chores.push_front(Chore::Look { key, from: after(last.id) });
            }
            return;
        };
        let span = page.iter().filter(|entry| entry.id >= *first && entry.id <= *last).count();
        let more = is_full(page) || page.last().is_some_and(|entry| entry.id > *last);
        if more {
            self.chores.push_front(Chore::Look { key, from: after(*last) });
        }
        let span = u64::try_from(span).unwrap_or(PAGE);
        self.chores.push_front(Chore::Fetch { key, found, span });
    }

    fn fetched(&mut self, key: usize, found: &[(StreamId, u64)], history: History<V>) {
        let before: HashMap<_, _> = found.iter().copied().collect();
        let mut gone = Vec::new();
        for entry in history.into_entries() {
            // What lies between is in somebody's hands.
            let Some(deliveries) = before.get(&entry.id) else { continue };
            match entry.fields {
                Some(fields) => {
                    let deliveries = deliveries.saturating_add(1);
                    self.receive(key, entry.id, fields, deliveries, Origin::Pending);
                }
                None => gone.push(entry.id),
            }
        }
        if !gone.is_empty() {
            self.chores.push_front(Chore::Forget { key, ids: gone });
        }
    }

    fn tallied(
        &mut self,
        key: usize,
        entries: Vec<StreamEntry<Decoded<V>>>,
        mut counted: Vec<(StreamId, u64)>,
        page: &[PendingEntry],
    ) {
        counted.extend(page.iter().map(|entry| (entry.id, entry.deliveries)));
        let last = entries.iter().map(|entry| entry.id).max();
        if let Some(end) = page.last().filter(|_| is_full(page)).map(|entry| entry.id)
            && last > Some(end)
        {
            let from = after(end);
            self.chores.push_front(Chore::Tally { key, entries, counted, from });
            return;
        }
        let counted: HashMap<_, _> = counted.into_iter().collect();
        for entry in entries {
            // One that somebody else has taken over already is theirs.
            if let Some(deliveries) = counted.get(&entry.id) {
                self.receive(key, entry.id, entry.fields, *deliveries, Origin::Claimed);
            }
        }
    }

    fn found_stale(&mut self, key: usize, page: &[PendingEntry], hands: &Hands) {
        if let Some(last) = page.last().filter(|_| is_full(page)) {
            self.chores.push_front(Chore::Stale { key, from: after(last.id) });
        }
        let limit = self.setup.claim_after();
        let stale =
            |entry: &&PendingEntry| !hands.hold(key, entry.id) && entry.idle.is_none_or(|idle| idle >= limit);
        let found: Vec<_> = page.iter().filter(stale).map(|entry| (entry.id, entry.deliveries)).collect();
        if !found.is_empty() {
            self.chores.push_front(Chore::ClaimThese { key, found });
        }
    }

    fn read(&mut self, news: News<V>) {
        for (name, entries) in news {
            let Some(key) = self.setup.number_of(&name) else { continue };
            for entry in entries {
                self.receive(key, entry.id, entry.fields, 1, Origin::New);
            }
        }
    }

    /// An entry has come: it is for the user, or for the dead letters.
    fn receive(&mut self, key: usize, id: StreamId, fields: Decoded<V>, deliveries: u64, origin: Origin) {
        let buries = matches!(self.setup.options.exhausted, Exhausted::DeadLetters(_));
        if buries && self.is_exhausted(deliveries) {
            self.chores.push_front(Chore::Exhume { key, id, deliveries });
            return;
        }
        self.buffer.push_back(Entry { key, id, fields: fields.0, deliveries, origin, exhausted: false });
    }

    fn exhumed(&mut self, key: usize, id: StreamId, deliveries: u64, entries: Plain) {
        let fields: Option<Vec<(Bytes, Bytes)>> =
            entries.into_iter().find(|entry| entry.id == id).map(|entry| entry.fields);
        self.chores.push_front(match fields {
            Some(fields) => Chore::Bury { key, id, deliveries, fields },
            None => Chore::Forget { key, ids: vec![id] },
        });
    }

    /// What lies before the oldest entry that a group waits for, or has not had yet, nobody needs any more.
    fn plan_trim(&mut self, key: usize, groups: Vec<StreamGroupInfo>) {
        if groups.is_empty() {
            return;
        }
        let done =
            groups.iter().filter(|group| group.pending == 0).map(|group| after(group.last_delivered_id));
        let floor = done.min().unwrap_or(StreamId::MAX);
        let waiting = groups.into_iter().filter(|group| group.pending > 0);
        let waiting = waiting.map(|group| (group.name, group.last_delivered_id)).collect();
        self.go_on_trimming(key, waiting, floor);
    }

    fn go_on_trimming(&mut self, key: usize, groups: Vec<(String, StreamId)>, floor: StreamId) {
        self.chores.push_front(if groups.is_empty() {
            Chore::Trim { key, trim: Trim::minid(floor) }
        } else {
            Chore::Oldest { key, groups, floor }
        });
    }

    fn failed(
        &mut self,
        now: Micros,
        chore: Chore<V>,
        error: Error,
        hands: &mut Hands,
        backoff: &Backoff,
        random: u64,
    ) {
        match (&chore, error.server_code()) {
            (Chore::Create { .. }, Some(ServerCode::BusyGroup)) => return,
            (Chore::Claim { key, from }, Some(_)) if is_unknown_command(&error) => {
                self.old_claims = true;
                let stale = |chore: &mut Chore<V>| {
                    if let Chore::Claim { key, from } = *chore {
                        *chore = Chore::Stale { key, from };
                    }
                };
                self.chores.iter_mut().for_each(stale);
                self.chores.push_front(Chore::Stale { key: *key, from: *from });
                return;
            }
            _ => {}
        }
        self.interrupted(now);
        self.pause(now, backoff, random);
        if matches!(chore, Chore::Create { .. }) {
            self.chores.push_front(chore);
        }
        match Failure::of(&error) {
            Failure::Closed => {
                self.end();
                self.failure = Some(error);
            }
            Failure::NoGroup if self.setup.options.create.is_some() => {
                tracing::warn!(%error, "a consumer group is lost and created again, from the start of its stream");
                self.stats.groups_recreated += 1;
                hands.clear();
                self.chores.clear();
                self.create_groups(GroupStart::After(StreamId::MIN));
                self.look = now;
            }
            Failure::Passing if !self.is_out_of_patience(now) => {
                tracing::debug!(%error, "reading of streams goes on after a failure");
            }
            Failure::Passing | Failure::NoGroup | Failure::Lasting => self.failure = Some(error),
        }
    }

    /// True when the user wants to hear of failures that may pass; then patience begins anew.
    fn is_out_of_patience(&mut self, now: Micros) -> bool {
        let Some(patience) = self.setup.options.give_up_after else { return false };
        let over = self.failing.since.is_some_and(|since| now.saturating_sub(since) >= as_micros(patience));
        if over {
            self.failing.since = Some(now);
        }
        over
    }
}

fn is_full(page: &[PendingEntry]) -> bool {
    u64::try_from(page.len()).is_ok_and(|length| length >= PAGE)
}

fn not_held<V>(
    entries: Vec<StreamEntry<Decoded<V>>>,
    key: usize,
    hands: &Hands,
) -> Vec<StreamEntry<Decoded<V>>> {
    entries.into_iter().filter(|entry| !hands.hold(key, entry.id)).collect()
}
