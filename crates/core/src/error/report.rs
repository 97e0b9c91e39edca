//! What a connection looked like when a deadline passed: the answer to "why did it time out?".

use std::fmt;
use std::time::Duration;

/// What a connection looked like when a deadline passed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeoutReport {
    /// How long the command was given.
    pub timeout: Duration,
    /// The command had been written to a socket, all or in part: to this connection's, or an earlier one's.
    pub sent: bool,
    /// Whether there was a connection.
    pub connected: bool,
    /// Commands without a reply, this one included.
    pub queued: usize,
    /// Bytes of commands not written yet. For a command that found no room in the queue, what was written last may still
    /// count among them.
    pub unsent_bytes: usize,
    /// Bytes of an unfinished reply that had come.
    pub unread_bytes: usize,
    /// How long nothing had come from the server.
    pub silence: Duration,
    /// Why the last try to connect failed.
    pub last_failure: Option<String>,
}

impl TimeoutReport {
    /// A command that was given `timeout` and never sent, on a link of which no more is known.
    #[must_use]
    pub const fn unsent(timeout: Duration) -> Self {
        Self {
            timeout,
            sent: false,
            connected: false,
            queued: 0,
            unsent_bytes: 0,
            unread_bytes: 0,
            silence: Duration::ZERO,
            last_failure: None,
        }
    }
}

impl fmt::Display for TimeoutReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { timeout, queued, unsent_bytes, unread_bytes, silence, .. } = self;
        write!(f, "no reply within {timeout:?}: ")?;
        if !self.connected {
            f.write_str("not connected")?;
            if let Some(failure) = &self.last_failure {
                write!(f, " (last try: {failure})")?;
            }
            let sent = if self.sent { "sent over an earlier connection" } else { "never sent" };
            return write!(f, ", commands in the queue: {queued}, {sent}");
        }
        f.write_str(if self.sent { "sent and not answered" } else { "not sent" })?;
        write!(
            f,
            ", commands in the queue: {queued}, {unsent_bytes} bytes unsent, {unread_bytes} bytes of a reply unread, "
        )?;
        write!(f, "nothing from the server for {silence:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_does_not_make_a_sent_command_unsent() {
        let unsent = TimeoutReport::unsent(Duration::from_secs(1));
        assert!(unsent.to_string().ends_with("never sent"), "{unsent}");
        let sent = TimeoutReport { sent: true, ..unsent };
        assert!(sent.to_string().ends_with("sent over an earlier connection"), "{sent}");
    }
}
