//! Streams: logs of entries under IDs that only grow, read by anybody or shared out among the consumers of a group.
//!
//! Here: entries, and the stream as a whole. Consumer groups are in `group`, what their consumers do is in
//! `consumer`, what waits in `blocking`.

mod add;
mod blocking;
mod claim;
mod consumer;
mod details;
mod entry;
mod fields;
mod group;
mod id;
mod idle;
mod info;
mod pending;
mod range;
mod read;
mod streams_read;
mod trim;

use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, ToPairs, spec};

pub use add::{IdmpLimits, XaddOptions, XsetidOptions};
pub use blocking::BlockingStreamCommands;
pub use claim::{AutoclaimPage, Nack, XautoclaimOptions, XclaimOptions, XnackOptions};
pub use consumer::StreamConsumerCommands;
pub use details::{ConsumerPending, GroupPending, StreamConsumerDetails, StreamDetails, StreamGroupDetails};
pub use entry::{StreamDelivery, StreamEntries, StreamEntry};
pub use group::{GroupStart, StreamGroupCommands, XgroupCreateOptions};
pub use id::{InvalidStreamId, StreamId};
pub use info::{IdmpInfo, StreamConsumerInfo, StreamGroupInfo, StreamInfo, StreamTotals};
pub use pending::{PendingEntry, PendingSummary, XpendingOptions};
pub use range::{StreamBound, StreamRange};
pub use read::{StreamStart, StreamWaitStart, ToStreams, XreadOptions, XreadgroupOptions};
pub use streams_read::StreamsRead;
pub use trim::{StreamDelete, StreamRefs, Trim};

use read::add_streams;

/// Commands on streams and their entries.
///
/// Where entries come, `V` is what the fields of one become: a map as in [`StreamEntry`] unless told otherwise.
///
/// ```
/// use carnelian_command::{Build, Command, group::{StreamCommands as _, StreamEntry}};
///
/// let add = Build.xadd("news", [("title", "Rust 1.88"), ("by", "ada")]);
/// let arguments: Vec<_> = add.request().arguments().collect();
/// assert_eq!(arguments, [&b"XADD"[..], b"news", b"*", b"title", b"Rust 1.88", b"by", b"ada"]);
/// let latest: Command<Vec<StreamEntry>> = Build.xrevrange_count("news", .., 10);
/// # let _ = latest;
/// ```
pub trait StreamCommands: DataExecutor {
    /// Adds an entry to the stream at `key`, under an ID that the server chooses; the ID.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XADD")]
    fn xadd(self, key: impl ToArg, fields: impl ToPairs) -> Self::Out<StreamId> {
        self.run(Command::new(&spec::XADD).key(key).arg("*").pairs(fields))
    }

    /// Like [`xadd`](Self::xadd), under an ID of one's own, at most once, or deleting old entries meanwhile; the ID.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1), and O(n) in the entries deleted.
    #[doc(alias = "XADD")]
    fn xadd_with(self, key: impl ToArg, fields: impl ToPairs, options: XaddOptions) -> Self::Out<StreamId> {
        self.run(options.add_to(Command::new(&spec::XADD).key(key)).pairs(fields))
    }

    /// Like [`xadd_with`](Self::xadd_with), but only if the stream is there; `None` if it is not.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1), and O(n) in the entries deleted.
    #[doc(alias = "XADD NOMKSTREAM")]
    fn xadd_nomkstream(
        self,
        key: impl ToArg,
        fields: impl ToPairs,
        options: XaddOptions,
    ) -> Self::Out<Option<StreamId>> {
        let command = Command::new(&spec::XADD).key(key).arg("NOMKSTREAM");
        self.run(options.add_to(command).pairs(fields))
    }

    /// Sets how the stream remembers the messages of [`XaddOptions::idmp`], and forgets those it has.
    ///
    /// Since Redis 8.6, not in Valkey. O(1).
    #[doc(alias = "XCFGSET")]
    fn xcfgset(self, key: impl ToArg, limits: IdmpLimits) -> Self::Out<()> {
        self.run(limits.add_to(Command::new(&spec::XCFGSET).key(key)))
    }

    /// Deletes entries; how many were there. Consumer groups still wait for those they have handed out.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1) for each entry.
    #[doc(alias = "XDEL")]
    fn xdel(self, key: impl ToArg, ids: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::XDEL).key(key).args(ids))
    }

    /// Deletes entries; what became of each, in the order asked. Consumer groups still wait for those they have handed
    /// out.
    ///
    /// Since Redis 8.2, not in Valkey. O(1) for each entry.
    #[doc(alias = "XDELEX")]
    fn xdelex(self, key: impl ToArg, ids: impl ToArgs) -> Self::Out<Vec<StreamDelete>> {
        self.run(with_ids(Command::new(&spec::XDELEX).key(key), ids))
    }

    /// Like [`xdelex`](Self::xdelex), with a say in what becomes of the references that consumer groups have.
    ///
    /// Since Redis 8.2, not in Valkey. O(1) for each entry, and for each group that has it.
    #[doc(alias = "XDELEX")]
    fn xdelex_refs(
        self,
        key: impl ToArg,
        refs: StreamRefs,
        ids: impl ToArgs,
    ) -> Self::Out<Vec<StreamDelete>> {
        self.run(with_ids(Command::new(&spec::XDELEX).key(key).arg(refs.word()), ids))
    }

    /// Notes that a producer has added the entry `id` as its `message`, as [`XaddOptions::idmp`] does: for those who rebuild
    /// a stream elsewhere.
    ///
    /// Since Redis 8.6.2, not in Valkey. O(1).
    #[doc(alias = "XIDMPRECORD")]
    fn xidmprecord(
        self,
        key: impl ToArg,
        producer: impl ToArg,
        message: impl ToArg,
        id: StreamId,
    ) -> Self::Out<()> {
        self.run(Command::new(&spec::XIDMPRECORD).key(key).arg(producer).arg(message).arg(id))
    }

    /// What the server tells about the stream at `key`. A missing key is an error.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XINFO STREAM")]
    fn xinfo_stream<V: FromReply>(self, key: impl ToArg) -> Self::Out<StreamInfo<V>> {
        self.run(Command::new(&spec::XINFO_STREAM).key(key))
    }

    /// Like [`xinfo_stream`](Self::xinfo_stream), with its entries, its groups, their consumers and what is pending:
    /// `count` of each kind, or all for 0.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(n) in what is told.
    #[doc(alias = "XINFO STREAM FULL")]
    fn xinfo_stream_full<V: FromReply>(self, key: impl ToArg, count: u64) -> Self::Out<StreamDetails<V>> {
        self.run(Command::new(&spec::XINFO_STREAM).key(key).arg("FULL").arg("COUNT").arg(count))
    }

    /// How many entries the stream at `key` has; 0 when there is none.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XLEN")]
    fn xlen(self, key: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::XLEN).key(key))
    }

    /// The entries of a range of IDs, oldest first.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XRANGE")]
    fn xrange<V: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<StreamRange>,
    ) -> Self::Out<Vec<StreamEntry<V>>> {
        self.run(range.into().add_to(Command::new(&spec::XRANGE).key(key)))
    }

    /// The oldest `count` entries of a range of IDs, oldest first. [`StreamRange::after`] the last one is the next page.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XRANGE")]
    fn xrange_count<V: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<StreamRange>,
        count: u64,
    ) -> Self::Out<Vec<StreamEntry<V>>> {
        self.run(range.into().add_to(Command::new(&spec::XRANGE).key(key)).arg("COUNT").arg(count))
    }

    /// Reads the entries of streams from a place on. Empty when there are none.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREAD")]
    fn xread<V: FromReply, K: FromReply>(
        self,
        streams: impl ToStreams<StreamStart>,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>> {
        self.run(add_streams(Command::new(&spec::XREAD), &streams))
    }

    /// Like [`xread`](Self::xread), as many as the options say.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREAD")]
    fn xread_with<V: FromReply, K: FromReply>(
        self,
        streams: impl ToStreams<StreamStart>,
        options: XreadOptions,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>> {
        self.run(add_streams(options.add_to(Command::new(&spec::XREAD)), &streams))
    }

    /// The entries of a range of IDs, newest first. The range itself is given from the oldest to the newest.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREVRANGE")]
    fn xrevrange<V: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<StreamRange>,
    ) -> Self::Out<Vec<StreamEntry<V>>> {
        self.run(range.into().add_reversed_to(Command::new(&spec::XREVRANGE).key(key)))
    }

    /// The newest `count` entries of a range of IDs, newest first.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREVRANGE")]
    fn xrevrange_count<V: FromReply>(
        self,
        key: impl ToArg,
        range: impl Into<StreamRange>,
        count: u64,
    ) -> Self::Out<Vec<StreamEntry<V>>> {
        let command = range.into().add_reversed_to(Command::new(&spec::XREVRANGE).key(key));
        self.run(command.arg("COUNT").arg(count))
    }

    /// Sets the last ID of the stream at `key`, after which new entries get theirs: for those who rebuild a stream elsewhere.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "XSETID")]
    fn xsetid(self, key: impl ToArg, last: StreamId) -> Self::Out<()> {
        self.run(Command::new(&spec::XSETID).key(key).arg(last))
    }

    /// Like [`xsetid`](Self::xsetid), with what the stream knows of its past.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "XSETID")]
    fn xsetid_with(self, key: impl ToArg, last: StreamId, options: XsetidOptions) -> Self::Out<()> {
        self.run(options.add_to(Command::new(&spec::XSETID).key(key).arg(last)))
    }

    /// Deletes old entries; how many.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries deleted, at little cost for each.
    #[doc(alias = "XTRIM")]
    fn xtrim(self, key: impl ToArg, trim: Trim) -> Self::Out<u64> {
        self.run(trim.add_to(Command::new(&spec::XTRIM).key(key)))
    }
}

impl<E: DataExecutor> StreamCommands for E {}

/// Adds the IDs with their number in front, as the younger commands want them.
fn with_ids<R: FromReply>(command: Command<R>, ids: impl ToArgs) -> Command<R> {
    command.arg("IDS").arg(ids.count()).args(ids)
}
