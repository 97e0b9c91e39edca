//! The uncommon ways of a command: it waits on the server, it waits for room in the queue, it is tried again.
//!
//! Plain async code in one boxed future: what happens once in a million commands may cost an allocation.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use carnelian_command::Request;
use carnelian_core::config::Retry;
use carnelian_core::connection::{Call, Delivery, Held, NEVER, Refusal, Ticket};
use carnelian_core::retry::{self, Tries};
use carnelian_core::route::Place;
use carnelian_core::{Error, Result};

use crate::lane::Lane;
use crate::node::random;
use crate::pending::{self, Options, call};
use crate::target::Target;

/// Runs a command with all patience its policy has. `tries`: how many there were already.
pub(crate) async fn run(target: Target<'_>, request: Request, options: Options, tries: u32) -> Result<Held> {
    let result = match (target, target.place(&request)?) {
        (Target::Client(shared), Place::Own) => {
            let own = shared.checkout().await?;
            let own = &own;
            attempts(Target::Dedicated(own), &request, &options, tries).await
        }
        _ => attempts(target, &request, &options, tries).await,
    };
    result.map_err(|error| error.of_command(request.facts()))
}

async fn attempts(target: Target<'_>, request: &Request, options: &Options, made: u32) -> Result<Held> {
    let policy = options.retry.as_deref().unwrap_or_else(|| target.retry_policy());
    let started = tokio::time::Instant::now();
    let mut tries = Tries::none();
    // The common way has made the first try; its failure is what led here.
    if made > 0 {
        pause(&mut tries, policy, Duration::ZERO).await;
    }
    loop {
        let lane = target.lane();
        let outcome = attempt(target, lane, request, options).await?;
        let again = match &outcome {
            Delivery::Reply(held) => retry::is_refusal(held.bytes(), policy),
            failure => may_repeat_failure(failure, policy),
        };
        if again && pause(&mut tries, policy, started.elapsed()).await {
            tracing::debug!(command = %request.name(), tries = tries.made(), server = %target.address(), "trying again");
            continue;
        }
        return match outcome {
            Delivery::Reply(held) => Ok(held),
            failure => Err(self::failure(&target, lane, failure, target.timeout(options))),
        };
    }
}

/// Pauses before the next try. False: there were enough.
async fn pause(tries: &mut Tries, policy: &Retry, elapsed: Duration) -> bool {
    let Some(pause) = tries.again(policy, elapsed, random()) else { return false };
    tokio::time::sleep(pause).await;
    true
}

/// One try: waits for room, sends, waits for what comes of it.
async fn attempt<'a>(
    target: Target<'a>,
    lane: &'a Lane,
    request: &Request,
    options: &Options,
) -> Result<Delivery> {
    let mut call = call(&target, options, request);
    if carnelian_core::route::waits(request) {
        call.waits = true;
        // It obeys its own timeout, unless the caller gave it one.
        if options.timeout.is_none() {
            call.deadline = NEVER;
        }
    }
    let ticket = match submit(target, lane, request, call).await? {
        Some(ticket) => ticket,
        None => {
            let report = lane.lock().link.report(target.clock().now(), 0);
            return Ok(Delivery::TimedOut(Box::new(report)));
        }
    };
    let claim = Claim { target, lane, ticket: Some(ticket) };
    Ok(claim.reply().await)
}

/// Submits as soon as there is room. `None`: the deadline passed before there was.
async fn submit(target: Target<'_>, lane: &Lane, request: &Request, call: Call) -> Result<Option<Ticket>> {
    let deadline = target.clock().instant(call.deadline);
    let room = poll_fn(|cx| match lane.submit(request, call, cx.waker()) {
        Ok(ticket) => Poll::Ready(Ok(ticket)),
        Err(Refusal::Full) if target.waits_for_room() => {
            lane.lock().link.await_room(cx.waker());
            Poll::Pending
        }
        Err(refusal) => Poll::Ready(Err(refused(&target, lane, refusal))),
    });
    tokio::time::timeout_at(deadline, room).await.ok().transpose()
}

/// A claim to a reply that is given up when the caller goes away.
struct Claim<'a> {
    target: Target<'a>,
    lane: &'a Lane,
    ticket: Option<Ticket>,
}

impl Claim<'_> {
    async fn reply(mut self) -> Delivery {
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
            self.target.abandoned();
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
        Delivery::Closed | Delivery::Reply(_) => Error::closed(),
    }
    .at(target.address())
}

/// The error of a command that the link did not take.
#[cold]
pub(crate) fn refused(target: &Target<'_>, lane: &Lane, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Full => pending::queue_full(target),
        Refusal::Closed => lane.closed().at(target.address()),
    }
}
