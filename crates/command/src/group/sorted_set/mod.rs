//! Sorted sets: members with scores, kept in order.
//!
//! Here: members and their scores, ranks, what takes members out, and what combines several sets. Ranges are in
//! `range`, what waits for members is in `blocking`.

mod blocking;
mod bounds;
mod options;
mod range;
mod scores;
mod zrange;

use super::{ScanOptions, ScanPage};
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

pub use blocking::BlockingSortedSetCommands;
pub use bounds::{LexBound, LexRange, ScoreBound, ScoreRange};
pub use options::{Aggregate, ScoreEnd, ZAddOptions, ZCombineOptions};
pub use range::SortedSetRangeCommands;
pub use scores::{Score, ToScores};
pub use zrange::{RankRange, ZRange, ZRangeBy, ZRangeByScoreOptions, ZRangeLimited, ZRangeScored};

/// Commands on the members of sorted sets.
///
/// Where members come with their scores, ask for pairs, member first: `Vec<(String, f64)>`.
///
/// ```
/// use carnelian_command::{Build, Command, group::SortedSetCommands as _};
///
/// let command = Build.zadd("board", [(120, "ada"), (95, "grace")]);
/// let arguments: Vec<_> = command.request().arguments().collect();
/// assert_eq!(arguments, [&b"ZADD"[..], b"board", b"120", b"ada", b"95", b"grace"]);
/// let best: Command<Option<(String, f64)>> = Build.zpopmax("board");
/// # let _ = best;
/// ```
pub trait SortedSetCommands: DataExecutor {
    /// Adds members with their scores to the sorted set at `key`, or changes their scores; how many were new.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(log N) for each member.
    #[doc(alias = "ZADD")]
    fn zadd(self, key: impl ToArg, members: impl ToScores) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZADD).key(key).pairs(members))
    }

    /// Like [`zadd`](Self::zadd), under conditions. Counts the new members or, with [`ch`](ZAddOptions::ch), those
    /// changed as well.
    ///
    /// Since Redis 3.0.2, Valkey 7.2. O(log N) for each member.
    #[doc(alias = "ZADD")]
    fn zadd_with(self, key: impl ToArg, members: impl ToScores, options: ZAddOptions) -> Self::Out<u64> {
        self.run(options.add_to(Command::new(&spec::ZADD).key(key)).pairs(members))
    }

    /// Adds `increment` to the score of `member`, which begins at 0 when it is new; the new score.
    ///
    /// Since Redis 3.0.2, Valkey 7.2. O(log N).
    #[doc(alias = "ZADD INCR")]
    fn zadd_incr(self, key: impl ToArg, increment: impl Score, member: impl ToArg) -> Self::Out<Option<f64>> {
        self.run(Command::new(&spec::ZADD).key(key).arg("INCR").arg(increment).arg(member))
    }

    /// Like [`zadd_incr`](Self::zadd_incr), under conditions; `None` when they did not hold.
    ///
    /// Since Redis 3.0.2, Valkey 7.2. O(log N).
    #[doc(alias = "ZADD INCR")]
    fn zadd_incr_with(
        self,
        key: impl ToArg,
        increment: impl Score,
        member: impl ToArg,
        options: ZAddOptions,
    ) -> Self::Out<Option<f64>> {
        let command = options.add_to(Command::new(&spec::ZADD).key(key));
        self.run(command.arg("INCR").arg(increment).arg(member))
    }

    /// How many members the sorted set at `key` has; 0 when there is none.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(1).
    #[doc(alias = "ZCARD")]
    fn zcard(self, key: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZCARD).key(key))
    }

    /// The members of the first sorted set that are in none of the others.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(L + (N-K)·log N) at worst: L the members of all sets together, N those of the
    /// first, K those of the result.
    #[doc(alias = "ZDIFF")]
    fn zdiff<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::ZDIFF).counted_keys(keys))
    }

    /// Like [`zdiff`](Self::zdiff), each member with its score in the first set.
    ///
    /// Since Redis 6.2, Valkey 7.2. Costs what [`zdiff`](Self::zdiff) does.
    #[doc(alias = "ZDIFF WITHSCORES")]
    fn zdiff_with_scores<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::ZDIFF).counted_keys(keys).arg("WITHSCORES"))
    }

    /// Puts the members of the first sorted set that are in none of the others into `destination`, in place of what
    /// was there; how many they are.
    ///
    /// Since Redis 6.2, Valkey 7.2. Costs what [`zdiff`](Self::zdiff) does.
    #[doc(alias = "ZDIFFSTORE")]
    fn zdiffstore(self, destination: impl ToArg, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZDIFFSTORE).key(destination).counted_keys(keys))
    }

    /// Adds `increment` to the score of `member`, which begins at 0 when it is new; the new score.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(log N).
    #[doc(alias = "ZINCRBY")]
    fn zincrby(self, key: impl ToArg, increment: impl Score, member: impl ToArg) -> Self::Out<f64> {
        self.run(Command::new(&spec::ZINCRBY).key(key).arg(increment).arg(member))
    }

    /// The members that are in all the sorted sets, in the order of their summed scores.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(N·K + M·log M) at worst: N the members of the smallest set, K the number of
    /// sets, M the members of the result.
    #[doc(alias = "ZINTER")]
    fn zinter<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::ZINTER).counted_keys(keys))
    }

    /// Like [`zinter`](Self::zinter), each member with its score.
    ///
    /// Since Redis 6.2, Valkey 7.2. Costs what [`zinter`](Self::zinter) does.
    #[doc(alias = "ZINTER WITHSCORES")]
    fn zinter_with_scores<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::ZINTER).counted_keys(keys).arg("WITHSCORES"))
    }

    /// Like [`zinter`](Self::zinter), with a say in what becomes of the scores.
    ///
    /// Since Redis 6.2, Valkey 7.2. Costs what [`zinter`](Self::zinter) does.
    #[doc(alias = "ZINTER")]
    fn zinter_with<R: FromReply>(self, keys: impl ToArgs, options: ZCombineOptions) -> Self::Out<R> {
        self.run(options.add_to_read(Command::new(&spec::ZINTER).counted_keys(keys)))
    }

    /// How many members are in all the sorted sets, without sending them.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N·K) at worst: N the members of the smallest set, K the number of sets.
    #[doc(alias = "ZINTERCARD")]
    fn zintercard(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZINTERCARD).counted_keys(keys))
    }

    /// Like [`zintercard`](Self::zintercard), but stops counting at `limit`; 0 counts them all.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N·K) at worst: N the members of the smallest set, K the number of sets.
    #[doc(alias = "ZINTERCARD")]
    fn zintercard_limit(self, keys: impl ToArgs, limit: u64) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZINTERCARD).counted_keys(keys).arg("LIMIT").arg(limit))
    }

    /// Puts the members that are in all the sorted sets into `destination`, in place of what was there, their scores
    /// summed up; how many they are.
    ///
    /// Since Redis 2.0, Valkey 7.2. Costs what [`zinter`](Self::zinter) does.
    #[doc(alias = "ZINTERSTORE")]
    fn zinterstore(self, destination: impl ToArg, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZINTERSTORE).key(destination).counted_keys(keys))
    }

    /// Like [`zinterstore`](Self::zinterstore), with a say in what becomes of the scores.
    ///
    /// Since Redis 2.0, Valkey 7.2. Costs what [`zinter`](Self::zinter) does.
    #[doc(alias = "ZINTERSTORE")]
    fn zinterstore_with(
        self,
        destination: impl ToArg,
        keys: impl ToArgs,
        options: ZCombineOptions,
    ) -> Self::Out<u64> {
        self.run(options.add_to(Command::new(&spec::ZINTERSTORE).key(destination).counted_keys(keys)))
    }

    /// Takes the member with the lowest or the highest score out of the first of the sorted sets that has any: the
    /// key, and pairs of member and score. `None` when all are empty.
    ///
    /// ```
    /// use carnelian_command::{Build, Command, group::{ScoreEnd, SortedSetCommands as _}};
    ///
    /// let next: Command<Option<(String, Vec<(String, f64)>)>> = Build.zmpop(["urgent", "rest"], ScoreEnd::Min);
    /// # let _ = next;
    /// ```
    ///
    /// Since Redis 7.0, Valkey 7.2. O(K + log N): K the number of keys.
    #[doc(alias = "ZMPOP")]
    fn zmpop<R: FromReply>(self, keys: impl ToArgs, end: ScoreEnd) -> Self::Out<Option<R>> {
        self.run(Command::new(&spec::ZMPOP).counted_keys(keys).arg(end.word()))
    }

    /// Like [`zmpop`](Self::zmpop), for up to `count` members of that one sorted set.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(K + M·log N): K the number of keys, M the members taken.
    #[doc(alias = "ZMPOP")]
    fn zmpop_count<R: FromReply>(self, keys: impl ToArgs, end: ScoreEnd, count: u64) -> Self::Out<Option<R>> {
        self.run(Command::new(&spec::ZMPOP).counted_keys(keys).arg(end.word()).arg("COUNT").arg(count))
    }

    /// The scores of members in the order asked; `None` for what is no member.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(N) for N members asked about.
    #[doc(alias = "ZMSCORE")]
    fn zmscore(self, key: impl ToArg, members: impl ToArgs) -> Self::Out<Vec<Option<f64>>> {
        self.run(Command::new(&spec::ZMSCORE).key(key).args(members))
    }

    /// Takes the member with the highest score out of the sorted set at `key`: ask for `Option<(String, f64)>`,
    /// which is `None` when there is none.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log N).
    #[doc(alias = "ZPOPMAX")]
    fn zpopmax<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::ZPOPMAX).key(key))
    }

    /// Takes up to `count` members out of the sorted set at `key`, highest score first, with their scores.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(M·log N) for M members taken.
    #[doc(alias = "ZPOPMAX")]
    fn zpopmax_count<R: FromReply>(self, key: impl ToArg, count: u64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZPOPMAX).key(key).arg(count))
    }

    /// Takes the member with the lowest score out of the sorted set at `key`: ask for `Option<(String, f64)>`,
    /// which is `None` when there is none.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log N).
    #[doc(alias = "ZPOPMIN")]
    fn zpopmin<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::ZPOPMIN).key(key))
    }

    /// Takes up to `count` members out of the sorted set at `key`, lowest score first, with their scores.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(M·log N) for M members taken.
    #[doc(alias = "ZPOPMIN")]
    fn zpopmin_count<R: FromReply>(self, key: impl ToArg, count: u64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZPOPMIN).key(key).arg(count))
    }

    /// A random member of the sorted set at `key`, which stays there. Nil when there is none: ask for an `Option`.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "ZRANDMEMBER")]
    fn zrandmember<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::ZRANDMEMBER).key(key))
    }

    /// Random members of the sorted set at `key`: up to `count` different ones or, when it is negative, exactly that
    /// many among which some may be the same.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(N) for a count of N.
    #[doc(alias = "ZRANDMEMBER")]
    fn zrandmember_count<R: FromReply>(self, key: impl ToArg, count: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZRANDMEMBER).key(key).arg(count))
    }

    /// Like [`zrandmember_count`](Self::zrandmember_count), each member with its score.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(N) for a count of N.
    #[doc(alias = "ZRANDMEMBER WITHSCORES")]
    fn zrandmember_with_scores<R: FromReply>(self, key: impl ToArg, count: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::ZRANDMEMBER).key(key).arg(count).arg("WITHSCORES"))
    }

    /// The place of `member`, counted from 0 at the lowest score; `None` when it is no member.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(log N).
    #[doc(alias = "ZRANK")]
    fn zrank(self, key: impl ToArg, member: impl ToArg) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::ZRANK).key(key).arg(member))
    }

    /// The place of `member`, counted from 0 at the lowest score, and its score; `None` when it is no member.
    ///
    /// Since Redis 7.2, Valkey 7.2. O(log N).
    #[doc(alias = "ZRANK WITHSCORE")]
    fn zrank_with_score(self, key: impl ToArg, member: impl ToArg) -> Self::Out<Option<(u64, f64)>> {
        self.run(Command::new(&spec::ZRANK).key(key).arg(member).arg("WITHSCORE"))
    }

    /// Removes members from the sorted set at `key`; how many were there.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(M·log N) for M members to remove.
    #[doc(alias = "ZREM")]
    fn zrem(self, key: impl ToArg, members: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZREM).key(key).args(members))
    }

    /// The place of `member`, counted from 0 at the highest score; `None` when it is no member.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(log N).
    #[doc(alias = "ZREVRANK")]
    fn zrevrank(self, key: impl ToArg, member: impl ToArg) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::ZREVRANK).key(key).arg(member))
    }

    /// The place of `member`, counted from 0 at the highest score, and its score; `None` when it is no member.
    ///
    /// Since Redis 7.2, Valkey 7.2. O(log N).
    #[doc(alias = "ZREVRANK WITHSCORE")]
    fn zrevrank_with_score(self, key: impl ToArg, member: impl ToArg) -> Self::Out<Option<(u64, f64)>> {
        self.run(Command::new(&spec::ZREVRANK).key(key).arg(member).arg("WITHSCORE"))
    }

    /// A page of the members of the sorted set at `key` with their scores, in no order. Begin with the cursor 0, go
    /// on with that of each page.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) for each page.
    #[doc(alias = "ZSCAN")]
    fn zscan<M: FromReply>(self, key: impl ToArg, cursor: u64) -> Self::Out<ScanPage<(M, f64)>> {
        self.run(Command::new(&spec::ZSCAN).key(key).arg(cursor))
    }

    /// Like [`zscan`](Self::zscan), for members that match a pattern, or in pages of another size.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) for each page.
    #[doc(alias = "ZSCAN")]
    fn zscan_with<M: FromReply>(
        self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Self::Out<ScanPage<(M, f64)>> {
        self.run(options.add_to(Command::new(&spec::ZSCAN).key(key).arg(cursor)))
    }

    /// Like [`zscan_with`](Self::zscan_with), without the scores.
    ///
    /// Since Valkey 8.0, not in Redis. O(1) for each page.
    #[doc(alias = "ZSCAN NOSCORES")]
    fn zscan_noscores<M: FromReply>(
        self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Self::Out<ScanPage<M>> {
        self.run(options.add_to(Command::new(&spec::ZSCAN).key(key).arg(cursor)).arg("NOSCORES"))
    }

    /// The score of `member`; `None` when it is no member.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(1).
    #[doc(alias = "ZSCORE")]
    fn zscore(self, key: impl ToArg, member: impl ToArg) -> Self::Out<Option<f64>> {
        self.run(Command::new(&spec::ZSCORE).key(key).arg(member))
    }

    /// The members that are in any of the sorted sets, in the order of their summed scores.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(N + M·log M): N the members of all sets together, M those of the result.
    #[doc(alias = "ZUNION")]
    fn zunion<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::ZUNION).counted_keys(keys))
    }

    /// Like [`zunion`](Self::zunion), each member with its score.
    ///
    /// Since Redis 6.2, Valkey 7.2. Costs what [`zunion`](Self::zunion) does.
    #[doc(alias = "ZUNION WITHSCORES")]
    fn zunion_with_scores<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::ZUNION).counted_keys(keys).arg("WITHSCORES"))
    }

    /// Like [`zunion`](Self::zunion), with a say in what becomes of the scores.
    ///
    /// Since Redis 6.2, Valkey 7.2. Costs what [`zunion`](Self::zunion) does.
    #[doc(alias = "ZUNION")]
    fn zunion_with<R: FromReply>(self, keys: impl ToArgs, options: ZCombineOptions) -> Self::Out<R> {
        self.run(options.add_to_read(Command::new(&spec::ZUNION).counted_keys(keys)))
    }

    /// Puts the members that are in any of the sorted sets into `destination`, in place of what was there, their
    /// scores summed up; how many they are.
    ///
    /// Since Redis 2.0, Valkey 7.2. Costs what [`zunion`](Self::zunion) does.
    #[doc(alias = "ZUNIONSTORE")]
    fn zunionstore(self, destination: impl ToArg, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::ZUNIONSTORE).key(destination).counted_keys(keys))
    }

    /// Like [`zunionstore`](Self::zunionstore), with a say in what becomes of the scores.
    ///
    /// Since Redis 2.0, Valkey 7.2. Costs what [`zunion`](Self::zunion) does.
    #[doc(alias = "ZUNIONSTORE")]
    fn zunionstore_with(
        self,
        destination: impl ToArg,
        keys: impl ToArgs,
        options: ZCombineOptions,
    ) -> Self::Out<u64> {
        self.run(options.add_to(Command::new(&spec::ZUNIONSTORE).key(destination).counted_keys(keys)))
    }
}

impl<E: DataExecutor> SortedSetCommands for E {}

#[cfg(test)]
mod tests {
    use crate::FromReply;
    use crate::reply::tests::read;
    use std::fmt::Debug;

    /// Both protocols must give the same value.
    fn both<T: FromReply + PartialEq + Debug>(resp2: &str, resp3: &str, want: T) {
        assert_eq!(read::<T>(resp2).as_ref(), Ok(&want), "{resp2:?}");
        assert_eq!(read::<T>(resp3), Ok(want), "{resp3:?}");
    }

    fn pairs() -> Vec<(String, f64)> {
        vec![("a".to_owned(), 1.5), ("b".to_owned(), f64::INFINITY)]
    }

    /// ZRANGE, ZUNION, ZDIFF, ZPOPMIN with a count, ZRANDMEMBER: flat in RESP2, nested in RESP3.
    #[test]
    fn members_with_scores() {
        both(
            "*4\r\n$1\r\na\r\n$3\r\n1.5\r\n$1\r\nb\r\n$3\r\ninf\r\n",
            "*2\r\n*2\r\n$1\r\na\r\n,1.5\r\n*2\r\n$1\r\nb\r\n,inf\r\n",
            pairs(),
        );
        both("*0\r\n", "*0\r\n", Vec::<(String, f64)>::new());
    }

    /// ZPOPMIN without a count: one flat pair in both, an empty list when there is none.
    #[test]
    fn a_popped_member() {
        let (resp2, resp3) = ("*2\r\n$1\r\na\r\n$3\r\n1.5\r\n", "*2\r\n$1\r\na\r\n,1.5\r\n");
        both(resp2, resp3, Some(("a".to_owned(), 1.5)));
        both(resp2, resp3, vec![("a".to_owned(), 1.5)]);
        both("*0\r\n", "*0\r\n", None::<(String, f64)>);
    }

    /// ZMPOP and BZMPOP: nested in both.
    #[test]
    fn members_popped_from_one_of_many() {
        both(
            "*2\r\n$1\r\nk\r\n*2\r\n*2\r\n$1\r\na\r\n$3\r\n1.5\r\n*2\r\n$1\r\nb\r\n$3\r\ninf\r\n",
            "*2\r\n$1\r\nk\r\n*2\r\n*2\r\n$1\r\na\r\n,1.5\r\n*2\r\n$1\r\nb\r\n,inf\r\n",
            Some(("k".to_owned(), pairs())),
        );
        both("*-1\r\n", "_\r\n", None::<(String, Vec<(String, f64)>)>);
    }

    /// BZPOPMIN and BZPOPMAX.
    #[test]
    fn a_member_waited_for() {
        both(
            "*3\r\n$1\r\nk\r\n$1\r\na\r\n$3\r\n1.5\r\n",
            "*3\r\n$1\r\nk\r\n$1\r\na\r\n,1.5\r\n",
            Some(("k".to_owned(), "a".to_owned(), 1.5)),
        );
        both("*-1\r\n", "_\r\n", None::<(String, String, f64)>);
    }

    /// ZSCORE, ZINCRBY, ZADD INCR, ZMSCORE.
    #[test]
    fn scores() {
        both("$4\r\n-inf\r\n", ",-inf\r\n", Some(f64::NEG_INFINITY));
        both("$-1\r\n", "_\r\n", None::<f64>);
        both("*2\r\n$1\r\n3\r\n$-1\r\n", "*2\r\n,3\r\n_\r\n", vec![Some(3.0), None]);
    }

    /// ZRANK, also WITHSCORE.
    #[test]
    fn ranks() {
        both(":4\r\n", ":4\r\n", Some(4_u64));
        both("$-1\r\n", "_\r\n", None::<u64>);
        both("*2\r\n:4\r\n$3\r\n1.5\r\n", "*2\r\n:4\r\n,1.5\r\n", Some((4_u64, 1.5)));
        both("*-1\r\n", "_\r\n", None::<(u64, f64)>);
    }
}
