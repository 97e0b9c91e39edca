//! What the consumers of a group do: read entries, acknowledge them, give them back, and take over what others left lying.

use std::time::Duration;

use super::read::{add_new_of, add_streams, as_consumer};
use super::{
    AutoclaimPage, Nack, StreamDelete, StreamDelivery, StreamEntries, StreamEntry, StreamId, StreamRefs,
    StreamsRead, ToStreams, XautoclaimOptions, XclaimOptions, XnackOptions, XreadOptions, XreadgroupOptions,
    idle, with_ids,
};
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

/// Commands of the consumers of a group, which is made with
/// [`xgroup_create`](super::StreamGroupCommands::xgroup_create).
///
/// Where entries come, `V` is what the fields of one become: a map as in [`StreamEntry`] unless told otherwise.
///
/// ```
/// use carnelian_command::{Build, Command, group::{StreamConsumerCommands as _, StreamId, StreamsRead}};
///
/// let new: Command<StreamsRead> = Build.xreadgroup("billing", "worker-1", "orders");
/// let arguments: Vec<_> = new.request().arguments().skip(1).collect();
/// assert_eq!(arguments, [&b"GROUP"[..], b"billing", b"worker-1", b"STREAMS", b"orders", b">"]);
/// // … and when the work on an entry is done:
/// Build.xack("orders", "billing", StreamId::new(1_526_919_030_474, 55));
/// ```
pub trait StreamConsumerCommands: DataExecutor {
    /// Acknowledges entries: the group waits for them no more. How many it did wait for.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1) for each entry.
    #[doc(alias = "XACK")]
    fn xack(self, key: impl ToArg, group: impl ToArg, ids: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::XACK).key(key).arg(group).args(ids))
    }

    /// Acknowledges entries and deletes them; what became of each, in the order asked. Other groups still wait for those
    /// they have handed out.
    ///
    /// Since Redis 8.2, not in Valkey. O(1) for each entry.
    #[doc(alias = "XACKDEL")]
    fn xackdel(self, key: impl ToArg, group: impl ToArg, ids: impl ToArgs) -> Self::Out<Vec<StreamDelete>> {
        self.run(with_ids(Command::new(&spec::XACKDEL).key(key).arg(group), ids))
    }

    /// Like [`xackdel`](Self::xackdel), with a say in what becomes of the references that other groups have.
    ///
    /// Since Redis 8.2, not in Valkey. O(1) for each entry, and for each group that has it.
    #[doc(alias = "XACKDEL")]
    fn xackdel_refs(
        self,
        key: impl ToArg,
        group: impl ToArg,
        refs: StreamRefs,
        ids: impl ToArgs,
    ) -> Self::Out<Vec<StreamDelete>> {
        self.run(with_ids(Command::new(&spec::XACKDEL).key(key).arg(group).arg(refs.word()), ids))
    }

    /// Gives `consumer` a page of the entries that were handed out at least `min_idle` ago and never acknowledged, from
    /// the ID `start` on. Begin with [`StreamId::MIN`], and go on with [`next`](AutoclaimPage::next) of each page.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1) for a page.
    #[doc(alias = "XAUTOCLAIM")]
    fn xautoclaim<V: FromReply>(
        self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        start: StreamId,
    ) -> Self::Out<AutoclaimPage<StreamEntry<V>>> {
        let command = Command::new(&spec::XAUTOCLAIM).key(key).arg(group).arg(consumer);
        self.run(command.arg(idle::millis(min_idle)).arg(start))
    }

    /// Like [`xautoclaim`](Self::xautoclaim), in pages of another size.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1) for a page.
    #[doc(alias = "XAUTOCLAIM")]
    fn xautoclaim_with<V: FromReply>(
        self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        start: StreamId,
        options: XautoclaimOptions,
    ) -> Self::Out<AutoclaimPage<StreamEntry<V>>> {
        let command = Command::new(&spec::XAUTOCLAIM).key(key).arg(group).arg(consumer);
        self.run(options.add_to(command.arg(idle::millis(min_idle)).arg(start)))
    }

    /// Like [`xautoclaim_with`](Self::xautoclaim_with), for the IDs alone. The entries don't count as handed out once
    /// more.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1) for a page.
    #[doc(alias = "XAUTOCLAIM JUSTID")]
    fn xautoclaim_justid(
        self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        start: StreamId,
        options: XautoclaimOptions,
    ) -> Self::Out<AutoclaimPage<StreamId>> {
        let command = Command::new(&spec::XAUTOCLAIM).key(key).arg(group).arg(consumer);
        self.run(options.add_to(command.arg(idle::millis(min_idle)).arg(start)).arg("JUSTID"))
    }

    /// Gives `consumer` those of these entries that were handed out at least `min_idle` ago and never acknowledged.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log n) for each entry, in those that the group waits for.
    #[doc(alias = "XCLAIM")]
    fn xclaim<V: FromReply>(
        self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        ids: impl ToArgs,
    ) -> Self::Out<StreamEntries<V>> {
        let command = Command::new(&spec::XCLAIM).key(key).arg(group).arg(consumer);
        self.run(command.arg(idle::millis(min_idle)).args(ids))
    }

    /// Like [`xclaim`](Self::xclaim), with a say in what the group remembers of it.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log n) for each entry, in those that the group waits for.
    #[doc(alias = "XCLAIM")]
    fn xclaim_with<V: FromReply>(
        self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        ids: impl ToArgs,
        options: XclaimOptions,
    ) -> Self::Out<StreamEntries<V>> {
        let command = Command::new(&spec::XCLAIM).key(key).arg(group).arg(consumer);
        self.run(options.add_to(command.arg(idle::millis(min_idle)).args(ids)))
    }

    /// Like [`xclaim_with`](Self::xclaim_with), for the IDs alone. The entries don't count as handed out once more.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(log n) for each entry, in those that the group waits for.
    #[doc(alias = "XCLAIM JUSTID")]
    fn xclaim_justid(
        self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        ids: impl ToArgs,
        options: XclaimOptions,
    ) -> Self::Out<Vec<StreamId>> {
        let command = Command::new(&spec::XCLAIM).key(key).arg(group).arg(consumer);
        self.run(options.add_to(command.arg(idle::millis(min_idle)).args(ids)).arg("JUSTID"))
    }

    /// Gives entries back unacknowledged, so that another consumer can claim them at once; how many the group did wait for.
    ///
    /// Since Redis 8.8, not in Valkey. O(1) for each entry.
    #[doc(alias = "XNACK")]
    fn xnack(self, key: impl ToArg, group: impl ToArg, why: Nack, ids: impl ToArgs) -> Self::Out<u64> {
        self.run(with_ids(Command::new(&spec::XNACK).key(key).arg(group).arg(why.word()), ids))
    }

    /// Like [`xnack`](Self::xnack), with a say in what the group remembers of it.
    ///
    /// Since Redis 8.8, not in Valkey. O(1) for each entry.
    #[doc(alias = "XNACK")]
    fn xnack_with(
        self,
        key: impl ToArg,
        group: impl ToArg,
        why: Nack,
        ids: impl ToArgs,
        options: XnackOptions,
    ) -> Self::Out<u64> {
        let command = Command::new(&spec::XNACK).key(key).arg(group).arg(why.word());
        self.run(options.add_to(with_ids(command, ids)))
    }

    /// Reads entries of streams that nobody of the group has had yet: from now on the group waits for `consumer` to
    /// acknowledge them. Empty when there are none.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREADGROUP")]
    fn xreadgroup<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        keys: impl ToArgs,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>> {
        self.run(add_new_of(as_consumer(Command::new(&spec::XREADGROUP), group, consumer), &keys))
    }

    /// Like [`xreadgroup`](Self::xreadgroup), as the options say.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREADGROUP")]
    fn xreadgroup_with<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        keys: impl ToArgs,
        options: XreadgroupOptions,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>> {
        let command = as_consumer(Command::new(&spec::XREADGROUP), group, consumer);
        let command = options.add_noack_to(options.add_limits_to(command));
        self.run(add_new_of(command, &keys))
    }

    /// Claims what was handed out at least `min_idle` ago and never acknowledged, longest ago first, and then reads entries
    /// that nobody of the group has had yet. Empty when there is neither.
    ///
    /// Since Redis 8.4, not in Valkey. O(n) in the entries given.
    #[doc(alias = "XREADGROUP CLAIM")]
    fn xreadgroup_claim<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        keys: impl ToArgs,
        options: XreadgroupOptions,
    ) -> Self::Out<StreamsRead<StreamDelivery<V>, K>> {
        let command = options.add_limits_to(as_consumer(Command::new(&spec::XREADGROUP), group, consumer));
        let command = options.add_noack_to(command.arg("CLAIM").arg(idle::millis(min_idle)));
        self.run(add_new_of(command, &keys))
    }

    /// Reads once more what `consumer` has been handed out and has not acknowledged, each stream after an ID: what one
    /// does after a crash, beginning after [`StreamId::MIN`]. An entry that is deleted meanwhile has `None` for its fields, and
    /// still wants to be acknowledged. A stream of which nothing is left comes with an empty list.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREADGROUP")]
    fn xreadgroup_pending<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        streams: impl ToStreams<StreamId>,
    ) -> Self::Out<StreamsRead<StreamEntry<Option<V>>, K>> {
        self.run(add_streams(as_consumer(Command::new(&spec::XREADGROUP), group, consumer), &streams))
    }

    /// Like [`xreadgroup_pending`](Self::xreadgroup_pending), as many as the options say.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREADGROUP")]
    fn xreadgroup_pending_with<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        streams: impl ToStreams<StreamId>,
        options: XreadOptions,
    ) -> Self::Out<StreamsRead<StreamEntry<Option<V>>, K>> {
        let command = as_consumer(Command::new(&spec::XREADGROUP), group, consumer);
        self.run(add_streams(options.add_to(command), &streams))
    }
}

impl<E: DataExecutor> StreamConsumerCommands for E {}
