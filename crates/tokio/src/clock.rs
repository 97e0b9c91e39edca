//! The driver's clock: microseconds since it was started, as the core counts them.

use std::time::{Duration, SystemTime};

use carnelian_core::connection::{Micros, NEVER};
use tokio::time::Instant;

/// Counts microseconds from its own start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_ticks: Micros,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let start = Instant::now();
        Self { start, start_ticks: ticks(start) }
    }

    #[inline]
    pub(crate) fn now(&self) -> Micros {
        ticks(self.start).saturating_sub(self.start_ticks)
    }

    /// The deadline of something that starts now.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Micros {
        let Some(timeout) = timeout else { return NEVER };
        self.now().saturating_add(carnelian_core::connection::liveness::as_micros(timeout))
    }

    /// What the time of day was at a moment that has passed.
    pub(crate) fn time_of_day(&self, micros: Micros) -> SystemTime {
        let ago = Duration::from_micros(self.now().saturating_sub(micros));
        let now = SystemTime::now();
        now.checked_sub(ago).unwrap_or(now)
    }

    /// The moment of `micros`; far away for never.
    pub(crate) fn instant(&self, micros: Micros) -> Instant {
        const FAR: Micros = 86_400 * 365 * 1_000_000;
        self.start + Duration::from_micros(micros.min(self.now().saturating_add(FAR)))
    }
}

/// The system's monotonic clock in microseconds. Asked directly: the checked arithmetic of `Instant` would cost more than
/// the question, and this runs for every command.
#[cfg(unix)]
#[inline]
fn ticks(_start: Instant) -> Micros {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // Counted from the start of the machine, so neither is ever negative.
    now.tv_sec.unsigned_abs().wrapping_mul(1_000_000).wrapping_add(now.tv_nsec.unsigned_abs() / 1_000)
}

#[cfg(not(unix))]
fn ticks(start: Instant) -> Micros {
    carnelian_core::connection::liveness::as_micros(start.elapsed())
}
