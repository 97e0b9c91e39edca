//! Waiting for members of sorted sets.

use super::super::BlockFor;
use super::ScoreEnd;
use crate::{Command, ConnectionExecutor, Executor, FromReply, ToArgs, spec};

/// Commands that wait until a sorted set has members to take.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, Command, group::BlockingSortedSetCommands as _};
///
/// // The key, the member, its score; `None` when two seconds have passed.
/// let next: Command<Option<(String, String, f64)>> = Build.bzpopmin("jobs", Duration::from_secs(2));
/// assert_eq!(next.request().arguments().last(), Some(&b"2"[..]));
/// ```
pub trait BlockingSortedSetCommands: Executor {
    /// Takes the member with the lowest or the highest score out of the first of the sorted sets that has any, as
    /// [`zmpop`](super::SortedSetCommands::zmpop) does, and waits for one while all are empty. `None` when the time is up.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(K + log N): K the number of keys.
    #[doc(alias = "BZMPOP")]
    fn bzmpop<R: FromReply>(
        self,
        keys: impl ToArgs,
        end: ScoreEnd,
        wait: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        let command = Command::new(&spec::BZMPOP).arg(wait.into().seconds());
        self.run(command.counted_keys(keys).arg(end.word()))
    }

    /// Like [`bzmpop`](Self::bzmpop), for up to `count` members of that one sorted set.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(K + M·log N): K the number of keys, M the members taken.
    #[doc(alias = "BZMPOP")]
    fn bzmpop_count<R: FromReply>(
        self,
        keys: impl ToArgs,
        end: ScoreEnd,
        count: u64,
        wait: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        let command = Command::new(&spec::BZMPOP).arg(wait.into().seconds());
        self.run(command.counted_keys(keys).arg(end.word()).arg("COUNT").arg(count))
    }

    /// Takes the member with the highest score out of the first of the sorted sets that has any, and waits for one
    /// while all are empty: the key, the member and its score, as in `(String, String, f64)`. `None` when the time is up.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log N).
    #[doc(alias = "BZPOPMAX")]
    fn bzpopmax<R: FromReply>(self, keys: impl ToArgs, wait: impl Into<BlockFor>) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::BZPOPMAX).keys(keys).arg(wait.into().seconds()))
    }

    /// Takes the member with the lowest score out of the first of the sorted sets that has any, and waits for one
    /// while all are empty: the key, the member and its score, as in `(String, String, f64)`. `None` when the time is up.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log N).
    #[doc(alias = "BZPOPMIN")]
    fn bzpopmin<R: FromReply>(self, keys: impl ToArgs, wait: impl Into<BlockFor>) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::BZPOPMIN).keys(keys).arg(wait.into().seconds()))
    }
}

impl<E: Executor> BlockingSortedSetCommands for E {}
