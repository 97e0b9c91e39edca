//! Lists: queues and stacks. Those of the commands that wait are in [`BlockingListCommands`].

mod blocking;
mod ends;

use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

pub use blocking::BlockingListCommands;
pub use ends::{InsertAt, Inserted, ListEnd, LposOptions, MoveCount, MoveOrder};

/// Commands on lists.
///
/// Positions begin at 0 at the head; negative ones count from the tail, where -1 is the last element. Where the bytes
/// are your own, the whole reply becomes the type you ask for: LRANGE a `Vec<String>`, LPOP an `Option<String>`.
///
/// ```
/// use carnelian_command::{Build, group::ListCommands as _};
///
/// let command = Build.lrange::<Vec<String>>("jobs", 0, -1);
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"LRANGE"[..], b"jobs", b"0", b"-1"]);
/// ```
pub trait ListCommands: DataExecutor {
    /// The element at `index`; nil if there is none.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the distance to the nearer end.
    #[doc(alias = "LINDEX")]
    fn lindex<R: FromReply>(self, key: impl ToArg, index: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::LINDEX).key(key).arg(index))
    }

    /// Puts `element` beside another one.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(n) in the distance to the pivot.
    #[doc(alias = "LINSERT")]
    fn linsert(self, key: impl ToArg, at: InsertAt<impl ToArg>, element: impl ToArg) -> Self::Out<Inserted> {
        self.run(at.add_to(Command::new(&spec::LINSERT).key(key)).arg(element))
    }

    /// How many elements there are; 0 for a missing key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "LLEN")]
    fn llen(self, key: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::LLEN).key(key))
    }

    /// Moves one element from an end of one list to an end of another, which may be the same; the element, nil if there
    /// is none.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "LMOVE")]
    fn lmove<R: FromReply>(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        from: ListEnd,
        to: ListEnd,
    ) -> Self::Out<R> {
        self.run(Command::new(&spec::LMOVE).key(source).key(destination).arg(from).arg(to))
    }

    /// Like [`lmove`](Self::lmove), replying a list of one element, or an empty one.
    ///
    /// Since Redis 8.10, not in Valkey. O(1).
    #[doc(alias = "LMOVEM")]
    fn lmovem<R: FromReply>(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        from: ListEnd,
        to: ListEnd,
    ) -> Self::Out<Option<R>> {
        self.run(Command::new(&spec::LMOVEM).key(source).key(destination).arg(from).arg(to))
    }

    /// Moves several elements from an end of one list to an end of another; the elements as they lie in `destination`
    /// now, `None` if there are not exactly as many as wanted.
    ///
    /// Since Redis 8.10, not in Valkey. O(n) in the elements moved.
    #[doc(alias = "LMOVEM")]
    fn lmovem_count<R: FromReply>(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        from: ListEnd,
        to: ListEnd,
        count: MoveCount,
        order: MoveOrder,
    ) -> Self::Out<Option<R>> {
        let command = Command::new(&spec::LMOVEM).key(source).key(destination).arg(from).arg(to);
        self.run(count.add_to(command, order))
    }

    /// Pops one element from the first of `keys` that has any; the key and a list with the element, as in
    /// `(String, Vec<String>)`, `None` if all are empty.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "LMPOP")]
    fn lmpop<R: FromReply>(self, keys: impl ToArgs, from: ListEnd) -> Self::Out<Option<R>> {
        self.run(Command::new(&spec::LMPOP).counted_keys(keys).arg(from))
    }

    /// Pops up to `count` elements from the first of `keys` that has any; the key and the elements.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the keys and in the elements.
    #[doc(alias = "LMPOP")]
    fn lmpop_count<R: FromReply>(self, keys: impl ToArgs, from: ListEnd, count: u64) -> Self::Out<Option<R>> {
        self.run(Command::new(&spec::LMPOP).counted_keys(keys).arg(from).arg("COUNT").arg(count))
    }

    /// Pops the head; nil for a missing key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "LPOP")]
    fn lpop<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::LPOP).key(key))
    }

    /// Pops up to `count` elements from the head; `None` for a missing key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the elements. This form is of Redis 6.2.
    #[doc(alias = "LPOP")]
    fn lpop_count<R: FromReply>(self, key: impl ToArg, count: u64) -> Self::Out<Option<R>> {
        self.run(Command::new(&spec::LPOP).key(key).arg(count))
    }

    /// The position of the first element that equals `element`.
    ///
    /// Since Redis 6.0.6, Valkey 7.2. O(n) in the length of the list.
    #[doc(alias = "LPOS")]
    fn lpos(self, key: impl ToArg, element: impl ToArg) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::LPOS).key(key).arg(element))
    }

    /// Like [`lpos`](Self::lpos), as the options say.
    ///
    /// Since Redis 6.0.6, Valkey 7.2. O(n) in the elements compared.
    #[doc(alias = "LPOS")]
    fn lpos_with(self, key: impl ToArg, element: impl ToArg, options: LposOptions) -> Self::Out<Option<u64>> {
        self.run(options.add_to(Command::new(&spec::LPOS).key(key).arg(element), None))
    }

    /// The positions of up to `count` elements that equal `element`; 0 means all of them.
    ///
    /// Since Redis 6.0.6, Valkey 7.2. O(n) in the elements compared.
    #[doc(alias = "LPOS")]
    fn lpos_count(
        self,
        key: impl ToArg,
        element: impl ToArg,
        count: u64,
        options: LposOptions,
    ) -> Self::Out<Vec<u64>> {
        self.run(options.add_to(Command::new(&spec::LPOS).key(key).arg(element), Some(count)))
    }

    /// Puts elements at the head, one after the other, creating the list; the new length. The last one given is the
    /// head then.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the elements.
    #[doc(alias = "LPUSH")]
    fn lpush(self, key: impl ToArg, elements: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::LPUSH).key(key).args(elements))
    }

    /// Like [`lpush`](Self::lpush), but only if the list is there; 0 if not.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(n) in the elements.
    #[doc(alias = "LPUSHX")]
    fn lpushx(self, key: impl ToArg, elements: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::LPUSHX).key(key).args(elements))
    }

    /// The elements from `start` to `stop`, both included. Nothing for a missing key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(s+n) in the distance to the nearer end and in the elements.
    #[doc(alias = "LRANGE")]
    fn lrange<R: FromReply>(self, key: impl ToArg, start: i64, stop: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::LRANGE).key(key).arg(start).arg(stop))
    }

    /// Removes elements that equal `element`: the first `count` from the head, from the tail if negative, all if 0; how
    /// many there were.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the length of the list.
    #[doc(alias = "LREM")]
    fn lrem(self, key: impl ToArg, count: i64, element: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::LREM).key(key).arg(count).arg(element))
    }

    /// Replaces the element at `index`; an error if there is none.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the distance to the nearer end.
    #[doc(alias = "LSET")]
    fn lset(self, key: impl ToArg, index: i64, element: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::LSET).key(key).arg(index).arg(element))
    }

    /// Keeps the elements from `start` to `stop`, both included, and removes all others.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the elements removed.
    #[doc(alias = "LTRIM")]
    fn ltrim(self, key: impl ToArg, start: i64, stop: i64) -> Self::Out<()> {
        self.run(Command::new(&spec::LTRIM).key(key).arg(start).arg(stop))
    }

    /// Pops the tail; nil for a missing key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "RPOP")]
    fn rpop<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::RPOP).key(key))
    }

    /// Pops up to `count` elements from the tail, the last one first; `None` for a missing key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the elements. This form is of Redis 6.2.
    #[doc(alias = "RPOP")]
    fn rpop_count<R: FromReply>(self, key: impl ToArg, count: u64) -> Self::Out<Option<R>> {
        self.run(Command::new(&spec::RPOP).key(key).arg(count))
    }

    /// Moves the tail of one list to the head of another; the element, nil if there is none.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(1). Redis calls it deprecated since 6.2: [`lmove`](Self::lmove) does the
    /// same and more.
    #[doc(alias = "RPOPLPUSH")]
    fn rpoplpush<R: FromReply>(self, source: impl ToArg, destination: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::RPOPLPUSH).key(source).key(destination))
    }

    /// Puts elements at the tail, one after the other, creating the list; the new length.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the elements.
    #[doc(alias = "RPUSH")]
    fn rpush(self, key: impl ToArg, elements: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::RPUSH).key(key).args(elements))
    }

    /// Like [`rpush`](Self::rpush), but only if the list is there; 0 if not.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(n) in the elements.
    #[doc(alias = "RPUSHX")]
    fn rpushx(self, key: impl ToArg, elements: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::RPUSHX).key(key).args(elements))
    }
}

impl<E: DataExecutor> ListCommands for E {}

#[cfg(test)]
mod tests {
    use crate::reply::tests::read;

    /// LPOP with a count: a missing key is a null array in RESP2, a plain null in RESP3; LMPOP the same.
    #[test]
    fn nothing_to_pop_is_none_in_both_protocols() {
        for reply in ["*-1\r\n", "_\r\n"] {
            assert_eq!(read::<Option<Vec<String>>>(reply), Ok(None));
            assert_eq!(read::<Option<(String, Vec<String>)>>(reply), Ok(None));
        }
        assert_eq!(read("*2\r\n$1\r\na\r\n$1\r\nb\r\n"), Ok(Some(vec!["a".to_owned(), "b".to_owned()])));
        assert_eq!(
            read("*2\r\n$1\r\nl\r\n*1\r\n$1\r\na\r\n"),
            Ok(Some(("l".to_owned(), vec!["a".to_owned()])))
        );
    }
}
