//! The uncommon ways of a command: it waits on the server, it waits for room in the queue, it is tried again.
//!
//! ```text
//!                   refused by the server's state, or late and the user allows it: pause
//!                 ┌───────────────────────────────────────────────────────────────┐
//!                 ▼                                                               │
//!   connection ──► room in the queue ──► sent ──► what came of it ────────────────┴──► the caller
//!       ▲                                              │
//!       └──── never sent, or harmless twice: pause ────┘      (only where the command has a connection of its own)
//! ```

use std::sync::Arc;
use std::time::Duration;

use carnelian_command::Request;
use carnelian_core::config::Retry;
use carnelian_core::connection::liveness::as_micros;
use carnelian_core::connection::{Delivery, Held, Load, Micros, NEVER, Refusal};
use carnelian_core::retry::{self, Tries};
use carnelian_core::{Error, ErrorKind, Options, Result, TimeoutReport};

use crate::clock::Clock;
use crate::node::random;
use crate::pool::{DedicatedPool, Own};
use crate::target::Target;

/// What became of a try: a delivery, or the link did not take the command.
type Outcome = Result<Delivery, Refusal>;

/// What the common way had already when it handed a command over.
#[derive(Default)]
pub(crate) struct Before {
    /// What came of the first try, where there was one.
    pub(crate) outcome: Option<Outcome>,
    /// When the command's time is up.
    pub(crate) deadline: Option<Micros>,
}

/// Runs a command with all patience its policy has.
#[cold]
pub(crate) fn run(target: Target<'_>, request: &Request, options: &Options, before: Before) -> Result<Held> {
    let mut work = Work::new(target, request, options, before.deadline);
    let result = match target.lends_connections() {
        Some(pool) if work.waits => work.on_own_connection(pool),
        _ => {
            let outcome = work.run(target, before.outcome);
            work.settle(target, outcome)
        }
    };
    result.map_err(|error| error.of_request(request))
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

impl<'a> Work<'a> {
    fn new(target: Target<'a>, request: &'a Request, options: &'a Options, deadline: Option<Micros>) -> Self {
        let (clock, config) = (target.clock(), target.config());
        let now = clock.now();
        let call = options.patient_call(config, request, now);
        let timeout = if call.waits { options.timeout.flatten() } else { options.timeout(config) };
        let deadline = deadline.unwrap_or(call.deadline);
        let started = timeout.map_or(now, |timeout| deadline.saturating_sub(as_micros(timeout)));
        let policy = options.policy(config);
        Self {
            request,
            options,
            policy,
            clock,
            timeout,
            started,
            deadline,
            tries: Tries::none(),
            waits: call.waits,
        }
    }

    /// Tries for as long as the policy and the deadline allow. `first`: what came of the first try, if it was made already.
    fn run(&mut self, target: Target<'_>, first: Option<Outcome>) -> Outcome {
        let mut outcome = match first {
            // The queue was full: that was no try yet.
            Some(Err(Refusal::Full)) if target.waits_for_room() => self.once(target),
            Some(outcome) => outcome,
            None => self.once(target),
        };
        loop {
            match &outcome {
                Ok(Delivery::Reply(held)) if retry::is_refusal(held.bytes(), self.policy) => {}
                Ok(Delivery::TimedOut(_)) if self.policy.attempts > 1 && self.policy.on_timeout => {
                    // The user wants another try of the same length.
                    self.deadline = NEVER;
                }
                _ => return outcome,
            }
            if !self.pause() {
                return outcome;
            }
            if self.deadline == NEVER {
                let timeout = self.timeout.map_or(NEVER, as_micros);
                self.deadline = self.clock.now().saturating_add(timeout);
            }
            tracing::debug!(command = %self.request.name(), tries = self.tries.made(), server = %target.node().address, "trying again");
            outcome = self.once(target);
        }
    }

    /// Pauses before the next try. False: there were enough, or no time is left for another.
    fn pause(&mut self) -> bool {
        let elapsed = Duration::from_micros(self.clock.now().saturating_sub(self.started));
        let Some(pause) = self.tries.again(self.policy, elapsed, random()) else { return false };
        sleep_within(self.clock, pause, self.deadline)
    }

    /// One try: waits for room, sends, waits for what comes of it.
    fn once(&self, target: Target<'_>) -> Outcome {
        let (lane, now) = (target.lane(), self.clock.now());
        let mut call = self.options.patient_call(target.config(), self.request, now);
        call.deadline = self.deadline;
        call.tries = call.tries.saturating_sub(u8::try_from(self.tries.made()).unwrap_or(u8::MAX)).max(1);
        if !target.waits_for_room() {
            return lane.call_to_keep(self.request, call, now);
        }
        Ok(match lane.call_with_patience(Load::Command(self.request), true, call, now)? {
            Some(delivery) => delivery,
            None => Delivery::TimedOut(Box::new(lane.report())),
        })
    }

    /// Takes a connection for the command alone. One that is lost before the command was sent is replaced by another.
    fn on_own_connection(&mut self, pool: &Arc<DedicatedPool>) -> Result<Held> {
        let mut patience = Patience::new(self, pool);
        loop {
            let own = patience.checkout(self.clock, pool, self.timeout, DedicatedPool::lend)?;
            let target = Target::Dedicated(&own);
            let outcome = self.run(target, None);
            let again = match &outcome {
                Err(Refusal::Closed) | Ok(Delivery::Lost { sent: false }) => patience.pause(self.clock, pool),
                Ok(Delivery::Lost { sent: true }) if self.is_repeatable(target) => self.pause(),
                _ => false,
            };
            match outcome {
                // It may wait for ever; the client does not.
                Ok(Delivery::Lost { sent }) if pool.is_closed() => {
                    return Err(target.at(Error::closed().possibly_run(sent)));
                }
                outcome if !again => return self.settle(target, outcome),
                _ => {}
            }
        }
    }

    fn is_repeatable(&self, target: Target<'_>) -> bool {
        self.options.call(target.config(), self.request, 0).repeatable
    }

    fn settle(&self, target: Target<'_>, outcome: Outcome) -> Result<Held> {
        match outcome {
            Ok(Delivery::Reply(held)) => Ok(held),
            Ok(failure) => Err(self::failure(target, failure, self.timeout)),
            Err(refusal) => Err(refused(target, refusal)),
        }
    }
}

/// The error that a failure becomes.
#[cold]
pub(crate) fn failure(target: Target<'_>, failure: Delivery, timeout: Option<Duration>) -> Error {
    target.at(match failure {
        Delivery::Lost { sent } => target.lane().lost_error(sent),
        Delivery::TimedOut(mut report) => {
            report.timeout = timeout.unwrap_or_default();
            Error::timeout(*report)
        }
        Delivery::Closed | Delivery::Reply(_) | Delivery::Gathered(_) => Error::closed(),
    })
}

/// The error of what the link did not take.
#[cold]
pub(crate) fn refused(target: Target<'_>, refusal: Refusal) -> Error {
    target.at(match refusal {
        Refusal::Full => Error::queue_full(),
        Refusal::Closed => target.lane().closed_error(),
    })
}

/// How long a command or a transaction waits for a connection of its own.
pub(crate) struct Patience {
    until: Micros,
    failures: u32,
    pause: Duration,
}

impl Patience {
    /// A command that may take as long as it likes at the server does not wait as long for a connection.
    fn new(work: &Work<'_>, pool: &DedicatedPool) -> Self {
        let command = || pool.node().config.timeouts().command.map_or(NEVER, as_micros);
        let until = match work.options.timeout {
            Some(_) => work.deadline,
            None => work.clock.now().saturating_add(command()),
        };
        Self::until(until)
    }

    pub(crate) const fn until(until: Micros) -> Self {
        Self { until, failures: 0, pause: Duration::ZERO }
    }

    /// Takes a connection out of the pool. `timeout`: how long that may take, as errors tell it.
    pub(crate) fn checkout(
        &mut self,
        clock: &Clock,
        pool: &Arc<DedicatedPool>,
        timeout: Option<Duration>,
        take: fn(&Arc<DedicatedPool>, Micros) -> Result<Own>,
    ) -> Result<Own> {
        let mut last_failure = None;
        loop {
            let error = match take(pool, self.until) {
                Ok(own) => return Ok(own),
                Err(error) => error,
            };
            if clock.now() >= self.until {
                let mut report = TimeoutReport::unsent(timeout.unwrap_or_default());
                report.last_failure = last_failure.or_else(|| Some(error.to_string()));
                return Err(Error::timeout(report).at(&pool.node().address));
            }
            let may_pass = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout);
            if !may_pass || !self.pause(clock, pool) {
                return Err(error);
            }
            last_failure = Some(error.to_string());
        }
    }

    /// Pauses before the next connection is tried. False: no time is left.
    fn pause(&mut self, clock: &Clock, pool: &DedicatedPool) -> bool {
        self.failures += 1;
        self.pause = pool.node().backoff(self.failures, self.pause);
        sleep_within(clock, self.pause, self.until)
    }
}

/// Sleeps, unless that would take beyond `until`: then it returns false at once.
pub(crate) fn sleep_within(clock: &Clock, pause: Duration, until: Micros) -> bool {
    if clock.now().saturating_add(as_micros(pause)) >= until {
        return false;
    }
    std::thread::sleep(pause);
    true
}
