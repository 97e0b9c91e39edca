//! What a consumer tells of itself.

use carnelian_command::group::StreamId;

/// What a consumer has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerStats {
    /// Entries handed out.
    pub delivered: u64,
    /// Of those, the ones that were this consumer's before: since a restart, or a delivery lost on the wire.
    pub recovered: u64,
    /// Of those, the ones that were taken over from consumers that had them for too long.
    pub claimed: u64,
    /// Entries sent to the dead letters.
    pub dead_lettered: u64,
    /// Entries acknowledged by itself, since they had been deleted before they were handed out.
    pub vanished: u64,
    /// How often a group was lost and created again.
    pub groups_recreated: u64,
    /// How often reading failed, and what is pending was looked through again.
    pub interruptions: u64,
}

/// What a consumer leaves behind that was stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Entries that were fetched and not handed out any more, with the names of their streams. They stay pending.
    pub unread: Vec<(String, StreamId)>,
    /// How many entries wait for this consumer's acknowledgement now, the unread ones included: a consumer of the same
    /// name reads them first; others take them over when they are stale.
    pub pending: u64,
}

impl Stopped {
    /// What a driver has found out.
    #[must_use]
    pub const fn new(unread: Vec<(String, StreamId)>, pending: u64) -> Self {
        Self { unread, pending }
    }
}
