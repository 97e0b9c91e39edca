//! A command on its way, and the thread that waits for it.
//!
//! The common way allocates nothing and asks nobody: encode, write, read, decode. Everything else is in
//! [`slow`](crate::slow).

use carnelian_command::{Command, FromReply, Request, Value};
use carnelian_core::connection::{Delivery, Held};
use carnelian_core::route::Place;
use carnelian_core::{Error, Options, Result, retry};

use crate::slow::{self, Before};
use crate::target::Target;

/// Runs a command to its end.
#[inline]
pub(crate) fn run<R: FromReply>(target: Target<'_>, command: &Command<R>, options: &Options) -> Result<R> {
    let request = command.request();
    let held = reply(target, request, options)?;
    if is_error(held.bytes()) || target.has_callbacks() {
        return decode_rare(target, request, held);
    }
    let (decoded, buffer) = held.decode::<R>();
    if let Some(buffer) = buffer {
        target.lane().lock().link.keep_buffer(buffer);
    }
    decoded.map_err(|error| target.at(Error::decode(request.facts(), error)))
}

/// The reply, whatever it says.
fn reply(target: Target<'_>, request: &Request, options: &Options) -> Result<Held> {
    target.note(request);
    if target.place(request)? == Place::Own {
        return slow::run(target, request, options, Before::default());
    }
    let (lane, config, now) = (target.lane(), target.config(), target.clock().now());
    let call = options.call(config, request, now);
    let outcome = lane.call(request, call, now);
    if let Ok(Delivery::Reply(held)) = outcome {
        let policy = options.policy(config);
        if !retry::is_refusal(held.bytes(), policy) || policy.attempts <= 1 {
            return Ok(held);
        }
        let outcome = Some(Ok(Delivery::Reply(held)));
        return slow::run(target, request, options, Before { outcome, deadline: Some(call.deadline) });
    }
    slow::run(target, request, options, Before { outcome: Some(outcome), deadline: Some(call.deadline) })
}

#[inline]
fn is_error(frame: &[u8]) -> bool {
    matches!(frame.first(), Some(b'-' | b'!'))
}

/// Error lines, and replies that a callback of the user's is to see first.
#[cold]
fn decode_rare<R: FromReply>(target: Target<'_>, request: &Request, held: Held) -> Result<R> {
    let facts = request.facts();
    let Some(callback) = target.callback(request) else {
        return held.decode::<R>().0.map_err(|error| target.at(Error::decode(facts, error)));
    };
    let value = held.decode().0.map_err(|error| target.at(Error::decode(facts, error)))?;
    if let Value::Error(error) = value {
        return Err(target.at(Error::server(facts, error)));
    }
    callback(value).and_then(Value::into_typed).map_err(|error| target.at(Error::decode(facts, error)))
}
