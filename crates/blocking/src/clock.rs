//! The driver's clock: microseconds since it was started, as the core counts them.

use std::time::{Duration, Instant, SystemTime};

use carnelian_core::connection::{Micros, NEVER};

/// Further away than anybody waits, and still a moment that the system can tell.
const FAR: Micros = 86_400 * 365 * 1_000_000;

/// Counts microseconds from its own start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_ticks: Micros,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), start_ticks: ticks() }
    }

    #[inline]
    pub(crate) fn now(&self) -> Micros {
        ticks().saturating_sub(self.start_ticks)
    }

    /// What the time of day was at a moment that has passed.
    pub(crate) fn time_of_day(&self, micros: Micros) -> SystemTime {
        let ago = Duration::from_micros(self.now().saturating_sub(micros));
        let now = SystemTime::now();
        now.checked_sub(ago).unwrap_or(now)
    }

    /// The moment of `micros`; far away for never.
    pub(crate) fn instant(&self, micros: Micros) -> Instant {
        self.start + Duration::from_micros(micros.min(self.now().saturating_add(FAR)))
    }
}

/// The system's monotonic clock in microseconds. Asked directly: the checked arithmetic of `Instant` would cost more than
/// the question, and this runs for every command.
#[inline]
fn ticks() -> Micros {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // Counted from the start of the machine, so neither is ever negative.
    now.tv_sec.cast_unsigned().wrapping_mul(1_000_000).wrapping_add(now.tv_nsec.cast_unsigned() / 1_000)
}

/// How long it is from `now` to `moment`; `None`: for ever.
#[inline]
pub(crate) fn until(moment: Micros, now: Micros) -> Option<Duration> {
    (moment != NEVER).then(|| Duration::from_micros(moment.saturating_sub(now)))
}
