//! Waiting for entries of streams.

use std::time::Duration;

use super::read::{add_new_of, add_streams, as_consumer};
use super::{
    StreamDelivery, StreamEntry, StreamWaitStart, StreamsRead, ToStreams, XreadOptions, XreadgroupOptions,
    idle,
};
use crate::group::block_for::BlockFor;
use crate::{Command, ConnectionExecutor, Executor, FromReply, ToArg, ToArgs, spec};

/// Commands on streams that wait until there is something to read. What they yield is empty when the time is up.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, Command, group::{BlockingStreamCommands as _, StreamWaitStart, StreamsRead}};
///
/// let next: Command<StreamsRead> =
///     Build.xread_block(("news", StreamWaitStart::New), Duration::from_secs(5));
/// assert_eq!(next.request().arguments().nth(2), Some(&b"5000"[..]));
/// ```
pub trait BlockingStreamCommands: Executor {
    /// Reads entries of streams as [`xread`](super::StreamCommands::xread) does, and waits for one while there are none.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREAD BLOCK")]
    fn xread_block<V: FromReply, K: FromReply>(
        self,
        streams: impl ToStreams<StreamWaitStart>,
        wait: impl Into<BlockFor>,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>>
    where
        Self: ConnectionExecutor,
    {
        let command = Command::new(&spec::XREAD).arg("BLOCK").arg(wait.into().millis());
        self.run(add_streams(command, &streams))
    }

    /// Like [`xread_block`](Self::xread_block), as many as the options say.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREAD BLOCK")]
    fn xread_block_with<V: FromReply, K: FromReply>(
        self,
        streams: impl ToStreams<StreamWaitStart>,
        wait: impl Into<BlockFor>,
        options: XreadOptions,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>>
    where
        Self: ConnectionExecutor,
    {
        let command = options.add_to(Command::new(&spec::XREAD)).arg("BLOCK").arg(wait.into().millis());
        self.run(add_streams(command, &streams))
    }

    /// Reads entries that nobody of the group has had yet, as
    /// [`xreadgroup`](super::StreamConsumerCommands::xreadgroup) does, and waits for one while there are none.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREADGROUP BLOCK")]
    fn xreadgroup_block<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        keys: impl ToArgs,
        wait: impl Into<BlockFor>,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>>
    where
        Self: ConnectionExecutor,
    {
        let command = as_consumer(Command::new(&spec::XREADGROUP), group, consumer);
        self.run(add_new_of(command.arg("BLOCK").arg(wait.into().millis()), &keys))
    }

    /// Like [`xreadgroup_block`](Self::xreadgroup_block), as the options say.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(n) in the entries given.
    #[doc(alias = "XREADGROUP BLOCK")]
    fn xreadgroup_block_with<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        keys: impl ToArgs,
        wait: impl Into<BlockFor>,
        options: XreadgroupOptions,
    ) -> Self::Out<StreamsRead<StreamEntry<V>, K>>
    where
        Self: ConnectionExecutor,
    {
        let command = options.add_limits_to(as_consumer(Command::new(&spec::XREADGROUP), group, consumer));
        let command = options.add_noack_to(command.arg("BLOCK").arg(wait.into().millis()));
        self.run(add_new_of(command, &keys))
    }

    /// Claims what others have left lying, as [`xreadgroup_claim`](super::StreamConsumerCommands::xreadgroup_claim) does, and
    /// reads entries that nobody of the group has had yet; waits for either while there is none.
    ///
    /// Since Redis 8.4, not in Valkey. O(n) in the entries given.
    #[doc(alias = "XREADGROUP CLAIM")]
    fn xreadgroup_claim_block<V: FromReply, K: FromReply>(
        self,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        keys: impl ToArgs,
        wait: impl Into<BlockFor>,
        options: XreadgroupOptions,
    ) -> Self::Out<StreamsRead<StreamDelivery<V>, K>>
    where
        Self: ConnectionExecutor,
    {
        let command = options.add_limits_to(as_consumer(Command::new(&spec::XREADGROUP), group, consumer));
        let command = command.arg("BLOCK").arg(wait.into().millis());
        let command = command.arg("CLAIM").arg(idle::millis(min_idle));
        self.run(add_new_of(options.add_noack_to(command), &keys))
    }
}

impl<E: Executor> BlockingStreamCommands for E {}
