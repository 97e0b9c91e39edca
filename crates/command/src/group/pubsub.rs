//! Messages to channels, and who listens there. Listening itself is no command and reply: it changes what a connection is
//! for, so it belongs to the clients.

use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

/// Commands that send messages to channels and ask who listens.
///
/// A message goes to whoever listens at that moment, and is kept for nobody. In a cluster PUBLISH reaches every node,
/// SPUBLISH only those of the shard that the channel belongs to; and the numbers are those of the node that is asked.
///
/// ```
/// use carnelian_command::{Build, group::PubSubCommands as _};
///
/// let command = Build.publish("news", "hello");
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"PUBLISH"[..], b"news", b"hello"]);
/// ```
pub trait PubSubCommands: DataExecutor {
    /// Sends a message to a channel; how many connections of this node got it. Whoever listens to the channel and to a
    /// pattern that it matches gets it twice.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(N+M) for N who listen to the channel and M patterns of all.
    #[doc(alias = "PUBLISH")]
    fn publish(self, channel: impl ToArg, message: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::PUBLISH).arg(channel).arg(message))
    }

    /// The channels that anybody listens to, by name and not by pattern; in no order.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(N) for N channels.
    #[doc(alias = "PUBSUB CHANNELS")]
    fn pubsub_channels<R: FromReply>(self) -> Self::Out<R> {
        self.run(Command::new(&spec::PUBSUB_CHANNELS))
    }

    /// Like [`pubsub_channels`](Self::pubsub_channels), of those that match a glob pattern (`*`, `?`, `[a-z]`).
    ///
    /// Since Redis 2.8, Valkey 7.2. O(N) for N channels.
    #[doc(alias = "PUBSUB CHANNELS")]
    fn pubsub_channels_matching<R: FromReply>(self, pattern: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::PUBSUB_CHANNELS).arg(pattern))
    }

    /// How many different patterns are listened to.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1).
    #[doc(alias = "PUBSUB NUMPAT")]
    fn pubsub_numpat(self) -> Self::Out<u64> {
        self.run(Command::new(&spec::PUBSUB_NUMPAT))
    }

    /// How many connections listen to each of these channels, patterns not counted; in their order.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(n) in the channels.
    #[doc(alias = "PUBSUB NUMSUB")]
    fn pubsub_numsub(self, channels: impl ToArgs) -> Self::Out<Vec<(String, u64)>> {
        self.run(Command::new(&spec::PUBSUB_NUMSUB).args(channels))
    }

    /// The shard channels that anybody listens to; in no order.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N) for N channels.
    #[doc(alias = "PUBSUB SHARDCHANNELS")]
    fn pubsub_shardchannels<R: FromReply>(self) -> Self::Out<R> {
        self.run(Command::new(&spec::PUBSUB_SHARDCHANNELS))
    }

    /// Like [`pubsub_shardchannels`](Self::pubsub_shardchannels), of those that match a glob pattern.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N) for N channels.
    #[doc(alias = "PUBSUB SHARDCHANNELS")]
    fn pubsub_shardchannels_matching<R: FromReply>(self, pattern: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::PUBSUB_SHARDCHANNELS).arg(pattern))
    }

    /// How many connections listen to each of these shard channels; in their order.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the channels.
    #[doc(alias = "PUBSUB SHARDNUMSUB")]
    fn pubsub_shardnumsub(self, channels: impl ToArgs) -> Self::Out<Vec<(String, u64)>> {
        self.run(Command::new(&spec::PUBSUB_SHARDNUMSUB).args(channels))
    }

    /// Sends a message to a shard channel; how many connections of this node got it.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N) for N who listen to the channel.
    #[doc(alias = "SPUBLISH")]
    fn spublish(self, channel: impl ToArg, message: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::SPUBLISH).key(channel).arg(message))
    }
}

impl<E: DataExecutor> PubSubCommands for E {}

#[cfg(test)]
mod tests {
    use crate::reply::tests::read;

    /// A flat list in both protocols: one pair, none, and more than one.
    #[test]
    fn numbers_of_listeners() {
        type Numbers = Vec<(String, u64)>;
        assert_eq!(read::<Numbers>("*2\r\n$1\r\na\r\n:1\r\n"), Ok(vec![("a".to_owned(), 1)]));
        let two = "*4\r\n$1\r\nb\r\n:0\r\n$1\r\na\r\n:2\r\n";
        assert_eq!(read::<Numbers>(two), Ok(vec![("b".to_owned(), 0), ("a".to_owned(), 2)]));
        assert_eq!(read::<Numbers>("*0\r\n"), Ok(vec![]));
    }
}
