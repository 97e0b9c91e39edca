//! How long a blocking command may wait for something to happen.
//!
//! The servers take 0 for "forever", so a duration that became 0 by accident (or by rounding, as Redis before 7.0 did
//! with 0.0001 s) would hang. Here forever has a name of its own, and a wait is never less than a millisecond.

use std::time::Duration;

/// How long a blocking command waits on the server before it gives up.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, group::{BlockFor, BlockingListCommands as _}};
///
/// let jobs = Build.blpop::<(String, String)>("jobs", Duration::from_millis(1500));
/// assert_eq!(jobs.request().arguments().last(), Some(&b"1.5"[..]));
/// let jobs = Build.blpop::<(String, String)>("jobs", BlockFor::Forever);
/// assert_eq!(jobs.request().arguments().last(), Some(&b"0"[..]));
/// ```
///
/// There will be no other way to wait, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockFor {
    /// Until something happens.
    Forever,
    /// No longer than this, in steps of a millisecond, rounded up; a duration of zero waits for one millisecond.
    AtMost(Duration),
}

impl From<Duration> for BlockFor {
    fn from(duration: Duration) -> Self {
        Self::AtMost(duration)
    }
}

impl BlockFor {
    /// Whole milliseconds; 0 is forever.
    pub(super) fn millis(self) -> u64 {
        match self {
            Self::Forever => 0,
            Self::AtMost(duration) => {
                u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
            }
        }
    }

    /// Seconds; 0 is forever. Without a fraction where there is none: servers before 6.0 take nothing else.
    pub(super) fn seconds(self) -> String {
        let (whole, fraction) = (self.millis() / 1000, self.millis() % 1000);
        if fraction == 0 {
            return whole.to_string();
        }
        format!("{whole}.{fraction:03}").trim_end_matches('0').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forever_is_zero() {
        assert_eq!((BlockFor::Forever.millis(), BlockFor::Forever.seconds()), (0, "0".to_owned()));
        for (duration, millis, seconds) in [
            (Duration::ZERO, 1, "0.001"),
            (Duration::from_nanos(1), 1, "0.001"),
            (Duration::from_micros(1001), 2, "0.002"),
            (Duration::from_millis(1500), 1500, "1.5"),
            (Duration::from_secs(5), 5000, "5"),
            (Duration::from_secs(100), 100_000, "100"),
        ] {
            let wait = BlockFor::from(duration);
            assert_eq!((wait.millis(), wait.seconds().as_str()), (millis, seconds), "{duration:?}");
        }
        assert_eq!(BlockFor::AtMost(Duration::MAX).millis(), u64::MAX);
    }
}
