//! The replies to a pipeline, and how a ticket finds its own.

use std::sync::Arc;

use bytes::Bytes;
use carnelian_command::{FromReply, ServerError, Value};
use carnelian_resp::{Reader, Token};

use super::{Failure, Ticket};
use crate::callbacks::Callbacks;
use crate::connection::{Batch, Gathered, PartOutcome};
use crate::error::{Error, ErrorKind, Result};

/// Replies from this size on are put into a block that values may share; below, each value copies its own.
const SHARED: usize = 1 << 10;

/// The replies to a pipeline.
pub struct Replies {
    pub(super) pipeline: u32,
    batch: Batch,
    runs: Vec<Run>,
    /// In the order of the commands.
    failures: Vec<Failure>,
    address: Arc<str>,
    callbacks: Option<Arc<Callbacks>>,
}

/// Replies to commands that stand side by side.
#[derive(Debug)]
pub(super) struct Run {
    /// The first of them.
    pub(super) first: usize,
    pub(super) gathered: Box<Gathered>,
}

impl Replies {
    pub(super) fn new(
        (pipeline, batch): (u32, Batch),
        runs: Vec<Run>,
        failures: Vec<Failure>,
        address: Arc<str>,
    ) -> Self {
        Self { pipeline, batch, runs, failures, address, callbacks: None }
    }

    /// Has replies go through the user's callbacks.
    #[must_use]
    pub fn with_callbacks(mut self, callbacks: &Arc<Callbacks>) -> Self {
        self.callbacks = callbacks.any().then(|| Arc::clone(callbacks));
        self
    }

    /// How many commands there were.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.batch.len()
    }

    /// True without commands.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// How many bytes the replies are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.runs.iter().map(|run| run.gathered.bytes()).sum()
    }

    /// The typed reply for a ticket.
    ///
    /// # Errors
    ///
    /// The server refused the command, its reply is of another type, or there is none; or the ticket is of another
    /// pipeline.
    #[inline]
    pub fn take<R: FromReply>(&self, ticket: Ticket<R>) -> Result<R> {
        if ticket.pipeline != self.pipeline {
            return Err(foreign());
        }
        match self.frame(ticket.number) {
            Some(frame) if self.callbacks.is_none() && !is_error(frame) => self.decode(ticket.number, frame),
            frame => self.take_rare(ticket.number, frame),
        }
    }

    #[inline]
    fn decode<R: FromReply>(&self, number: usize, frame: &[u8]) -> Result<R> {
        let decoded = if R::SHARES && frame.len() >= SHARED {
            R::from_whole(&mut Reader::shared(&Bytes::copy_from_slice(frame)))
        } else if R::TEXT {
            R::from_whole(&mut Reader::textual(frame))
        } else {
            R::from_whole(&mut Reader::new(frame))
        };
        decoded.map_err(|error| self.explain(number, |facts| Error::decode(facts, error)))
    }

    #[cold]
    fn explain(&self, number: usize, error: impl FnOnce(&carnelian_command::spec::Facts) -> Error) -> Error {
        let facts =
            self.batch.parts().get(number).map_or(&carnelian_command::spec::UNKNOWN, |part| part.facts);
        error(facts).at(&self.address)
    }

    /// Failures, error lines, and replies that a callback of the user's is to see first.
    #[cold]
    fn take_rare<R: FromReply>(&self, number: usize, frame: Option<&[u8]>) -> Result<R> {
        let Some(frame) = frame else { return Err(self.failure(number)) };
        let callback = self
            .callbacks
            .as_ref()
            .filter(|_| !is_error(frame))
            .and_then(|callbacks| callbacks.named(&self.batch.name(number)));
        let Some(callback) = callback else { return self.decode(number, frame) };
        let value: Value = self.decode(number, frame)?;
        callback(value)
            .and_then(Value::into_typed)
            .map_err(|error| self.explain(number, |facts| Error::decode(facts, error)))
    }

    fn failure(&self, number: usize) -> Error {
        match self.failures.binary_search_by_key(&number, |(part, _)| *part) {
            Ok(index) => self.failures.get(index).map_or_else(Error::closed, |(_, error)| error.clone()),
            // Every command has a reply or a failure, unless there was none at all.
            Err(_) => Error::closed(),
        }
    }

    /// The reply to a command, if there is one.
    #[inline]
    fn frame(&self, number: usize) -> Option<&[u8]> {
        let run = match self.runs.as_slice() {
            [run] => run,
            runs => runs.get(runs.partition_point(|run| run.first <= number).checked_sub(1)?)?,
        };
        match run.gathered.part(number - run.first)? {
            PartOutcome::Reply(frame) => Some(frame),
            PartOutcome::Failed(_) => None,
        }
    }

    /// Fails with what went wrong first, in the order of the commands, also with those whose ticket nobody kept. The error
    /// says of the pipeline as a whole whether it may have run.
    ///
    /// # Errors
    ///
    /// A command failed, or the server refused it.
    pub fn check(&self) -> Result<()> {
        let failed = self.failures.first().map(|(number, _)| *number);
        let refused = self.runs.iter().find_map(|run| Some(run.first + run.gathered.first_error()?));
        let first = match (failed, refused) {
            (None, None) => return Ok(()),
            (Some(one), Some(other)) => one.min(other),
            (one, other) => one.or(other).unwrap_or(0),
        };
        let error = match self.frame(first) {
            Some(frame) => self.explain(first, |facts| Error::server(facts, line(frame))),
            None => self.failure(first),
        };
        let ran = error.may_have_run() || self.any_ran();
        Err(error.possibly_run(ran))
    }

    /// Some of the commands have run, or may have.
    fn any_ran(&self) -> bool {
        let replied = || {
            let mut frames = (0..self.len()).filter_map(|number| self.frame(number));
            frames.any(|frame| !is_error(frame))
        };
        self.failures.iter().any(|(_, error)| error.may_have_run()) || replied()
    }
}

#[inline]
pub(super) fn is_error(frame: &[u8]) -> bool {
    matches!(frame.first(), Some(b'-' | b'!'))
}

/// The error line in a frame.
pub(super) fn line(frame: &[u8]) -> ServerError {
    match Reader::new(frame).token() {
        Ok(Token::Error(line)) => ServerError::new(line),
        _ => ServerError::new(b"ERR"),
    }
}

#[cold]
fn foreign() -> Error {
    Error::new(
        ErrorKind::NotHere,
        "this ticket is of another pipeline: take its reply from the replies to that one",
    )
}

impl std::fmt::Debug for Replies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replies")
            .field("commands", &self.len())
            .field("failures", &self.failures.len())
            .finish_non_exhaustive()
    }
}
