//! The uncommon ways of a command: it waits on the server, it waits for room in the queue, it is tried again.
//!
//! Plain async code in one boxed future: what happens once in a million commands may cost an allocation.
//!
//! ```text
//!                   refused by the server's state, or late and the user allows it: pause
//!                 ┌───────────────────────────────────────────────────────────────┐
//!                 ▼                                                               │
//!   connection ──► room in the queue ──► sent ──► what came of it ────────────────┴──► the caller
//!       ▲                                              │
//!       └──── never sent, or harmless twice: pause ────┘      (only where the command has a connection of its own)
//! ```

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use carnelian_command::Request;
use carnelian_core::Options;
use carnelian_core::config::Retry;
use carnelian_core::connection::{Call, Delivery, Held, Load, Micros, NEVER, Refusal, Ticket};
use carnelian_core::retry::{self, Tries};
use carnelian_core::{Error, ErrorKind, Result, State, TimeoutReport, route};

use crate::clock::Clock;
use crate::lane::Lane;
use crate::node::random;
use crate::pool::Own;
use crate::shared::Shared;
use crate::target::Target;

/// What the common way had already when it handed a command over.
#[derive(Default)]
pub(crate) struct Before {
    /// What came of the first try, where there was one.
    pub(crate) outcome: Option<Delivery>,
    /// When the command's time is up.
    pub(crate) deadline: Option<Micros>,
}

/// Runs a command with all patience its policy has.
pub(crate) async fn run(
    target: Target<'_>,
    request: Request,
    options: Options,
    before: Before,
) -> Result<Held> {
    let mut work = Work::new(target, &request, &options, before.deadline);
    let result = match target.lends_connections() {
        Some(shared) if work.waits => work.on_own_connection(shared).await,
        _ => {
            let outcome = work.run(target, before.outcome).await;
            work.settle(target, outcome)
        }
    };
    result.map_err(|error| error.of_request(&request))
}

/// A command with its tries and its time.
struct Work<'a> {
    request: &'a Request,
    options: &'a Options,
    policy: &'a Retry,
    clock: &'a Clock,
    /// How long one try may take, as errors tell it.
    timeout: Option<Duration>,
    /// When the first try began.
    started: Micros,
    /// When the present try is over.
    deadline: Micros,
    tries: Tries,
    /// It waits on the server by its nature.
    waits: bool,
}

/// What became of a try.
enum Outcome {
    Came(Delivery),
    /// The link did not take it.
    Refused(Refusal),
}

impl Outcome {
    /// Why there is another try, in a word: of the server's line only the code, for the rest may quote the user's data.
    fn reason(&self) -> String {
        match self {
            Self::Came(Delivery::Reply(held)) => {
                let line = held.bytes().strip_prefix(b"-").unwrap_or_default();
                let code = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                String::from_utf8_lossy(code).into_owned()
            }
            Self::Came(Delivery::TimedOut(_)) => "timeout".to_owned(),
            Self::Came(_) | Self::Refused(_) => "connection".to_owned(),
        }
    }
}

impl<'a> Work<'a> {
    fn new(target: Target<'a>, request: &'a Request, options: &'a Options, deadline: Option<Micros>) -> Self {
        let waits = route::waits(request);
        // What waits obeys its own timeout, unless the caller gave it another.
        let timeout = if waits { options.timeout.flatten() } else { target.timeout(options) };
        let clock = target.clock();
        let deadline = deadline.unwrap_or_else(|| clock.deadline(timeout));
        let started = match timeout {
            Some(timeout) => {
                deadline.saturating_sub(carnelian_core::connection::liveness::as_micros(timeout))
            }
            None => clock.now(),
        };
        let policy = options.policy(target.config());
        Self { request, options, policy, clock, timeout, started, deadline, tries: Tries::none(), waits }
    }

    /// Tries for as long as the policy and the deadline allow. `first`: what came of the first try, if it was made already.
    async fn run(&mut self, target: Target<'_>, first: Option<Delivery>) -> Outcome {
        let mut outcome = match first {
            Some(delivery) => Outcome::Came(delivery),
            None => self.once(target).await,
        };
        loop {
            match &outcome {
                Outcome::Came(Delivery::Reply(held)) if retry::is_refusal(held.bytes(), self.policy) => {}
                Outcome::Came(late @ Delivery::TimedOut(_)) if may_repeat_failure(late, self.policy) => {
                    // The user wants another try of the same length.
                    self.deadline = NEVER;
                }
                _ => return outcome,
            }
            if !self.pause().await {
                return outcome;
            }
            if self.deadline == NEVER {
                self.deadline = self.clock.deadline(self.timeout);
            }
            let (command, tries, reason) = (self.request.name(), self.tries.made(), outcome.reason());
            tracing::debug!(%command, tries, %reason, server = %target.address(), "trying again");
            outcome = self.once(target).await;
        }
    }

    /// Pauses before the next try. False: there were enough, or no time is left for another.
    async fn pause(&mut self) -> bool {
        let elapsed = Duration::from_micros(self.clock.now().saturating_sub(self.started));
        let Some(pause) = self.tries.again(self.policy, elapsed, random()) else { return false };
        sleep_within(self.clock, pause, self.deadline).await
    }

    /// One try: waits for room, sends, waits for what comes of it.
    async fn once(&self, target: Target<'_>) -> Outcome {
        let lane = target.lane();
        let mut call = target.call(self.options, self.request);
        call.deadline = self.deadline;
        call.waits = self.waits;
        call.tries = call.tries.saturating_sub(u8::try_from(self.tries.made()).unwrap_or(u8::MAX)).max(1);
        let ticket = match submit(target, lane, Load::Command(self.request), call).await {
            Ok(Some(ticket)) => ticket,
            Ok(None) => {
                let report = lane.lock().link.report(self.clock.now(), 0);
                return Outcome::Came(Delivery::TimedOut(Box::new(report)));
            }
            Err(refusal) => return Outcome::Refused(refusal),
        };
        let claim = Claim { target, lane, ticket: Some(ticket), waits: self.waits };
        let delivery = claim.reply().await;
        if self.waits && matches!(delivery, Delivery::TimedOut(_)) {
            target.gave_up_waiting();
        }
        Outcome::Came(delivery)
    }

    /// Takes a connection for the command alone. One that is lost before the command was sent is replaced by another.
    async fn on_own_connection(&mut self, shared: &Shared) -> Result<Held> {
        let mut patience = Patience::new(self, shared);
        let mut state = shared.node.state();
        loop {
            let own = patience.checkout(self.clock, shared, self.timeout).await?;
            let target = Target::Dedicated(&own);
            let outcome = tokio::select! {
                outcome = self.run(target, None) => outcome,
                // It may wait for ever; the client does not.
                _ = state.wait_for(|state| *state == State::Closed) => {
                    return Err(Error::closed().possibly_run(true).at(target.address()));
                }
            };
            let again = match &outcome {
                Outcome::Refused(Refusal::Closed) | Outcome::Came(Delivery::Lost { sent: false }) => {
                    patience.pause(self.clock, shared).await
                }
                Outcome::Came(Delivery::Lost { sent: true }) if self.is_repeatable(target) => {
                    self.pause().await
                }
                _ => false,
            };
            if !again {
                return self.settle(target, outcome);
            }
        }
    }

    fn is_repeatable(&self, target: Target<'_>) -> bool {
        target.call(self.options, self.request).repeatable
    }

    fn settle(&self, target: Target<'_>, outcome: Outcome) -> Result<Held> {
        let lane = target.lane();
        match outcome {
            Outcome::Came(Delivery::Reply(held)) => Ok(held),
            Outcome::Came(failure) => Err(self::failure(&target, lane, failure, self.timeout)),
            Outcome::Refused(refusal) => Err(refused(&target, lane, refusal)),
        }
    }
}

/// How long a command or a transaction waits for a connection of its own.
pub(crate) struct Patience {
    until: Micros,
    failures: u32,
    pause: Duration,
}

impl Patience {
    /// A command that may take as long as it likes at the server does not wait as long for a connection.
    fn new(work: &Work<'_>, shared: &Shared) -> Self {
        let until = match work.options.timeout {
            Some(_) => work.deadline,
            None => work.clock.deadline(shared.node.config.timeouts().command),
        };
        Self::until(until)
    }

    pub(crate) const fn until(until: Micros) -> Self {
        Self { until, failures: 0, pause: Duration::ZERO }
    }

    /// Takes a connection out of the pool. `timeout`: how long that may take, as errors tell it.
    pub(crate) async fn checkout(
        &mut self,
        clock: &Clock,
        shared: &Shared,
        timeout: Option<Duration>,
    ) -> Result<Own> {
        let mut last_failure = None;
        loop {
            let checkout = tokio::time::timeout_at(clock.instant(self.until), shared.checkout());
            let error = match checkout.await {
                Ok(Ok(own)) => return Ok(own),
                Ok(Err(error)) => error,
                Err(_) => {
                    let mut report = TimeoutReport::unsent(timeout.unwrap_or_default());
                    report.last_failure = last_failure;
                    return Err(Error::timeout(report).at(&shared.node.address));
                }
            };
            let may_pass = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout);
            if !may_pass || !self.pause(clock, shared).await {
                return Err(error);
            }
            last_failure = Some(error.to_string());
        }
    }

    /// Pauses before the next connection is tried. False: no time is left.
    async fn pause(&mut self, clock: &Clock, shared: &Shared) -> bool {
        self.failures += 1;
        self.pause = shared.node.config.reconnect_policy().backoff.delay(self.failures, self.pause, random());
        sleep_within(clock, self.pause, self.until).await
    }
}

/// Sleeps, unless that would take beyond `until`: then it returns false at once.
pub(crate) async fn sleep_within(clock: &Clock, pause: Duration, until: Micros) -> bool {
    if clock.deadline(Some(pause)) >= until {
        return false;
    }
    tokio::time::sleep(pause).await;
    true
}

/// Submits as soon as there is room. `None`: the deadline passed before there was.
pub(crate) async fn submit(
    target: Target<'_>,
    lane: &Lane,
    load: Load<'_>,
    call: Call,
) -> Result<Option<Ticket>, Refusal> {
    let deadline = target.clock().instant(call.deadline);
    let mut place = Place { lane, number: None };
    let may_wait = target.waits_for_room();
    let room = poll_fn(|cx| lane.submit_load(load, call, may_wait, &mut place.number, cx.waker()));
    tokio::time::timeout_at(deadline, room).await.ok().transpose()
}

/// A place among those that wait for room, given up when the caller goes away.
struct Place<'a> {
    lane: &'a Lane,
    number: Option<u64>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.lane.lock().link.leave_room(number);
        }
    }
}

/// A claim to a reply that is given up when the caller goes away.
pub(crate) struct Claim<'a> {
    target: Target<'a>,
    lane: &'a Lane,
    ticket: Option<Ticket>,
    waits: bool,
}

impl<'a> Claim<'a> {
    pub(crate) const fn new(target: Target<'a>, lane: &'a Lane, ticket: Ticket) -> Self {
        Self { target, lane, ticket: Some(ticket), waits: false }
    }

    pub(crate) async fn reply(mut self) -> Delivery {
        let delivery = poll_fn(|cx| match &self.ticket {
            Some(ticket) => self.lane.poll_reply(ticket, cx),
            None => Poll::Pending,
        })
        .await;
        self.ticket = None;
        delivery
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = &self.ticket {
            self.lane.abandon(ticket);
            if self.waits {
                self.target.gave_up_waiting();
            }
        }
    }
}

/// True for a failure after which the user wants another try, whatever it may do.
pub(crate) fn may_repeat_failure(failure: &Delivery, policy: &Retry) -> bool {
    policy.attempts > 1 && policy.on_timeout && matches!(failure, Delivery::TimedOut(_))
}

/// The error that a failure becomes.
#[cold]
pub(crate) fn failure(
    target: &Target<'_>,
    lane: &Lane,
    failure: Delivery,
    timeout: Option<Duration>,
) -> Error {
    match failure {
        Delivery::Lost { sent } => lane.lost(sent),
        Delivery::TimedOut(mut report) => {
            report.timeout = timeout.unwrap_or_default();
            Error::timeout(*report)
        }
        Delivery::Closed | Delivery::Reply(_) | Delivery::Gathered(_) => Error::closed(),
    }
    .at(target.address())
}

/// The error of a command that the link did not take.
#[cold]
pub(crate) fn refused(target: &Target<'_>, lane: &Lane, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Full => Error::new(
            ErrorKind::QueueFull,
            "the queue of the connection is full; slow down, raise queue_max_bytes or queue_max_entries, or let commands wait",
        )
        .at(target.address()),
        Refusal::Closed => lane.closed().at(target.address()),
    }
}
