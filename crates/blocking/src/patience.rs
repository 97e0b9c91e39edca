//! How long a read may wait in the kernel.
//!
//! A read with a timeout on the socket (`SO_RCVTIMEO`) is one system call where polling first takes two. But the kernel
//! counts such timeouts in ticks, rounds them up, and lets the longer ones be late by a tenth. So only a read that has
//! time to spare relies on it; when the time grows short, a poll with its fine clock takes over. The timeout is set
//! again only when it does not fit any more, so that a caller who always waits alike sets it once.

use std::time::Duration;

use carnelian_core::connection::Micros;
use carnelian_core::connection::liveness::as_micros;

/// Timeouts that a socket is given.
const STEPS: [Micros; 4] = [1_024_000, 256_000, 64_000, 16_000];

/// How to wait for something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Read: the timeout that is set is short enough.
    Read,
    /// Set this timeout, then read.
    Set(Duration),
    /// Poll for this long.
    Poll(Duration),
}

/// What the socket's timeout is, and what it may be.
#[derive(Debug)]
pub(crate) struct Patience {
    /// The timeout that is set; 0: none is.
    set: Micros,
    /// The time that a read needs to have for it.
    needs: Micros,
    longest: Micros,
}

impl Patience {
    /// `silence_limit`: when a silent peer counts as dead. It is looked at several times before.
    pub(crate) fn new(silence_limit: Option<Duration>) -> Self {
        let longest = silence_limit.map_or(Micros::MAX, |limit| as_micros(limit) / 4).max(1_000);
        Self { set: 0, needs: 0, longest }
    }

    /// A new socket has no timeout.
    pub(crate) const fn forget(&mut self) {
        self.set = 0;
    }

    /// How to wait when there are `left` microseconds.
    #[inline]
    pub(crate) fn plan(&self, left: Micros) -> Wait {
        if self.set > 0 && left >= self.needs { Wait::Read } else { self.step_for(left) }
    }

    /// A read came back with nothing: how to go on, with a longer timeout where there is time for one.
    #[cold]
    pub(crate) fn step_for(&self, left: Micros) -> Wait {
        let fitting = STEPS.into_iter().find(|&step| step <= self.longest && needs(step) <= left);
        match fitting {
            Some(step) if step == self.set => Wait::Read,
            Some(step) => Wait::Set(Duration::from_micros(step)),
            None => Wait::Poll(Duration::from_micros(left.min(self.longest))),
        }
    }

    /// The timeout was set.
    pub(crate) fn has_set(&mut self, limit: Duration) {
        self.set = as_micros(limit);
        self.needs = needs(self.set);
    }
}

/// With a tick of 10 ms a timeout is at most two ticks late, and the longer ones by an eighth besides.
const fn needs(step: Micros) -> Micros {
    step + step / 8 + 20_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeout_is_set_once_and_left_alone() {
        let mut patience = Patience::new(Some(Duration::from_millis(4_500)));
        let Wait::Set(step) = patience.plan(100_000) else { panic!("no timeout is set yet") };
        assert_eq!(step, Duration::from_millis(64));
        patience.has_set(step);
        assert_eq!(patience.plan(99_000), Wait::Read);
        assert_eq!(patience.plan(5_000_000), Wait::Read);
        assert_eq!(patience.plan(50_000), Wait::Set(Duration::from_millis(16)));
        assert_eq!(patience.plan(5_000), Wait::Poll(Duration::from_millis(5)));
        assert_eq!(patience.step_for(5_000_000), Wait::Set(Duration::from_millis(1_024)));
    }

    #[test]
    fn a_short_limit_of_silence_is_looked_at_in_time() {
        let patience = Patience::new(Some(Duration::from_millis(300)));
        assert_eq!(patience.plan(Micros::MAX), Wait::Set(Duration::from_millis(64)));
        let patience = Patience::new(Some(Duration::from_millis(20)));
        assert_eq!(patience.plan(Micros::MAX), Wait::Poll(Duration::from_millis(5)));
    }
}
