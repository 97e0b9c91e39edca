//! How long an entry or a consumer has been left alone: milliseconds on the wire, durations here.

use std::time::{Duration, SystemTime};

/// Whole milliseconds, rounded up; unlike a time to live, none at all is a fine number of them.
pub(super) fn millis(idle: Duration) -> u64 {
    u64::try_from(idle.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// A number of milliseconds of the server; it says -1 where there is nothing to count from.
pub(super) fn duration(millis: i64) -> Option<Duration> {
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// A time of the server, in milliseconds since 1970; it says -1 for never.
pub(super) fn time(millis: i64) -> Option<SystemTime> {
    duration(millis).and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_number_too() {
        assert_eq!((millis(Duration::ZERO), millis(Duration::from_nanos(1))), (0, 1));
        assert_eq!(millis(Duration::MAX), u64::MAX);
        assert_eq!((duration(-1), duration(5)), (None, Some(Duration::from_millis(5))));
        assert_eq!(time(-1), None);
        assert_eq!(time(1500), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
    }
}
