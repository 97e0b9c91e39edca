//! Remembers when connections came in.
//!
//! A test of backoff counts and spaces a client's attempts; both the proxy and the scripted server keep the same list.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct Accepts {
    times: Mutex<Vec<Instant>>,
}

impl Accepts {
    /// Notes one more connection and returns how many came before it.
    pub(crate) fn note(&self) -> usize {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.push(Instant::now());
        times.len() - 1
    }

    pub(crate) fn times(&self) -> Vec<Instant> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
