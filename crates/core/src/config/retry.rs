//! Owns [`Retry`] and [`Reconnect`]: what may be tried again, how often, for how long. Whether a given failure is safe to retry is
//! decided where commands run; this only says what the user allows.

use std::time::Duration;

use super::backoff::Backoff;

/// When a failed command is tried again.
///
/// What is proven not to have run (never sent, or refused by the server's state) and what does no harm twice (reads) is retried by
/// any policy with more than one attempt. The switches here widen that, at the caller's own risk, to commands that may have run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Tries in all, the first one included. 3 unless set; at least 1.
    pub attempts: u32,
    /// Time in all, from the first try to the start of the last. Only the command's own timeout bounds it unless set.
    pub budget: Option<Duration>,
    /// The pause between tries. Equal jitter from 20 ms to 1 s unless set.
    pub backoff: Backoff,
    /// Retry also a write whose reply did not come in time: it may run twice. Off unless set.
    pub on_timeout: bool,
    /// Retry also a write whose connection broke before its reply: it may run twice. Off unless set.
    pub on_connection_loss: bool,
    /// Server error codes to retry besides those of passing server states, such as `BUSY` or `OOM`. In capitals.
    pub on_codes: Vec<String>,
}

impl Retry {
    /// The default policy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One try, no more.
    #[must_use]
    pub fn none() -> Self {
        Self { attempts: 1, backoff: Backoff::None, ..Self::default() }
    }

    /// Sets the tries in all, the first one included; 0 counts as 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the time in all.
    #[must_use]
    pub fn budget(mut self, budget: impl Into<Option<Duration>>) -> Self {
        self.budget = budget.into();
        self
    }

    /// Sets the pause between tries.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets whether writes without a timely reply are retried: they may run twice.
    #[must_use]
    pub fn on_timeout(mut self, retry: bool) -> Self {
        self.on_timeout = retry;
        self
    }

    /// Sets whether writes whose connection broke are retried: they may run twice.
    #[must_use]
    pub fn on_connection_loss(mut self, retry: bool) -> Self {
        self.on_connection_loss = retry;
        self
    }

    /// Adds an error to retry: a server's code (`"BUSY"`), or the reference's name for a class (`"TimeoutError"`,
    /// `"ConnectionError"`, `"BusyLoadingError"` …).
    #[must_use]
    pub fn on_error(mut self, name: &str) -> Self {
        match name {
            "TimeoutError" => self.on_timeout = true,
            "ConnectionError" => self.on_connection_loss = true,
            _ => {
                let code = code_of(name);
                if !self.on_codes.contains(&code) {
                    self.on_codes.push(code);
                }
            }
        }
        self
    }

    /// Whether the user named this server error code.
    #[must_use]
    pub fn retries_code(&self, code: &str) -> bool {
        self.on_codes.iter().any(|named| named == code)
    }

    /// Whether one more try may start after `attempts` tries and `elapsed` time.
    #[must_use]
    pub fn allows(&self, attempts: u32, elapsed: Duration) -> bool {
        attempts < self.attempts && self.budget.is_none_or(|budget| elapsed < budget)
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            budget: None,
            backoff: Backoff::equal_jitter(Duration::from_millis(20), Duration::from_secs(1)),
            on_timeout: false,
            on_connection_loss: false,
            on_codes: Vec::new(),
        }
    }
}

/// The server's code behind the reference's exception name, or the name itself as a code.
fn code_of(name: &str) -> String {
    match name {
        "BusyLoadingError" => "LOADING",
        "ReadOnlyError" => "READONLY",
        "OutOfMemoryError" => "OOM",
        "TryAgainError" => "TRYAGAIN",
        "ClusterDownError" => "CLUSTERDOWN",
        "MasterDownError" => "MASTERDOWN",
        "NoScriptError" => "NOSCRIPT",
        code => return code.to_ascii_uppercase(),
    }
    .to_owned()
}

/// How a lost connection is opened again, and how the first one is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconnect {
    /// Tries to open a lost connection again before the client gives up. Without end unless set.
    pub attempts: Option<u32>,
    /// The pause between tries. Equal jitter from 50 ms to 5 s unless set. It starts over only after a real reply.
    pub backoff: Backoff,
    /// Tries to open the very first connection, with the same pauses between. 1 unless set, so that a wrong address is told at
    /// once; ask for more where the server may start later than the program.
    pub first_attempts: u32,
}

impl Reconnect {
    /// The default policy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tries to open a lost connection again; `None` never gives up, 0 counts as 1.
    #[must_use]
    pub fn attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
        self.attempts = attempts.into().map(|attempts| attempts.max(1));
        self
    }

    /// Sets the pause between tries.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets the tries to open the very first connection; 0 counts as 1.
    #[must_use]
    pub fn first_attempts(mut self, attempts: u32) -> Self {
        self.first_attempts = attempts.max(1);
        self
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            attempts: None,
            backoff: Backoff::equal_jitter(Duration::from_millis(50), Duration::from_secs(5)),
            first_attempts: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_until_attempts_or_budget_end() {
        let retry = Retry::new().attempts(3).budget(Duration::from_secs(2));
        assert!(retry.allows(1, Duration::ZERO));
        assert!(retry.allows(2, Duration::from_millis(1999)));
        assert!(!retry.allows(3, Duration::ZERO));
        assert!(!retry.allows(1, Duration::from_secs(2)));
        assert!(!Retry::none().allows(1, Duration::ZERO));
        assert_eq!(Retry::new().attempts(0).attempts, 1);
    }

    #[test]
    fn reconnecting_never_means_no_try_at_all() {
        let reconnect = Reconnect::new().attempts(0).first_attempts(0).backoff(Backoff::None);
        assert_eq!((reconnect.attempts, reconnect.first_attempts), (Some(1), 1));
        assert_eq!(Reconnect::new().attempts(None), Reconnect::default());
    }

    #[test]
    fn errors_are_named_by_code_or_by_class() {
        let retry = Retry::new().on_error("busy").on_error("BUSY").on_error("BusyLoadingError");
        assert_eq!(retry.on_codes, ["BUSY", "LOADING"]);
        assert!(retry.retries_code("LOADING") && !retry.retries_code("OOM"));
        assert!(!retry.on_timeout && !retry.on_connection_loss);
        let retry = retry.on_error("TimeoutError").on_error("ConnectionError");
        assert!(retry.on_timeout && retry.on_connection_loss);
    }
}
