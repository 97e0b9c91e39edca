//! Where a thread waits for another one. Each thread has one such place and uses it again for every command.
//!
//! Not `std::thread::park`: its token is shared with whatever else the thread does, and a wake-up meant for the
//! application must not get lost here.

use std::cell::OnceCell;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// The waiting place of one thread.
#[derive(Debug, Default)]
pub(crate) struct Parker {
    woken: Mutex<bool>,
    bell: Condvar,
}

/// A thread's waiting place, and how others wake it there.
#[derive(Clone)]
pub(crate) struct Place {
    parker: Arc<Parker>,
    pub(crate) waker: Waker,
}

thread_local! {
    static HERE: OnceCell<Place> = const { OnceCell::new() };
}

impl Place {
    fn new() -> Self {
        let parker = Arc::<Parker>::default();
        Self { waker: Waker::from(Arc::clone(&parker)), parker }
    }

    /// The place of this thread.
    pub(crate) fn here() -> Self {
        // A thread that is ending may have lost its own already.
        HERE.try_with(|here| here.get_or_init(Self::new).clone()).unwrap_or_else(|_| Self::new())
    }

    /// Forgets wake-ups so far. Call it before the waker is left anywhere.
    pub(crate) fn reset(&self) {
        *self.parker.woken.lock() = false;
    }

    /// Waits until it is woken, or until that time; at once if it was woken since [`reset`](Self::reset).
    pub(crate) fn park(&self, until: Instant) {
        let mut woken = self.parker.woken.lock();
        while !*woken {
            if self.parker.bell.wait_until(&mut woken, until).timed_out() {
                return;
            }
        }
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !std::mem::replace(&mut *self.woken.lock(), true) {
            self.bell.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_wake_up_before_the_wait_is_not_lost() {
        let place = Place::here();
        place.reset();
        place.waker.wake_by_ref();
        place.park(Instant::now() + Duration::from_secs(60));
        place.reset();
        let start = Instant::now();
        place.park(start + Duration::from_millis(20));
        assert!(start.elapsed() >= Duration::from_millis(20), "an old wake-up counts no more");
    }

    #[test]
    fn another_thread_wakes_it() {
        let place = Place::here();
        place.reset();
        let waker = place.waker.clone();
        let thread = std::thread::spawn(move || waker.wake());
        place.park(Instant::now() + Duration::from_secs(60));
        thread.join().unwrap();
    }
}
