//! A lane: one connection as its callers see it. It outlives the sockets that serve it one after the other.
//!
//! There is no task that serves it: the callers do so themselves, in turns (see [`driver`]). They meet
//! under one short lock, which nobody holds while waiting for the network.

mod alone;
mod driver;
mod guarded;
mod tend;
mod wheel;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};

use carnelian_command::Request;
use carnelian_core::connection::{Call, Delivery, Held, Link, Load, Micros, NEVER, Phase, Refusal, Ticket};
use carnelian_core::{Error, TimeoutReport};
use parking_lot::{Mutex, MutexGuard};

use crate::greet::Greeted;
use crate::node::Node;
use crate::stream::Stream;
use driver::Turn;
use wheel::Wheel;

pub(crate) use alone::Came;
pub(crate) use guarded::{Ending, Guarded};

/// How long whoever changes something helps to write it.
const PATIENCE: Micros = 100_000;

/// Whose a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It belongs to all callers of a client, and is connected again when it is lost.
    Shared,
    /// It belongs to one caller, and its state would be lost with the connection.
    Own,
    /// It is for subscribers, and connected again when it is lost. What becomes of it says nothing of the client's own
    /// connections.
    Subscribers,
}

/// One connection, shared by its callers.
pub(crate) struct Lane {
    pub(crate) node: Arc<Node>,
    pub(crate) role: Role,
    /// It is closed: whoever makes a connection may stop.
    pub(crate) closed: AtomicBool,
    guarded: Mutex<Guarded>,
}

/// The lock on what callers and the driver both touch.
pub(crate) type Guard<'a> = MutexGuard<'a, Guarded>;

impl Lane {
    /// A lane of all callers, without a connection yet.
    pub(crate) fn shared(node: &Arc<Node>) -> Arc<Self> {
        Arc::new(Self::new(node, Role::Shared))
    }

    /// A lane for subscribers, without a connection yet.
    pub(crate) fn for_subscribers(node: &Arc<Node>) -> Arc<Self> {
        let lane = Self::new(node, Role::Subscribers);
        lane.lock().link.for_subscribers();
        Arc::new(lane)
    }

    /// It is one of those that make the client's state.
    fn is_shared(&self) -> bool {
        self.role == Role::Shared
    }

    /// A lane of one caller, over this connection.
    pub(crate) fn own(node: &Arc<Node>, greeted: Greeted) -> Arc<Self> {
        let lane = Self::new(node, Role::Own);
        lane.install(&mut lane.lock(), None, greeted);
        Arc::new(lane)
    }

    fn new(node: &Arc<Node>, role: Role) -> Self {
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
            left_over: false,
            replies_before: 0,
        };
        Self { node: Arc::clone(node), role, closed: AtomicBool::new(false), guarded: Mutex::new(guarded) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_> {
        self.guarded.lock()
    }

    // ── callers ──────────────────────────────────────────────────────────────────────────────────────────────

    /// Sends a command and waits for what comes of it, which is the caller's to keep.
    pub(crate) fn call_to_keep(
        &self,
        request: &Request,
        call: Call,
        now: Micros,
    ) -> Result<Delivery, Refusal> {
        Ok(match self.call(request, call, now, |frame| Held::whole(frame.to_vec()))? {
            Came::Here(held) => Delivery::Reply(held),
            Came::Delivered(delivery) => delivery,
        })
    }

    /// Waits for what comes of a command.
    fn attend<'a>(
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

    /// Like [`call`](Self::call), for a command or a batch; if it may wait, it waits for room in the queue. `None`: there was
    /// none before the deadline.
    pub(crate) fn call_with_patience(
        &self,
        load: Load<'_>,
        may_wait: bool,
        call: Call,
        now: Micros,
    ) -> Result<Option<Delivery>, Refusal> {
        let mut turn = Turn::new(self, now);
        let mut guarded = self.lock();
        let mut place = None;
        let submitted = turn.attend(&mut guarded, call.deadline, |guarded, waker| {
            match guarded.link.submit_load(load, place, call, None) {
                Ok(submitted) => Poll::Ready(Ok(submitted.ticket)),
                Err(Refusal::Full) if may_wait => {
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

    /// Changes something that may give a driver work. If nobody drives, the caller does, for as long as it takes to write.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Link) -> bool) {
        let mut turn = Turn::new(self, self.node.clock.now());
        let mut guarded = self.lock();
        if change(&mut guarded.link) {
            let limit = turn.now().saturating_add(PATIENCE);
            turn.attend(&mut guarded, limit, |guarded, waker| {
                if guarded.link.unsent() == 0 || guarded.link.phase() != Phase::Ready {
                    return Poll::Ready(());
                }
                guarded.watchers.extend(waker.cloned());
                Poll::Pending
            });
        }
    }

    /// It takes commands, now or once it is connected.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.lock().link.phase(), Phase::Connecting | Phase::Ready)
    }

    /// Drives, or has others drive, until a subscriber's `until` is ready. `None`: the deadline passed.
    pub(crate) fn attend_subscriber<T>(
        &self,
        deadline: Micros,
        mut until: impl FnMut(&mut Link, Option<&Waker>) -> Poll<T>,
    ) -> Option<T> {
        let mut turn = Turn::new(self, self.node.clock.now());
        let mut guarded = self.lock();
        turn.attend(&mut guarded, deadline, |guarded, waker| until(&mut guarded.link, waker))
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
        guarded.look();
        guarded.link.phase() == Phase::Ready && guarded.broken.is_none()
    }

    /// A connection is ready and nothing is queued: it can be handed out.
    pub(crate) fn is_clean(&self) -> bool {
        let mut guarded = self.lock();
        guarded.look();
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
        guarded.left_over = false;
        guarded.replies_before = guarded.link.replies();
        let mut wakers = Vec::new();
        guarded.link.ready(now, greeting.resp3, &mut wakers);
        // Under the lock, for once: it is for subscribers only, when a server has forgotten its RESP3.
        wakers.into_iter().for_each(Waker::wake);
        self.node.connected(&greeting, self.is_shared());
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
            if self.is_shared() {
                self.node.disconnected(Some(&ending.reason));
            }
        }
        if self.role != Role::Own {
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
        if self.is_shared() {
            self.node.gave_up();
        }
    }

    /// The link is closed: what is to be shut down, and who is to be told.
    pub(crate) fn ended(&self, guarded: &mut Guarded, wakers: &mut Vec<Waker>) -> Option<Arc<Stream>> {
        self.closed.store(true, Ordering::Relaxed);
        wakers.append(&mut guarded.watchers);
        guarded.connection_id = None;
        if let Some(wheel) = &mut guarded.wheel {
            wheel.let_go();
        }
        let stream = guarded.stream.take();
        if stream.is_some() && self.is_shared() {
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
            if self.is_shared() {
                self.node.disconnected(None);
            }
        }
    }
}
