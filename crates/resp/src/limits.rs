//! How much a peer may make us hold. A peer that goes over a bound is wrong or hostile: the connection ends.

/// Bounds on what is accepted from a peer.
///
/// The defaults are those of the servers themselves, so that no honest reply is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest bulk string, in bytes. The servers' own default bound is 512 MiB.
    pub bulk: usize,
    /// The most elements one aggregate may announce.
    pub elements: usize,
    /// How deep aggregates may nest.
    pub depth: usize,
    /// The longest line (a simple string, an error, a number), in bytes.
    pub line: usize,
}

impl Limits {
    /// The default bounds.
    #[must_use]
    pub const fn new() -> Self {
        Self { bulk: 512 << 20, elements: 1 << 30, depth: 128, line: 1 << 20 }
    }

    /// Sets the longest bulk string.
    #[must_use]
    pub const fn bulk(mut self, bytes: usize) -> Self {
        self.bulk = bytes;
        self
    }

    /// Sets the most elements of one aggregate.
    #[must_use]
    pub const fn elements(mut self, count: usize) -> Self {
        self.elements = count;
        self
    }

    /// Sets how deep aggregates may nest.
    #[must_use]
    pub const fn depth(mut self, levels: usize) -> Self {
        self.depth = levels;
        self
    }

    /// Sets the longest line.
    #[must_use]
    pub const fn line(mut self, bytes: usize) -> Self {
        self.line = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
