//! Owns [`Backoff`]: how long to pause before the next try. Pure: the random number is passed in, nobody sleeps here.

use std::time::Duration;

/// The pause before the next try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backoff {
    /// No pause.
    #[default]
    None,
    /// Always the same pause.
    Constant(Duration),
    /// `base`, doubled with every try, at most `cap`.
    Exponential {
        /// The first pause.
        base: Duration,
        /// The longest pause.
        cap: Duration,
    },
    /// Anything between nothing and the exponential pause: spreads a crowd best, may be very short.
    FullJitter {
        /// The first pause at most.
        base: Duration,
        /// The longest pause.
        cap: Duration,
    },
    /// Half the exponential pause and up to as much again: never shorter than half.
    EqualJitter {
        /// The first pause at most.
        base: Duration,
        /// The longest pause.
        cap: Duration,
    },
    /// Between `base` and three times the pause before, at most `cap`.
    DecorrelatedJitter {
        /// The shortest pause.
        base: Duration,
        /// The longest pause.
        cap: Duration,
    },
}

impl Backoff {
    /// Equal jitter between `base` and `cap`, the shape used by default.
    #[must_use]
    pub const fn equal_jitter(base: Duration, cap: Duration) -> Self {
        Self::EqualJitter { base, cap }
    }

    /// The pause after `attempt` tries have failed (1 after the first one; 0 counts as 1).
    ///
    /// `previous` is the pause before the try that just failed (zero at first; only decorrelated jitter looks at it), and `random`
    /// is any number, evenly spread over all of `u64`.
    #[must_use]
    pub fn delay(&self, attempt: u32, previous: Duration, random: u64) -> Duration {
        match *self {
            Self::None => Duration::ZERO,
            Self::Constant(pause) => pause,
            Self::Exponential { base, cap } => doubled(base, cap, attempt),
            Self::FullJitter { base, cap } => part_of(doubled(base, cap, attempt), random),
            Self::EqualJitter { base, cap } => {
                let whole = doubled(base, cap, attempt);
                let half = whole / 2;
                half.saturating_add(part_of(whole.saturating_sub(half), random))
            }
            Self::DecorrelatedJitter { base, cap } => {
                let span = previous.saturating_mul(3).saturating_sub(base);
                base.saturating_add(part_of(span, random)).min(cap)
            }
        }
    }
}

fn doubled(base: Duration, cap: Duration, attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    base.saturating_mul(1 << doublings).min(cap)
}

/// `random / 2^64` of `whole`. Beyond 584 years the nanoseconds leave `u64`; nobody waits that long.
fn part_of(whole: Duration, random: u64) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    let part = (u128::from(nanos) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX))
}
