//! Owns [`PoolOptions`]: how many connections a client may hold, and for how long. The pool's decisions are made elsewhere.

use std::time::Duration;

/// The connections of one client to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// Connections shared by all ordinary commands. 1 unless set, which serves nearly everybody: commands are pipelined.
    pub connections: usize,
    /// Everything goes over one connection: none is taken out for blocking commands or transactions, so these hold up the
    /// others. Off unless set.
    pub single_connection: bool,
    /// Dedicated connections (blocking commands, transactions that watch, connections taken out by hand) at one time. 20 unless set.
    pub max_connections: usize,
    /// Idle dedicated connections kept ready. 0 unless set.
    pub min_idle: usize,
    /// What to do when all dedicated connections are out.
    pub wait: Wait,
    /// An idle dedicated connection is closed after this long. 5 min unless set; `None` keeps it.
    pub idle_limit: Option<Duration>,
    /// A dedicated connection is closed this long after it was opened, when it comes back. Off unless set.
    pub lifetime_limit: Option<Duration>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connections: 1,
            single_connection: false,
            max_connections: 20,
            min_idle: 0,
            wait: Wait::default(),
            idle_limit: Some(Duration::from_secs(300)),
            lifetime_limit: None,
        }
    }
}

/// What a call does when the pool is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// Waits this long, then fails. The default, with 5 s.
    Timeout(Duration),
    /// Waits until a connection comes back.
    Forever,
    /// Fails without waiting.
    FailAtOnce,
}

impl Default for Wait {
    fn default() -> Self {
        Self::Timeout(Duration::from_secs(5))
    }
}
