//! Transactions that watch keys: the closure, its connection, and the tries. When there is another try is decided by
//! [`carnelian_core::transaction`].

use std::fmt;

use carnelian_command::{Command, DataExecutor, Executor, FromReply, Request, ToArgs, spec};
use carnelian_core::config::Retry;
use carnelian_core::connection::liveness::as_micros;
use carnelian_core::connection::{Micros, NEVER};
use carnelian_core::pipeline::{Pipeline, Replies, Tickets, Transaction};
use carnelian_core::transaction::{Course, Stage, TransactionOptions, Tries, Verdict};
use carnelian_core::{Error, Options, Result};

use crate::client::Client;
use crate::node::random;
use crate::pending;
use crate::pipeline;
use crate::pool::{DedicatedPool, Own};
use crate::shared::Shared;
use crate::slow::{self, Patience};
use crate::target::Target;

/// A transaction that watches keys, as its closure sees it. Commands run on it run at once, on the connection that watches;
/// those given to [`commit`](Self::commit) run together at the end, if no watched key was changed meanwhile.
///
/// It is for reading. A write that is run at once runs in every try, is not part of the transaction, and if it changes
/// a watched key, it is the very change that keeps the transaction from running.
pub struct Tx {
    own: Own,
    course: Course,
    /// When all tries have to be over.
    deadline: Micros,
}

impl Tx {
    /// Takes a connection for one try.
    fn begin(shared: &Shared, deadline: Micros) -> Result<Self> {
        let (node, pool) = (&shared.node, shared.pool());
        let timeout = Options::until(deadline, &node.config, node.clock.now()).timeout(&node.config);
        let until = timeout.map_or(NEVER, |timeout| node.clock.now().saturating_add(as_micros(timeout)));
        let own = Patience::until(until).checkout(&node.clock, pool, timeout, DedicatedPool::checkout)?;
        Ok(Self { own, course: Course::new(), deadline })
    }

    /// Runs the commands as one, if nobody has changed a watched key since it is watched; fails with the first error. If
    /// somebody has, the error is a [conflict](carnelian_core::ErrorKind::Conflict): hand it on with `?`, and the
    /// whole closure is run again. There is one commit in a transaction.
    ///
    /// # Errors
    ///
    /// One of the commands failed, or the whole was not run.
    pub fn commit<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Output> {
        let (tickets, replies) = self.exec(build)?;
        replies.check()?;
        tickets.replies(&replies)
    }

    /// Like [`commit`](Self::commit), with a `Result` for each command: in a transaction, too, one may fail while the
    /// others run.
    ///
    /// # Errors
    ///
    /// The whole was not run.
    pub fn commit_results<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<T::Results> {
        let (tickets, replies) = self.exec(build)?;
        Ok(tickets.results(&replies))
    }

    pub(crate) const fn target(&self) -> Target<'_> {
        Target::Watching(&self.own)
    }

    /// A command has the time that the config gives it, but no more than is left of the whole.
    fn options(&self) -> Options {
        let target = self.target();
        Options::until(self.deadline, target.config(), target.clock().now())
    }

    /// Notes a command that runs at once.
    pub(crate) fn note(&self, request: &Request) -> Options {
        self.course.note(request);
        self.options()
    }

    /// Runs a command that is the transaction's own business. It changes the connection, but only until the end of the try.
    fn run_own(&self, command: &Command<()>) -> Result<()> {
        pending::run_unnoted(Target::Dedicated(&self.own), command, &self.options())
    }

    /// MULTI, the commands, EXEC. The server's state may refuse it; but then the keys are not watched any more, so it is
    /// not simply sent again, as it would be without them.
    fn exec<T: Tickets>(&self, build: impl FnOnce(&Pipeline) -> T) -> Result<(T, Replies)> {
        let (target, pipeline) = (self.target(), Pipeline::new());
        let tickets = build(&pipeline);
        let transaction = Transaction::new(pipeline.finish())?;
        if transaction.is_empty() {
            return Ok((tickets, transaction.nothing(&target.node().address)));
        }
        self.course.begin_commit()?;
        let settled = self.exec_once(transaction);
        self.course.end_commit(settled.as_ref().map(Option::is_some));
        match settled? {
            Some(replies) => Ok((tickets, replies.with_callbacks(target.callbacks()))),
            None => Err(target.at(Error::conflict().of_command(&spec::EXEC))),
        }
    }

    fn exec_once(&self, transaction: Transaction) -> Result<Option<Replies>> {
        let target = self.target();
        let options = Options { retry: Some(Box::new(Retry::none())), ..self.options() };
        let call = options.batch_call(target.config(), target.clock().now());
        let gathered = pipeline::run(target, transaction.batch().slice(0..1), call)?;
        let timeout = options.timeout(target.config());
        let explain = |failure| slow::failure(target, failure, timeout);
        transaction.settle(gathered, &target.node().address, explain)
    }

    /// One try.
    fn attempt<V>(&self, watch: &Command<()>, work: &mut impl FnMut(&Self) -> Result<V>) -> Result<V> {
        if watch.request().len() > 1 {
            // Whatever became of WATCH: nothing of the transaction has run.
            self.run_own(watch).map_err(|error| error.possibly_run(false))?;
        }
        let result = work(self);
        if self.course.stage() == Stage::Watching && self.run_own(&Command::new(&spec::UNWATCH)).is_ok() {
            self.course.unwatched();
        }
        result
    }
}

/// Whoever gets the connection next must find nothing watched on it, and no transaction begun.
impl Drop for Tx {
    fn drop(&mut self) {
        if !self.course.is_clean() {
            self.own.spoil();
        }
    }
}

impl Executor for &Tx {
    type Out<R: FromReply> = Result<R>;

    fn run<R: FromReply>(self, command: Command<R>) -> Result<R> {
        let options = self.note(command.request());
        pending::run(self.target(), &command, &options)
    }
}

impl DataExecutor for &Tx {}

impl Client {
    /// Reads, decides, and writes what was decided, unless somebody else has changed a watched key in between: then all of
    /// it is tried again. Gives what the closure gives.
    ///
    /// The closure gets a [`Tx`] on a connection of its own that watches the keys. It reads on that, and hands what is to
    /// be written to [`commit`](Tx::commit), at most once. A closure that commits nothing changes nothing.
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
    /// # use carnelian_command::group::StringCommands as _;
    /// # fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let balance: i64 = client.transaction(["balance"], |tx| {
    ///     let have: i64 = tx.get::<Option<i64>>("balance")?.unwrap_or(0);
    ///     tx.commit(|t| t.incrby("balance", have / 100))
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the closure; a [conflict](carnelian_core::ErrorKind::Conflict) if every try met one; a lost connection,
    /// whose error says whether the transaction may have run. One that was lost before that is replaced, within the same
    /// number of tries.
    pub fn transaction<V>(&self, keys: impl ToArgs, work: impl FnMut(&Tx) -> Result<V>) -> Result<V> {
        self.transaction_with(keys, TransactionOptions::new(), work)
    }

    /// Like [`transaction`](Self::transaction), as often and for as long as the options say. A timeout bounds the commands
    /// and the tries; what else the closure does is its own business.
    ///
    /// # Errors
    ///
    /// Those of [`transaction`](Self::transaction).
    pub fn transaction_with<V>(
        &self,
        keys: impl ToArgs,
        options: TransactionOptions,
        mut work: impl FnMut(&Tx) -> Result<V>,
    ) -> Result<V> {
        let watch = Command::<()>::new(&spec::WATCH).keys(keys);
        let target = self.target();
        let mut tries = Tries::new(options, target.clock().now());
        loop {
            let tx = Tx::begin(self.shared(), tries.deadline())?;
            let result = tx.attempt(&watch, &mut work);
            let verdict = tries.judge(result, &tx.course, !tx.own.lane().is_connected(), random());
            drop(tx);
            match verdict {
                Verdict::Done(result) => return result,
                Verdict::Again(pause, error) => {
                    tracing::debug!(%error, server = %target.node().address, "trying the transaction again");
                    let slept = slow::sleep_within(target.clock(), pause, tries.deadline());
                    if !slept || target.clock().now() >= tries.deadline() {
                        return Err(target.at(error));
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("stage", &self.course.stage()).finish_non_exhaustive()
    }
}
