//! A lane: one connection as its callers see it. It outlives the sockets that serve it one after the other.
//!
//! Callers and the driver meet under one short lock. Whoever leaves work for a sleeping driver wakes it; a lone caller
//! on an idle connection writes by itself and wakes nobody.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use carnelian_command::Request;
use carnelian_core::config::Config;
use carnelian_core::connection::{Call, Delivery, Link, Load, Micros, Phase, Refusal, Submitted, Ticket};
use carnelian_core::subscription::Mail;
use carnelian_core::{Error, ErrorKind};
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::connect::Connected;
use crate::stream::LoneWriter;

/// One connection, shared by its callers.
pub(crate) struct Lane {
    pub(crate) clock: Clock,
    /// It is for subscribers: what becomes of it says nothing of the client's own connections.
    pub(crate) beside: bool,
    guarded: Mutex<Guarded>,
}

/// What callers and the driver both touch.
pub(crate) struct Guarded {
    pub(crate) link: Link,
    /// How to wake the driver, once it has run.
    driver: Option<Waker>,
    /// The driver runs, or will run without being woken.
    driver_awake: bool,
    /// The writing half of the socket in use, where callers may write themselves.
    pub(crate) writer: Option<LoneWriter>,
    /// Why the last connection was lost.
    pub(crate) last_loss: Arc<str>,
    /// The server's id of the connection in use.
    pub(crate) connection_id: Option<i64>,
    /// Which version of the credentials the connection in use logged in with.
    pub(crate) login_version: u64,
}

impl Lane {
    pub(crate) fn new(config: &Config, clock: Clock) -> Arc<Self> {
        Arc::new(Self::unshared(config, clock))
    }

    /// A lane that is for subscribers only.
    pub(crate) fn for_subscribers(config: &Config, clock: Clock) -> Arc<Self> {
        let lane = Self { beside: true, ..Self::unshared(config, clock) };
        lane.lock().link.for_subscribers();
        Arc::new(lane)
    }

    fn unshared(config: &Config, clock: Clock) -> Self {
        Self {
            clock,
            beside: false,
            guarded: Mutex::new(Guarded {
                link: Link::new(config),
                driver: None,
                driver_awake: true,
                writer: None,
                last_loss: "".into(),
                connection_id: None,
                login_version: 0,
            }),
        }
    }

    pub(crate) fn lock(&self) -> parking_lot::MutexGuard<'_, Guarded> {
        self.guarded.lock()
    }

    /// Queues a command and sees that it gets written.
    #[inline]
    pub(crate) fn submit(&self, request: &Request, call: Call, waker: &Waker) -> Result<Ticket, Refusal> {
        let mut guarded = self.guarded.lock();
        let submitted = guarded.link.submit(request, call, Some(waker.clone()))?;
        Ok(guarded.send(submitted, 1, call.made))
    }

    /// Queues a command or a batch in its turn; if it may wait, at a place among those that wait for room. In one go: room
    /// that appears in between would be told to nobody.
    pub(crate) fn submit_load(
        &self,
        load: Load<'_>,
        call: Call,
        may_wait: bool,
        place: &mut Option<u64>,
        waker: &Waker,
    ) -> Poll<Result<Ticket, Refusal>> {
        let mut guarded = self.guarded.lock();
        match guarded.link.submit_load(load, *place, call, Some(waker.clone())) {
            Ok(submitted) => {
                *place = None;
                Poll::Ready(Ok(guarded.send(submitted, load.commands(), call.made)))
            }
            Err(Refusal::Full) if may_wait => {
                guarded.link.await_room(place, waker);
                Poll::Pending
            }
            Err(refusal) => Poll::Ready(Err(refusal)),
        }
    }

    /// Takes the reply, or waits for it.
    #[inline]
    pub(crate) fn poll_reply(&self, ticket: &Ticket, cx: &Context<'_>) -> Poll<Delivery> {
        self.guarded.lock().link.redeem(ticket, Some(cx.waker()))
    }

    pub(crate) fn abandon(&self, ticket: &Ticket) {
        self.guarded.lock().link.abandon(ticket);
    }

    /// Changes something that the driver has to hear of, if `change` says so.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Link) -> bool) {
        let mut guarded = self.guarded.lock();
        if change(&mut guarded.link) {
            guarded.wake_driver_surely();
        }
    }

    /// Takes what there is to read for a subscriber.
    pub(crate) fn poll_mail(&self, subscriber: u32, cx: &Context<'_>) -> Poll<Option<Mail>> {
        let mut guarded = self.guarded.lock();
        let (mail, wake_driver) = guarded.link.mail(subscriber, Some(cx.waker()));
        if wake_driver {
            guarded.wake_driver_surely();
        }
        mail
    }

    /// Has the connection closed and made again, since an answer is missing on it.
    pub(crate) fn distrust(&self) {
        let mut guarded = self.guarded.lock();
        guarded.link.distrust();
        guarded.wake_driver_surely();
    }

    /// It takes commands, now or once it is connected.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.lock().link.phase(), Phase::Connecting | Phase::Ready)
    }

    /// Finishes what is queued and takes no more.
    pub(crate) fn close(&self) {
        let mut wakers = Vec::new();
        {
            let mut guarded = self.guarded.lock();
            guarded.link.close(&mut wakers);
            guarded.wake_driver();
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ends at once, whatever is queued.
    pub(crate) fn kill(&self) {
        let mut wakers = Vec::new();
        {
            let mut guarded = self.guarded.lock();
            guarded.link.fail(&mut wakers, |sent| Delivery::Lost { sent });
            guarded.wake_driver();
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// There is a connection. How many replies have come over all connections so far.
    pub(crate) fn connected(&self, connected: &Connected) -> u64 {
        let mut wakers = Vec::new();
        let replies = {
            let mut guarded = self.guarded.lock();
            guarded.writer = connected.stream.lone_writer();
            guarded.connection_id = connected.greeting.id;
            guarded.login_version = connected.login_version;
            guarded.link.ready(self.clock.now(), connected.greeting.resp3, &mut wakers);
            guarded.link.replies()
        };
        wakers.into_iter().for_each(Waker::wake);
        replies
    }

    /// The connection is gone. How many replies have come over all connections so far.
    pub(crate) fn disconnected(&self, reason: &str) -> u64 {
        let mut wakers = Vec::new();
        let replies = {
            let mut guarded = self.guarded.lock();
            guarded.writer = None;
            guarded.connection_id = None;
            guarded.last_loss = reason.into();
            guarded.link.lost(&mut wakers);
            guarded.link.replies()
        };
        wakers.into_iter().for_each(Waker::wake);
        replies
    }

    /// There will be no connection any more.
    pub(crate) fn give_up(&self, reason: &str) {
        self.guarded.lock().last_loss = reason.into();
        self.kill();
    }

    /// A connection is ready and no caller's command is under way: it can be handed out.
    pub(crate) fn is_clean(&self) -> bool {
        self.guarded.lock().link.is_at_rest()
    }

    /// The error of a command that came when the lane was closed.
    #[cold]
    pub(crate) fn closed(&self) -> Error {
        let why = Arc::clone(&self.guarded.lock().last_loss);
        if why.is_empty() {
            Error::closed()
        } else {
            Error::new(ErrorKind::Closed, format!("the connection is closed: {why}"))
        }
    }

    /// A command that waits on the server by its nature is under way.
    pub(crate) fn is_waiting(&self) -> bool {
        self.guarded.lock().link.is_waiting()
    }

    /// The error of a command whose connection was lost.
    #[cold]
    pub(crate) fn lost(&self, sent: bool) -> Error {
        let why = Arc::clone(&self.guarded.lock().last_loss);
        let why = if why.is_empty() { "the connection was closed" } else { &why };
        Error::new(ErrorKind::Connection, format!("the connection was lost before the reply came: {why}"))
            .possibly_run(sent)
    }
}

impl Guarded {
    /// Writes what was just submitted at once, if there is nothing else, or sees that the driver does.
    #[inline]
    fn send(&mut self, submitted: Submitted, commands: usize, now: Micros) -> Ticket {
        let Submitted { ticket, wake_driver } = submitted;
        if wake_driver {
            // It has an alarm to set, so it may as well write.
            self.wake_driver_surely();
        } else if !self.driver_awake {
            let written = match &self.writer {
                Some(writer) if self.link.is_lone(commands) => {
                    let writer = writer.clone();
                    self.link.write_lone(now, |bytes| writer.write(bytes))
                }
                _ => false,
            };
            if !written {
                self.wake_driver();
            }
        }
        ticket
    }

    /// Wakes the driver unless it is awake.
    #[inline]
    pub(crate) fn wake_driver(&mut self) {
        if !self.driver_awake {
            self.wake_driver_surely();
        }
    }

    /// Wakes the driver even if it counts as awake: it may be waiting for the socket only.
    fn wake_driver_surely(&mut self) {
        self.driver_awake = true;
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }

    /// The driver goes to sleep until it is woken, the socket stirs, or its alarm goes off.
    #[inline]
    pub(crate) fn driver_sleeps(&mut self, cx: &Context<'_>) {
        self.driver_awake = false;
        self.driver_at(cx);
    }

    /// Says how to wake the driver.
    #[inline]
    pub(crate) fn driver_at(&mut self, cx: &Context<'_>) {
        match &self.driver {
            Some(driver) if driver.will_wake(cx.waker()) => {}
            _ => self.driver = Some(cx.waker().clone()),
        }
    }

    #[inline]
    pub(crate) fn driver_runs(&mut self) {
        self.driver_awake = true;
    }
}
