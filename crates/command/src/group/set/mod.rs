//! Sets: members without order, each once.

mod union_card;

use super::{ScanOptions, ScanPage};
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

pub use union_card::UnionCardOptions;

/// Commands on sets.
///
/// Members come back as whatever collection you ask for; RESP3 marks the reply as a set, RESP2 as a list, and both
/// become the same type.
///
/// ```
/// use std::collections::HashSet;
/// use carnelian_command::{Build, Command, group::SetCommands as _};
///
/// let command = Build.sadd("langs", ["rust", "c"]);
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"SADD"[..], b"langs", b"rust", b"c"]);
/// let members: Command<HashSet<String>> = Build.smembers("langs");
/// # let _ = members;
/// ```
pub trait SetCommands: DataExecutor {
    /// Adds members to the set at `key`, creating it if there is none; how many were new.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1) for each member.
    #[doc(alias = "SADD")]
    fn sadd(self, key: impl ToArg, members: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SADD).key(key).args(members))
    }

    /// How many members the set at `key` has; 0 when there is none.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "SCARD")]
    fn scard(self, key: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::SCARD).key(key))
    }

    /// The members of the first set that are in none of the others.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N), N being the members of all sets together.
    #[doc(alias = "SDIFF")]
    fn sdiff<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::SDIFF).keys(keys))
    }

    /// How many members of the first set are in none of the others, without sending them.
    ///
    /// Since Redis 8.10, not in Valkey. O(N), N being the members of all sets together.
    #[doc(alias = "SDIFFCARD")]
    fn sdiffcard(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SDIFFCARD).counted_keys(keys))
    }

    /// Like [`sdiffcard`](Self::sdiffcard), but stops counting at `limit`; 0 counts them all.
    ///
    /// Since Redis 8.10, not in Valkey. O(N), N being the members of all sets together.
    #[doc(alias = "SDIFFCARD")]
    fn sdiffcard_limit(self, keys: impl ToArgs, limit: u64) -> Self::Out<u64> {
        self.run(Command::new(&spec::SDIFFCARD).counted_keys(keys).arg("LIMIT").arg(limit))
    }

    /// Puts the members of the first set that are in none of the others into `destination`, in place of what was
    /// there; how many they are.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N), N being the members of all sets together.
    #[doc(alias = "SDIFFSTORE")]
    fn sdiffstore(self, destination: impl ToArg, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SDIFFSTORE).key(destination).keys(keys))
    }

    /// The members that are in all the sets.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N·M) at worst: N the members of the smallest set, M the number of sets.
    #[doc(alias = "SINTER")]
    fn sinter<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::SINTER).keys(keys))
    }

    /// How many members are in all the sets, without sending them.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N·M) at worst: N the members of the smallest set, M the number of sets.
    #[doc(alias = "SINTERCARD")]
    fn sintercard(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SINTERCARD).counted_keys(keys))
    }

    /// Like [`sintercard`](Self::sintercard), but stops counting at `limit`; 0 counts them all.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N·M) at worst: N the members of the smallest set, M the number of sets.
    #[doc(alias = "SINTERCARD")]
    fn sintercard_limit(self, keys: impl ToArgs, limit: u64) -> Self::Out<u64> {
        self.run(Command::new(&spec::SINTERCARD).counted_keys(keys).arg("LIMIT").arg(limit))
    }

    /// Puts the members that are in all the sets into `destination`, in place of what was there; how many they are.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N·M) at worst: N the members of the smallest set, M the number of sets.
    #[doc(alias = "SINTERSTORE")]
    fn sinterstore(self, destination: impl ToArg, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SINTERSTORE).key(destination).keys(keys))
    }

    /// Whether `member` is in the set at `key`.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "SISMEMBER")]
    fn sismember(self, key: impl ToArg, member: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::SISMEMBER).key(key).arg(member))
    }

    /// All members of the set at `key`. For a large set [`sscan`](Self::sscan) keeps the server free for others.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for N members.
    #[doc(alias = "SMEMBERS")]
    fn smembers<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::SMEMBERS).key(key))
    }

    /// Which of `members` are in the set at `key`, in the order asked.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(N) for N members asked about.
    #[doc(alias = "SMISMEMBER")]
    fn smismember(self, key: impl ToArg, members: impl ToArgs) -> Self::Out<Vec<bool>> {
        self.run(Command::new(&spec::SMISMEMBER).key(key).args(members))
    }

    /// Moves `member` from one set to another in one step; `false` when it was not in `source`.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "SMOVE")]
    fn smove(self, source: impl ToArg, destination: impl ToArg, member: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::SMOVE).key(source).key(destination).arg(member))
    }

    /// Takes a random member out of the set at `key`. Nil when there is none: ask for an `Option`.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "SPOP")]
    fn spop<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::SPOP).key(key))
    }

    /// Takes up to `count` random members out of the set at `key`.
    ///
    /// Since Redis 3.2, Valkey 7.2. O(N) for a count of N.
    #[doc(alias = "SPOP")]
    fn spop_count<R: FromReply>(self, key: impl ToArg, count: u64) -> Self::Out<R> {
        self.run(Command::new(&spec::SPOP).key(key).arg(count))
    }

    /// A random member of the set at `key`, which stays there. Nil when there is none: ask for an `Option`.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "SRANDMEMBER")]
    fn srandmember<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::SRANDMEMBER).key(key))
    }

    /// Random members of the set at `key`: up to `count` different ones or, when it is negative, exactly that many
    /// among which some may be the same.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(N) for a count of N.
    #[doc(alias = "SRANDMEMBER")]
    fn srandmember_count<R: FromReply>(self, key: impl ToArg, count: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::SRANDMEMBER).key(key).arg(count))
    }

    /// Removes members from the set at `key`; how many were there.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for N members to remove.
    #[doc(alias = "SREM")]
    fn srem(self, key: impl ToArg, members: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SREM).key(key).args(members))
    }

    /// A page of the members of the set at `key`. Begin with the cursor 0, go on with that of each page.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) for each page.
    #[doc(alias = "SSCAN")]
    fn sscan<T: FromReply>(self, key: impl ToArg, cursor: u64) -> Self::Out<ScanPage<T>> {
        self.run(Command::new(&spec::SSCAN).key(key).arg(cursor))
    }

    /// Like [`sscan`](Self::sscan), for members that match a pattern, or in pages of another size.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) for each page.
    #[doc(alias = "SSCAN")]
    fn sscan_with<T: FromReply>(
        self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Self::Out<ScanPage<T>> {
        self.run(options.add_to(Command::new(&spec::SSCAN).key(key).arg(cursor)))
    }

    /// The members that are in any of the sets.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N), N being the members of all sets together.
    #[doc(alias = "SUNION")]
    fn sunion<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::SUNION).keys(keys))
    }

    /// How many members are in any of the sets, without sending them.
    ///
    /// Since Redis 8.10, not in Valkey. O(N), N being the members of all sets together.
    #[doc(alias = "SUNIONCARD")]
    fn sunioncard(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SUNIONCARD).counted_keys(keys))
    }

    /// Like [`sunioncard`](Self::sunioncard), as an estimate or up to a limit.
    ///
    /// Since Redis 8.10, not in Valkey. O(N), N being the members of all sets together.
    #[doc(alias = "SUNIONCARD")]
    fn sunioncard_with(self, keys: impl ToArgs, options: UnionCardOptions) -> Self::Out<u64> {
        self.run(options.add_to(Command::new(&spec::SUNIONCARD).counted_keys(keys)))
    }

    /// Puts the members that are in any of the sets into `destination`, in place of what was there; how many they
    /// are.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N), N being the members of all sets together.
    #[doc(alias = "SUNIONSTORE")]
    fn sunionstore(self, destination: impl ToArg, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::SUNIONSTORE).key(destination).keys(keys))
    }
}

impl<E: DataExecutor> SetCommands for E {}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::super::ScanPage;
    use crate::reply::tests::read;

    #[test]
    fn members_of_both_protocols() {
        let want = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        for reply in ["*2\r\n$1\r\nb\r\n$1\r\na\r\n", "~2\r\n$1\r\na\r\n$1\r\nb\r\n"] {
            assert_eq!(read::<BTreeSet<String>>(reply), Ok(want.clone()));
            assert_eq!(read::<HashSet<String>>(reply), Ok(want.iter().cloned().collect()));
            assert_eq!(read::<Vec<String>>(reply).unwrap().len(), 2);
        }
        for empty in ["*0\r\n", "~0\r\n"] {
            assert_eq!(read::<HashSet<String>>(empty), Ok(HashSet::new()));
        }
    }

    #[test]
    fn memberships_are_numbers_in_both_protocols() {
        assert_eq!(read::<Vec<bool>>("*3\r\n:1\r\n:0\r\n:1\r\n"), Ok(vec![true, false, true]));
    }

    #[test]
    fn pages_are_lists_in_both_protocols() {
        let page: ScanPage<String> = read("*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n").unwrap();
        assert_eq!((page.is_last(), page.items), (true, vec!["a".to_owned()]));
    }
}
