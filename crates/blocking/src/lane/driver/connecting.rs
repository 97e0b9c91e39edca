//! Making the connection of a lane, and giving it up: how a [`Turn`] goes on with an attempt, and what becomes of the
//! lane when it succeeds, fails, or was the last.

use std::time::Duration;

use carnelian_core::connection::liveness::as_micros;
use carnelian_core::connection::{Micros, Phase};
use carnelian_core::{Error, Result};
use parking_lot::MutexGuard;

use super::{Turn, wake};
use crate::greet::Greeted;
use crate::lane::guarded::Guarded;
use crate::lane::{Guard, Role};

impl Turn<'_> {
    /// Goes on with making a connection.
    #[cold]
    pub(super) fn connect(&mut self, guarded: &mut Guard<'_>, deadline: Micros) {
        let Some(wheel) = &mut self.wheel else { return };
        let node = &*self.lane.node;
        let (wakers, lane) = (&mut self.wakers, self.lane);
        let mut attempt = wheel.attempt.take_if(|attempt| !attempt.is_overdue());
        wheel.attempt = None;
        let failures = wheel.failures;
        let result = MutexGuard::unlocked(guarded, || {
            wake(wakers);
            let attempt = attempt.get_or_insert_with(|| {
                node.connecting(failures, lane.role == Role::Shared);
                node.connector.begin()
            });
            node.connector.advance(attempt, node.clock.instant(deadline), &lane.closed)
        });
        self.now = node.clock.now();
        match result {
            // The deadline has passed; whoever drives next goes on from here.
            None => wheel.attempt = attempt,
            Some(result) => self.connected(guarded, result),
        }
    }

    fn connected(&mut self, guarded: &mut Guarded, result: Result<Greeted>) {
        let Some(wheel) = &mut self.wheel else { return };
        if guarded.link.phase() != Phase::Connecting {
            return;
        }
        let node = &self.lane.node;
        wheel.failures += 1;
        match result {
            Ok(greeted) => {
                // It counts as a failure until a command has been answered: a server that lets us in and hangs up gets
                // no storm of tries.
                wheel.pause = node.backoff(wheel.failures, wheel.pause);
                self.lane.install(guarded, Some(wheel), greeted);
                self.wakers.append(&mut guarded.watchers);
            }
            Err(error) => {
                wheel.pause = node.failed(&error, wheel.failures, wheel.pause);
                wheel.next_try = self.now.saturating_add(as_micros(wheel.pause));
                guarded.link.connect_failed(error.to_string());
                let failures = wheel.failures;
                if node.config.reconnect_policy().attempts.is_some_and(|most| failures >= most) {
                    self.end_of_tries(guarded, &error);
                }
            }
        }
    }

    fn end_of_tries(&mut self, guarded: &mut Guarded, error: &Error) {
        let failures = self.wheel.as_ref().map_or(0, |wheel| wheel.failures);
        let reason = format!("gave up after {failures} tries to connect: {error}");
        self.lane.give_up(guarded, &reason, &mut self.wakers);
    }

    /// The connection is gone.
    #[cold]
    pub(super) fn lose(&mut self, guarded: &mut Guarded) {
        let answered = self.lane.lose(guarded, &mut self.wakers);
        if let Some(wheel) = &mut self.wheel {
            wheel.let_go();
            if answered {
                (wheel.failures, wheel.pause) = (0, Duration::ZERO);
            }
            wheel.next_try = self.now.saturating_add(as_micros(wheel.pause));
        }
    }
}
