//! Owns [`QueueLimits`]: how much may wait for one connection, so that a slow server never makes the client grow without bound.

/// Bounds on what is queued or in flight on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueLimits {
    /// Encoded bytes not yet written. 64 MiB unless set. A single larger command is let through when the queue is empty.
    pub max_bytes: usize,
    /// Commands without a reply yet. 1,000,000 unless set.
    pub max_entries: usize,
    /// What a command does that finds the queue full.
    pub when_full: WhenFull,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_entries: 1_000_000, when_full: WhenFull::default() }
    }
}

/// What a command does that finds the queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// Waits for room until its deadline. The default.
    #[default]
    Wait,
    /// Fails at once: the command was never sent.
    Fail,
}
