//! What is wrong at present: the faults of each direction, and the counters.
//!
//! Plain data behind a lock; how a fault acts on bytes is in `lane`, on connections in `link`.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client: commands.
    ToServer,
    /// From the server: replies.
    ToClient,
}

/// When a connection breaks, and how. Made by [`Cut::after`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub(super) after: u64,
    pub(super) reset: bool,
    pub(super) once: bool,
}

impl Cut {
    /// Breaks each connection as soon as that many more bytes of it have passed; with 0, at the first byte that wants
    /// to, before it passes.
    pub const fn after(bytes: u64) -> Self {
        Self { after: bytes, reset: false, once: false }
    }

    /// Breaks with a reset rather than an orderly close. Bytes not yet read by either end may be lost with it.
    #[must_use]
    pub const fn by_reset(mut self) -> Self {
        self.reset = true;
        self
    }

    /// Breaks one connection only, then leaves the others be.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

/// A delay for each piece: the same for all, or drawn anew from a seeded generator.
#[derive(Debug)]
pub(super) struct Delay {
    least: Duration,
    spread: Duration,
    random: u64,
}

impl Delay {
    pub(super) fn new(range: &RangeInclusive<Duration>, seed: u64) -> Self {
        Self { least: *range.start(), spread: range.end().saturating_sub(*range.start()), random: seed }
    }

    pub(super) fn draw(&mut self) -> Duration {
        // SplitMix64: enough for a test's jitter, and the same on every machine.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let fraction = f64::from((bits >> 32) as u32) / f64::from(u32::MAX);
        self.least + self.spread.mul_f64(fraction)
    }
}

/// The faults of one direction.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) delay: Option<Delay>,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) swallow: bool,
    pub(super) hold: bool,
    pub(super) cut: Option<Cut>,
    /// Tells one cut from the next, so that each counts its bytes from when it was asked for.
    pub(super) cut_number: u64,
}

/// The faults and counters of both directions, shared by all connections of a proxy.
#[derive(Debug, Default)]
pub(super) struct Board {
    to_server: Side,
    to_client: Side,
}

#[derive(Debug, Default)]
struct Side {
    faults: Mutex<Faults>,
    forwarded: AtomicU64,
    swallowed: AtomicU64,
}

impl Board {
    pub(super) fn faults(&self, direction: Direction) -> MutexGuard<'_, Faults> {
        self.side(direction).faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forwarded(&self, direction: Direction) -> u64 {
        self.side(direction).forwarded.load(Ordering::Acquire)
    }

    pub(super) fn swallowed(&self, direction: Direction) -> u64 {
        self.side(direction).swallowed.load(Ordering::Acquire)
    }

    pub(super) fn count_forwarded(&self, direction: Direction, bytes: usize) {
        self.side(direction).forwarded.fetch_add(bytes as u64, Ordering::AcqRel);
    }

    pub(super) fn count_swallowed(&self, direction: Direction, bytes: usize) {
        self.side(direction).swallowed.fetch_add(bytes as u64, Ordering::AcqRel);
    }

    fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_in_their_range_and_follow_the_seed() {
        let range = Duration::from_millis(2)..=Duration::from_millis(9);
        let draw = |seed| {
            let mut delay = Delay::new(&range, seed);
            (0..100).map(|_| delay.draw()).collect::<Vec<_>>()
        };
        let delays = draw(7);
        assert!(delays.iter().all(|delay| range.contains(delay)));
        assert!(delays.iter().any(|delay| *delay != delays[0]));
        assert_eq!(delays, draw(7));
        assert_ne!(delays, draw(8));
    }

    #[test]
    fn a_fixed_delay_is_fixed() {
        let wanted = Duration::from_millis(5);
        assert_eq!(Delay::new(&(wanted..=wanted), 1).draw(), wanted);
    }
}
