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

#[cfg(test)]
mod tests {
    use carnelian_command::group::{PendingEntry, StreamsRead};
    use carnelian_command::{ServerError, spec};
    use carnelian_resp::Reader as Bytes;

    use super::super::{Answer, ConsumerOptions, Exhausted, Origin, Task};
    use super::*;

    type Fields = Vec<(String, String)>;

    /// A reader with its clock, and a server of so many words.
    struct Desk {
        reader: Reader<Fields>,
        hands: Hands,
        now: Micros,
    }

    const FIRST: StreamId = StreamId::new(1, 0);
    const SECOND: StreamId = StreamId::new(2, 0);

    impl Desk {
        fn new(options: ConsumerOptions) -> Self {
            let setup = Setup::new("s", "g", "c", options);
            Self { reader: Reader::new(setup, 0), hands: Hands::default(), now: 0 }
        }

        fn step(&mut self) -> Step<Fields> {
            self.reader.step(self.now, &mut self.hands, NEVER, false)
        }

        /// The words of the command that is to be run next.
        fn asks(&mut self) -> String {
            let request = match self.step() {
                Step::Run(Task::Done(command)) => command.into_request(),
                Step::Run(Task::Count(command)) => command.into_request(),
                Step::Run(Task::Pending(command)) => command.into_request(),
                Step::Run(Task::History(command)) => command.into_request(),
                Step::Run(Task::Claim(command)) => command.into_request(),
                Step::Run(Task::ClaimThese(command)) => command.into_request(),
                Step::Run(Task::Read(command, _)) => command.into_request(),
                Step::Run(Task::Plain(command)) => command.into_request(),
                Step::Run(Task::Add(command)) => command.into_request(),
                other => panic!("{other:?}"),
            };
            let words: Vec<_> = request.arguments().map(String::from_utf8_lossy).collect();
            words.join(" ")
        }

        fn hears(&mut self, answer: Answer<Fields>) {
            self.reader.answer(self.now, &mut self.hands, Ok(answer), &Backoff::None, 0);
        }

        fn fails(&mut self, error: Error) {
            self.reader.answer(self.now, &mut self.hands, Err(error), &Backoff::None, 0);
        }

        fn gets(&mut self) -> Entry<Fields> {
            match self.step() {
                Step::Deliver(entry) => entry,
                other => panic!("{other:?}"),
            }
        }

        /// Past the creation of the group and the first look, to the first read.
        fn settled(options: ConsumerOptions) -> Self {
            let mut desk = Self::new(options);
            assert_eq!(desk.asks(), "XGROUP CREATE s g 0-0 MKSTREAM");
            desk.hears(Answer::Done);
            assert_eq!(desk.asks(), LOOK);
            desk.hears(Answer::Pending(Vec::new()));
            desk
        }
    }

    const LOOK: &str = "XPENDING s g 0-0 + 100 c";
    const READ: &str = "XREADGROUP GROUP g c COUNT 16 BLOCK 2000 STREAMS s >";

    fn pending(ids: &[StreamId], deliveries: u64) -> Answer<Fields> {
        let line = |id: &StreamId| format!("*4\r\n+{id}\r\n+c\r\n:5000\r\n:{deliveries}\r\n");
        let entry = |id| PendingEntry::from_reply(&mut Bytes::new(line(id).as_bytes())).unwrap();
        Answer::Pending(ids.iter().map(entry).collect())
    }

    fn entries<T: FromReply>(ids: &[StreamId], body: &str) -> StreamsRead<T, Vec<u8>> {
        let list: String = ids.iter().map(|id| format!("*2\r\n+{id}\r\n{body}")).collect();
        let reply = format!("*1\r\n*2\r\n+s\r\n*{}\r\n{list}", ids.len());
        StreamsRead::from_reply(&mut Bytes::new(reply.as_bytes())).unwrap()
    }

    const BODY: &str = "*2\r\n+f\r\n+v\r\n";

    #[test]
    fn its_own_come_first_and_then_the_new_ones() {
        let mut desk = Desk::new(ConsumerOptions::new().existing_group());
        assert_eq!(desk.asks(), LOOK);
        desk.hears(pending(&[FIRST, SECOND], 1));
        assert_eq!(desk.asks(), "XREADGROUP GROUP g c COUNT 2 STREAMS s 0-18446744073709551615");
        desk.hears(Answer::History(entries(&[FIRST, SECOND], BODY)));
        let entry = desk.gets();
        assert_eq!((entry.id, entry.deliveries, entry.origin), (FIRST, 2, Origin::Pending));
        assert_eq!(desk.gets().id, SECOND);
        assert_eq!(desk.asks(), READ);
        desk.hears(Answer::Read(StreamsRead::default()));
        assert_eq!(desk.asks(), READ);
    }

    /// The case that this is all about: the server has handed out what nobody got.
    #[test]
    fn after_a_lost_reply_what_is_pending_is_asked_for_and_what_is_held_is_not() {
        let mut desk = Desk::settled(ConsumerOptions::new());
        assert_eq!(desk.asks(), READ);
        desk.hears(Answer::Read(entries(&[FIRST], BODY)));
        assert_eq!(desk.gets().id, FIRST);
        assert_eq!(desk.asks(), READ);
        desk.fails(Error::lost("", true));
        assert_eq!(desk.asks(), LOOK);
        desk.hears(pending(&[FIRST, SECOND], 1));
        assert_eq!(desk.asks(), "XREADGROUP GROUP g c COUNT 1 STREAMS s 1-18446744073709551615");
        desk.hears(Answer::History(entries(&[SECOND], BODY)));
        assert_eq!(desk.gets().id, SECOND);
        // The server may not know yet that nobody listens to the lost read, and hand out more to it.
        desk.now = 2_500_000;
        assert!(desk.asks().contains("BLOCK 500 "));
        desk.hears(Answer::Read(StreamsRead::default()));
        desk.now = 3_000_000;
        assert_eq!(desk.asks(), LOOK);
    }

    #[test]
    fn a_step_without_an_answer_is_a_lost_reply() {
        let mut desk = Desk::settled(ConsumerOptions::new());
        assert_eq!(desk.asks(), READ);
        assert_eq!(desk.asks(), LOOK);
        assert_eq!(desk.reader.stats().interruptions, 1);
    }

    #[test]
    fn a_lost_group_is_created_from_the_start_or_told() {
        let gone = || Error::server(&spec::XREADGROUP, ServerError::new(b"NOGROUP No such key"));
        let mut desk = Desk::settled(ConsumerOptions::new().create(GroupStart::End).create(StreamId::MIN));
        assert_eq!(desk.asks(), READ);
        desk.fails(gone());
        assert_eq!(desk.asks(), "XGROUP CREATE s g 0-0 MKSTREAM");
        desk.fails(Error::server(&spec::XGROUP_CREATE, ServerError::new(b"BUSYGROUP exists")));
        assert_eq!(desk.asks(), LOOK);
        let mut desk = Desk::new(ConsumerOptions::new().existing_group());
        assert_eq!(desk.asks(), LOOK);
        desk.fails(gone());
        assert!(
            matches!(desk.step(), Step::Fail(error) if error.server_code() == Some(crate::ServerCode::NoGroup))
        );
        assert_eq!(desk.asks(), LOOK);
    }

    #[test]
    fn what_came_too_often_goes_to_the_dead_letters_and_what_is_deleted_is_forgotten() {
        let options = ConsumerOptions::new().max_deliveries(2, Exhausted::dead_letters("dead"));
        let mut desk = Desk::new(options.existing_group());
        assert_eq!(desk.asks(), LOOK);
        desk.hears(pending(&[FIRST, SECOND], 2));
        assert!(desk.asks().starts_with("XREADGROUP"));
        let both = "*2\r\n*2\r\n+1-0\r\n*2\r\n+f\r\n+v\r\n*2\r\n+2-0\r\n*-1\r\n";
        let reply = format!("*1\r\n*2\r\n+s\r\n{both}");
        desk.hears(Answer::History(StreamsRead::from_reply(&mut Bytes::new(reply.as_bytes())).unwrap()));
        assert_eq!(desk.asks(), "XACK s g 2-0");
        desk.hears(Answer::Count(1));
        assert_eq!(desk.asks(), "XRANGE s 1-0 1-0");
        let entry = "*1\r\n*2\r\n+1-0\r\n*2\r\n+f\r\n+v\r\n";
        desk.hears(Answer::Plain(Vec::from_reply(&mut Bytes::new(entry.as_bytes())).unwrap()));
        let add = "XADD dead * f v dead.stream s dead.group g dead.id 1-0 dead.deliveries 3";
        assert_eq!(desk.asks(), add);
        desk.hears(Answer::Add(FIRST));
        assert_eq!(desk.asks(), "XACK s g 1-0");
        desk.hears(Answer::Count(1));
        assert_eq!(desk.asks(), READ);
        assert_eq!((desk.reader.stats().dead_lettered, desk.reader.stats().vanished), (1, 1));
    }

    #[test]
    fn failures_that_pass_are_told_only_when_patience_is_over() {
        let mut desk = Desk::settled(ConsumerOptions::new().give_up_after(Duration::from_secs(1)));
        for (now, told) in [(0, false), (900_000, false), (1_000_000, true), (1_500_000, false)] {
            desk.now = now;
            let _ = desk.asks();
            desk.fails(Error::lost("", true));
            let failed = desk.reader.failure.take().is_some();
            assert_eq!(failed, told, "{now}");
        }
        let _ = desk.asks();
        desk.fails(Error::closed());
        assert!(matches!(desk.step(), Step::Fail(_)) && matches!(desk.step(), Step::End));
    }

    #[test]
    fn a_call_with_a_limit_reads_once_and_no_longer() {
        let mut desk = Desk::settled(ConsumerOptions::new());
        let limit = 300_000;
        let step = desk.reader.step(0, &mut desk.hands, limit, false);
        assert!(matches!(step, Step::Run(Task::Read(_, wait)) if wait == Duration::from_millis(300)));
        desk.hears(Answer::Read(entries(&[FIRST], BODY)));
        desk.now = limit;
        assert!(matches!(desk.reader.step(limit, &mut desk.hands, limit, true), Step::Deliver(_)));
        assert!(matches!(desk.reader.step(limit, &mut desk.hands, limit, true), Step::Late));
    }

    #[test]
    fn stopping_says_what_was_not_handed_out() {
        let mut desk = Desk::settled(ConsumerOptions::new());
        assert_eq!(desk.asks(), READ);
        desk.hears(Answer::Read(entries(&[FIRST, SECOND], BODY)));
        assert_eq!(desk.gets().id, FIRST);
        assert_eq!(desk.reader.stop(), [("s".to_owned(), SECOND)]);
        assert!(matches!(desk.step(), Step::End) && desk.reader.has_ended());
    }

    #[test]
    fn without_a_key_there_is_nothing_to_read() {
        let setup = Setup::new((), "g", "c", ConsumerOptions::new());
        let mut reader = Reader::<Fields>::new(setup, 0);
        let mut hands = Hands::default();
        assert!(matches!(reader.step(0, &mut hands, NEVER, false), Step::Fail(_)));
        assert!(matches!(reader.step(0, &mut hands, NEVER, false), Step::End));
    }
}
