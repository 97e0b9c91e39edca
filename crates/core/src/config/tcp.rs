//! Owns [`TcpOptions`]: what is asked of a TCP socket, and how several addresses of one name are tried.

use std::time::Duration;

/// Options of a TCP connection. A Unix socket ignores them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpOptions {
    /// `TCP_NODELAY`: on unless set. Switching it off delays small commands.
    pub nodelay: bool,
    /// The operating system's own probes of a silent peer: on unless set.
    pub keepalive: Option<Keepalive>,
    /// `TCP_USER_TIMEOUT`: how long written bytes may stay unacknowledged before the system gives up (Linux; ignored elsewhere).
    /// Off unless set, because the liveness check already covers it.
    pub user_timeout: Option<Duration>,
    /// How long the first address gets before the next one is tried beside it (RFC 8305). 250 ms unless set.
    pub happy_eyeballs_delay: Duration,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            nodelay: true,
            keepalive: Some(Keepalive::default()),
            user_timeout: None,
            happy_eyeballs_delay: Duration::from_millis(250),
        }
    }
}

/// When the operating system probes a silent peer. Unless set, a dead one is found within 4 s: 2 s of silence, then 2 probes a
/// second apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// Silence before the first probe (`TCP_KEEPIDLE`), in whole seconds of at least 1.
    pub idle: Duration,
    /// Between probes (`TCP_KEEPINTVL`), in whole seconds of at least 1.
    pub interval: Duration,
    /// Unanswered probes until the peer counts as dead (`TCP_KEEPCNT`).
    pub count: u32,
}

impl Keepalive {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the silence before the first probe.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Sets the pause between probes.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets how many unanswered probes mean death.
    #[must_use]
    pub fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { idle: Duration::from_secs(2), interval: Duration::from_secs(1), count: 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_probes_find_a_dead_peer_within_five_seconds() {
        let keepalive = Keepalive::default();
        assert!(keepalive.idle + keepalive.interval * keepalive.count <= Duration::from_secs(5));
    }
}
