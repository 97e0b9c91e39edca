//! The driver's clock: microseconds since it was started, as the core counts them.

use std::time::{Duration, Instant};

use carnelian_core::connection::{Micros, NEVER};

/// Further away than anybody waits, and still a moment that the system can tell.
const FAR: Micros = 86_400 * 365 * 1_000_000;

/// Counts microseconds from its own start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }

    #[inline]
    pub(crate) fn now(&self) -> Micros {
        let elapsed = self.start.elapsed();
        // In u64 rather than through `as_micros`, whose u128 costs more than the rest: this runs for every command.
        elapsed.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(elapsed.subsec_micros()))
    }

    /// The moment of `micros`; far away for never.
    pub(crate) fn instant(&self, micros: Micros) -> Instant {
        self.start + Duration::from_micros(micros.min(self.now().saturating_add(FAR)))
    }
}

/// How long it is from `now` to `moment`; `None`: for ever.
#[inline]
pub(crate) fn until(moment: Micros, now: Micros) -> Option<Duration> {
    (moment != NEVER).then(|| Duration::from_micros(moment.saturating_sub(now)))
}
