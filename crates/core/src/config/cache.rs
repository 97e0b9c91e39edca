//! Owns [`CacheOptions`]: how replies are kept in this process while the server says when they change (RESP3 tracking).

use std::time::Duration;

/// Client-side caching. Without it nothing is cached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheOptions {
    /// How the server learns what to watch.
    pub mode: CacheMode,
    /// Entries kept at most. 10,000 unless set.
    pub max_entries: usize,
    /// Bytes kept at most. 64 MiB unless set.
    pub max_bytes: usize,
    /// An entry is forgotten after this long even if the server says nothing. Off unless set.
    pub ttl: Option<Duration>,
}

impl CacheOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how the server learns what to watch.
    #[must_use]
    pub fn mode(mut self, mode: CacheMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets how many entries are kept at most.
    #[must_use]
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// Sets how many bytes are kept at most.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets after how long an entry is forgotten in any case.
    #[must_use]
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.ttl = ttl.into();
        self
    }
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self { mode: CacheMode::default(), max_entries: 10_000, max_bytes: 64 << 20, ttl: None }
    }
}

/// How the server learns which keys this client caches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheMode {
    /// The server remembers every key that was read.
    #[default]
    Tracking,
    /// The server remembers nothing and tells of every change under these prefixes; none means all keys.
    Broadcast(Vec<String>),
    /// Only commands that ask for it are cached.
    OptIn,
}
