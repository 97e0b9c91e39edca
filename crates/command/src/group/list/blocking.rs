//! The commands on lists that wait for an element to come.

use super::ends::{ListEnd, MoveCount, MoveOrder};
use crate::group::block_for::BlockFor;
use crate::{Command, ConnectionExecutor, Executor, FromReply, ToArg, ToArgs, spec};

/// Commands on lists that wait until there is something to pop: queues without polling.
///
/// All yield `None` when the time is up. An element that was popped while its reply got lost is gone from the list;
/// [`blmove`](Self::blmove) into a list of work in progress is the way not to lose it.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, group::BlockingListCommands as _};
///
/// // Which of the lists it was, and the element.
/// let command = Build.blpop::<(String, String)>(["urgent", "jobs"], Duration::from_secs(5));
/// assert_eq!(command.request().len(), 4);
/// ```
pub trait BlockingListCommands: Executor {
    /// Moves one element from an end of one list to an end of another, waiting for it; the element.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "BLMOVE")]
    fn blmove<R: FromReply>(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        from: ListEnd,
        to: ListEnd,
        timeout: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        let command = Command::new(&spec::BLMOVE).key(source).key(destination).arg(from).arg(to);
        self.run(command.arg(timeout.into().seconds()))
    }

    /// Like [`blmove`](Self::blmove), replying a list of one element.
    ///
    /// Since Redis 8.10, not in Valkey. O(1).
    #[doc(alias = "BLMOVEM")]
    fn blmovem<R: FromReply>(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        from: ListEnd,
        to: ListEnd,
        timeout: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        let command = Command::new(&spec::BLMOVEM).key(source).key(destination).arg(from).arg(to);
        self.run(command.arg(timeout.into().seconds()))
    }

    /// Moves several elements from an end of one list to an end of another, waiting for as many as are wanted at least
    /// (one, or exactly so many); the elements as they lie in `destination` now.
    ///
    /// Since Redis 8.10, not in Valkey. O(n) in the elements moved.
    #[doc(alias = "BLMOVEM")]
    #[expect(clippy::too_many_arguments, reason = "the command has as many, each of a type of its own")]
    fn blmovem_count<R: FromReply>(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        from: ListEnd,
        to: ListEnd,
        count: MoveCount,
        order: MoveOrder,
        timeout: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        let command = Command::new(&spec::BLMOVEM).key(source).key(destination).arg(from).arg(to);
        self.run(count.add_to(command.arg(timeout.into().seconds()), order))
    }

    /// Pops one element from the first of `keys` that has any, waiting for one; the key and a list with the element,
    /// as in `(String, Vec<String>)`.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "BLMPOP")]
    fn blmpop<R: FromReply>(
        self,
        keys: impl ToArgs,
        from: ListEnd,
        timeout: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::BLMPOP).arg(timeout.into().seconds()).counted_keys(keys).arg(from))
    }

    /// Pops up to `count` elements from the first of `keys` that has any, waiting for one; the key and the elements.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the keys and in the elements.
    #[doc(alias = "BLMPOP")]
    fn blmpop_count<R: FromReply>(
        self,
        keys: impl ToArgs,
        from: ListEnd,
        count: u64,
        timeout: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        let command = Command::new(&spec::BLMPOP).arg(timeout.into().seconds()).counted_keys(keys);
        self.run(command.arg(from).arg("COUNT").arg(count))
    }

    /// Pops the head of the first of `keys` that has any element, waiting for one; the key and the element, as in
    /// `(String, String)`.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "BLPOP")]
    fn blpop<R: FromReply>(self, keys: impl ToArgs, timeout: impl Into<BlockFor>) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::BLPOP).keys(keys).arg(timeout.into().seconds()))
    }

    /// Pops the tail of the first of `keys` that has any element, waiting for one; the key and the element.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "BRPOP")]
    fn brpop<R: FromReply>(self, keys: impl ToArgs, timeout: impl Into<BlockFor>) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::BRPOP).keys(keys).arg(timeout.into().seconds()))
    }

    /// Moves the tail of one list to the head of another, waiting for it; the element.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(1). Redis calls it deprecated since 6.2: [`blmove`](Self::blmove) does the
    /// same and more.
    #[doc(alias = "BRPOPLPUSH")]
    fn brpoplpush<R: FromReply>(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        timeout: impl Into<BlockFor>,
    ) -> Self::Out<Option<R>>
    where
        Self: ConnectionExecutor,
    {
        self.run(Command::new(&spec::BRPOPLPUSH).key(source).key(destination).arg(timeout.into().seconds()))
    }
}

impl<E: Executor> BlockingListCommands for E {}

#[cfg(test)]
mod tests {
    use crate::reply::tests::read;

    /// When the time is up, RESP2 sends a null array where a hit is a string, RESP3 a plain null.
    #[test]
    fn time_up_is_none_in_both_protocols() {
        for reply in ["*-1\r\n", "_\r\n"] {
            assert_eq!(read::<Option<String>>(reply), Ok(None));
            assert_eq!(read::<Option<(String, String)>>(reply), Ok(None));
            assert_eq!(read::<Option<(String, Vec<String>)>>(reply), Ok(None));
        }
    }

    #[test]
    fn hits_name_their_key() {
        let pair = ("jobs".to_owned(), "1".to_owned());
        assert_eq!(read("*2\r\n$4\r\njobs\r\n$1\r\n1\r\n"), Ok(Some(pair)));
        let several = ("jobs".to_owned(), vec![1, 2]);
        assert_eq!(read("*2\r\n$4\r\njobs\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n"), Ok(Some(several)));
    }
}
