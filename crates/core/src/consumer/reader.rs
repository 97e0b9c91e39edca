//! The state machine: what comes next.

use std::collections::VecDeque;
use std::time::Duration;

use carnelian_command::FromReply;
use carnelian_command::group::{GroupStart, StreamId};

use crate::config::Backoff;
use crate::connection::liveness::as_micros;
use crate::connection::{Micros, NEVER};
use crate::{Error, ErrorKind};

use super::chore::Chore;
use super::entry::Entry;
use super::hands::Hands;
use super::options::Trimming;
use super::report::ConsumerStats;
use super::setup::Setup;
use super::task::Step;

/// Longer than a server takes to end a read whose time is up.
const LAG: Duration = Duration::from_secs(1);

/// Decides what a consumer does next. `V` is what the fields of an entry become.
///
/// A driver calls [`step`](Self::step) until there is something to hand out, runs what it is told to, and tells what came of
/// it to [`answer`](Self::answer) before the next step. A step without an answer counts as lost on the wire.
#[derive(Debug)]
pub struct Reader<V> {
    pub(super) setup: Setup,
    pub(super) chores: VecDeque<Chore<V>>,
    /// What a driver is doing.
    pub(super) current: Option<Chore<V>>,
    /// Fetched and not handed out.
    pub(super) buffer: VecDeque<Entry<V>>,
    pub(super) failure: Option<Error>,
    /// Nothing is run before this moment.
    resume: Micros,
    /// When pending entries are looked for again.
    pub(super) look: Micros,
    trim: Micros,
    pub(super) failing: Failing,
    /// The server has no XAUTOCLAIM.
    pub(super) old_claims: bool,
    ended: bool,
    pub(super) stats: ConsumerStats,
}

/// Since when nothing goes well.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Failing {
    pub(super) since: Option<Micros>,
    pub(super) times: u32,
    pub(super) pause: Duration,
}

impl<V: FromReply> Reader<V> {
    /// A reader that begins now.
    #[must_use]
    pub fn new(setup: Setup, now: Micros) -> Self {
        let trim_every = as_micros(setup.options.trim_every);
        let trim = setup.options.trim.map_or(NEVER, |_| now.saturating_add(trim_every));
        let mut reader = Self {
            setup,
            chores: VecDeque::new(),
            current: None,
            buffer: VecDeque::new(),
            failure: None,
            resume: 0,
            look: 0,
            trim,
            failing: Failing::default(),
            old_claims: false,
            ended: false,
            stats: ConsumerStats::default(),
        };
        if reader.setup.keys.is_empty() {
            reader.failure =
                Some(Error::new(ErrorKind::Config, "a consumer needs the key of a stream to read"));
            reader.ended = true;
        }
        if let Some(start) = reader.setup.options.create {
            reader.create_groups(start);
        }
        reader
    }

    /// What to do now. The call has time until `limit`; `tried`: it has waited for new entries already.
    pub fn step(&mut self, now: Micros, hands: &mut Hands, limit: Micros, tried: bool) -> Step<V> {
        if self.current.take().is_some() {
            self.interrupted(now);
        }
        while let Some(entry) = self.buffer.pop_front() {
            if hands.take(entry.key, entry.id) {
                return self.deliver(entry, hands);
            }
        }
        if let Some(error) = self.failure.take() {
            return Step::Fail(error);
        }
        if self.ended {
            return Step::End;
        }
        if tried && limit <= now {
            return Step::Late;
        }
        if self.resume > now {
            return Step::Pause(self.resume.min(limit));
        }
        let chore = self.next_chore(now, hands, limit);
        let task = chore.task(&self.setup);
        self.current = Some(chore);
        Step::Run(task)
    }

    fn deliver(&mut self, mut entry: Entry<V>, hands: &mut Hands) -> Step<V> {
        self.stats.delivered += 1;
        match entry.origin {
            super::Origin::New => {}
            super::Origin::Pending => self.stats.recovered += 1,
            super::Origin::Claimed => self.stats.claimed += 1,
        }
        entry.exhausted = self.is_exhausted(entry.deliveries);
        if entry.fields.is_err() {
            // Nobody has it: there is nothing to hold.
            hands.release(entry.key, entry.id);
        }
        Step::Deliver(entry)
    }

    fn next_chore(&mut self, now: Micros, hands: &mut Hands, limit: Micros) -> Chore<V> {
        if self.chores.is_empty() {
            self.plan(now);
        }
        match self.chores.pop_front() {
            Some(chore) => {
                // It may be an answer about what is pending.
                hands.watch();
                chore
            }
            None => {
                hands.unwatch();
                let due = self.look.min(self.trim).min(limit).saturating_sub(now);
                Chore::Read { wait: self.setup.options.block.min(Duration::from_micros(due)) }
            }
        }
    }

    /// What is due besides reading.
    fn plan(&mut self, now: Micros) {
        let keys = 0..self.setup.keys.len();
        if self.look <= now {
            self.look = now.saturating_add(as_micros(self.setup.options.interval()));
            self.chores.extend(keys.clone().map(|key| Chore::Look { key, from: StreamId::MIN }));
            if self.setup.options.claim_after.is_some() {
                let old = self.old_claims;
                self.chores.extend(keys.clone().map(|key| Self::claim(key, StreamId::MIN, old)));
            }
        }
        if self.trim <= now {
            self.trim = now.saturating_add(as_micros(self.setup.options.trim_every));
            self.chores.extend(keys.map(|key| match self.setup.options.trim {
                Some(Trimming::To(trim)) => Chore::Trim { key, trim },
                _ => Chore::Groups { key },
            }));
        }
    }

    pub(super) fn claim(key: usize, from: StreamId, old: bool) -> Chore<V> {
        if old { Chore::Stale { key, from } } else { Chore::Claim { key, from } }
    }

    pub(super) fn create_groups(&mut self, start: GroupStart) {
        self.chores.extend((0..self.setup.keys.len()).map(|key| Chore::Create { key, start }));
    }

    /// Something may have been handed out to this consumer without coming here: it is looked for among what is pending, at
    /// once, and once more when a read that the server still thinks is wanted must be over.
    pub(super) fn interrupted(&mut self, now: Micros) {
        self.stats.interruptions += 1;
        // What was not created yet still has to be.
        self.chores.retain(|chore| matches!(chore, Chore::Create { .. }));
        self.chores.extend((0..self.setup.keys.len()).map(|key| Chore::Look { key, from: StreamId::MIN }));
        let over = self.setup.options.block.saturating_add(LAG);
        self.look = self.look.min(now.saturating_add(as_micros(over)));
    }

    /// Pauses before anything else is run.
    pub(super) fn pause(&mut self, now: Micros, backoff: &Backoff, random: u64) {
        let failing = &mut self.failing;
        failing.times = failing.times.saturating_add(1);
        failing.since.get_or_insert(now);
        failing.pause = backoff.delay(failing.times, failing.pause, random);
        self.resume = now.saturating_add(as_micros(failing.pause));
    }

    /// Hands out what is left to say, and nothing after it.
    pub(super) fn end(&mut self) {
        self.chores.clear();
        self.ended = true;
    }

    pub(super) fn is_exhausted(&self, deliveries: u64) -> bool {
        self.setup.options.max_deliveries.is_some_and(|most| deliveries > most)
    }

    /// Stops reading. What was fetched and not handed out: it stays pending.
    pub fn stop(&mut self) -> Vec<(String, StreamId)> {
        self.current = None;
        self.end();
        let name = |key: usize| self.setup.keys.get(key).map_or("", |key| key.name()).to_owned();
        let unread = self.buffer.iter().map(|entry| (name(entry.key), entry.id)).collect();
        self.buffer.clear();
        unread
    }

    /// True when there is nothing more to come.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// What it has done so far.
    #[must_use]
    pub const fn stats(&self) -> ConsumerStats {
        self.stats
    }

    /// The names of what it reads.
    #[must_use]
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }
}
