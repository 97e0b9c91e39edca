//! The driver: moves bytes between one socket and its lane.
//!
//! ```text
//!            ┌────────────────────────── woken: by the socket, a caller, the alarm
//!            ▼
//!   requeue once ──► read ──► lock { deliver ≤ 64, take the next wave } ──► wake callers ──► write
//!                     ▲                                                                       │
//!                     └── more to deliver: let those tasks run and write first ◄──────────────┘
//! ```
//!
//! Two rules make it fast. It delivers at most [`WAVE`] replies at a time and then lets their tasks run, so that the
//! next commands are on their way while it decodes the rest; else client and server would take turns. And once woken it
//! goes to the end of the run queue once before it looks, so that the commands of many tasks become one write.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use carnelian_core::connection::liveness::Health;
use carnelian_core::connection::{Anomaly, Chunk, Inbox, Micros, NEVER, Phase};
use tokio::time::Sleep;

use crate::connect::Connected;
use crate::lane::{Guarded, Lane};
use crate::stream::Stream;

/// Replies delivered at a time.
const WAVE: usize = 64;

/// Bytes read before replies are handed out, so that a flood does not keep callers waiting.
const READ: usize = 64 << 10;

/// With fewer commands in flight than this, going to the end of the run queue gathers nothing.
const CROWD: usize = 3;

/// Why a connection ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The lane was closed.
    Closed,
    /// The server closed the connection.
    HungUp,
    /// The socket failed.
    Failed(std::io::Error),
    /// The peer's bytes can't be trusted.
    Anomaly(Anomaly),
    /// Nothing came for too long.
    Dead(Duration),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it was closed"),
            Self::HungUp => f.write_str("the server closed it"),
            Self::Failed(error) => error.fmt(f),
            Self::Anomaly(anomaly) => anomaly.fmt(f),
            Self::Dead(silence) => write!(f, "the server was silent for {silence:?} and counts as dead"),
        }
    }
}

/// Drives one connection until it ends. The lane must be [`ready`](carnelian_core::connection::Link::ready).
pub(crate) async fn drive(lane: &Arc<Lane>, connected: Box<Connected>, node_alive: &AtomicBool) -> Ending {
    let Connected { stream, inbox, .. } = *connected;
    let mut driver = Driver {
        lane,
        stream,
        inbox,
        wave: None,
        write_blocked: false,
        unflushed: false,
        wakers: Vec::new(),
        alarm: Alarm::new(lane),
        requeued: false,
        more: true,
        crowd: 0,
        stalled: false,
        node_alive,
    };
    poll_fn(|cx| driver.poll(cx)).await
}

struct Driver<'a> {
    lane: &'a Arc<Lane>,
    stream: Stream,
    inbox: Inbox,
    /// What is being written, and how much of it is.
    wave: Option<(Chunk, usize)>,
    /// The socket took no more the last time.
    write_blocked: bool,
    unflushed: bool,
    wakers: Vec<Waker>,
    alarm: Alarm,
    requeued: bool,
    /// The inbox may hold more whole replies.
    more: bool,
    /// Commands in flight when it last looked.
    crowd: usize,
    /// A subscriber has to read before the socket is read again.
    stalled: bool,
    node_alive: &'a AtomicBool,
}

/// What one pass under the lock found.
struct Pass {
    delivered: usize,
    closed: bool,
    /// There is another wave behind the one in hand.
    behind: bool,
    stalled: bool,
}

impl Driver<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        if self.crowd >= CROWD && !self.requeued {
            self.requeued = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.requeued = false;
        match self.work(cx) {
            Ok(true) => {
                // Let the tasks of these replies run and write first.
                self.requeued = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Ok(false) => Poll::Pending,
            Err(ending) => {
                self.hear_out(cx, &ending);
                self.wake_callers();
                Poll::Ready(ending)
            }
        }
    }

    /// Works until there is nothing to do but wait. True: there is more, but others should run first.
    fn work(&mut self, cx: &mut Context<'_>) -> Result<bool, Ending> {
        let mut heard = false;
        loop {
            let was_stalled = self.stalled;
            let idle = was_stalled || (!self.more && self.read(cx, &mut heard)?);
            let pass = self.pass(cx, heard, idle)?;
            self.stalled = pass.stalled;
            self.wake_callers();
            if pass.closed {
                return Err(Ending::Closed);
            }
            self.more = pass.delivered == WAVE;
            let was_blocked = self.write_blocked;
            self.write(cx)?;
            if self.more {
                return Ok(true);
            }
            if self.alarm.is_due(self.lane, cx) {
                self.look_at_health()?;
                continue;
            }
            // A finished wave is given back at the next look: nothing needs it before. Unless there is another one behind
            // it, or there may be: while a write is blocked, callers wake nobody.
            let go_on = !self.write_blocked && (was_blocked || pass.behind);
            // Who has not read has nobody to wake it when there is something.
            let unheard = was_stalled && !self.stalled;
            if idle && !go_on && !unheard {
                return Ok(false);
            }
        }
    }

    /// Reads what has come, up to a bound. True: nothing more for now, and the socket will wake us.
    fn read(&mut self, cx: &mut Context<'_>, heard: &mut bool) -> Result<bool, Ending> {
        let mut left = READ;
        while left > 0 {
            let buffer = self.inbox.space();
            match self.stream.poll_read(buffer, cx) {
                Poll::Pending => return Ok(true),
                Poll::Ready(Ok(0)) => return Err(Ending::HungUp),
                Poll::Ready(Ok(count)) => {
                    self.inbox.received(count);
                    *heard = true;
                    left = left.saturating_sub(count);
                }
                Poll::Ready(Err(error)) => return Err(Ending::Failed(error)),
            }
        }
        Ok(false)
    }

    /// Everything that needs the lock, in one go.
    fn pass(&mut self, cx: &Context<'_>, heard: bool, idle: bool) -> Result<Pass, Ending> {
        let now = self.lane.clock.now();
        let mut guarded = self.lane.lock();
        guarded.driver_runs();
        if heard {
            guarded.link.heard(now);
        }
        self.return_written(&mut guarded);
        let delivered =
            guarded.link.deliver(&mut self.inbox, WAVE, &mut self.wakers).map_err(Ending::Anomaly)?;
        // Not while replies are at hand that may be in time.
        if delivered < WAVE && now >= guarded.link.alarm() {
            self.expire(&mut guarded, now);
        }
        if self.wave.is_none() {
            self.wave = guarded.link.take_wave(now);
        }
        // What was blocked may have been taken back since: then callers must wake us again.
        self.write_blocked &= self.wave.is_some();
        self.crowd = guarded.link.queued();
        self.alarm.wanted = guarded.link.alarm();
        match (idle, self.write_blocked) {
            (true, false) => guarded.driver_sleeps(cx),
            // The socket wakes us when it takes more; new commands go behind anyway and need not.
            (true, true) => guarded.driver_at(cx),
            (false, _) => {}
        }
        let in_hand = self.wave.as_ref().map_or(0, |(wave, written)| wave.len() - written);
        let behind = guarded.link.unsent() > in_hand as u64;
        let closed = guarded.link.phase() == Phase::Closed;
        Ok(Pass { delivered, closed, behind, stalled: guarded.link.is_stalled() })
    }

    /// Gives a wave back that is wholly written.
    fn return_written(&mut self, guarded: &mut Guarded) {
        if let Some((wave, written)) = self.wave.take_if(|(wave, written)| *written == wave.len()) {
            guarded.link.give_back(wave, written);
        }
    }

    /// With the wave back in the link, commands that were never sent can be told from those that were.
    fn expire(&mut self, guarded: &mut Guarded, now: Micros) {
        if let Some((wave, written)) = self.wave.take() {
            guarded.link.give_back(wave, written);
        }
        guarded.link.expire(now, self.inbox.unread(), &mut self.wakers);
    }

    fn wake_callers(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    /// Writes what the socket takes.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        let Some((wave, written)) = &mut self.wave else { return self.flush(cx) };
        while let Some(rest) = wave.get(*written..).filter(|rest| !rest.is_empty()) {
            match self.stream.poll_write(rest, cx) {
                Poll::Ready(Ok(count)) => {
                    *written += count;
                    self.unflushed = true;
                    if std::mem::take(&mut self.write_blocked) {
                        // The peer has taken what had filled the buffers: that is life.
                        self.lane.lock().link.heard(self.lane.clock.now());
                    }
                }
                Poll::Ready(Err(error)) => return Err(Ending::Failed(error)),
                Poll::Pending => {
                    self.write_blocked = true;
                    return Ok(());
                }
            }
        }
        self.flush(cx)
    }

    /// TLS keeps a part of what was written until it is flushed.
    fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        if self.unflushed {
            match self.stream.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Err(Ending::Failed(error)),
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    fn look_at_health(&mut self) -> Result<(), Ending> {
        let now = self.lane.clock.now();
        let mut guarded = self.lane.lock();
        self.alarm.health = match guarded.link.health(now, self.node_alive.load(Ordering::Relaxed)) {
            Health::Good(next) => next,
            Health::Probe => {
                // Nothing happens here: a good moment to give memory back.
                guarded.link.shrink();
                self.inbox.shrink();
                self.wakers = Vec::new();
                guarded.link.probe();
                now + 1
            }
            Health::Dead { silence } => return Err(Ending::Dead(silence)),
        };
        Ok(())
    }

    /// What the server said before the connection ended still counts. A write that failed says nothing about what can be
    /// read.
    fn hear_out(&mut self, cx: &mut Context<'_>, ending: &Ending) {
        if matches!(ending, Ending::HungUp | Ending::Failed(_)) {
            while let Ok(false) = self.read(cx, &mut false) {}
            let mut guarded = self.lane.lock();
            // The connection is over either way.
            let _ = guarded.link.deliver(&mut self.inbox, usize::MAX, &mut self.wakers);
        }
    }
}

/// The link must have all bytes back before it decides what to send again, or says what may have run: also when the task is
/// dropped in the middle, as at the end of the runtime.
impl Drop for Driver<'_> {
    fn drop(&mut self) {
        if let Some((wave, written)) = self.wave.take() {
            self.lane.lock().link.give_back(wave, written);
        }
    }
}

/// One timer for all that has a time: the earliest deadline, and the next look at the health.
struct Alarm {
    sleep: Pin<Box<Sleep>>,
    set_for: Micros,
    wanted: Micros,
    health: Micros,
}

impl Alarm {
    fn new(lane: &Lane) -> Self {
        let now = lane.clock.now();
        let sleep = Box::pin(tokio::time::sleep_until(lane.clock.instant(now)));
        Self { sleep, set_for: NEVER, wanted: NEVER, health: now }
    }

    /// True when it is time to look. Else the timer is set.
    fn is_due(&mut self, lane: &Lane, cx: &mut Context<'_>) -> bool {
        let next = self.wanted.min(self.health);
        if next == self.set_for && !self.sleep.is_elapsed() {
            return false;
        }
        self.set_for = next;
        self.sleep.as_mut().reset(lane.clock.instant(next));
        self.sleep.as_mut().poll(cx).is_ready()
    }
}

/// Waits for `until` while the lane has no connection; deadlines pass meanwhile as they should.
pub(crate) async fn wait<T>(lane: &Lane, until: impl Future<Output = T>) -> Option<T> {
    let mut until = std::pin::pin!(until);
    let mut alarm = Alarm::new(lane);
    alarm.health = NEVER;
    let mut wakers = Vec::new();
    poll_fn(|cx| {
        loop {
            {
                let mut guarded = lane.lock();
                guarded.driver_sleeps(cx);
                guarded.link.expire(lane.clock.now(), 0, &mut wakers);
                alarm.wanted = guarded.link.alarm();
                if guarded.link.phase() == Phase::Closed {
                    return Poll::Ready(None);
                }
            }
            wakers.drain(..).for_each(Waker::wake);
            if !alarm.is_due(lane, cx) {
                return until.as_mut().poll(cx).map(Some);
            }
        }
    })
    .await
}
