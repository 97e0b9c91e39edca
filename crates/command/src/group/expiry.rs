//! When keys and fields expire, as arguments: the words and numbers behind SET … EX, EXPIRE, HSETEX and their kin.
//!
//! Whole seconds travel as seconds, which every server takes; anything finer as milliseconds, rounded up. Nothing
//! becomes 0 or less on the way: most commands refuse that, RESTORE would take it for "never".

use std::time::{Duration, SystemTime};

use crate::spec::Facts;
use crate::{Command, FromReply};

/// When something that is being written expires.
///
/// Durations and times are rounded up to a whole millisecond. A zero duration or a time before 1970 means "about now":
/// it becomes one millisecond, since the servers refuse 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expiry {
    /// This long from now, by the server's clock.
    In(Duration),
    /// At this time, by the server's clock (Redis 6.2).
    At(SystemTime),
    /// When it would have expired anyway: without this word a write takes the old expiry away (Redis 6.0).
    KeepTtl,
}

impl From<Duration> for Expiry {
    fn from(ttl: Duration) -> Self {
        Self::In(ttl)
    }
}

impl From<SystemTime> for Expiry {
    fn from(time: SystemTime) -> Self {
        Self::At(time)
    }
}

impl Expiry {
    /// Adds the words for `expiry`, if there is one.
    pub(super) fn add_to<R: FromReply>(expiry: Option<Self>, command: Command<R>) -> Command<R> {
        match expiry {
            Some(Self::In(ttl)) => Span::of(ttl).add_to(command, "EX", "PX"),
            Some(Self::At(time)) => Span::at(time).add_to(command, "EXAT", "PXAT"),
            Some(Self::KeepTtl) => command.arg("KEEPTTL"),
            None => command,
        }
    }
}

/// What becomes of the expiry of something that is being read or counted. Rounded like [`Expiry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpiryChange {
    /// It expires this long from now, by the server's clock.
    In(Duration),
    /// It expires at this time, by the server's clock.
    At(SystemTime),
    /// It never expires any more.
    Persist,
}

impl From<Duration> for ExpiryChange {
    fn from(ttl: Duration) -> Self {
        Self::In(ttl)
    }
}

impl From<SystemTime> for ExpiryChange {
    fn from(time: SystemTime) -> Self {
        Self::At(time)
    }
}

impl ExpiryChange {
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        match self {
            Self::In(ttl) => Span::of(ttl).add_to(command, "EX", "PX"),
            Self::At(time) => Span::at(time).add_to(command, "EXAT", "PXAT"),
            Self::Persist => command.arg("PERSIST"),
        }
    }
}

/// What must hold for a new expiry to be set (Redis 7.0; for fields of hashes Redis 7.4, Valkey 9.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpireCondition {
    /// NX: there is no expiry yet.
    IfNone,
    /// XX: there is one already.
    IfAny,
    /// GT: there is one and the new one is later. No expiry counts as the latest of all.
    IfLater,
    /// LT: the new one is sooner, or there is none yet.
    IfSooner,
}

impl ExpireCondition {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::IfNone => "NX",
            Self::IfAny => "XX",
            Self::IfLater => "GT",
            Self::IfSooner => "LT",
        }
    }
}

/// A number of seconds or, where those would not be exact, of milliseconds; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Seconds(u64),
    Millis(u64),
}

impl Span {
    pub(super) fn of(duration: Duration) -> Self {
        if duration.subsec_nanos() == 0 && duration.as_secs() > 0 {
            return Self::Seconds(duration.as_secs());
        }
        Self::Millis(millis(duration))
    }

    /// Since 1970.
    pub(super) fn at(time: SystemTime) -> Self {
        Self::of(since_epoch(time))
    }

    /// The command of a pair (EXPIRE and PEXPIRE) that this can be told to exactly, and the number to tell it.
    pub(super) const fn choose(
        self,
        seconds: &'static Facts,
        millis: &'static Facts,
    ) -> (&'static Facts, u64) {
        match self {
            Self::Seconds(number) => (seconds, number),
            Self::Millis(number) => (millis, number),
        }
    }

    fn add_to<R: FromReply>(
        self,
        command: Command<R>,
        seconds: &'static str,
        millis: &'static str,
    ) -> Command<R> {
        match self {
            Self::Seconds(number) => command.arg(seconds).arg(number),
            Self::Millis(number) => command.arg(millis).arg(number),
        }
    }
}

/// Whole milliseconds, rounded up, at least one. What no server can count to, it will itself refuse.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
}

/// Milliseconds since 1970, rounded up; a time before that is long past either way.
pub(super) fn millis_at(time: SystemTime) -> u64 {
    millis(since_epoch(time))
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    #[test]
    fn seconds_where_exact_else_milliseconds_and_never_zero() {
        for (duration, span) in [
            (Duration::from_secs(5), Span::Seconds(5)),
            (Duration::from_millis(1500), Span::Millis(1500)),
            (Duration::from_micros(1500), Span::Millis(2)),
            (Duration::from_nanos(1), Span::Millis(1)),
            (Duration::ZERO, Span::Millis(1)),
            (Duration::MAX, Span::Millis(u64::MAX)),
        ] {
            assert_eq!(Span::of(duration), span, "{duration:?}");
        }
    }

    #[test]
    fn times_are_counted_from_1970() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(Span::at(time), Span::Seconds(1_700_000_000));
        assert_eq!(Span::at(time + Duration::from_millis(1)), Span::Millis(1_700_000_000_001));
        assert_eq!(Span::at(SystemTime::UNIX_EPOCH - Duration::from_secs(9)), Span::Millis(1));
        assert_eq!(millis_at(time), 1_700_000_000_000);
    }

    #[test]
    fn the_finer_command_is_taken_only_when_needed() {
        let choose = |duration| Span::of(duration).choose(&spec::EXPIRE, &spec::PEXPIRE);
        assert_eq!(choose(Duration::from_secs(2)), (&spec::EXPIRE, 2));
        assert_eq!(choose(Duration::from_millis(2500)), (&spec::PEXPIRE, 2500));
    }
}
