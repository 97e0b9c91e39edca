//! A lane: one connection as its callers see it. It outlives the sockets that serve it one after the other.
//!
//! There is no task that serves it: the callers do so themselves, in turns (see [`driver`]). They meet
//! under one short lock, which nobody holds while waiting for the network.

mod alone;
mod driver;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};

use carnelian_command::Request;
use carnelian_core::connection::liveness::Health;
use carnelian_core::connection::{Call, Chunk, Delivery, Link, Micros, NEVER, Phase, Refusal, Ticket};
use carnelian_core::{Error, TimeoutReport};
use parking_lot::{Mutex, MutexGuard};

use crate::greet::Greeted;
use crate::node::Node;
use crate::stream::Stream;
use alone::Alone;
use driver::{Turn, Wheel};

/// An idle connection is looked at before it is used again: the server may have closed it meanwhile.
const IDLE: Micros = 1_000;

/// How long the housekeeper stays with a lane that can't be connected, before it looks after the others.
const STAY: Micros = 250_000;

/// One connection, shared by its callers.
pub(crate) struct Lane {
    pub(crate) node: Arc<Node>,
    /// It belongs to all callers of a client, and is connected again when it is lost. Else it belongs to one caller, and
    /// its state would be lost with the connection.
    pub(crate) is_shared: bool,
    /// It is closed: whoever makes a connection may stop.
    pub(crate) closed: AtomicBool,
    guarded: Mutex<Guarded>,
}

/// The lock on what callers and the driver both touch.
pub(crate) type Guard<'a> = MutexGuard<'a, Guarded>;

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

impl Lane {
    /// A lane of all callers, without a connection yet.
    pub(crate) fn shared(node: &Arc<Node>) -> Arc<Self> {
        Arc::new(Self::new(node, true))
    }

    /// A lane of one caller, over this connection.
    pub(crate) fn own(node: &Arc<Node>, greeted: Greeted) -> Arc<Self> {
        let lane = Self::new(node, false);
        lane.install(&mut lane.lock(), None, greeted);
        Arc::new(lane)
    }

    fn new(node: &Arc<Node>, is_shared: bool) -> Self {
        let guarded = Guarded {
            link: Link::new(&node.config),
            wheel: Some(Box::new(Wheel::new(&node.config))),
            stream: None,
            writing: false,
            broken: None,
            deaf: None,
            watchers: Vec::new(),
            last_loss: "".into(),
            connection_id: None,
            login_version: 0,
            heard: 0,
            unread: 0,
            replies_before: 0,
        };
        Self {
            node: Arc::clone(node),
            is_shared,
            closed: AtomicBool::new(false),
            guarded: Mutex::new(guarded),
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_> {
        self.guarded.lock()
    }

    // ── callers ──────────────────────────────────────────────────────────────────────────────────────────────

    /// Sends a command and waits for what comes of it.
    #[inline]
    pub(crate) fn call(&self, request: &Request, call: Call, now: Micros) -> Result<Delivery, Refusal> {
        let mut guarded = self.lock();
        if now.saturating_sub(guarded.heard) > IDLE {
            guarded.look_at_idle();
        }
        let ticket = guarded.link.submit(request, call, None)?.ticket;
        if guarded.link.is_lone()
            && let Some(alone) = Alone::with(&mut guarded)
        {
            return Ok(alone.call(self, guarded, &ticket, call.deadline, now));
        }
        Ok(self.attend(Turn::new(self, now), guarded, &ticket, call.deadline))
    }

    /// Waits for what comes of a command.
    pub(crate) fn attend<'a>(
        &'a self,
        mut turn: Turn<'a>,
        mut guarded: Guard<'a>,
        ticket: &Ticket,
        deadline: Micros,
    ) -> Delivery {
        let delivery =
            turn.attend(&mut guarded, deadline, |guarded, waker| guarded.link.redeem(ticket, waker));
        let delivery = delivery.unwrap_or_else(|| guarded.given_up(ticket, turn.now()));
        drop(guarded);
        delivery
    }

    /// Like [`call`](Self::call), but waits for room in the queue. `None`: there was none before the deadline.
    pub(crate) fn call_with_patience(
        &self,
        request: &Request,
        call: Call,
        now: Micros,
    ) -> Result<Option<Delivery>, Refusal> {
        let mut turn = Turn::new(self, now);
        let mut guarded = self.lock();
        let mut place = None;
        let submitted = turn.attend(&mut guarded, call.deadline, |guarded, waker| {
            match guarded.link.submit(request, call, None) {
                Ok(submitted) => Poll::Ready(Ok(submitted.ticket)),
                Err(Refusal::Full) => {
                    if let Some(waker) = waker {
                        guarded.link.await_room(&mut place, waker);
                    }
                    Poll::Pending
                }
                Err(refusal) => Poll::Ready(Err(refusal)),
            }
        });
        if let Some(place) = place {
            guarded.link.leave_room(place);
        }
        let Some(ticket) = submitted.transpose()? else { return Ok(None) };
        Ok(Some(self.attend(turn, guarded, &ticket, call.deadline)))
    }

    /// Finishes what is queued and takes no more.
    pub(crate) fn close(&self) {
        let mut wakers = Vec::new();
        let stream = {
            let mut guarded = self.lock();
            let closed = guarded.link.close(&mut wakers);
            if closed { self.ended(&mut guarded, &mut wakers) } else { None }
        };
        end(stream, wakers);
    }

    /// Waits until it is closed, which [`close`](Self::close) has begun.
    pub(crate) fn closed(&self) {
        let mut turn = Turn::new(self, self.node.clock.now());
        let mut guarded = self.lock();
        turn.attend(&mut guarded, NEVER, |guarded, waker| {
            if guarded.link.phase() == Phase::Closed {
                return Poll::Ready(());
            }
            guarded.watchers.extend(waker.cloned());
            Poll::Pending
        });
    }

    /// Ends at once, whatever is queued.
    pub(crate) fn kill(&self) {
        let mut wakers = Vec::new();
        let stream = {
            let mut guarded = self.lock();
            guarded.link.fail(&mut wakers, |sent| Delivery::Lost { sent });
            self.ended(&mut guarded, &mut wakers)
        };
        end(stream, wakers);
    }

    /// There is a connection, as far as that can be known without waiting.
    pub(crate) fn is_connected(&self) -> bool {
        let mut guarded = self.lock();
        guarded.look_at_idle();
        guarded.link.phase() == Phase::Ready && guarded.broken.is_none()
    }

    /// A connection is ready and nothing is queued: it can be handed out.
    pub(crate) fn is_clean(&self) -> bool {
        let mut guarded = self.lock();
        guarded.look_at_idle();
        guarded.link.is_at_rest() && guarded.broken.is_none()
    }

    /// The error of a command that came when the lane was closed.
    #[cold]
    pub(crate) fn closed_error(&self) -> Error {
        Error::closed_because(&Arc::clone(&self.lock().last_loss))
    }

    /// The error of a command whose connection was lost.
    #[cold]
    pub(crate) fn lost_error(&self, sent: bool) -> Error {
        Error::lost(&Arc::clone(&self.lock().last_loss), sent)
    }

    /// What it looks like now, for a timeout.
    #[cold]
    pub(crate) fn report(&self) -> TimeoutReport {
        let guarded = self.lock();
        guarded.link.report(self.node.clock.now(), guarded.unread)
    }

    // ── the housekeeper ──────────────────────────────────────────────────────────────────────────────────────

    /// Connects it, or asks an idle one for a sign of life. When to look again.
    pub(crate) fn tend(&self) -> Micros {
        let now = self.node.clock.now();
        let mut turn = Turn::new(self, now);
        let mut guarded = self.lock();
        if guarded.wheel.is_none() {
            // Whoever drives it sees what there is to see.
            return now.saturating_add(STAY);
        }
        guarded.look_at_idle();
        match guarded.link.phase() {
            Phase::Closing | Phase::Closed => return NEVER,
            Phase::Connecting => {}
            Phase::Ready if guarded.broken.is_some() => {}
            Phase::Ready => match guarded.link.health(now, true) {
                Health::Good(next) => return next,
                Health::Dead { silence } => guarded.broken = Some(Ending::of_silence(silence)),
                Health::Probe => {
                    // Nothing happens here: a good moment to give memory back.
                    guarded.shrink();
                    guarded.link.probe();
                    let heard = guarded.heard;
                    turn.attend(&mut guarded, NEVER, |guarded, waker| {
                        if guarded.heard != heard || guarded.link.phase() != Phase::Ready {
                            return Poll::Ready(());
                        }
                        guarded.watchers.extend(waker.cloned());
                        Poll::Pending
                    });
                    return turn.now();
                }
            },
        }
        turn.attend(&mut guarded, now.saturating_add(STAY), |guarded, waker| {
            if guarded.link.phase() != Phase::Connecting && guarded.broken.is_none() {
                return Poll::Ready(());
            }
            guarded.watchers.extend(waker.cloned());
            Poll::Pending
        });
        turn.now()
    }

    // ── the driver ───────────────────────────────────────────────────────────────────────────────────────────

    /// There is a connection.
    pub(crate) fn install(&self, guarded: &mut Guarded, wheel: Option<&mut Wheel>, greeted: Greeted) {
        let Greeted { stream, inbox, greeting, login_version } = greeted;
        let now = self.node.clock.now();
        if let Some(wheel) = wheel.or(guarded.wheel.as_deref_mut()) {
            wheel.start(inbox);
        }
        guarded.stream = Some(Arc::new(stream));
        guarded.broken = None;
        guarded.deaf = None;
        guarded.connection_id = greeting.id;
        guarded.login_version = login_version;
        guarded.heard = now;
        guarded.unread = 0;
        guarded.replies_before = guarded.link.replies();
        guarded.link.ready(now);
        self.node.connected(&greeting, self.is_shared);
    }

    /// The connection is given up: what may go over another one stays queued, the rest fails. Nobody may be writing.
    /// True: commands were answered over it.
    pub(crate) fn lose(&self, guarded: &mut Guarded, wakers: &mut Vec<Waker>) -> bool {
        let Some(ending) = guarded.broken.take() else { return true };
        let answered = guarded.link.replies() > guarded.replies_before;
        guarded.last_loss = ending.reason.as_str().into();
        guarded.connection_id = None;
        guarded.deaf = None;
        if ending.dead {
            self.node.found_alive(false);
        }
        if let Some(stream) = guarded.stream.take() {
            stream.shut_down();
            if self.is_shared {
                self.node.disconnected(Some(&ending.reason));
            }
        }
        if self.is_shared {
            guarded.link.lost(wakers);
        } else {
            guarded.link.fail(wakers, |sent| Delivery::Lost { sent });
        }
        answered
    }

    /// There will be no connection any more.
    pub(crate) fn give_up(&self, guarded: &mut Guarded, reason: &str, wakers: &mut Vec<Waker>) {
        guarded.last_loss = reason.into();
        guarded.link.fail(wakers, |sent| Delivery::Lost { sent });
        self.node.gave_up();
    }

    /// The link is closed: what is to be shut down, and who is to be told.
    pub(crate) fn ended(&self, guarded: &mut Guarded, wakers: &mut Vec<Waker>) -> Option<Arc<Stream>> {
        self.closed.store(true, Ordering::Relaxed);
        wakers.append(&mut guarded.watchers);
        guarded.connection_id = None;
        let stream = guarded.stream.take();
        if stream.is_some() && self.is_shared {
            self.node.disconnected(None);
        }
        stream
    }
}

fn end(stream: Option<Arc<Stream>>, wakers: Vec<Waker>) {
    if let Some(stream) = stream {
        stream.shut_down();
    }
    wakers.into_iter().for_each(Waker::wake);
}

/// Nobody waits for what is in flight any more, and it never ends by itself.
impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(stream) = self.guarded.get_mut().stream.take() {
            stream.shut_down();
            if self.is_shared {
                self.node.disconnected(None);
            }
        }
    }
}

impl Guarded {
    /// Sees whether the server has closed an idle connection, before a command is lost on it.
    #[cold]
    fn look_at_idle(&mut self) {
        let idle = self.link.phase() == Phase::Ready && self.link.queued() == 0 && self.broken.is_none();
        if idle && self.stream.as_ref().is_some_and(|stream| stream.is_over()) {
            self.broken = Some(Ending::hung_up());
        }
    }

    /// The deadline passed, and the link had not noticed.
    #[cold]
    fn given_up(&mut self, ticket: &Ticket, now: Micros) -> Delivery {
        self.link.abandon(ticket);
        let mut report = self.link.report(now, self.unread);
        report.sent = true;
        Delivery::TimedOut(Box::new(report))
    }

    fn shrink(&mut self) {
        self.link.shrink();
        if let Some(wheel) = &mut self.wheel {
            wheel.shrink();
        }
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
