//! What a user can say about a consumer.

use std::time::Duration;

use carnelian_command::group::{GroupStart, StreamId, Trim};

/// How a consumer of a group reads, what it takes over from others, and what it clears away.
///
/// ```
/// # use carnelian_core::consumer::{ConsumerOptions, Exhausted};
/// # use std::time::Duration;
/// let options = ConsumerOptions::new()
///     .batch(50)
///     .claim_after(Duration::from_secs(60))
///     .max_deliveries(5, Exhausted::dead_letters("jobs-dead"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ConsumerOptions {
    pub(super) create: Option<GroupStart>,
    pub(super) batch: u64,
    pub(super) block: Duration,
    pub(super) claim_after: Option<Duration>,
    pub(super) look_every: Option<Duration>,
    pub(super) max_deliveries: Option<u64>,
    pub(super) exhausted: Exhausted,
    pub(super) delete: bool,
    pub(super) trim: Option<Trimming>,
    pub(super) trim_every: Duration,
    pub(super) give_up_after: Option<Duration>,
}

/// What becomes of an entry that has been handed out too often and never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exhausted {
    /// It is handed out all the same, and marked.
    HandOut,
    /// It is added to this stream with a note of where it came from, and acknowledged here.
    DeadLetters(String),
}

impl Exhausted {
    /// It goes to the stream of this name.
    pub fn dead_letters(stream: impl Into<String>) -> Self {
        Self::DeadLetters(stream.into())
    }
}

/// What is trimmed away every so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trimming {
    /// Whatever this says, handed out or not.
    To(Trim),
    /// What every group has had and acknowledged.
    Acknowledged,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ConsumerOptions {
    /// Creates what is missing and reads from the start; takes nothing over from others, clears nothing away.
    pub const fn new() -> Self {
        Self {
            create: Some(GroupStart::After(StreamId::MIN)),
            batch: 16,
            block: Duration::from_secs(2),
            claim_after: None,
            look_every: None,
            max_deliveries: None,
            exhausted: Exhausted::HandOut,
            delete: false,
            trim: None,
            trim_every: Duration::from_secs(60),
            give_up_after: None,
        }
    }

    /// A group that is not there yet is created (and its stream too), to hand out entries from here on: all that the stream has,
    /// unless set ([`GroupStart::End`] hands out what comes later).
    ///
    /// A group that was there and is lost (its stream was deleted, FLUSHALL) is created again from the start of the stream
    /// in any case: an entry may come twice that way, but none is left out.
    pub fn create(mut self, start: impl Into<GroupStart>) -> Self {
        self.create = Some(start.into());
        self
    }

    /// A group that is not there is an error.
    pub const fn existing_group(mut self) -> Self {
        self.create = None;
        self
    }

    /// How many entries of each stream are fetched at once; 16 unless set. While they are worked on one after the other, the
    /// last ones wait: [`claim_after`](Self::claim_after) must be longer than all of them take.
    pub const fn batch(mut self, entries: u64) -> Self {
        self.batch = if entries == 0 { 1 } else { entries };
        self
    }

    /// How long one read waits at the server for new entries; 2 s unless set. Reading goes on after it, so this is not how
    /// long `next` waits: it bounds how long the blocking client takes to heed a stop, and how soon an entry is seen again
    /// whose delivery was lost on the wire.
    pub const fn block(mut self, wait: Duration) -> Self {
        self.block = wait;
        self
    }

    /// Takes over what any consumer of the group has had for longer than this without acknowledging it: that of consumers
    /// that died, and what this one has let go. Never, unless set.
    ///
    /// Longer than the longest work on a batch: what another consumer takes over while it is being worked on is worked on
    /// twice.
    pub const fn claim_after(mut self, idle: Duration) -> Self {
        self.claim_after = Some(idle);
        self
    }

    /// How often stale entries, and lost ones of its own, are looked for. Unless set, twice in
    /// [`claim_after`](Self::claim_after), but at least every 30 s.
    pub const fn look_every(mut self, interval: Duration) -> Self {
        self.look_every = Some(interval);
        self
    }

    /// What becomes of an entry that comes for more than the `most`th time. The server counts; a delivery that was lost
    /// on the wire counts too.
    pub fn max_deliveries(mut self, most: u64, then: Exhausted) -> Self {
        self.max_deliveries = Some(if most == 0 { 1 } else { most });
        self.exhausted = then;
        self
    }

    /// Acknowledging an entry also deletes it from its stream: for streams that one group reads. With XACKDEL where the
    /// server has it (Redis 8.2), else XACK and XDEL.
    pub const fn delete_acknowledged(mut self) -> Self {
        self.delete = true;
        self
    }

    /// Trims the streams every so often, whoever has read what of them or not.
    pub const fn trim(mut self, trim: Trim) -> Self {
        self.trim = Some(Trimming::To(trim));
        self
    }

    /// Trims away every so often what all groups of a stream have had and acknowledged. Since Redis 6.2.
    pub const fn trim_acknowledged(mut self) -> Self {
        self.trim = Some(Trimming::Acknowledged);
        self
    }

    /// How often is trimmed; once a minute unless set.
    pub const fn trim_every(mut self, interval: Duration) -> Self {
        self.trim_every = interval;
        self
    }

    /// After failing for so long (the server is away), the error is handed out; the next call goes on trying. Unless set,
    /// the consumer goes on without a word, for as long as it takes.
    pub const fn give_up_after(mut self, patience: Duration) -> Self {
        self.give_up_after = Some(patience);
        self
    }

    /// How often entries are looked for that are this consumer's, or nobody's any more.
    pub(super) fn interval(&self) -> Duration {
        const SELDOM: Duration = Duration::from_secs(30);
        const OFTEN: Duration = Duration::from_millis(100);
        let half = self.claim_after.map_or(SELDOM, |idle| (idle / 2).clamp(OFTEN, SELDOM));
        self.look_every.unwrap_or(half).max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_looked_for_all_the_time_or_never() {
        let interval = |options: ConsumerOptions| options.interval().as_millis();
        let options = ConsumerOptions::new();
        assert_eq!(interval(options.clone()), 30_000);
        assert_eq!(interval(options.clone().claim_after(Duration::ZERO)), 100);
        assert_eq!(interval(options.clone().claim_after(Duration::from_secs(10))), 5_000);
        assert_eq!(interval(options.clone().claim_after(Duration::from_secs(999))), 30_000);
        assert_eq!(interval(options.look_every(Duration::ZERO)), 1);
    }

    #[test]
    fn zero_is_one_where_nothing_makes_no_sense() {
        let options = ConsumerOptions::new().batch(0).max_deliveries(0, Exhausted::HandOut);
        assert_eq!((options.batch, options.max_deliveries), (1, Some(1)));
    }
}
