//! Consumer groups: they hand out the entries of a stream, each to one consumer, and wait for it to be acknowledged.

use std::time::Duration;

use super::read::{add_new_of, add_streams, as_consumer};
use super::{
    AutoclaimPage, Nack, PendingEntry, PendingSummary, StreamConsumerInfo, StreamDelete, StreamDelivery,
    StreamEntries, StreamEntry, StreamGroupInfo, StreamId, StreamRange, StreamRefs, StreamsRead, ToStreams,
    XautoclaimOptions, XclaimOptions, XnackOptions, XpendingOptions, XreadOptions, XreadgroupOptions, idle,
    with_ids,
};
use crate::{ArgWriter, Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

/// Commands on the consumer groups of streams.
///
/// Where entries come, `V` is what the fields of one become: a map as in [`StreamEntry`] unless told otherwise.
///
/// ```
/// use carnelian_command::{Build, Command, group::{GroupStart, StreamGroupCommands as _, StreamsRead}};
///
/// Build.xgroup_create("orders", "billing", GroupStart::End);
/// let new: Command<StreamsRead> = Build.xreadgroup("billing", "worker-1", "orders");
/// let arguments: Vec<_> = new.request().arguments().skip(1).collect();
/// assert_eq!(arguments, [&b"GROUP"[..], b"billing", b"worker-1", b"STREAMS", b"orders", b">"]);
/// ```
pub trait StreamGroupCommands: DataExecutor {
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

    /// Makes a consumer group for the stream at `key`, which hands out the entries after `start`. The error has the code
    /// `BUSYGROUP` if there is such a group; a missing stream is an error too.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XGROUP CREATE")]
    fn xgroup_create(
        self,
        key: impl ToArg,
        group: impl ToArg,
        start: impl Into<GroupStart>,
    ) -> Self::Out<()> {
        self.run(Command::new(&spec::XGROUP_CREATE).key(key).arg(group).arg(start.into()))
    }

    /// Like [`xgroup_create`](Self::xgroup_create), making the stream as well if it must.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XGROUP CREATE")]
    fn xgroup_create_with(
        self,
        key: impl ToArg,
        group: impl ToArg,
        start: impl Into<GroupStart>,
        options: XgroupCreateOptions,
    ) -> Self::Out<()> {
        let command = Command::new(&spec::XGROUP_CREATE).key(key).arg(group).arg(start.into());
        self.run(options.add_to(command))
    }

    /// Makes a consumer, which reading as it would do as well; whether it is new.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "XGROUP CREATECONSUMER")]
    fn xgroup_createconsumer(
        self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
    ) -> Self::Out<bool> {
        self.run(Command::new(&spec::XGROUP_CREATECONSUMER).key(key).arg(group).arg(consumer))
    }

    /// Removes a consumer, and with it what it has not acknowledged: nobody will be handed that again, so claim it first.
    /// How many entries those are.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1), and O(n) in those entries.
    #[doc(alias = "XGROUP DELCONSUMER")]
    fn xgroup_delconsumer(self, key: impl ToArg, group: impl ToArg, consumer: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::XGROUP_DELCONSUMER).key(key).arg(group).arg(consumer))
    }

    /// Removes a consumer group with all it knows; whether there was one.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries that it waits for.
    #[doc(alias = "XGROUP DESTROY")]
    fn xgroup_destroy(self, key: impl ToArg, group: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::XGROUP_DESTROY).key(key).arg(group))
    }

    /// Lets a group hand out the entries after `start` next, whether it has handed them out before or not.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XGROUP SETID")]
    fn xgroup_setid(self, key: impl ToArg, group: impl ToArg, start: impl Into<GroupStart>) -> Self::Out<()> {
        self.run(Command::new(&spec::XGROUP_SETID).key(key).arg(group).arg(start.into()))
    }

    /// Like [`xgroup_setid`](Self::xgroup_setid), telling how many entries lie before that place: the server may not know,
    /// and tells the group's lag by it.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "XGROUP SETID")]
    fn xgroup_setid_entriesread(
        self,
        key: impl ToArg,
        group: impl ToArg,
        start: impl Into<GroupStart>,
        entries_read: u64,
    ) -> Self::Out<()> {
        let command = Command::new(&spec::XGROUP_SETID).key(key).arg(group).arg(start.into());
        self.run(command.arg("ENTRIESREAD").arg(entries_read))
    }

    /// What the server tells about the consumers of a group. A missing stream or group is an error.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XINFO CONSUMERS")]
    fn xinfo_consumers(self, key: impl ToArg, group: impl ToArg) -> Self::Out<Vec<StreamConsumerInfo>> {
        self.run(Command::new(&spec::XINFO_CONSUMERS).key(key).arg(group))
    }

    /// What the server tells about the groups of a stream. A missing stream is an error.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XINFO GROUPS")]
    fn xinfo_groups(self, key: impl ToArg) -> Self::Out<Vec<StreamGroupInfo>> {
        self.run(Command::new(&spec::XINFO_GROUPS).key(key))
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

    /// What a group has handed out and waits for, in numbers. A missing stream or group is an error.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the consumers.
    #[doc(alias = "XPENDING")]
    fn xpending(self, key: impl ToArg, group: impl ToArg) -> Self::Out<PendingSummary> {
        self.run(Command::new(&spec::XPENDING).key(key).arg(group))
    }

    /// The entries of a range of IDs that a group has handed out and waits for, up to `count` of them, oldest first.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XPENDING")]
    fn xpending_range(
        self,
        key: impl ToArg,
        group: impl ToArg,
        range: impl Into<StreamRange>,
        count: u64,
    ) -> Self::Out<Vec<PendingEntry>> {
        self.run(range.into().add_to(Command::new(&spec::XPENDING).key(key).arg(group)).arg(count))
    }

    /// Like [`xpending_range`](Self::xpending_range), for those of one consumer, or of a certain age.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given, and in those that are younger.
    #[doc(alias = "XPENDING")]
    fn xpending_range_with(
        self,
        key: impl ToArg,
        group: impl ToArg,
        range: impl Into<StreamRange>,
        count: u64,
        options: XpendingOptions,
    ) -> Self::Out<Vec<PendingEntry>> {
        let mut command = Command::new(&spec::XPENDING).key(key).arg(group);
        if let Some(idle) = options.idle {
            command = command.arg("IDLE").arg(idle::millis(idle));
        }
        self.run(range.into().add_to(command).arg(count).optional(options.consumer))
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

impl<E: DataExecutor> StreamGroupCommands for E {}

/// From where on a consumer group hands out the entries of its stream.
///
/// There will be no other places, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupStart {
    /// The entries after this ID; after [`StreamId::MIN`] they are all of them.
    After(StreamId),
    /// What is added from now on, `$`.
    End,
}

impl From<StreamId> for GroupStart {
    fn from(id: StreamId) -> Self {
        Self::After(id)
    }
}

impl ToArg for GroupStart {
    fn write(&self, to: &mut ArgWriter<'_>) {
        match self {
            Self::After(id) => id.write(to),
            Self::End => to.write(b"$"),
        }
    }
}

/// The options of XGROUP CREATE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XgroupCreateOptions {
    mkstream: bool,
    entries_read: Option<u64>,
}

impl XgroupCreateOptions {
    /// The stream must be there.
    pub const fn new() -> Self {
        Self { mkstream: false, entries_read: None }
    }

    /// Makes an empty stream if there is none (MKSTREAM).
    pub const fn mkstream(mut self) -> Self {
        self.mkstream = true;
        self
    }

    /// How many entries lie before the place to start at (ENTRIESREAD): the server may not know, and tells the group's lag
    /// by it. Since Redis 7.0.
    pub const fn entries_read(mut self, entries: u64) -> Self {
        self.entries_read = Some(entries);
        self
    }

    fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = command.word_if(self.mkstream, "MKSTREAM");
        match self.entries_read {
            Some(entries) => command.arg("ENTRIESREAD").arg(entries),
            None => command,
        }
    }
}
