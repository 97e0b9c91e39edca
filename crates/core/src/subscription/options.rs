//! How much may wait to be read, and what becomes of the rest.

/// How a subscriber wants its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscribeOptions {
    /// Messages that may wait to be read. 65,536 unless set.
    pub messages: usize,
    /// Bytes of messages that may wait to be read. 16 MiB unless set.
    pub bytes: usize,
    /// What becomes of messages beyond these bounds.
    pub overflow: Overflow,
    /// The server's confirmations are given out beside the messages.
    pub confirmations: bool,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self { messages: 65_536, bytes: 16 << 20, overflow: Overflow::default(), confirmations: false }
    }
}

impl SubscribeOptions {
    /// As it is unless set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets so many messages wait to be read.
    #[must_use]
    pub fn messages(mut self, most: usize) -> Self {
        self.messages = most.max(1);
        self
    }

    /// Lets so many bytes of messages wait to be read. One message may be larger.
    #[must_use]
    pub fn bytes(mut self, most: usize) -> Self {
        self.bytes = most.max(1);
        self
    }

    /// Says what becomes of messages beyond the bounds.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Gives out confirmations too: "you listen to this channel now", "no longer to that one". For a channel that another
    /// subscriber on the same connection listens to as well, they come without asking the server.
    #[doc(alias = "ignore_subscribe_messages")]
    #[must_use]
    pub fn confirmations(mut self, wanted: bool) -> Self {
        self.confirmations = wanted;
        self
    }
}

/// What becomes of messages that a slow reader has no room for. Whatever it is, memory stays bounded, and what was thrown
/// away is counted and told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest are thrown away: who reads again gets what is new. The default.
    #[default]
    DropOldest,
    /// The newest are thrown away.
    DropNewest,
    /// The subscription ends with an error, after what was there is read.
    Close,
    /// Nothing is read from the server until there is room. The subscriber gets a connection of its own for that; the
    /// server, for its part, may close it when too much waits there (`client-output-buffer-limit pubsub`).
    Wait,
}
