//! What ZRANGE and ZRANGESTORE look for: a range by rank, score or member, its direction, and a part of it.
//!
//! The three kinds are three types, since not all of them take all options: the servers refuse LIMIT by rank, and
//! WITHSCORES by member.

use super::super::Limit;
use super::{LexRange, ScoreRange};
use crate::{Command, FromReply};

/// A range by place: from the `start`th to the `stop`th, both included, -1 being the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankRange {
    start: i64,
    stop: i64,
}

/// A kind of range that ZRANGE knows: [`RankRange`], [`ScoreRange`], [`LexRange`]. Nothing else can be one.
pub trait ZRangeBy: sealed::Ends {}

/// A kind of range of which a part can be asked for: by score or by member.
pub trait ZRangeLimited: ZRangeBy {}

/// A kind of range whose scores can be asked for: by rank or by score.
pub trait ZRangeScored: ZRangeBy {}

impl ZRangeBy for RankRange {}
impl ZRangeScored for RankRange {}
impl ZRangeBy for ScoreRange {}
impl ZRangeLimited for ScoreRange {}
impl ZRangeScored for ScoreRange {}
impl ZRangeBy for LexRange {}
impl ZRangeLimited for LexRange {}

mod sealed {
    use super::{Command, FromReply, LexRange, RankRange, ScoreRange};

    pub trait Ends {
        /// Adds both ends, the one to begin with first. By score and by member that is the upper one when reversed.
        fn ends<R: FromReply>(self, reversed: bool, command: Command<R>) -> Command<R>;

        /// The word that says by what, if it must be said.
        const WORD: Option<&'static str>;
    }

    impl Ends for RankRange {
        const WORD: Option<&'static str> = None;

        fn ends<R: FromReply>(self, _: bool, command: Command<R>) -> Command<R> {
            command.arg(self.start).arg(self.stop)
        }
    }

    impl Ends for ScoreRange {
        const WORD: Option<&'static str> = Some("BYSCORE");

        fn ends<R: FromReply>(self, reversed: bool, command: Command<R>) -> Command<R> {
            if reversed { command.arg(self.max).arg(self.min) } else { command.arg(self.min).arg(self.max) }
        }
    }

    impl Ends for LexRange {
        const WORD: Option<&'static str> = Some("BYLEX");

        fn ends<R: FromReply>(self, reversed: bool, command: Command<R>) -> Command<R> {
            if reversed { command.arg(self.max).arg(self.min) } else { command.arg(self.min).arg(self.max) }
        }
    }
}

/// A range of a sorted set, for ZRANGE and ZRANGESTORE.
///
/// Ranges are always given from low to high; [`rev`](Self::rev) turns the order of the reply.
///
/// ```
/// use carnelian_command::{Build, Command, group::{SortedSetCommands as _, SortedSetRangeCommands as _, ZRange}};
///
/// // The second page of those above 100, best first.
/// let range = ZRange::by_score(100..).rev().limit(10..20).with_scores();
/// let page: Command<Vec<(String, f64)>> = Build.zrange_with("board", range);
/// # let _ = page;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct ZRange<B> {
    by: B,
    reversed: bool,
    limit: Option<Limit>,
    with_scores: bool,
}

impl ZRange<RankRange> {
    /// From the `start`th to the `stop`th, both included and counted from 0; -1 is the last. With
    /// [`rev`](Self::rev) the counting begins at the highest score.
    pub const fn by_rank(start: i64, stop: i64) -> Self {
        Self::new(RankRange { start, stop })
    }
}

impl ZRange<ScoreRange> {
    /// Those with a score in this range.
    pub fn by_score(range: impl Into<ScoreRange>) -> Self {
        Self::new(range.into())
    }
}

impl ZRange<LexRange> {
    /// Those members in this range, where all have the same score.
    pub fn by_lex(range: impl Into<LexRange>) -> Self {
        Self::new(range.into())
    }
}

impl<B> ZRange<B> {
    const fn new(by: B) -> Self {
        Self { by, reversed: false, limit: None, with_scores: false }
    }

    /// From high to low.
    pub const fn rev(mut self) -> Self {
        self.reversed = true;
        self
    }
}

impl<B: ZRangeLimited> ZRange<B> {
    /// Only a part of the range, such as `..10`.
    pub fn limit(mut self, limit: impl Into<Limit>) -> Self {
        self.limit = Some(limit.into());
        self
    }
}

impl<B: ZRangeScored> ZRange<B> {
    /// Gives each member with its score. What ZRANGESTORE stores has its scores either way.
    pub const fn with_scores(mut self) -> Self {
        self.with_scores = true;
        self
    }
}

impl<B: ZRangeBy> ZRange<B> {
    /// For ZRANGESTORE.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = self.by.ends(self.reversed, command).optional(B::WORD).word_if(self.reversed, "REV");
        match self.limit {
            Some(limit) => limit.add_to(command),
            None => command,
        }
    }

    /// For ZRANGE.
    pub(super) fn add_to_read<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let with_scores = self.with_scores;
        self.add_to(command).word_if(with_scores, "WITHSCORES")
    }
}

/// The options of ZRANGEBYSCORE and ZREVRANGEBYSCORE.
///
/// ```
/// use carnelian_command::group::ZRangeByScoreOptions;
///
/// let options = ZRangeByScoreOptions::new().limit(..10).with_scores();
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ZRangeByScoreOptions {
    limit: Option<Limit>,
    with_scores: bool,
}

impl ZRangeByScoreOptions {
    /// All members of the range, without their scores.
    pub const fn new() -> Self {
        Self { limit: None, with_scores: false }
    }

    /// Only a part of the range, such as `..10`.
    pub fn limit(mut self, limit: impl Into<Limit>) -> Self {
        self.limit = Some(limit.into());
        self
    }

    /// Gives each member with its score.
    pub const fn with_scores(mut self) -> Self {
        self.with_scores = true;
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = command.word_if(self.with_scores, "WITHSCORES");
        match self.limit {
            Some(limit) => limit.add_to(command),
            None => command,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    fn words<B: ZRangeBy>(range: ZRange<B>) -> String {
        let command = range.add_to_read(Command::<()>::new(&spec::ZRANGE));
        let words: Vec<_> = command.request().arguments().skip(1).map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn each_kind_says_by_what() {
        assert_eq!(words(ZRange::by_rank(0, -1).rev().with_scores()), "0 -1 REV WITHSCORES");
        assert_eq!(words(ZRange::by_score(0.25..).limit(..5)), "0.25 +inf BYSCORE LIMIT 0 5");
        assert_eq!(words(ZRange::by_lex("a".."c")), "[a (c BYLEX");
    }

    #[test]
    fn reversed_ranges_begin_at_their_upper_end() {
        assert_eq!(words(ZRange::by_rank(1, 3).rev()), "1 3 REV");
        assert_eq!(words(ZRange::by_score(..0.5).rev()), "(0.5 -inf BYSCORE REV");
        assert_eq!(words(ZRange::by_lex("a"..).rev().limit(1..)), "+ [a BYLEX REV LIMIT 1 -1");
    }
}
