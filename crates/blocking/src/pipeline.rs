//! Pipelines and transactions: a batch is sent, wave by wave, and each ticket gets its reply.

use std::time::Duration;

use carnelian_core::connection::{Call as Treatment, Delivery, Gathered, Load, NEVER, Slice};
use carnelian_core::pipeline::{Finished, Pipeline, Replies, Tickets, Transaction, Waves};
use carnelian_core::retry::Tries;
use carnelian_core::{Error, Options, Result};

use crate::call::Call;
use crate::client::Client;
use crate::dedicated::Dedicated;
use crate::node::random;
use crate::slow;
use crate::target::Target;

/// Sends a pipeline, wave by wave.
pub(crate) fn send(target: Target<'_>, finished: Finished, options: &Options) -> Replies {
    let mut waves = Waves::new(finished);
    let policy = options.policy(target.config());
    let started = target.clock().now();
    let mut due = waves.begin().then(|| waves.next_wave()).flatten();
    // A deadline that the caller gave is for all waves; the config's is for each.
    let mut whole = None;
    while let Some(range) = due.take() {
        let mut call = options.batch_call(target.config(), target.clock().now());
        if options.timeout.is_some() {
            call.deadline = *whole.get_or_insert(call.deadline);
        }
        match run(target, waves.batch().slice(range), call) {
            Ok(gathered) => {
                let elapsed = Duration::from_micros(target.clock().now().saturating_sub(started));
                if let Some(again) = waves.again(&gathered, policy, elapsed, random())
                    && slow::sleep_within(target.clock(), again.pause, again.until(call.deadline))
                {
                    waves.keep(gathered, &again.parts);
                    whole = whole.filter(|_| !again.late);
                    due = Some(again.parts);
                    continue;
                }
                let timeout = options.timeout(target.config());
                waves.came(gathered, |failure| slow::failure(target, failure, timeout));
            }
            Err(error) => waves.refused(&error),
        }
        due = waves.next_wave();
    }
    waves.replies(&target.node().address).with_callbacks(target.callbacks())
}

/// Sends a transaction. `None`: a watched key had changed.
pub(crate) fn send_atomic(
    target: Target<'_>,
    finished: Finished,
    options: &Options,
) -> Result<Option<Replies>> {
    let address = &target.node().address;
    let transaction = Transaction::new(finished)?;
    if transaction.is_empty() {
        return Ok(Some(transaction.nothing(address)));
    }
    let policy = options.policy(target.config());
    let mut tries = Tries::none();
    let call = options.batch_call(target.config(), target.clock().now());
    loop {
        let gathered = run(target, transaction.batch().slice(0..1), call)?;
        let elapsed = Duration::from_micros(target.clock().now().saturating_sub(call.made));
        if transaction.is_refused(&gathered, policy)
            && let Some(pause) = tries.again(policy, elapsed, random())
            && slow::sleep_within(target.clock(), pause, call.deadline)
        {
            continue;
        }
        let timeout = options.timeout(target.config());
        let explain = |failure| slow::failure(target, failure, timeout);
        let settled = transaction.settle(gathered, address, explain)?;
        return Ok(settled.map(|replies| replies.with_callbacks(target.callbacks())));
    }
}

/// Sends some parts of a batch and waits for what comes of them.
pub(crate) fn run(target: Target<'_>, batch: Slice<'_>, call: Treatment) -> Result<Box<Gathered>> {
    let (lane, now) = (target.lane(), target.clock().now());
    let timeout = || {
        let limit = call.deadline.saturating_sub(call.made);
        (call.deadline != NEVER).then(|| Duration::from_micros(limit))
    };
    match lane.call_with_patience(Load::Batch(batch), target.waits_for_room(), call, now) {
        Ok(Some(Delivery::Gathered(gathered))) => Ok(gathered),
        Ok(Some(failure)) => Err(slow::failure(target, failure, timeout())),
        Ok(None) => {
            let mut report = lane.report();
            report.timeout = timeout().unwrap_or_default();
            Err(target.at(Error::timeout(report)))
        }
        Err(refusal) => Err(slow::refused(target, refusal)),
    }
}

/// Builds a pipeline, sends it and fails with the first error.
fn pipeline<T: Tickets>(
    target: Target<'_>,
    options: &Options,
    build: impl FnOnce(&Pipeline) -> T,
) -> Result<T::Output> {
    let pipeline = Pipeline::new();
    let tickets = build(&pipeline);
    let replies = send(target, pipeline.finish(), options);
    replies.check()?;
    tickets.replies(&replies)
}

/// Builds a pipeline, sends it and gives each command its own result.
fn pipeline_results<T: Tickets>(
    target: Target<'_>,
    options: &Options,
    build: impl FnOnce(&Pipeline) -> T,
) -> T::Results {
    let pipeline = Pipeline::new();
    let tickets = build(&pipeline);
    tickets.results(&send(target, pipeline.finish(), options))
}

/// Builds a transaction and runs it. Without a watched key, nothing can have changed.
fn atomic<T: Tickets>(
    target: Target<'_>,
    options: &Options,
    build: impl FnOnce(&Pipeline) -> T,
) -> Result<(T, Replies)> {
    let pipeline = Pipeline::new();
    let tickets = build(&pipeline);
    let replies = send_atomic(target, pipeline.finish(), options)?;
    Ok((tickets, replies.ok_or_else(|| target.at(Error::conflict()))?))
}

/// Builds a transaction, runs it and fails with the first error.
fn atomic_output<T: Tickets>(
    target: Target<'_>,
    options: &Options,
    build: impl FnOnce(&Pipeline) -> T,
) -> Result<T::Output> {
    let (tickets, replies) = atomic(target, options, build)?;
    replies.check()?;
    tickets.replies(&replies)
}

/// Builds a transaction, runs it and gives each command its own result.
fn atomic_results<T: Tickets>(
    target: Target<'_>,
    options: &Options,
    build: impl FnOnce(&Pipeline) -> T,
) -> Result<T::Results> {
    let (tickets, replies) = atomic(target, options, build)?;
    Ok(tickets.results(&replies))
}

impl Client {
    /// Sends commands in one go and gives their typed replies.
    ///
    /// Nothing else is between them on the wire, but the server may run commands of other clients in between; see
    /// [`atomic`](Self::atomic) for that. It fails with the first error, after all commands have been tried; with
    /// [`pipeline_results`](Self::pipeline_results) each has its own.
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let (visits, name): (i64, Option<String>) =
    ///     client.pipeline(|p| (p.incr("visits"), p.get("user:1:name")))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// One of the commands failed.
    pub fn pipeline<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Output> {
        pipeline(self.target(), &Options::NONE, build)
    }

    /// Like [`pipeline`](Self::pipeline), with a `Result` for each command.
    pub fn pipeline_results<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> T::Results {
        pipeline_results(self.target(), &Options::NONE, build)
    }

    /// Sends the commands of a pipeline that was built before; its tickets take their replies out of what this gives.
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # use carnelian_core::pipeline::Pipeline;
    /// # fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let pipeline = Pipeline::new();
    /// let first = pipeline.get::<Option<String>>("a");
    /// let second = pipeline.incr("b");
    /// let replies = client.send(pipeline);
    /// println!("{:?} {}", first.take(&replies)?, second.take(&replies)?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "what became of the commands is in the replies"]
    pub fn send(&self, pipeline: Pipeline) -> Replies {
        send(self.target(), pipeline.finish(), &Options::NONE)
    }

    /// Runs commands as one: no other client's command runs between them, and if the connection breaks, either all run or
    /// none (MULTI … EXEC). It fails with the first error; with [`atomic_results`](Self::atomic_results) each has its own.
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let (ada, bob): (i64, i64) = client.atomic(|t| (t.decrby("ada", 10), t.incrby("bob", 10)))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// One of the commands failed, or the whole was not run.
    pub fn atomic<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Output> {
        atomic_output(self.target(), &Options::NONE, build)
    }

    /// Like [`atomic`](Self::atomic), with a `Result` for each command: in a transaction, too, one may fail while the
    /// others run.
    ///
    /// # Errors
    ///
    /// The whole was not run.
    pub fn atomic_results<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Results> {
        atomic_results(self.target(), &Options::NONE, build)
    }
}

impl Dedicated {
    /// Like [`Client::pipeline`], on this connection.
    ///
    /// # Errors
    ///
    /// One of the commands failed.
    pub fn pipeline<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Output> {
        pipeline(self.target(), &Options::NONE, build)
    }

    /// Like [`Client::pipeline_results`], on this connection.
    pub fn pipeline_results<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> T::Results {
        pipeline_results(self.target(), &Options::NONE, build)
    }

    /// Like [`Client::atomic`], on this connection.
    ///
    /// # Errors
    ///
    /// One of the commands failed, or the whole was not run.
    pub fn atomic<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Output> {
        atomic_output(self.target(), &Options::NONE, build)
    }

    /// Like [`Client::atomic_results`], on this connection.
    ///
    /// # Errors
    ///
    /// The whole was not run.
    pub fn atomic_results<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Results> {
        atomic_results(self.target(), &Options::NONE, build)
    }
}

impl<On> Call<'_, On> {
    /// Like [`Client::pipeline`], with these options; a timeout is for the whole.
    ///
    /// # Errors
    ///
    /// One of the commands failed.
    pub fn pipeline<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Output> {
        pipeline(self.target, &self.options, build)
    }

    /// Like [`Client::pipeline_results`], with these options; a timeout is for the whole.
    pub fn pipeline_results<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> T::Results {
        pipeline_results(self.target, &self.options, build)
    }

    /// Like [`Client::atomic`], with these options.
    ///
    /// # Errors
    ///
    /// One of the commands failed, or the whole was not run.
    pub fn atomic<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Output> {
        atomic_output(self.target, &self.options, build)
    }

    /// Like [`Client::atomic_results`], with these options.
    ///
    /// # Errors
    ///
    /// The whole was not run.
    pub fn atomic_results<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Results> {
        atomic_results(self.target, &self.options, build)
    }
}
