//! Waiting for something to become true, bounded.
//!
//! Sleeping for a guessed time makes tests slow where the guess is long and flaky where it is short.

use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(2);

/// Waits until `condition` holds, looking every few milliseconds.
///
/// # Panics
/// When it does not hold within `limit`; the message names `what`.
pub fn eventually(what: &str, limit: Duration, condition: impl FnMut() -> bool) {
    assert!(holds_within(limit, condition), "waited {limit:?} in vain: {what}");
}

/// Whether `condition` came to hold within `limit`.
pub(crate) fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_condition() {
        let mut looked = 0;
        eventually("third look", Duration::from_secs(5), || {
            looked += 1;
            looked == 3
        });
        assert_eq!(looked, 3);
    }

    #[test]
    #[should_panic(expected = "in vain: the impossible")]
    fn gives_up() {
        eventually("the impossible", Duration::from_millis(5), || false);
    }
}
