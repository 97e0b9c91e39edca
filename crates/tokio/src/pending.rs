//! A command on its way, as the future that its caller awaits.
//!
//! ```text
//!   Fresh ──► Waiting ──► Done                    the common way: no allocation, no timer, no channel
//!     │          │
//!     │          └── refused by the server's state ──┐
//!     ├── the queue is full ─────────────────────────┤
//!     └── it waits on the server by its nature ──────┴──► Slow ──► Done
//! ```

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use carnelian_command::spec::Facts;
use carnelian_command::{Command, FromReply, Request};
use carnelian_core::Options;
use carnelian_core::config::Retry;
use carnelian_core::connection::{Delivery, Held, Micros, Refusal, Ticket};
use carnelian_core::route::Place;
use carnelian_core::{Error, Result, retry};

use crate::lane::Lane;
use crate::slow::{self, Before};
use crate::target::Target;

/// A command that runs once it is awaited. Options come before the `.await`. Dropping it is safe at any moment: a reply that
/// is on its way is read and thrown away, and nobody else ever sees it.
///
/// ```no_run
/// # use carnelian_tokio::Client;
/// # use carnelian_command::group::StringCommands as _;
/// # use std::time::Duration;
/// # async fn example(client: Client) -> carnelian_core::Result<()> {
/// let price: Option<f64> = client.get("price").timeout(Duration::from_millis(5)).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a command does nothing until it is awaited"]
pub struct Pending<'a, R> {
    target: Target<'a>,
    request: Request,
    options: Options,
    stage: Stage<'a>,
    reply: PhantomData<fn() -> R>,
}

impl<'a, R: FromReply> Pending<'a, R> {
    #[inline]
    pub(crate) fn new(target: Target<'a>, command: Command<R>) -> Self {
        Self::with(target, command, Options::NONE)
    }

    /// With options from the start.
    #[inline]
    pub(crate) fn with(target: Target<'a>, command: Command<R>, options: Options) -> Self {
        Self { target, request: command.into_request(), options, stage: Stage::Fresh, reply: PhantomData }
    }

    /// Gives the command this long, from now to its reply; the queue is included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(Some(timeout));
        self
    }

    /// Lets the command take as long as it likes.
    pub fn without_timeout(mut self) -> Self {
        self.options.timeout = Some(None);
        self
    }

    /// Retries under this policy instead of the client's.
    pub fn retry(mut self, policy: Retry) -> Self {
        self.options.retry = Some(Box::new(policy));
        self
    }

    /// Says that running the command twice does no harm, so that it may be sent again when its outcome is not known.
    pub fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }
}

/// How far a command is.
enum Stage<'a> {
    Fresh,
    Waiting { lane: &'a Lane, ticket: Ticket, deadline: Micros },
    Slow(Pin<Box<dyn Future<Output = Result<Held>> + Send + 'a>>),
    Done,
}

impl<R: FromReply> Future for Pending<'_, R> {
    type Output = Result<R>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R>> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                Stage::Waiting { lane, ticket, deadline } => {
                    let Poll::Ready(delivery) = lane.poll_reply(ticket, cx) else { return Poll::Pending };
                    let (lane, deadline) = (*lane, *deadline);
                    this.stage = Stage::Done;
                    match this.settle(lane, delivery, deadline) {
                        Some(result) => return Poll::Ready(result),
                        None => continue,
                    }
                }
                Stage::Fresh => {
                    if let Err(error) = this.start(cx) {
                        this.stage = Stage::Done;
                        return Poll::Ready(Err(error));
                    }
                    if let Stage::Waiting { .. } = this.stage {
                        return Poll::Pending;
                    }
                }
                Stage::Slow(slow) => {
                    let Poll::Ready(result) = slow.as_mut().poll(cx) else { return Poll::Pending };
                    this.stage = Stage::Done;
                    return Poll::Ready(result.and_then(|held| this.decode(None, held)));
                }
                Stage::Done => return Poll::Pending,
            }
        }
    }
}

impl<'a, R: FromReply> Pending<'a, R> {
    /// Sends the command, or sets out on the slow way.
    #[inline]
    fn start(&mut self, cx: &Context<'_>) -> Result<()> {
        if self.target.place(&self.request)? == Place::Own {
            self.go_slow(Before::default());
            return Ok(());
        }
        let lane = self.target.lane();
        let call = self.target.call(&self.options, &self.request);
        match lane.submit(&self.request, call, cx.waker()) {
            Ok(ticket) => self.stage = Stage::Waiting { lane, ticket, deadline: call.deadline },
            Err(Refusal::Full) if self.target.waits_for_room() => {
                self.go_slow(Before { outcome: None, deadline: Some(call.deadline) });
            }
            Err(refusal) => {
                return Err(slow::refused(&self.target, lane, refusal).of_request(&self.request));
            }
        }
        Ok(())
    }

    /// What came of it. `None`: it goes on in another way.
    #[inline]
    fn settle(&mut self, lane: &'a Lane, delivery: Delivery, deadline: Micros) -> Option<Result<R>> {
        if let Delivery::Reply(held) = delivery {
            if retry::is_refusal(held.bytes(), self.policy()) && self.policy().attempts > 1 {
                self.go_slow(Before { outcome: Some(Delivery::Reply(held)), deadline: Some(deadline) });
                return None;
            }
            return Some(self.decode(Some(lane), held));
        }
        self.settle_failure(lane, delivery, deadline)
    }

    #[cold]
    fn settle_failure(&mut self, lane: &Lane, delivery: Delivery, deadline: Micros) -> Option<Result<R>> {
        if slow::may_repeat_failure(&delivery, self.policy()) {
            self.go_slow(Before { outcome: Some(delivery), deadline: Some(deadline) });
            return None;
        }
        let timeout = self.target.timeout(&self.options);
        Some(Err(slow::failure(&self.target, lane, delivery, timeout).of_request(&self.request)))
    }

    fn policy(&self) -> &Retry {
        self.options.policy(self.target.config())
    }

    /// Goes on with everything that is not the common case.
    #[cold]
    fn go_slow(&mut self, before: Before) {
        let (request, options) = (self.request.clone(), self.options.clone());
        self.stage = Stage::Slow(Box::pin(slow::run(self.target, request, options, before)));
    }

    #[inline]
    fn decode(&self, lane: Option<&Lane>, held: Held) -> Result<R> {
        let facts = self.request.facts();
        if is_error(held.bytes()) || self.target.has_callbacks() {
            return decode_rare(&self.target, &self.request, held);
        }
        let (decoded, buffer) = held.decode::<R>();
        if let (Some(buffer), Some(lane)) = (buffer, lane) {
            lane.lock().link.keep_buffer(buffer);
        }
        decoded
            .map_err(|error| Error::decode(facts, error).of_request(&self.request).at(self.target.address()))
    }
}

#[inline]
fn is_error(frame: &[u8]) -> bool {
    matches!(frame.first(), Some(b'-' | b'!'))
}

/// Error lines, and replies that a callback of the user's is to see first.
#[cold]
fn decode_rare<R: FromReply>(target: &Target<'_>, request: &Request, held: Held) -> Result<R> {
    let facts: &Facts = request.facts();
    let at = |error: Error| error.of_request(request).at(target.address());
    let Some(callback) = target.callback(request) else {
        return held.decode::<R>().0.map_err(|error| at(Error::decode(facts, error)));
    };
    let value = held.decode().0.map_err(|error| at(Error::decode(facts, error)))?;
    if let carnelian_command::Value::Error(error) = value {
        return Err(at(Error::server(facts, error)));
    }
    callback(value)
        .and_then(carnelian_command::Value::into_typed)
        .map_err(|error| at(Error::decode(facts, error)))
}

impl<R> Drop for Pending<'_, R> {
    fn drop(&mut self) {
        if let Stage::Waiting { lane, ticket, .. } = &self.stage {
            lane.abandon(ticket);
        }
    }
}

impl<R> std::fmt::Debug for Pending<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pending").field(&self.request).finish()
    }
}
