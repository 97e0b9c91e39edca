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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: Duration = Duration::from_millis(20);
    const CAP: Duration = Duration::from_secs(1);

    #[test]
    fn exponential_doubles_up_to_its_cap() {
        let backoff = Backoff::Exponential { base: BASE, cap: CAP };
        let pauses: Vec<u128> = (0..9).map(|n| backoff.delay(n, Duration::ZERO, 7).as_millis()).collect();
        assert_eq!(pauses, [20, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!(backoff.delay(u32::MAX, Duration::ZERO, 0), CAP);
    }

    #[test]
    fn jitter_spans_its_range() {
        let third = |backoff: Backoff, random| backoff.delay(3, CAP, random).as_millis();
        let full = Backoff::FullJitter { base: BASE, cap: CAP };
        let equal = Backoff::EqualJitter { base: BASE, cap: CAP };
        let decorrelated = Backoff::DecorrelatedJitter { base: BASE, cap: Duration::from_secs(9) };
        assert_eq!([third(full, 0), third(full, u64::MAX / 2 + 1), third(full, u64::MAX)], [0, 40, 79]);
        assert_eq!([third(equal, 0), third(equal, u64::MAX / 2 + 1), third(equal, u64::MAX)], [40, 60, 79]);
        assert_eq!([third(decorrelated, 0), third(decorrelated, u64::MAX)], [20, 2999]);
    }

    #[test]
    fn fixed_pauses_look_at_nothing() {
        assert_eq!(Backoff::None.delay(9, CAP, u64::MAX), Duration::ZERO);
        assert_eq!(Backoff::Constant(BASE).delay(9, CAP, u64::MAX), BASE);
    }

    fn pauses() -> impl Strategy<Value = (Duration, Duration)> {
        (0..=u64::MAX, 0..=u64::MAX)
            .prop_map(|(a, b)| (Duration::from_nanos(a.min(b)), Duration::from_nanos(a.max(b))))
    }

    proptest! {
        #[test]
        fn no_pause_leaves_its_bounds(
            (base, cap) in pauses(),
            attempt: u32,
            previous in (0..=u64::MAX).prop_map(Duration::from_nanos),
            random: u64,
        ) {
            let whole = Backoff::Exponential { base, cap }.delay(attempt, previous, random);
            prop_assert!(base <= whole && whole <= cap);
            let full = Backoff::FullJitter { base, cap }.delay(attempt, previous, random);
            prop_assert!(full <= whole);
            let equal = Backoff::EqualJitter { base, cap }.delay(attempt, previous, random);
            prop_assert!(whole / 2 <= equal && equal <= whole);
            let decorrelated = Backoff::DecorrelatedJitter { base, cap }.delay(attempt, previous, random);
            prop_assert!(base <= decorrelated && decorrelated <= cap);
            prop_assert!(decorrelated <= previous.saturating_mul(3).max(base));
        }

        #[test]
        fn a_longest_pause_never_overflows(attempt: u32, random: u64) {
            let (base, cap) = (Duration::MAX, Duration::MAX);
            for backoff in [
                Backoff::Exponential { base, cap },
                Backoff::FullJitter { base, cap },
                Backoff::EqualJitter { base, cap },
                Backoff::DecorrelatedJitter { base, cap },
            ] {
                prop_assert!(backoff.delay(attempt, Duration::MAX, random) <= cap);
            }
        }
    }
}
