//! Scripts: sent by their hash, and by their source when the server doesn't know that.

use std::borrow::Borrow;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use carnelian_command::FromReply;
use carnelian_command::group::ScriptCall;
use carnelian_core::config::Retry;
use carnelian_core::connection::Micros;
use carnelian_core::{Options, Result};

use crate::client::Client;
use crate::dedicated::Dedicated;
use crate::pending::Pending;
use crate::target::Target;
use crate::transaction::Tx;

/// A call of a script that is sent once it is awaited. Options come before the `.await`; they are for the call as a whole.
#[must_use = "a call does nothing until it is awaited"]
#[derive(Debug)]
pub struct Scripted<'a, R> {
    target: Target<'a>,
    call: ScriptCall,
    options: Options,
    reply: std::marker::PhantomData<fn() -> R>,
}

impl<'a, R: FromReply> Scripted<'a, R> {
    fn new(target: Target<'a>, call: &ScriptCall, options: Options) -> Self {
        Self { target, call: call.clone(), options, reply: std::marker::PhantomData }
    }

    /// Gives the call this long, from now to its reply; the queue is included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(Some(timeout));
        self
    }

    /// Lets the call take as long as it likes.
    pub fn without_timeout(mut self) -> Self {
        self.options.timeout = Some(None);
        self
    }

    /// Retries under this policy instead of the client's.
    pub fn retry(mut self, policy: Retry) -> Self {
        self.options.retry = Some(Box::new(policy));
        self
    }

    /// Says that running the script twice does no harm, so that it may be sent again when its outcome is not known.
    pub fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }
}

impl<'a, R: FromReply> IntoFuture for Scripted<'a, R> {
    type Output = Result<R>;
    type IntoFuture = ScriptedReply<'a, R>;

    fn into_future(self) -> ScriptedReply<'a, R> {
        let Self { target, call, options, .. } = self;
        let made = target.clock().now();
        let reply = Pending::with(target, call.evalsha(), options.clone());
        ScriptedReply { reply, target, made, by_source: Some((call, options)) }
    }
}

/// The reply to a [`Scripted`] call, being waited for. Dropping it is safe at any moment.
#[must_use = "futures do nothing until they are awaited"]
#[derive(Debug)]
pub struct ScriptedReply<'a, R> {
    reply: Pending<'a, R>,
    target: Target<'a>,
    made: Micros,
    /// What to do if the server doesn't know the hash.
    by_source: Option<(ScriptCall, Options)>,
}

impl<R: FromReply> Future for ScriptedReply<'_, R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R>> {
        let this = &mut *self;
        loop {
            let result = ready!(Pin::new(&mut this.reply).poll(cx));
            match (result, this.by_source.take()) {
                (Err(error), Some((call, options))) if error.is_unknown_script() => {
                    let ago = Duration::from_micros(this.target.clock().now().saturating_sub(this.made));
                    let options = options.instead(this.target.config(), ago);
                    this.reply = Pending::with(this.target, call.eval(), options);
                }
                (result, _) => return Poll::Ready(result),
            }
        }
    }
}

impl Client {
    /// Calls a script: by its hash (EVALSHA), and if the server doesn't know that, by its source (EVAL), after which it
    /// does. So nothing has to be loaded beforehand, and an emptied cache does no harm.
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # use carnelian_command::group::Script;
    /// # async fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let double = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)");
    /// let hits: i64 = client.script(double.key("hits").arg(21)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Scripted<'_, R> {
        Scripted::new(self.target(), call.borrow(), Options::NONE)
    }
}

impl Dedicated {
    /// Like [`Client::script`], on this connection.
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Scripted<'_, R> {
        Scripted::new(self.target(), call.borrow(), Options::NONE)
    }
}

impl Tx {
    /// Like [`Client::script`], at once on the connection that watches. One that writes is no part of the transaction: give
    /// that to [`commit`](Self::commit).
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Scripted<'_, R> {
        let call = call.borrow();
        let options = self.note(call.evalsha::<()>().request());
        Scripted::new(self.target(), call, options)
    }
}
