//! Ranges of sorted sets: by rank, by score, by member; to read, to count, to remove, to store.

use super::super::Limit;
use super::{LexRange, ScoreRange, ZRange, ZRangeBy, ZRangeByScoreOptions};
use crate::{Command, DataExecutor, FromReply, ToArg, spec};

/// Commands on ranges of sorted sets.
///
/// A range of scores or members is written as a Rust range, from low to high whatever the order of the reply:
/// `1.0..=5.0`, `10..`, `"a".."c"`, `..`. Ranks are two numbers as in Redis: both are included, -1 is the last.
///
/// ```
/// use carnelian_command::{Build, Command, group::SortedSetRangeCommands as _};
///
/// let command: Command<Vec<String>> = Build.zrangebyscore("board", 0.5..);
/// let arguments: Vec<_> = command.request().arguments().collect();
/// assert_eq!(arguments, [&b"ZRANGEBYSCORE"[..], b"board", b"0.5", b"+inf"]);
/// ```
pub trait SortedSetRangeCommands: DataExecutor {
    /// How many members have a score in `range`.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(log N).
    #[doc(alias = "ZCOUNT")]
    fn zcount(self, key: impl ToArg, range: impl Into<ScoreRange>) -> Self::Out<u64> {
        let range = range.into();
        self.run(Command::new(&spec::ZCOUNT).key(key).arg(range.min).arg(range.max))
    }

    /// How many members are in `range`, where all have the same score.
    ///
    /// Since Redis 2.8.9, Valkey 7.2. O(log N).
    #[doc(alias = "ZLEXCOUNT")]
    fn zlexcount(self, key: impl ToArg, range: impl Into<LexRange>) -> Self::Out<u64> {
        let range = range.into();
        self.run(Command::new(&spec::ZLEXCOUNT).key(key).arg(range.min).arg(range.max))
    }

    /// The members from the `start`th to the `stop`th, lowest score first.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(log N + M) for M members of the reply.
    #[doc(alias = "ZRANGE")]
    fn zrange<R: FromReply>(self, key: impl ToArg, start: i64, stop: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZRANGE).key(key).arg(start).arg(stop))
    }

    /// Like [`zrange`](Self::zrange), each member with its score.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(log N + M) for M members of the reply.
    #[doc(alias = "ZRANGE WITHSCORES")]
    fn zrange_with_scores<R: FromReply>(self, key: impl ToArg, start: i64, stop: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZRANGE).key(key).arg(start).arg(stop).arg("WITHSCORES"))
    }

    /// A range of any kind, in either direction, whole or in part.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(log N + M) for M members of the reply, and for those left out before them.
    #[doc(alias = "ZRANGE")]
    fn zrange_with<R: FromReply>(self, key: impl ToArg, range: ZRange<impl ZRangeBy>) -> Self::Out<R> {
        self.run(range.add_to_read(Command::new(&spec::ZRANGE).key(key)))
    }

    /// The members in `range`, where all have the same score.
    ///
    /// Since Redis 2.8.9, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M
    /// members of the reply.
    #[doc(alias = "ZRANGEBYLEX")]
    fn zrangebylex<R: FromReply>(self, key: impl ToArg, range: impl Into<LexRange>) -> Self::Out<R> {
        let range = range.into();
        self.run(Command::new(&spec::ZRANGEBYLEX).key(key).arg(range.min).arg(range.max))
    }

    /// Like [`zrangebylex`](Self::zrangebylex), only a part of the range, such as `..10`.
    ///
    /// Since Redis 2.8.9, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M
    /// members of the reply, and for those left out before them.
    #[doc(alias = "ZRANGEBYLEX")]
    fn zrangebylex_limit<R: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<LexRange>,
        limit: impl Into<Limit>,
    ) -> Self::Out<R> {
        let range = range.into();
        let command = Command::new(&spec::ZRANGEBYLEX).key(key).arg(range.min).arg(range.max);
        self.run(limit.into().add_to(command))
    }

    /// The members with a score in `range`, lowest first.
    ///
    /// Since Redis 1.0.5, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M
    /// members of the reply.
    #[doc(alias = "ZRANGEBYSCORE")]
    fn zrangebyscore<R: FromReply>(self, key: impl ToArg, range: impl Into<ScoreRange>) -> Self::Out<R> {
        let range = range.into();
        self.run(Command::new(&spec::ZRANGEBYSCORE).key(key).arg(range.min).arg(range.max))
    }

    /// Like [`zrangebyscore`](Self::zrangebyscore), each member with its score.
    ///
    /// Since Redis 2.0, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M members
    /// of the reply.
    #[doc(alias = "ZRANGEBYSCORE WITHSCORES")]
    fn zrangebyscore_with_scores<R: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<ScoreRange>,
    ) -> Self::Out<R> {
        let range = range.into();
        let command = Command::new(&spec::ZRANGEBYSCORE).key(key).arg(range.min).arg(range.max);
        self.run(command.arg("WITHSCORES"))
    }

    /// Like [`zrangebyscore`](Self::zrangebyscore), only a part of the range, or with scores.
    ///
    /// Since Redis 1.0.5, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M
    /// members of the reply, and for those left out before them.
    #[doc(alias = "ZRANGEBYSCORE")]
    fn zrangebyscore_with<R: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<ScoreRange>,
        options: ZRangeByScoreOptions,
    ) -> Self::Out<R> {
        let range = range.into();
        self.run(options.add_to(Command::new(&spec::ZRANGEBYSCORE).key(key).arg(range.min).arg(range.max)))
    }

    /// Puts the members from the `start`th to the `stop`th of `source` into `destination`, in place of what was
    /// there; how many they are.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(log N + M) for M members stored.
    #[doc(alias = "ZRANGESTORE")]
    fn zrangestore(
        self,
        destination: impl ToArg,
        source: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZRANGESTORE).key(destination).key(source).arg(start).arg(stop))
    }

    /// Like [`zrangestore`](Self::zrangestore), for a range of any kind.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(log N + M) for M members stored, and for those left out before them.
    #[doc(alias = "ZRANGESTORE")]
    fn zrangestore_with(
        self,
        destination: impl ToArg,
        source: impl ToArg,
        range: ZRange<impl ZRangeBy>,
    ) -> Self::Out<u64> {
        self.run(range.add_to(Command::new(&spec::ZRANGESTORE).key(destination).key(source)))
    }

    /// Removes the members in `range`, where all have the same score; how many they were.
    ///
    /// Since Redis 2.8.9, Valkey 7.2. O(log N + M) for M members removed.
    #[doc(alias = "ZREMRANGEBYLEX")]
    fn zremrangebylex(self, key: impl ToArg, range: impl Into<LexRange>) -> Self::Out<u64> {
        let range = range.into();
        self.run(Command::new(&spec::ZREMRANGEBYLEX).key(key).arg(range.min).arg(range.max))
    }

    /// Removes the members from the `start`th to the `stop`th, counted from the lowest score; how many they were.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(log N + M) for M members removed.
    #[doc(alias = "ZREMRANGEBYRANK")]
    fn zremrangebyrank(self, key: impl ToArg, start: i64, stop: i64) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZREMRANGEBYRANK).key(key).arg(start).arg(stop))
    }

    /// Removes the members with a score in `range`; how many they were.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(log N + M) for M members removed.
    #[doc(alias = "ZREMRANGEBYSCORE")]
    fn zremrangebyscore(self, key: impl ToArg, range: impl Into<ScoreRange>) -> Self::Out<u64> {
        let range = range.into();
        self.run(Command::new(&spec::ZREMRANGEBYSCORE).key(key).arg(range.min).arg(range.max))
    }

    /// The members from the `start`th to the `stop`th, highest score first and counted from there.
    ///
    /// Since Redis 1.2, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M members
    /// of the reply.
    #[doc(alias = "ZREVRANGE")]
    fn zrevrange<R: FromReply>(self, key: impl ToArg, start: i64, stop: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZREVRANGE).key(key).arg(start).arg(stop))
    }

    /// Like [`zrevrange`](Self::zrevrange), each member with its score.
    ///
    /// Since Redis 1.2, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M members
    /// of the reply.
    #[doc(alias = "ZREVRANGE WITHSCORES")]
    fn zrevrange_with_scores<R: FromReply>(self, key: impl ToArg, start: i64, stop: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZREVRANGE).key(key).arg(start).arg(stop).arg("WITHSCORES"))
    }

    /// The members in `range`, where all have the same score, from high to low. The range itself is given from low
    /// to high.
    ///
    /// Since Redis 2.8.9, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M
    /// members of the reply.
    #[doc(alias = "ZREVRANGEBYLEX")]
    fn zrevrangebylex<R: FromReply>(self, key: impl ToArg, range: impl Into<LexRange>) -> Self::Out<R> {
        let range = range.into();
        self.run(Command::new(&spec::ZREVRANGEBYLEX).key(key).arg(range.max).arg(range.min))
    }

    /// Like [`zrevrangebylex`](Self::zrevrangebylex), only a part of the range, such as `..10`.
    ///
    /// Since Redis 2.8.9, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M
    /// members of the reply, and for those left out before them.
    #[doc(alias = "ZREVRANGEBYLEX")]
    fn zrevrangebylex_limit<R: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<LexRange>,
        limit: impl Into<Limit>,
    ) -> Self::Out<R> {
        let range = range.into();
        let command = Command::new(&spec::ZREVRANGEBYLEX).key(key).arg(range.max).arg(range.min);
        self.run(limit.into().add_to(command))
    }

    /// The members with a score in `range`, highest first. The range itself is given from low to high.
    ///
    /// Since Redis 2.2, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M members
    /// of the reply.
    #[doc(alias = "ZREVRANGEBYSCORE")]
    fn zrevrangebyscore<R: FromReply>(self, key: impl ToArg, range: impl Into<ScoreRange>) -> Self::Out<R> {
        let range = range.into();
        self.run(Command::new(&spec::ZREVRANGEBYSCORE).key(key).arg(range.max).arg(range.min))
    }

    /// Like [`zrevrangebyscore`](Self::zrevrangebyscore), each member with its score.
    ///
    /// Since Redis 2.2, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M members
    /// of the reply.
    #[doc(alias = "ZREVRANGEBYSCORE WITHSCORES")]
    fn zrevrangebyscore_with_scores<R: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<ScoreRange>,
    ) -> Self::Out<R> {
        let range = range.into();
        let command = Command::new(&spec::ZREVRANGEBYSCORE).key(key).arg(range.max).arg(range.min);
        self.run(command.arg("WITHSCORES"))
    }

    /// Like [`zrevrangebyscore`](Self::zrevrangebyscore), only a part of the range, or with scores.
    ///
    /// Since Redis 2.2, Valkey 7.2; Redis now prefers [`zrange_with`](Self::zrange_with). O(log N + M) for M members
    /// of the reply, and for those left out before them.
    #[doc(alias = "ZREVRANGEBYSCORE")]
    fn zrevrangebyscore_with<R: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<ScoreRange>,
        options: ZRangeByScoreOptions,
    ) -> Self::Out<R> {
        let range = range.into();
        self.run(options.add_to(Command::new(&spec::ZREVRANGEBYSCORE).key(key).arg(range.max).arg(range.min)))
    }
}

impl<E: DataExecutor> SortedSetRangeCommands for E {}
