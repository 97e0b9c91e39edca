//! Wakes the housekeeper when there is something to do before its time.

use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// A bell that is heard even if it rings while nobody listens.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        *self.rung.lock() = true;
        self.changed.notify_all();
    }

    /// Waits until it rings, or until that time.
    pub(crate) fn wait(&self, until: Instant) {
        let mut rung = self.rung.lock();
        while !*rung {
            if self.changed.wait_until(&mut rung, until).timed_out() {
                break;
            }
        }
        *rung = false;
    }
}
