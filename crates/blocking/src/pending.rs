//! A command on its way, and the thread that waits for it.
//!
//! The common way allocates nothing and asks nobody: encode, write, read, decode. Everything else is in
//! [`slow`](crate::slow).

use carnelian_command::{Command, DecodeError, FromReply, Request, Value};
use carnelian_core::connection::{Call, Delivery, Held, Refusal};
use carnelian_core::route::Place;
use carnelian_core::{Error, Options, Result, retry};
use carnelian_resp::Reader;

use crate::lane::Came;
use crate::slow::{self, Before};
use crate::target::Target;

/// Replies up to this size are decoded where they lie even if the value could share the block they lie in.
const SMALL: usize = 1 << 10;

/// Runs a command to its end.
#[inline]
pub(crate) fn run<R: FromReply>(target: Target<'_>, command: &Command<R>, options: &Options) -> Result<R> {
    target.note(command.request());
    run_unnoted(target, command, options)
}

/// Like [`run`], where what the command does to its connection is known to who runs it.
#[inline]
pub(crate) fn run_unnoted<R: FromReply>(
    target: Target<'_>,
    command: &Command<R>,
    options: &Options,
) -> Result<R> {
    let request = command.request();
    if target.place(request)? == Place::Own {
        return decode(target, request, slow::run(target, request, options, Before::default())?);
    }
    let now = target.clock().now();
    let call = options.call(target.config(), request, now);
    let outcome = match target.lane().call(request, call, now, |frame| take(target, frame)) {
        Ok(Came::Here(Taken::Value(decoded))) => {
            return decoded
                .map_err(|error| target.at(Error::decode(request.facts(), error).of_request(request)));
        }
        Ok(Came::Here(Taken::Copy(held))) => Ok(Delivery::Reply(held)),
        Ok(Came::Delivered(delivery)) => Ok(delivery),
        Err(refusal) => Err(refusal),
    };
    decode(target, request, settle(target, request, options, call, outcome)?)
}

/// What was made of a reply where it lay.
enum Taken<R> {
    /// All that the user wants.
    Value(Result<R, DecodeError>),
    /// Its bytes, for those who have time.
    Copy(Held),
}

#[inline]
fn take<R: FromReply>(target: Target<'_>, frame: &[u8]) -> Taken<R> {
    if is_simple::<R>(frame) && !target.has_callbacks() {
        Taken::Value(R::from_whole(&mut Reader::new(frame)))
    } else {
        Taken::Copy(Held::whole(frame.to_vec()))
    }
}

/// What the user is to have, by way of the queue.
fn settle(
    target: Target<'_>,
    request: &Request,
    options: &Options,
    call: Call,
    outcome: Result<Delivery, Refusal>,
) -> Result<Held> {
    let policy = options.policy(target.config());
    match outcome {
        Ok(Delivery::Reply(held)) if policy.attempts <= 1 || !retry::is_refusal(held.bytes(), policy) => {
            Ok(held)
        }
        outcome => {
            let before = Before { outcome: Some(outcome), deadline: Some(call.deadline) };
            slow::run(target, request, options, before)
        }
    }
}

fn decode<R: FromReply>(target: Target<'_>, request: &Request, held: Held) -> Result<R> {
    if is_error(held.bytes()) || target.has_callbacks() {
        return decode_rare(target, request, held);
    }
    let (decoded, buffer) = held.decode::<R>();
    if let Some(buffer) = buffer {
        target.lane().lock().link.keep_buffer(buffer);
    }
    decoded.map_err(|error| target.at(Error::decode(request.facts(), error).of_request(request)))
}

/// It is no error, and decoding it in place is as good as anything.
#[inline]
fn is_simple<R: FromReply>(frame: &[u8]) -> bool {
    !is_error(frame) && (!R::SHARES || frame.len() <= SMALL)
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
        return held
            .decode::<R>()
            .0
            .map_err(|error| target.at(Error::decode(facts, error).of_request(request)));
    };
    let value =
        held.decode().0.map_err(|error| target.at(Error::decode(facts, error).of_request(request)))?;
    if let Value::Error(error) = value {
        return Err(target.at(Error::server(facts, error).of_request(request)));
    }
    callback(value)
        .and_then(Value::into_typed)
        .map_err(|error| target.at(Error::decode(facts, error).of_request(request)))
}
