//! Durations in the words people use, since expiries and timeouts stand in almost every call.
//!
//! They are plain [`Duration`]s; anything that takes one takes these.
//!
//! ```
//! use std::time::Duration;
//! use carnelian::time::{days, hours, minutes, ms, seconds};
//!
//! assert_eq!(minutes(30), Duration::from_secs(1_800));
//! assert_eq!(days(1) + hours(2), Duration::from_secs(93_600));
//! assert_eq!(seconds(1) / 4, ms(250));
//! ```

use std::time::Duration;

/// So many milliseconds.
#[must_use]
pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// So many seconds.
#[must_use]
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many minutes. What is longer than a [`Duration`] can be is as long as one can be.
#[must_use]
pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes.saturating_mul(60))
}

/// So many hours, bounded like [`minutes`].
#[must_use]
pub const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours.saturating_mul(3_600))
}

/// So many days of 24 hours, bounded like [`minutes`].
#[must_use]
pub const fn days(days: u64) -> Duration {
    Duration::from_secs(days.saturating_mul(86_400))
}
