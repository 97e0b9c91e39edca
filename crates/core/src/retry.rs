//! Whether a command that came to nothing may be tried again: by what is proven first, then by what the user allows.

use std::time::Duration;

use carnelian_command::ServerError;
use carnelian_resp::{Reader, Token};

use crate::config::Retry;
use crate::error::ServerCode;

/// The tries of one command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tries {
    made: u32,
    pause: Duration,
}

impl Tries {
    /// No try has been made yet.
    #[must_use]
    pub const fn none() -> Self {
        Self { made: 0, pause: Duration::ZERO }
    }

    /// How many tries have been made.
    #[must_use]
    pub const fn made(&self) -> u32 {
        self.made
    }

    /// A try has failed in a way that allows another one. The pause before it, or `None` when there were enough.
    pub fn again(&mut self, policy: &Retry, elapsed: Duration, random: u64) -> Option<Duration> {
        self.made += 1;
        if !policy.allows(self.made, elapsed) {
            return None;
        }
        self.pause = policy.backoff.delay(self.made, self.pause, random);
        Some(self.pause)
    }
}

/// True for a reply that says "not run, and it may go well later": the server's state refused it, or the user named
/// its code. Almost no reply is an error, so one look at the first byte decides.
#[inline]
#[must_use]
pub fn is_refusal(reply: &[u8], policy: &Retry) -> bool {
    reply.first() == Some(&b'-') && line_is_refusal(reply, policy)
}

#[cold]
fn line_is_refusal(reply: &[u8], policy: &Retry) -> bool {
    let Ok(Token::Error(line)) = Reader::new(reply).token() else { return false };
    let error = ServerError::new(line);
    // Another node has the slot: asking the same one again can't help, and following is the cluster's business.
    let elsewhere = matches!(ServerCode::of(&error), ServerCode::Moved | ServerCode::Ask);
    !elsewhere && (ServerCode::of(&error).is_refusal() || policy.retries_code(error.code()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Backoff;

    #[test]
    fn refusals_are_told_from_answers() {
        let policy = Retry::new().on_error("BUSY");
        for reply in ["-LOADING x\r\n", "-READONLY x\r\n", "-TRYAGAIN x\r\n", "-BUSY x\r\n"] {
            assert!(is_refusal(reply.as_bytes(), &policy), "{reply}");
        }
        for reply in ["-ERR x\r\n", "-WRONGTYPE x\r\n", "+OK\r\n", "-MOVED 1 h:1\r\n", "-OOM x\r\n"] {
            assert!(!is_refusal(reply.as_bytes(), &policy), "{reply}");
        }
    }

    #[test]
    fn tries_come_to_an_end() {
        let policy = Retry::new().attempts(3).backoff(Backoff::Constant(Duration::from_millis(5)));
        let mut tries = Tries::none();
        assert_eq!(tries.again(&policy, Duration::ZERO, 0), Some(Duration::from_millis(5)));
        assert_eq!(tries.again(&policy, Duration::ZERO, 0), Some(Duration::from_millis(5)));
        assert_eq!(tries.again(&policy, Duration::ZERO, 0), None);
        assert_eq!(Tries::none().again(&Retry::none(), Duration::ZERO, 0), None);
    }
}
