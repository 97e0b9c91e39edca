//! Scripts: by their source, by their hash, and the server's cache of them.
//!
//! A script as a value is in `script`, the libraries of functions are in `functions` and `library`.

mod debug;
mod functions;
mod library;
mod library_info;
mod script;
mod script_call;
mod source;
mod stats;

use super::server::FlushMode;
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

pub use debug::{ScriptDebug, ScriptDebugCommands};
pub use functions::{FunctionCommands, FunctionListOptions, FunctionRestore};
pub use library::{Library, LibraryError};
pub use library_info::{FunctionInfo, LibraryInfo};
pub use script::Script;
pub use script_call::ScriptCall;
pub use stats::{FunctionStats, RunningFunction, ScriptEngine};

/// Commands on scripts.
///
/// The reply becomes the type you ask for: the server turns a number of Lua into an integer (cutting off what is behind
/// the point), a string into bytes, a table into a list that ends at the first `nil`, `false` and `nil` into nil, `true`
/// into 1, a table with a field `err` into an error. `()` stands for no keys and for no arguments.
///
/// Every key belongs into `keys`, not into the source and not into `args`: a cluster finds the node by it, and the
/// rights of the user are judged by it.
///
/// [`Script`] keeps a source with its hash, for scripts that are run more than once.
///
/// ```
/// use carnelian_command::{Build, group::ScriptingCommands as _};
///
/// let command = Build.eval::<i64>("return redis.call('INCRBY', KEYS[1], ARGV[1])", "hits", 2);
/// let arguments: Vec<_> = command.request().arguments().skip(2).collect();
/// assert_eq!(arguments, [&b"1"[..], b"hits", b"2"]);
/// let command = Build.eval::<i64>("return 1", (), ());
/// assert_eq!(command.request().arguments().skip(2).collect::<Vec<_>>(), [b"0"]);
/// ```
pub trait ScriptingCommands: DataExecutor {
    /// Runs a script, and keeps it in the server's cache; what it returns. An error of a script says nothing of what it
    /// did before: nothing is rolled back.
    ///
    /// Since Redis 2.6, Valkey 7.2. Costs what the script costs; the server does nothing else meanwhile.
    #[doc(alias = "EVAL")]
    fn eval<R: FromReply>(self, script: impl ToArg, keys: impl ToArgs, args: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::EVAL).arg(script).counted_keys(keys).args(args))
    }

    /// Like [`eval`](Self::eval), for a script that only reads: the server refuses its writes. So it may be sent again
    /// after a lost connection, may go to a replica, and can be killed at any moment.
    ///
    /// Since Redis 7.0, Valkey 7.2. Costs what the script costs.
    #[doc(alias = "EVAL_RO")]
    fn eval_ro<R: FromReply>(self, script: impl ToArg, keys: impl ToArgs, args: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::EVAL_RO).arg(script).counted_keys(keys).args(args))
    }

    /// Runs a script of the server's cache by the SHA-1 of its source, in hexadecimal digits. The error `NOSCRIPT` says
    /// that the cache does not have it (any more), and that nothing was run.
    ///
    /// Since Redis 2.6, Valkey 7.2. Costs what the script costs.
    #[doc(alias = "EVALSHA")]
    fn evalsha<R: FromReply>(self, sha1: impl ToArg, keys: impl ToArgs, args: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::EVALSHA).arg(sha1).counted_keys(keys).args(args))
    }

    /// Like [`evalsha`](Self::evalsha), for a script that only reads; see [`eval_ro`](Self::eval_ro).
    ///
    /// Since Redis 7.0, Valkey 7.2. Costs what the script costs.
    #[doc(alias = "EVALSHA_RO")]
    fn evalsha_ro<R: FromReply>(
        self,
        sha1: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Self::Out<R> {
        self.run(Command::new(&spec::EVALSHA_RO).arg(sha1).counted_keys(keys).args(args))
    }

    /// Which scripts the server's cache has, one answer for each hash, in their order.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(n) in the hashes.
    #[doc(alias = "SCRIPT EXISTS")]
    fn script_exists(self, sha1s: impl ToArgs) -> Self::Out<Vec<bool>> {
        self.run(Command::new(&spec::SCRIPT_EXISTS).args(sha1s))
    }

    /// Empties the server's cache of scripts.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(n) in the scripts.
    #[doc(alias = "SCRIPT FLUSH")]
    fn script_flush(self) -> Self::Out<()> {
        self.run(Command::new(&spec::SCRIPT_FLUSH))
    }

    /// Like [`script_flush`](Self::script_flush), with a say in when the memory is given back.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(n) in the scripts; O(1) before the reply with [`FlushMode::Async`].
    #[doc(alias = "SCRIPT FLUSH")]
    fn script_flush_with(self, mode: FlushMode) -> Self::Out<()> {
        self.run(Command::new(&spec::SCRIPT_FLUSH).arg(mode.word()))
    }

    /// Ends the script that is running. The error `NOTBUSY` says that there is none, `UNKILLABLE` that it has written
    /// already: that one ends by itself, or with the server.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1). The server hears it once the script has run for `busy-reply-threshold`.
    #[doc(alias = "SCRIPT KILL")]
    fn script_kill(self) -> Self::Out<()> {
        self.run(Command::new(&spec::SCRIPT_KILL))
    }

    /// Puts a script into the server's cache without running it; its hash. The cache may lose it at a restart, a failover
    /// or SCRIPT FLUSH.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(n) in the length of the source.
    #[doc(alias = "SCRIPT LOAD")]
    fn script_load(self, script: impl ToArg) -> Self::Out<String> {
        self.run(Command::new(&spec::SCRIPT_LOAD).arg(script))
    }

    /// The source of a script in the server's cache.
    ///
    /// Since Valkey 8.0, not in Redis. O(1).
    #[doc(alias = "SCRIPT SHOW")]
    fn script_show<R: FromReply>(self, sha1: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::SCRIPT_SHOW).arg(sha1))
    }
}

impl<E: DataExecutor> ScriptingCommands for E {}
