//! Options for single commands: how one differs from what the client's config says for all.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use carnelian_command::{Command, ConnectionExecutor, DataExecutor, DedicatedExecutor, Executor, FromReply};
use carnelian_core::config::Retry;
use carnelian_core::{Options, Result};

use crate::client::Client;
use crate::dedicated::Dedicated;
use crate::pending;
use crate::target::Target;

/// A client, or a connection of your own, with options for the commands run through it.
///
/// ```no_run
/// # use carnelian_blocking::Client;
/// # use carnelian_command::group::StringCommands as _;
/// # use std::time::Duration;
/// # fn example(client: &Client) -> carnelian_core::Result<()> {
/// let price: Option<f64> = client.timeout(Duration::from_millis(5)).get("price")?;
///
/// let hurried = client.timeout(Duration::from_millis(50)).idempotent();
/// for key in ["a", "b"] {
///     let _: i64 = hurried.incrby(key, 0)?;
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "options do nothing until a command is run with them"]
pub struct Call<'a, On = Client> {
    pub(crate) target: Target<'a>,
    pub(crate) options: Options,
    on: PhantomData<&'a On>,
}

impl<'a, On> Call<'a, On> {
    pub(crate) const fn on(target: Target<'a>) -> Self {
        Self { target, options: Options::NONE, on: PhantomData }
    }

    /// Gives each command this long, from the call to its reply; the queue is included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(Some(timeout));
        self
    }

    /// Lets each command take as long as it likes.
    pub fn without_timeout(mut self) -> Self {
        self.options.timeout = Some(None);
        self
    }

    /// Retries under this policy instead of the client's.
    pub fn retry(mut self, policy: Retry) -> Self {
        self.options.retry = Some(Box::new(policy));
        self
    }

    /// Says that running the command twice does no harm, so that it may be sent again when its outcome is not known.
    pub fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }
}

impl Client {
    /// Commands run through this have so long each, from the call to the reply: `client.timeout(limit).get("key")?`.
    pub fn timeout(&self, timeout: Duration) -> Call<'_> {
        Call::on(self.target()).timeout(timeout)
    }

    /// Commands run through this may take as long as they like.
    pub fn without_timeout(&self) -> Call<'_> {
        Call::on(self.target()).without_timeout()
    }

    /// Commands run through this are retried under this policy instead of the client's.
    pub fn retry(&self, policy: Retry) -> Call<'_> {
        Call::on(self.target()).retry(policy)
    }

    /// Says that running the command twice does no harm, so that it may be sent again when its outcome is not known.
    pub fn idempotent(&self) -> Call<'_> {
        Call::on(self.target()).idempotent()
    }
}

impl Dedicated {
    /// Commands run through this have so long each, from the call to the reply.
    pub fn timeout(&self, timeout: Duration) -> Call<'_, Self> {
        Call::on(self.target()).timeout(timeout)
    }

    /// Commands run through this may take as long as they like.
    pub fn without_timeout(&self) -> Call<'_, Self> {
        Call::on(self.target()).without_timeout()
    }

    /// Commands run through this are retried under this policy instead of the client's.
    pub fn retry(&self, policy: Retry) -> Call<'_, Self> {
        Call::on(self.target()).retry(policy)
    }

    /// Says that running the command twice does no harm, so that it may be sent again when its outcome is not known.
    pub fn idempotent(&self) -> Call<'_, Self> {
        Call::on(self.target()).idempotent()
    }
}

impl Executor for &Call<'_, Client> {
    type Out<R: FromReply> = Result<R>;

    #[inline]
    fn run<R: FromReply>(self, command: Command<R>) -> Result<R> {
        pending::run(self.target, &command, &self.options)
    }
}

impl Executor for &Call<'_, Dedicated> {
    type Out<R: FromReply> = Result<R>;

    #[inline]
    fn run<R: FromReply>(self, command: Command<R>) -> Result<R> {
        pending::run(self.target, &command, &self.options)
    }
}

impl DataExecutor for &Call<'_, Client> {}
impl ConnectionExecutor for &Call<'_, Client> {}
impl DataExecutor for &Call<'_, Dedicated> {}
impl ConnectionExecutor for &Call<'_, Dedicated> {}
impl DedicatedExecutor for &Call<'_, Dedicated> {}

impl<On> fmt::Debug for Call<'_, On> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.target.node().address;
        f.debug_struct("Call").field("server", server).field("options", &self.options).finish()
    }
}
