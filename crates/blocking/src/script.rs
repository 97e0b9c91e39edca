//! Scripts: sent by their hash, and by their source when the server doesn't know that.

use std::borrow::Borrow;
use std::time::Duration;

use carnelian_command::FromReply;
use carnelian_command::group::ScriptCall;
use carnelian_core::{Options, Result};

use crate::call::Call;
use crate::client::Client;
use crate::dedicated::Dedicated;
use crate::pending;
use crate::target::Target;
use crate::transaction::Tx;

/// Calls a script by its hash, or else by its source. The options are for both together.
fn script<R: FromReply>(target: Target<'_>, call: &ScriptCall, options: &Options) -> Result<R> {
    let made = target.clock().now();
    match pending::run(target, &call.evalsha(), options) {
        Err(error) if error.is_unknown_script() => {
            let ago = Duration::from_micros(target.clock().now().saturating_sub(made));
            pending::run(target, &call.eval(), &options.instead(target.config(), ago))
        }
        result => result,
    }
}

impl Client {
    /// Calls a script: by its hash (EVALSHA), and if the server doesn't know that, by its source (EVAL), after which it
    /// does. So nothing has to be loaded beforehand, and an emptied cache does no harm.
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
    /// # use carnelian_command::group::Script;
    /// # fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let double = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)");
    /// let hits: i64 = client.script(double.key("hits").arg(21))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The script failed, its reply is of another type, or there is none.
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Result<R> {
        script(self.target(), call.borrow(), &Options::NONE)
    }
}

impl Dedicated {
    /// Like [`Client::script`], on this connection.
    ///
    /// # Errors
    ///
    /// Those of [`Client::script`].
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Result<R> {
        script(self.target(), call.borrow(), &Options::NONE)
    }
}

impl<On> Call<'_, On> {
    /// Like [`Client::script`], with these options; a timeout is for the call as a whole.
    ///
    /// # Errors
    ///
    /// Those of [`Client::script`].
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Result<R> {
        script(self.target, call.borrow(), &self.options)
    }
}

impl Tx {
    /// Like [`Client::script`], at once on the connection that watches. One that writes is no part of the transaction: give
    /// that to [`commit`](Self::commit).
    ///
    /// # Errors
    ///
    /// Those of [`Client::script`].
    pub fn script<R: FromReply>(&self, call: impl Borrow<ScriptCall>) -> Result<R> {
        let call = call.borrow();
        let options = self.note(call.evalsha::<()>().request());
        script(self.target(), call, &options)
    }
}
