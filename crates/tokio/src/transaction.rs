//! Transactions that watch keys: the closure, its connection, and the tries. When there is another try is decided by
//! [`carnelian_core::transaction`].

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::sync::Arc;

use carnelian_command::{Command, DataExecutor, Executor, FromReply, ToArgs, spec};
use carnelian_core::config::Retry;
use carnelian_core::connection::{Micros, Phase};
use carnelian_core::pipeline::{Finished, Pipeline, Replies, Tickets, Transaction};
use carnelian_core::transaction::{Course, Stage, TransactionOptions, Tries, Verdict};
use carnelian_core::{Error, Options, Result};

use crate::client::Client;
use crate::node::random;
use crate::pending::Pending;
use crate::pipeline::{self, Boxed, how};
use crate::pool::Own;
use crate::shared::Shared;
use crate::slow::{self, Patience};
use crate::target::Target;

/// A transaction that watches keys, as its closure sees it. Commands run on it run at once, on the connection that watches;
/// those given to [`commit`](Self::commit) run together at the end, if no watched key was changed meanwhile.
///
/// It is for reading. A write that is run at once runs in every try, is not part of the transaction, and if it changes
/// a watched key, it is the very change that keeps the transaction from running.
pub struct Tx {
    watching: Arc<Watching>,
}

/// The connection of one try. The closure holds it, and who called the closure.
struct Watching {
    own: Own,
    course: Course,
    /// When all tries have to be over.
    deadline: Micros,
}

impl Watching {
    const fn target(&self) -> Target<'_> {
        Target::Watching(&self.own)
    }

    /// A command has the time that the config gives it, but no more than is left of the whole.
    fn options(&self) -> Options {
        let target = self.target();
        Options::until(self.deadline, target.config(), target.clock().now())
    }

    /// Runs a command that is the transaction's own business.
    async fn run(&self, command: Command<()>) -> Result<()> {
        Pending::with(Target::Dedicated(&self.own), command, self.options()).await
    }

    /// MULTI, the commands, EXEC. The server's state may refuse it; but then the keys are not watched any more, so it is
    /// not simply sent again, as it would be without them.
    async fn exec(&self, finished: Finished) -> Result<Replies> {
        let target = self.target();
        let transaction = Transaction::new(finished)?;
        if transaction.is_empty() {
            return Ok(transaction.nothing(target.address()));
        }
        self.course.begin_commit()?;
        let settled = self.exec_once(transaction).await;
        self.course.end_commit(settled.as_ref().map(Option::is_some));
        match settled? {
            Some(replies) => Ok(replies.with_callbacks(target.callbacks())),
            None => Err(Error::conflict().of_command(&spec::EXEC).at(target.address())),
        }
    }

    async fn exec_once(&self, transaction: Transaction) -> Result<Option<Replies>> {
        let target = self.target();
        let options = Options { retry: Some(Box::new(Retry::none())), ..self.options() };
        let call = options.batch_call(target.config(), target.clock().now());
        let gathered = pipeline::run(target, transaction.batch().slice(0..1), call).await?;
        let timeout = target.timeout(&options);
        let explain = |failure| slow::failure(&target, target.lane(), failure, timeout);
        transaction.settle(gathered, target.address(), explain)
    }

    fn is_lost(&self) -> bool {
        self.own.lane().lock().link.phase() != Phase::Ready
    }

    /// The time of all tries is up.
    #[cold]
    fn late(&self, options: &TransactionOptions) -> Error {
        let target = self.target();
        let mut report = target.lane().lock().link.report(target.clock().now(), 0);
        report.timeout = options.time_limit().unwrap_or_default();
        report.sent = self.course.stage() == Stage::Sent;
        let sent = report.sent;
        let error = Error::timeout(report).at(target.address());
        if sent { error.of_command(&spec::EXEC) } else { error }
    }
}

/// Whoever gets the connection next must find nothing watched on it, and no transaction begun.
impl Drop for Watching {
    fn drop(&mut self) {
        if !self.course.is_clean() {
            self.own.spoil();
        }
    }
}

impl Tx {
    /// Runs the commands as one, if nobody has changed a watched key since it is watched; fails with the first error. If
    /// somebody has, the error is a [conflict](carnelian_core::ErrorKind::Conflict): hand it on with `?`, and the
    /// whole closure is run again. There is one commit in a transaction.
    pub fn commit<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Commit<'_, T, how::Atomic> {
        Commit::new(&self.watching, build)
    }

    /// Like [`commit`](Self::commit), with a `Result` for each command: in a transaction, too, one may fail while the
    /// others run.
    pub fn commit_results<T: Tickets>(
        &self,
        build: impl FnOnce(&Pipeline) -> T,
    ) -> Commit<'_, T, how::AtomicResults> {
        Commit::new(&self.watching, build)
    }

    pub(crate) fn target(&self) -> Target<'_> {
        self.watching.target()
    }

    /// Notes a command that runs at once.
    pub(crate) fn note(&self, request: &carnelian_command::Request) -> Options {
        self.watching.course.note(request);
        self.watching.options()
    }
}

impl<'a> Executor for &'a Tx {
    type Out<R: FromReply> = Pending<'a, R>;

    fn run<R: FromReply>(self, command: Command<R>) -> Pending<'a, R> {
        let options = self.note(command.request());
        Pending::with(self.target(), command, options)
    }
}

impl DataExecutor for &Tx {}

/// The end of a transaction that watches keys; it is sent once it is awaited. `M` says what becomes of errors: see [`how`].
#[must_use = "commands do nothing until they are awaited"]
pub struct Commit<'a, T, M> {
    watching: &'a Watching,
    finished: Finished,
    tickets: T,
    how: PhantomData<fn() -> M>,
}

impl<'a, T: Tickets, M> Commit<'a, T, M> {
    fn new(watching: &'a Watching, build: impl FnOnce(&Pipeline) -> T) -> Self {
        let pipeline = Pipeline::new();
        let tickets = build(&pipeline);
        Self { watching, finished: pipeline.finish(), tickets, how: PhantomData }
    }
}

impl<'a, T: Tickets + Send + 'a> IntoFuture for Commit<'a, T, how::Atomic> {
    type Output = Result<T::Output>;
    type IntoFuture = Boxed<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let replies = self.watching.exec(self.finished).await?;
            replies.check()?;
            self.tickets.replies(&replies)
        })
    }
}

impl<'a, T: Tickets + Send + 'a> IntoFuture for Commit<'a, T, how::AtomicResults> {
    type Output = Result<T::Results>;
    type IntoFuture = Boxed<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let replies = self.watching.exec(self.finished).await?;
            Ok(self.tickets.results(&replies))
        })
    }
}

impl Client {
    /// Reads, decides, and writes what was decided, unless somebody else has changed a watched key in between: then all of
    /// it is tried again. Gives what the closure gives.
    ///
    /// The closure gets a [`Tx`] on a connection of its own that watches the keys. It reads on that, and hands what is to
    /// be written to [`commit`](Tx::commit), at most once. A closure that commits nothing changes nothing.
    ///
    /// Write it as `async |tx| …`, without `move`: it is called once for each try, and borrows what it uses.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # async fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let balance: i64 = client
    ///     .transaction(["balance"], async |tx| {
    ///         let have: i64 = tx.get::<Option<i64>>("balance").await?.unwrap_or(0);
    ///         tx.commit(|t| t.incrby("balance", have / 100)).await
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the closure; a [conflict](carnelian_core::ErrorKind::Conflict) if every try met one; a lost connection,
    /// whose error says whether the transaction may have run. One that was lost before that is replaced, within the same
    /// number of tries.
    pub async fn transaction<V, F: Future<Output = Result<V>>>(
        &self,
        keys: impl ToArgs,
        work: impl FnMut(Tx) -> F,
    ) -> Result<V> {
        self.transaction_with(keys, TransactionOptions::new(), work).await
    }

    /// Like [`transaction`](Self::transaction), as often and for as long as the options say.
    ///
    /// # Errors
    ///
    /// Those of [`transaction`](Self::transaction); a timeout, when the options have one and it is over.
    pub async fn transaction_with<V, F: Future<Output = Result<V>>>(
        &self,
        keys: impl ToArgs,
        options: TransactionOptions,
        mut work: impl FnMut(Tx) -> F,
    ) -> Result<V> {
        let watch = Command::<()>::new(&spec::WATCH).keys(keys);
        let target = self.target();
        let mut tries = Tries::new(options.clone(), target.clock().now());
        loop {
            let watching = Arc::new(begin(self.shared(), tries.deadline()).await?);
            let result = attempt(&watching, watch.clone(), &options, &mut work).await;
            let verdict = tries.judge(result, &watching.course, watching.is_lost(), random());
            drop(watching);
            match verdict {
                Verdict::Done(result) => return result,
                Verdict::Again(pause, error) => {
                    tracing::debug!(%error, server = %target.address(), "trying the transaction again");
                    let slept = slow::sleep_within(target.clock(), pause, tries.deadline()).await;
                    if !slept || target.clock().now() >= tries.deadline() {
                        return Err(error.at(target.address()));
                    }
                }
            }
        }
    }
}

/// Takes a connection for one try.
async fn begin(shared: &Shared, deadline: Micros) -> Result<Watching> {
    let clock = &shared.node.clock;
    let config = &shared.node.config;
    let timeout = Options::until(deadline, config, clock.now()).timeout(config);
    let own = Patience::until(clock.deadline(timeout)).checkout(clock, shared, timeout).await?;
    Ok(Watching { own, course: Course::new(), deadline })
}

/// One try.
async fn attempt<V, F: Future<Output = Result<V>>>(
    watching: &Arc<Watching>,
    watch: Command<()>,
    options: &TransactionOptions,
    work: &mut impl FnMut(Tx) -> F,
) -> Result<V> {
    if watch.request().len() > 1 {
        // Whatever became of WATCH: nothing of the transaction has run.
        watching.run(watch).await.map_err(|error| error.possibly_run(false))?;
    }
    let work = work(Tx { watching: Arc::clone(watching) });
    let result = match options.time_limit() {
        None => work.await,
        Some(_) => {
            let end = watching.target().clock().instant(watching.deadline);
            match tokio::time::timeout_at(end, work).await {
                Ok(result) => result,
                Err(_) => return Err(watching.late(options)),
            }
        }
    };
    if watching.course.stage() == Stage::Watching && watching.run(Command::new(&spec::UNWATCH)).await.is_ok()
    {
        watching.course.unwatched();
    }
    result
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("stage", &self.watching.course.stage()).finish_non_exhaustive()
    }
}

impl<T, M> std::fmt::Debug for Commit<'_, T, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commit").field("commands", &self.finished.batch.len()).finish_non_exhaustive()
    }
}
