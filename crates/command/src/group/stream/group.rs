//! Consumer groups: they hand out the entries of a stream, each to one consumer, and wait for it to be acknowledged.
//!
//! Here: the groups themselves, and what is known of them. What their consumers do is in `consumer`.

use super::{
    PendingEntry, PendingSummary, StreamConsumerInfo, StreamGroupInfo, StreamId, StreamRange,
    XpendingOptions, idle,
};
use crate::{ArgWriter, Command, DataExecutor, FromReply, ToArg, spec};

/// Commands on the consumer groups of streams. What their consumers do is in
/// [`StreamConsumerCommands`](super::StreamConsumerCommands).
///
/// ```
/// use carnelian_command::{Build, group::{GroupStart, StreamGroupCommands as _, XgroupCreateOptions}};
///
/// // Hands out what comes from now on, whether the stream is there yet or not.
/// let options = XgroupCreateOptions::new().mkstream();
/// let command = Build.xgroup_create_with("orders", "billing", GroupStart::End, options);
/// assert_eq!(command.request().arguments().last(), Some(&b"MKSTREAM"[..]));
/// ```
pub trait StreamGroupCommands: DataExecutor {
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
