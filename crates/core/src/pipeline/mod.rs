//! Many commands in one round trip: how they are collected, and how each finds its reply.
//!
//! ```text
//!   Pipeline ──► Batch ──► waves of bounded size ──► Gathered replies ──► Replies ──► Tickets: one typed result
//!   (tickets)              (one after the other)                                     for each command
//! ```
//!
//! A face (tokio, blocking) sends the waves; everything else is decided here.

mod flow;
mod replies;
mod scripts;
mod tickets;
mod transaction;
mod waves;

use std::borrow::Borrow;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};

use carnelian_command::group::ScriptCall;
use carnelian_command::spec::{Blocking, Facts};
use carnelian_command::{Command, DataExecutor, Executor, FromReply, Request};

pub use flow::{Flow, Results};
pub use replies::Replies;
use scripts::Sent;
pub use tickets::Tickets;
pub use transaction::Transaction;
pub use waves::{Again, Waves};

use crate::connection::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::route::{self, Place};

/// Commands to be sent together. Each that is run on it gives a [`Ticket`] for its reply.
///
/// ```
/// # use carnelian_core::pipeline::{Pipeline, Ticket};
/// use carnelian_command::group::StringCommands as _;
///
/// let pipeline = Pipeline::new();
/// let tickets: Vec<Ticket<i64>> = ["a", "b", "c"].map(|key| pipeline.incr(key)).into();
/// assert_eq!(pipeline.len(), 3);
/// ```
#[derive(Debug)]
pub struct Pipeline {
    number: u32,
    queued: RefCell<Queued>,
}

#[derive(Debug, Default)]
struct Queued {
    batch: Batch,
    /// The first command that can't be run this way.
    refused: Option<Error>,
    scripts: Sent,
    /// The facts of the last command, if all such commands can be run here, and whether they only read.
    known: Option<(&'static Facts, bool)>,
}

/// The claim to the reply of one command of a [`Pipeline`].
#[derive(Debug)]
pub struct Ticket<R> {
    pipeline: u32,
    /// Which command it was.
    number: usize,
    reply: PhantomData<fn() -> R>,
}

/// So that a ticket of one pipeline is not taken for one of another.
static PIPELINES: AtomicU32 = AtomicU32::new(0);

impl Pipeline {
    /// No commands yet.
    #[must_use]
    pub fn new() -> Self {
        Self { number: PIPELINES.fetch_add(1, Ordering::Relaxed), queued: RefCell::default() }
    }

    /// How many commands there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queued.borrow().batch.len()
    }

    /// True without commands.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the commands are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.queued.borrow().batch.bytes()
    }

    /// Adds a command. Its number.
    #[inline]
    fn add(&self, request: &Request) -> usize {
        let mut queued = self.queued.borrow_mut();
        let reads = match queued.known {
            Some((facts, reads)) if std::ptr::eq(facts, request.facts()) => reads,
            _ => queued.learn(request),
        };
        queued.batch.push_known(request, reads);
        queued.batch.len() - 1
    }

    /// Why a command can't be run in a pipeline.
    #[inline]
    fn refusal(request: &Request) -> Option<Error> {
        match route::place(request) {
            Ok(Place::Shared) => None,
            Ok(Place::Own) => Some(waits(request)),
            Err(error) => Some(error),
        }
    }

    /// Calls a script: the first time in this pipeline by its source (EVAL), from then on by its hash (EVALSHA).
    ///
    /// A single command can be sent again by its source when the server doesn't know the hash; in a pipeline, those behind
    /// it would have run by then. So the pipeline brings along what it needs, and it doesn't matter whether the server's
    /// cache was emptied before.
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Ticket<R> {
        let call = call.borrow();
        let known = self.queued.borrow_mut().scripts.is_known(call.script());
        self.run(if known { call.evalsha() } else { call.eval() })
    }

    /// What is to be sent.
    #[must_use]
    pub fn finish(self) -> Finished {
        let Queued { batch, refused, .. } = self.queued.into_inner();
        Finished { pipeline: self.number, batch, refused }
    }
}

impl Queued {
    /// Finds out about a command of other facts than the one before. True: it only reads.
    fn learn(&mut self, request: &Request) -> bool {
        let reads = route::is_repeatable(request);
        match Pipeline::refusal(request) {
            None if request.facts().blocking() == Blocking::Never => {
                self.known = Some((request.facts(), reads));
            }
            None => {}
            Some(error) => {
                self.refused.get_or_insert(error);
            }
        }
        reads
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self::new()
    }
}

/// A pipeline that takes no more commands.
#[derive(Debug)]
pub struct Finished {
    pub(crate) pipeline: u32,
    /// The commands.
    pub batch: Batch,
    /// Why it can't be sent.
    pub refused: Option<Error>,
}

impl Executor for &Pipeline {
    type Out<R: FromReply> = Ticket<R>;

    #[inline]
    fn run<R: FromReply>(self, command: Command<R>) -> Ticket<R> {
        Ticket { pipeline: self.number, number: self.add(command.request()), reply: PhantomData }
    }
}

impl DataExecutor for &Pipeline {}

#[cold]
fn waits(request: &Request) -> Error {
    let message = format!(
        "{} waits on the server, and with it everything behind it: run it on the client itself",
        request.name()
    );
    Error::new(ErrorKind::NotHere, message)
}

/// The outcome of one command for which there is no reply.
pub(crate) type Failure = (usize, Error);

impl<R: FromReply> Ticket<R> {
    /// The claim to one of these replies.
    const fn of(replies: &Replies, number: usize) -> Self {
        Self { pipeline: replies.pipeline, number, reply: PhantomData }
    }

    /// The typed reply.
    ///
    /// # Errors
    ///
    /// The server refused the command, its reply is of another type, or there is none; or the ticket is of another
    /// pipeline.
    pub fn take(self, replies: &Replies) -> Result<R> {
        replies.take(self)
    }
}
