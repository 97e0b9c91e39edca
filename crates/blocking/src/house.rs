//! The housekeeper: one thread for each client that does what no caller waits for.
//!
//! It asks idle connections for a sign of life, connects lost ones again, closes and opens dedicated ones as the config
//! says, and logs in again when credentials change. No command depends on it. It ends with the last handle.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use carnelian_core::connection::Micros;
use carnelian_core::{Error, ErrorKind, Result, State};
use parking_lot::Mutex;

use crate::login::Renewal;
use crate::shared::Shared;

/// How often dedicated connections are looked after.
const SWEEP: Micros = 1_000_000;

/// The shortest rest, so that a connection that is lost again and again keeps no processor busy.
const REST: Micros = 5_000;

/// The thread, as the client holds it.
pub(crate) struct House {
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl House {
    /// Starts the thread.
    pub(crate) fn open(shared: &Arc<Shared>) -> Result<Self> {
        let shared = Arc::clone(shared);
        let thread = thread::Builder::new()
            .name("carnelian-house".to_owned())
            .spawn(move || keep(&shared))
            .map_err(|error| {
            Error::new(ErrorKind::Config, format!("no thread for the client's housekeeping: {error}"))
        })?;
        Ok(Self { thread: Mutex::new(Some(thread)) })
    }

    /// Waits until the thread has ended, which the closing of the client brings about.
    pub(crate) fn close(&self) {
        if let Some(thread) = self.thread.lock().take() {
            // A panic has been reported by itself.
            let _ = thread.join();
        }
    }
}

fn keep(shared: &Arc<Shared>) {
    let node = &shared.node;
    let renewal = Renewal::watch(node);
    let mut sweep_at = 0;
    while node.state().current() != State::Closed {
        let mut next = Micros::MAX;
        for lane in shared.lanes() {
            next = next.min(lane.tend());
        }
        for lane in shared.lanes_beside() {
            next = next.min(lane.tend());
        }
        let now = node.clock.now();
        if now >= sweep_at {
            shared.pool().keep_house();
            sweep_at = now.saturating_add(SWEEP);
        }
        if renewal.is_due() {
            renewal.log_in_again(shared);
        }
        let next = next.min(sweep_at).max(node.clock.now().saturating_add(REST));
        node.bell.wait(node.clock.instant(next));
    }
}
