//! Owns [`Timeouts`]: how long one step may take. How a silent peer is found is another question: see `liveness`.

use std::time::Duration;

/// How long a single step may take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// One try to connect, handshake included. 5 s unless set.
    pub connect: Duration,
    /// One command, from the call to its reply, queueing included. 5 s unless set; `None` waits for ever.
    ///
    /// Commands that block on the server by their nature (`BLPOP`, `XREAD BLOCK`, `WAIT` …) are exempt: they obey their own
    /// timeout, and the liveness check finds a dead peer under them.
    pub command: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), command: Some(Duration::from_secs(5)) }
    }
}
