//! SCRIPT DEBUG: the next script of a connection runs under the server's debugger.

use crate::{Command, DedicatedExecutor, Executor, ToArg, spec};

/// How the next script of a connection runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScriptDebug {
    /// Under the debugger in a process of its own, whose writes are thrown away.
    Yes,
    /// Under the debugger in the server itself, which serves nobody else meanwhile and keeps the writes.
    Sync,
    /// As always.
    No,
}

impl ScriptDebug {
    const fn word(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::Sync => "SYNC",
            Self::No => "NO",
        }
    }
}

/// Commands that turn the server's debugger on and off.
///
/// Under the debugger an EVAL answers with what the debugger has to say, and the connection is a dialogue with it until
/// the script ends. So this is for tools that lead that dialogue.
///
/// ```
/// use carnelian_command::{Build, group::{ScriptDebug, ScriptDebugCommands as _}};
///
/// let command = Build.script_debug(ScriptDebug::Sync);
/// assert_eq!(command.request().arguments().last(), Some(&b"SYNC"[..]));
/// ```
pub trait ScriptDebugCommands: Executor {
    /// Whether the next EVAL on this connection runs under the debugger.
    ///
    /// Since Redis 3.2, Valkey 7.2. O(1).
    #[doc(alias = "SCRIPT DEBUG")]
    fn script_debug(self, mode: ScriptDebug) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::SCRIPT_DEBUG).arg(mode.word()))
    }

    /// Like [`script_debug`](Self::script_debug), for scripts of another engine than Lua.
    ///
    /// Since Valkey 9.0, not in Redis. O(1).
    #[doc(alias = "SCRIPT DEBUG")]
    fn script_debug_engine(self, mode: ScriptDebug, engine: impl ToArg) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::SCRIPT_DEBUG).arg(mode.word()).arg(engine))
    }
}

impl<E: Executor> ScriptDebugCommands for E {}
