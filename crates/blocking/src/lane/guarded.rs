//! What callers and the driver both touch, under the lock of a lane.

use std::sync::Arc;
use std::task::Waker;

use carnelian_core::connection::{Chunk, Delivery, Link, Micros, Phase, Ticket};

use super::wheel::Wheel;
use crate::stream::Stream;

/// A connection that was not used for so long is looked at before it is used again: the server may have closed it.
const IDLE: Micros = 1_000;

/// What callers and the driver both touch.
pub(crate) struct Guarded {
    pub(crate) link: Link,
    /// What the driver needs, while nobody drives.
    pub(crate) wheel: Option<Box<Wheel>>,
    /// The connection, while there is one.
    pub(crate) stream: Option<Arc<Stream>>,
    /// Somebody holds a wave of the link and writes it.
    pub(crate) writing: bool,
    /// The connection is to be given up for this reason, as soon as nobody writes to it any more.
    pub(crate) broken: Option<Ending>,
    /// Writing failed; what the server said before is still to be heard.
    pub(crate) deaf: Option<String>,
    /// Those who wait for the connection to be made or closed, or for the one who writes to let go.
    pub(crate) watchers: Vec<Waker>,
    /// Why the last connection was lost.
    pub(crate) last_loss: Arc<str>,
    /// The server's id of the connection in use.
    pub(crate) connection_id: Option<i64>,
    /// Which version of the credentials the connection in use logged in with.
    pub(crate) login_version: u64,
    /// When something came last.
    pub(crate) heard: Micros,
    /// Bytes of an unfinished reply, when they were last counted.
    pub(crate) unread: usize,
    /// A subscriber had no room, so not all that was read is handed out.
    pub(super) left_over: bool,
    /// Replies that had come when the connection in use was made.
    pub(crate) replies_before: u64,
}

/// Why a connection ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) reason: String,
    /// The server was silent for too long.
    pub(crate) dead: bool,
}

impl Ending {
    pub(crate) fn because(reason: impl ToString) -> Self {
        Self { reason: reason.to_string(), dead: false }
    }

    pub(crate) fn hung_up() -> Self {
        Self::because("the server closed it")
    }

    pub(crate) fn of_silence(silence: std::time::Duration) -> Self {
        Self { reason: format!("the server was silent for {silence:?} and counts as dead"), dead: true }
    }
}

impl Guarded {
    /// Before a command is lost on it: sees whether the server has closed a connection that was not used lately.
    #[inline]
    pub(super) fn look_at_idle(&mut self, now: Micros) {
        if now.saturating_sub(self.heard) > IDLE {
            self.look();
        }
    }

    /// Sees whether the server has closed an idle connection.
    #[cold]
    pub(super) fn look(&mut self) {
        let idle = self.link.phase() == Phase::Ready && self.link.queued() == 0 && self.broken.is_none();
        if idle && self.stream.as_ref().is_some_and(|stream| stream.is_over()) {
            self.broken = Some(Ending::hung_up());
        }
    }

    /// The deadline passed, and the link had not noticed.
    #[cold]
    pub(super) fn given_up(&mut self, ticket: &Ticket, now: Micros) -> Delivery {
        self.link.abandon(ticket);
        let mut report = self.link.report(now, self.unread);
        report.sent = true;
        Delivery::TimedOut(Box::new(report))
    }

    pub(super) fn shrink(&mut self) {
        self.link.shrink();
        if let Some(wheel) = &mut self.wheel {
            wheel.shrink();
        }
    }

    /// Nobody drives it, nobody writes, and all is well with a stream that may be read without a further thought.
    #[inline]
    pub(super) fn is_free_to_read(&self) -> bool {
        let well = self.wheel.is_some() && !self.writing && self.broken.is_none() && self.deaf.is_none();
        well && self.stream.as_ref().is_some_and(|stream| stream.is_plain())
    }

    /// Hands out what has been read.
    #[inline]
    pub(crate) fn hand_out(
        &mut self,
        wheel: &mut Wheel,
        stream: &Arc<Stream>,
        now: Micros,
        wakers: &mut Vec<Waker>,
    ) {
        let inbox = wheel.inbox();
        self.heard = now;
        self.link.heard(now);
        let delivered = self.link.deliver(inbox, usize::MAX, wakers);
        self.unread = inbox.unread();
        self.left_over = self.link.is_stalled();
        if let Err(anomaly) = delivered {
            self.deaf = None;
            self.break_off(stream, Ending::because(anomaly));
        }
    }

    /// The next wave, if it is this caller's to write.
    #[inline]
    pub(crate) fn take_wave(&mut self, now: Micros) -> Option<(Chunk, usize)> {
        if self.broken.is_some() || self.deaf.is_some() {
            return None;
        }
        let wave = self.link.take_wave(now)?;
        self.writing = true;
        Some(wave)
    }

    #[inline]
    pub(crate) fn give_back(&mut self, wave: Chunk, written: usize, wakers: &mut Vec<Waker>) {
        self.link.give_back(wave, written);
        self.writing = false;
        if self.broken.is_some() {
            wakers.append(&mut self.watchers);
        }
    }

    /// True if this is the connection in use.
    #[inline]
    pub(crate) fn is_current(&self, stream: &Arc<Stream>) -> bool {
        self.stream.as_ref().is_some_and(|current| Arc::ptr_eq(current, stream))
    }

    /// Writing failed. What has come meanwhile is read to its end first: it may say why.
    pub(crate) fn write_failed(&mut self, stream: &Arc<Stream>, reason: String) {
        if self.is_current(stream) && self.deaf.is_none() {
            self.deaf = Some(reason);
            stream.shut_down();
        }
    }

    /// Nothing more will come.
    pub(crate) fn break_off(&mut self, stream: &Arc<Stream>, ending: Ending) {
        if self.is_current(stream) && self.broken.is_none() {
            self.broken = Some(match self.deaf.take() {
                Some(reason) => Ending { reason, ..ending },
                None => ending,
            });
            stream.shut_down();
        }
    }
}
