//! Pipelines and transactions on their way: futures that send a batch, wave by wave, and give each ticket its reply.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use carnelian_core::config::Retry;
use carnelian_core::connection::{Delivery, Gathered, Load, Refusal, Slice};
use carnelian_core::pipeline::{Finished, Pipeline, Replies, Tickets, Transaction, Waves};
use carnelian_core::retry::Tries;
use carnelian_core::{Error, Options, Result};

use crate::client::Client;
use crate::dedicated::Dedicated;
use crate::node::random;
use crate::slow::{self, Claim};
use crate::target::Target;

/// A future in a box: one for many commands.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Many commands that are sent once it is awaited. Options come before the `.await`. `M` says how: see [`how`].
#[must_use = "commands do nothing until they are awaited"]
pub struct Many<'a, T, M> {
    target: Target<'a>,
    finished: Finished,
    tickets: T,
    options: Options,
    how: PhantomData<fn() -> M>,
}

/// How [`Many`] commands are run, and what becomes of their errors.
pub mod how {
    /// One after the other; the first error is raised.
    #[derive(Debug)]
    pub struct Pipeline;

    /// One after the other; each has its own result.
    #[derive(Debug)]
    pub struct PipelineResults;

    /// As one; the first error is raised.
    #[derive(Debug)]
    pub struct Atomic;

    /// As one; each has its own result.
    #[derive(Debug)]
    pub struct AtomicResults;
}

impl<'a, T: Tickets, M> Many<'a, T, M> {
    fn new(target: Target<'a>, build: impl FnOnce(&Pipeline) -> T) -> Self {
        let pipeline = Pipeline::new();
        let tickets = build(&pipeline);
        let (finished, options) = (pipeline.finish(), Options::default());
        Self { target, finished, tickets, options, how: PhantomData }
    }

    /// Gives all of them together this long. Without it, each wave of some thousand commands has the time that the config
    /// gives to one command.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(Some(timeout));
        self
    }

    /// Lets them take as long as they like.
    pub fn without_timeout(mut self) -> Self {
        self.options.timeout = Some(None);
        self
    }

    /// Retries under this policy instead of the client's. Of a pipeline only the end can be tried again: a command in the
    /// middle would run after those behind it.
    pub fn retry(mut self, policy: Retry) -> Self {
        self.options.retry = Some(Box::new(policy));
        self
    }

    /// Says that running any of them twice does no harm.
    pub fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }

    async fn send(self) -> (T, Replies) {
        (self.tickets, send(self.target, Waves::new(self.finished), &self.options).await)
    }

    /// Runs them as one.
    async fn send_atomic(self) -> Result<(T, Replies)> {
        let address = self.target.address();
        let replies = send_atomic(self.target, self.finished, &self.options).await?;
        // Without a watched key, nothing can have changed.
        Ok((self.tickets, replies.ok_or_else(|| Error::conflict().at(address))?))
    }
}

impl<'a, T: Tickets + Send + 'a> IntoFuture for Many<'a, T, how::Pipeline> {
    type Output = Result<T::Output>;
    type IntoFuture = Boxed<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (tickets, replies) = self.send().await;
            replies.check()?;
            tickets.replies(&replies)
        })
    }
}

impl<'a, T: Tickets + Send + 'a> IntoFuture for Many<'a, T, how::PipelineResults> {
    type Output = T::Results;
    type IntoFuture = Boxed<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (tickets, replies) = self.send().await;
            tickets.results(&replies)
        })
    }
}

impl<'a, T: Tickets + Send + 'a> IntoFuture for Many<'a, T, how::Atomic> {
    type Output = Result<T::Output>;
    type IntoFuture = Boxed<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (tickets, replies) = self.send_atomic().await?;
            replies.check()?;
            tickets.replies(&replies)
        })
    }
}

impl<'a, T: Tickets + Send + 'a> IntoFuture for Many<'a, T, how::AtomicResults> {
    type Output = Result<T::Results>;
    type IntoFuture = Boxed<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (tickets, replies) = self.send_atomic().await?;
            Ok(tickets.results(&replies))
        })
    }
}

/// Sends a pipeline, wave by wave.
pub(crate) async fn send(target: Target<'_>, mut waves: Waves, options: &Options) -> Replies {
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
        let outcome = run(target, waves.batch().slice(range), call).await;
        let elapsed = Duration::from_micros(target.clock().now().saturating_sub(started));
        match outcome {
            Ok(gathered) => {
                if let Some(again) = waves.again(&gathered, policy, elapsed, random())
                    && slow::sleep_within(target.clock(), again.pause, again.until(call.deadline)).await
                {
                    waves.keep(gathered, &again.parts);
                    whole = whole.filter(|_| !again.late);
                    due = Some(again.parts);
                    continue;
                }
                let timeout = target.timeout(options);
                waves.came(gathered, |failure| slow::failure(&target, target.lane(), failure, timeout));
            }
            Err(error) => waves.refused(&error),
        }
        due = waves.next_wave();
    }
    waves.replies(target.address()).with_callbacks(target.callbacks())
}

/// Sends a transaction. `None`: a watched key had changed.
async fn send_atomic(target: Target<'_>, finished: Finished, options: &Options) -> Result<Option<Replies>> {
    let transaction = Transaction::new(finished)?;
    if transaction.is_empty() {
        return Ok(Some(transaction.nothing(target.address())));
    }
    let policy = options.policy(target.config());
    let mut tries = Tries::none();
    let call = options.batch_call(target.config(), target.clock().now());
    let timeout = target.timeout(options);
    loop {
        let gathered = run(target, transaction.batch().slice(0..1), call).await?;
        let elapsed = Duration::from_micros(target.clock().now().saturating_sub(call.made));
        if transaction.is_refused(&gathered, policy)
            && let Some(pause) = tries.again(policy, elapsed, random())
            && slow::sleep_within(target.clock(), pause, call.deadline).await
        {
            continue;
        }
        let explain = |failure| slow::failure(&target, target.lane(), failure, timeout);
        let settled = transaction.settle(gathered, target.address(), explain)?;
        return Ok(settled.map(|replies| replies.with_callbacks(target.callbacks())));
    }
}

/// Sends some parts of a batch and waits for what comes of them.
pub(crate) async fn run(
    target: Target<'_>,
    batch: Slice<'_>,
    call: carnelian_core::connection::Call,
) -> Result<Box<Gathered>> {
    let lane = target.lane();
    let ticket = match slow::submit(target, lane, Load::Batch(batch), call).await {
        Ok(Some(ticket)) => ticket,
        Ok(None) => {
            let mut report = lane.lock().link.report(target.clock().now(), 0);
            report.timeout = Duration::from_micros(call.deadline.saturating_sub(call.made));
            return Err(Error::timeout(report).at(target.address()));
        }
        Err(refusal) => return Err(refused(&target, refusal)),
    };
    match Claim::new(target, lane, ticket).reply().await {
        Delivery::Gathered(gathered) => Ok(gathered),
        // A batch is answered as one.
        other => Err(slow::failure(&target, lane, other, None)),
    }
}

#[cold]
fn refused(target: &Target<'_>, refusal: Refusal) -> Error {
    slow::refused(target, target.lane(), refusal)
}

impl Client {
    /// Sends commands in one go and gives their typed replies.
    ///
    /// Nothing else is between them on the wire, but the server may run commands of other clients in between; see
    /// [`atomic`](Self::atomic) for that. It fails with the first error, after all commands have been tried; with
    /// [`pipeline_results`](Self::pipeline_results) each has its own.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # async fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let (visits, name): (i64, Option<String>) =
    ///     client.pipeline(|p| (p.incr("visits"), p.get("user:1:name"))).await?;
    ///
    /// let keys = ["a", "b", "c"];
    /// let values: Vec<Option<String>> =
    ///     client.pipeline(|p| keys.iter().map(|key| p.get(key)).collect::<Vec<_>>()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pipeline<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Many<'_, T, how::Pipeline> {
        Many::new(self.target(), build)
    }

    /// Like [`pipeline`](Self::pipeline), with a `Result` for each command.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # async fn example(client: &Client) {
    /// let (visits, name) =
    ///     client.pipeline_results(|p| (p.incr("visits"), p.get::<Option<String>>("user:1:name"))).await;
    /// if let Err(error) = visits {
    ///     println!("not counted: {error}");
    /// }
    /// # }
    /// ```
    pub fn pipeline_results<T: Tickets>(
        &self,
        build: impl FnOnce(&Pipeline) -> T,
    ) -> Many<'_, T, how::PipelineResults> {
        Many::new(self.target(), build)
    }

    /// Sends the commands of a pipeline that was built before; its tickets take their replies out of what this gives.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # use carnelian_core::pipeline::Pipeline;
    /// # async fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let pipeline = Pipeline::new();
    /// let first = pipeline.get::<Option<String>>("a");
    /// let second = pipeline.incr("b");
    /// let replies = client.send(pipeline).await;
    /// println!("{:?} {}", first.take(&replies)?, second.take(&replies)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn send(&self, pipeline: Pipeline) -> impl Future<Output = Replies> + Send + '_ {
        let finished = pipeline.finish();
        async move { Box::pin(send(self.target(), Waves::new(finished), &Options::NONE)).await }
    }

    /// Runs commands as one: no other client's command runs between them, and if the connection breaks, either all run or
    /// none (MULTI … EXEC). It fails with the first error; with [`atomic_results`](Self::atomic_results) each has its own.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # async fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let (ada, bob): (i64, i64) = client.atomic(|t| (t.decrby("ada", 10), t.incrby("bob", 10))).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn atomic<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Many<'_, T, how::Atomic> {
        Many::new(self.target(), build)
    }

    /// Like [`atomic`](Self::atomic), with a `Result` for each command: in a transaction, too, one may fail while the
    /// others run. What keeps the whole from being run is an error of the whole.
    pub fn atomic_results<T: Tickets>(
        &self,
        build: impl FnOnce(&Pipeline) -> T,
    ) -> Many<'_, T, how::AtomicResults> {
        Many::new(self.target(), build)
    }
}

impl Dedicated {
    /// Like [`Client::pipeline`], on this connection.
    pub fn pipeline<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Many<'_, T, how::Pipeline> {
        Many::new(self.target(), build)
    }

    /// Like [`Client::pipeline_results`], on this connection.
    pub fn pipeline_results<T: Tickets>(
        &self,
        build: impl FnOnce(&Pipeline) -> T,
    ) -> Many<'_, T, how::PipelineResults> {
        Many::new(self.target(), build)
    }

    /// Like [`Client::atomic`], on this connection.
    pub fn atomic<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Many<'_, T, how::Atomic> {
        Many::new(self.target(), build)
    }

    /// Like [`Client::atomic_results`], on this connection.
    pub fn atomic_results<T: Tickets>(
        &self,
        build: impl FnOnce(&Pipeline) -> T,
    ) -> Many<'_, T, how::AtomicResults> {
        Many::new(self.target(), build)
    }
}

impl<T, M> std::fmt::Debug for Many<'_, T, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Many").field("commands", &self.finished.batch.len()).finish_non_exhaustive()
    }
}
