//! Any number of commands in bounded memory: an iterator over results, which sends the next wave when the one before is used up.

use carnelian_command::{Command, FromReply};
use carnelian_core::pipeline::{Flow, Results};
use carnelian_core::{Options, Result};

use crate::call::Call;
use crate::client::Client;
use crate::pipeline::send;
use crate::target::Target;

/// What comes of commands that are sent as they are asked for: see [`Client::run_all`].
#[must_use = "nothing is sent before the first result is asked for"]
pub struct RunAll<'a, I: Iterator, R> {
    target: Target<'a>,
    options: Options,
    flow: Flow<I>,
    results: Option<Results<R>>,
}

impl<R: FromReply, I: Iterator<Item = Command<R>>> Iterator for RunAll<'_, I, R> {
    type Item = Result<R>;

    #[inline]
    fn next(&mut self) -> Option<Result<R>> {
        loop {
            if let Some(result) = self.results.as_mut().and_then(Iterator::next) {
                return Some(result);
            }
            // Its memory goes before that of the next comes.
            self.results = None;
            let replies = send(self.target, self.flow.next_wave()?, &self.options);
            self.flow.came(&replies);
            self.results = Some(Results::new(replies));
        }
    }
}

impl Client {
    /// Runs any number of commands, in their order, in bounded memory: they are taken out of the iterator as they can be
    /// sent, some hundred at a time. What comes of them is an iterator.
    ///
    /// Each command has its own result. Nothing is sent before the first one is asked for, and no more is sent once the
    /// iterator is dropped.
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
    /// use carnelian_command::{Build, group::StringCommands as _};
    ///
    /// # fn example(client: &Client) -> carnelian_core::Result<()> {
    /// for sum in client.run_all((0..1_000_000).map(|n| Build.incrby("sum", n))) {
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
        run_all(self.target(), Options::NONE, commands)
    }
}

impl<'a, On> Call<'a, On> {
    /// Like [`Client::run_all`], with these options; a timeout is for each wave of some hundred commands.
    pub fn run_all<R, C>(&self, commands: C) -> RunAll<'a, C::IntoIter, R>
    where
        R: FromReply,
        C: IntoIterator<Item = Command<R>>,
    {
        run_all(self.target, self.options.clone(), commands)
    }
}

fn run_all<R, C>(target: Target<'_>, options: Options, commands: C) -> RunAll<'_, C::IntoIter, R>
where
    R: FromReply,
    C: IntoIterator<Item = Command<R>>,
{
    RunAll { target, options, flow: Flow::new(commands), results: None }
}

impl<I: Iterator, R> std::fmt::Debug for RunAll<'_, I, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunAll").finish_non_exhaustive()
    }
}
