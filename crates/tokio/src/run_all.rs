//! Any number of commands in bounded memory: a stream of results, which sends further waves as those before are answered.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use carnelian_command::{Command, FromReply};
use carnelian_core::pipeline::{Flow, Replies, Results, Waves};
use carnelian_core::{Options, Result};
use futures_core::Stream;

use crate::client::Client;
use crate::pipeline::{Boxed, send};
use crate::target::Target;

/// Waves under way at once: the server works on one while the replies to the other are on their way.
const WAVES: usize = 2;

/// What comes of commands that are sent as they are asked for: see [`Client::run_all`].
#[must_use = "nothing is sent before the first result is asked for"]
pub struct RunAll<'a, I: Iterator, R> {
    target: Target<'a>,
    options: Options,
    flow: Flow<I>,
    under_way: VecDeque<Wave<'a>>,
    results: Option<Results<R>>,
}

enum Wave<'a> {
    Running(Boxed<'a, Replies>),
    Done(Replies),
}

impl Wave<'_> {
    /// Goes on with it. True: its replies are there.
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if let Self::Running(sending) = self
            && let Poll::Ready(replies) = sending.as_mut().poll(cx)
        {
            *self = Self::Done(replies);
        }
        matches!(self, Self::Done(_))
    }
}

impl<R: FromReply, I: Iterator<Item = Command<R>>> RunAll<'_, I, R> {
    /// Gives each wave of some hundred commands this long, instead of what the config gives to one command.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(Some(timeout));
        self
    }

    /// Says that running any of them twice does no harm.
    pub fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }

    /// What came of the next command, in the order of the commands. `None`: that were all.
    ///
    /// It may be given up at any time (in a `select!`, say); no result is lost by that.
    #[expect(
        clippy::should_implement_trait,
        reason = "the async counterpart of an iterator's `next` bears its name"
    )]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<R>>> {
        poll_fn(|cx| self.poll(cx))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<R>>> {
        loop {
            if let Some(result) = self.results.as_mut().and_then(Iterator::next) {
                return Poll::Ready(Some(result));
            }
            self.results = None;
            self.fill();
            let Some(first) = self.under_way.front_mut() else { return Poll::Ready(None) };
            let arrived = first.poll(cx);
            if arrived && let Some(Wave::Done(replies)) = self.under_way.pop_front() {
                self.flow.came(&replies);
                self.results = Some(Results::new(replies));
                self.fill();
            }
            // Also those behind it, so that they are sent.
            for wave in &mut self.under_way {
                wave.poll(cx);
            }
            if !arrived {
                return Poll::Pending;
            }
        }
    }

    fn fill(&mut self) {
        while self.under_way.len() < WAVES {
            let Some(wave) = self.flow.next_wave() else { return };
            let (target, options) = (self.target, self.options.clone());
            let waves = Waves::new(wave).followed();
            self.under_way
                .push_back(Wave::Running(Box::pin(async move { send(target, waves, &options).await })));
        }
    }
}

/// The commands are the caller's and never pinned.
impl<I: Iterator, R> Unpin for RunAll<'_, I, R> {}

impl<R: FromReply, I: Iterator<Item = Command<R>>> Stream for RunAll<'_, I, R> {
    type Item = Result<R>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<R>>> {
        self.poll(cx)
    }
}

impl Client {
    /// Runs any number of commands, in their order, in bounded memory: they are taken out of the iterator as they can be
    /// sent, some hundred at a time, with two such waves under way at most. What comes of them is a stream.
    ///
    /// Each command has its own result. Nothing is sent before the first one is asked for, and no more is sent once the
    /// stream is dropped. What the server's state refuses (it is loading, say) is not tried again by itself, since commands
    /// behind it may have run.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// use carnelian_command::{Build, group::StringCommands as _};
    ///
    /// # async fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let mut results = client.run_all((0..1_000_000).map(|n| Build.incrby("sum", n)));
    /// while let Some(sum) = results.next().await {
    ///     println!("{}", sum?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_all<R, C>(&self, commands: C) -> RunAll<'_, C::IntoIter, R>
    where
        R: FromReply,
        C: IntoIterator<Item = Command<R>>,
    {
        RunAll {
            target: self.target(),
            options: Options::default(),
            flow: Flow::new(commands),
            under_way: VecDeque::with_capacity(WAVES),
            results: None,
        }
    }
}

impl<I: Iterator, R> std::fmt::Debug for RunAll<'_, I, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunAll").field("waves", &self.under_way.len()).finish_non_exhaustive()
    }
}
