//! Moving bytes: what a [`Turn`] does with the socket of its lane, and what comes of it. No more than one wait each, and
//! never under the lock of the lane.

use std::io;
use std::time::Duration;

use carnelian_core::connection::liveness::Health;
use carnelian_core::connection::{Micros, NEVER};
use parking_lot::MutexGuard;

use super::{Turn, Wave, wake};
use crate::clock;
use crate::lane::Guard;
use crate::lane::guarded::{Ending, Guarded};
use crate::socket::{For, Ready, Received};
use crate::stream::Stream;

impl Turn<'_> {
    /// Writes as much of the wave as goes.
    #[inline]
    pub(super) fn write(&mut self, guarded: &mut Guard<'_>) {
        let (Some(wave), Some(stream)) = (&mut self.wave, &self.stream) else { return };
        let (wakers, before) = (&mut self.wakers, wave.written);
        let result = MutexGuard::unlocked(guarded, || {
            wake(wakers);
            pump(stream, wave)
        });
        match result {
            Ok(true) => self.return_wave(guarded),
            Ok(false) => {
                if before > 0 && wave.written > before {
                    // The peer has taken what had filled the buffers: that is life.
                    guarded.link.heard(self.lane.node.clock.now());
                }
                wave.blocked = true;
            }
            Err(error) => {
                guarded.write_failed(stream, error.to_string());
                self.return_wave(guarded);
            }
        }
    }

    /// Reads, and waits for something to read.
    #[inline]
    pub(super) fn read(&mut self, guarded: &mut Guard<'_>, deadline: Micros) {
        let (Some(wheel), Some(stream)) = (&mut self.wheel, &self.stream) else { return };
        let (wakers, left) = (&mut self.wakers, deadline.min(self.look).saturating_sub(self.now));
        let quiet = self.quiet;
        let result = MutexGuard::unlocked(guarded, || {
            wake(wakers);
            if quiet { wheel.read_on(stream, left) } else { wheel.read(stream, left) }
        });
        self.received(guarded, result);
    }

    /// Waits for the socket while there is something to write.
    #[cold]
    pub(super) fn wait(&mut self, guarded: &mut Guard<'_>, what: For, limit: Micros) {
        let Some(stream) = &self.stream else { return };
        let (wakers, wheel) = (&mut self.wakers, &mut self.wheel);
        let limit = clock::until(limit.min(self.look), self.now).unwrap_or(Duration::MAX);
        let result = MutexGuard::unlocked(guarded, || {
            wake(wakers);
            let ready = stream.wait(what, limit)?;
            let received = match wheel {
                Some(wheel) if ready.read => stream.read(wheel.inbox(), false)?,
                _ => Received::Nothing,
            };
            stream.flush()?;
            io::Result::Ok((ready, received))
        });
        let (ready, received) = match result {
            Ok((ready, received)) => (ready, Ok(received)),
            Err(error) => (Ready { read: false, write: false }, Err(error)),
        };
        if let Some(wave) = &mut self.wave {
            wave.blocked &= !ready.write;
        }
        if self.wheel.is_some() {
            self.received(guarded, received);
        } else {
            self.now = self.lane.node.clock.now();
        }
    }

    /// Goes on with handing out.
    #[cold]
    pub(super) fn hand_out(&mut self, guarded: &mut Guarded) {
        if let (Some(wheel), Some(stream)) = (&mut self.wheel, &self.stream) {
            guarded.hand_out(wheel, stream, self.now, &mut self.wakers);
        }
    }

    /// Hands out what has come.
    #[inline]
    pub(super) fn received(&mut self, guarded: &mut Guarded, result: io::Result<Received>) {
        let (Some(wheel), Some(stream)) = (&mut self.wheel, &self.stream) else { return };
        self.now = self.lane.node.clock.now();
        match result {
            Ok(Received::Bytes(_)) => {
                self.quiet = false;
                if guarded.is_current(stream) {
                    guarded.hand_out(wheel, stream, self.now, &mut self.wakers);
                }
            }
            Ok(Received::Nothing) => {
                self.quiet = true;
                self.look_at_health(guarded);
            }
            Ok(Received::End) => guarded.break_off(stream, Ending::hung_up()),
            Err(error) => guarded.break_off(stream, Ending::because(error)),
        }
    }

    #[cold]
    pub(super) fn look_at_health(&mut self, guarded: &mut Guarded) {
        let Some(stream) = &self.stream else { return };
        match guarded.link.health(self.now, self.lane.node.is_alive()) {
            Health::Good(next) => self.look = next,
            Health::Probe => self.look = NEVER,
            Health::Dead { silence } => guarded.break_off(stream, Ending::of_silence(silence)),
        }
    }
}

/// Writes until all is written (true) or the socket takes no more (false).
#[inline]
fn pump(stream: &Stream, wave: &mut Wave) -> io::Result<bool> {
    while let Some(rest) = wave.bytes.get(wave.written..).filter(|rest| !rest.is_empty()) {
        match stream.write(rest)? {
            0 => return Ok(false),
            count => wave.written += count,
        }
    }
    stream.flush()?;
    Ok(true)
}
