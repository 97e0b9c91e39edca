//! Functions: libraries that are kept with the data, and calls into them.

use super::library::Library;
use super::library_info::LibraryInfo;
use super::stats::FunctionStats;
use crate::group::kept::Kept;
use crate::group::server::FlushMode;
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

/// Which libraries FUNCTION LIST is about, and whether it shows their source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct FunctionListOptions {
    library: Option<Kept>,
    code: bool,
}

impl FunctionListOptions {
    /// All libraries, without their source.
    pub const fn new() -> Self {
        Self { library: None, code: false }
    }

    /// Only the libraries whose names match a glob pattern (LIBRARYNAME).
    pub fn library(mut self, pattern: impl ToArg) -> Self {
        self.library = Some(Kept::new(pattern));
        self
    }

    /// With their source (WITHCODE).
    pub const fn with_code(mut self) -> Self {
        self.code = true;
        self
    }

    fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = match self.library {
            Some(pattern) => command.arg("LIBRARYNAME").arg(pattern),
            None => command,
        };
        command.word_if(self.code, "WITHCODE")
    }
}

/// What FUNCTION RESTORE does about the libraries that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FunctionRestore {
    /// Keeps them; a name that is taken already is an error, and then nothing is restored.
    Append,
    /// Deletes all of them first.
    Flush,
    /// Replaces those of the same names.
    Replace,
}

impl FunctionRestore {
    const fn word(self) -> &'static str {
        match self {
            Self::Append => "APPEND",
            Self::Flush => "FLUSH",
            Self::Replace => "REPLACE",
        }
    }
}

/// Commands on functions.
///
/// Unlike a script, a library is data: saved, replicated, and there until it is deleted. In a cluster each primary has
/// its own. What holds for keys, arguments and replies of scripts holds here too; see
/// [`ScriptingCommands`](super::ScriptingCommands).
///
/// [`Library`](super::Library) keeps a source with its name.
///
/// ```
/// use carnelian_command::{Build, group::FunctionCommands as _};
///
/// let command = Build.fcall::<i64>("add_points", "player:1", 20);
/// let arguments: Vec<_> = command.request().arguments().collect();
/// assert_eq!(arguments, [&b"FCALL"[..], b"add_points", b"1", b"player:1", b"20"]);
/// ```
pub trait FunctionCommands: DataExecutor {
    /// Calls a function; what it returns. An error says nothing of what it did before: nothing is rolled back.
    ///
    /// Since Redis 7.0, Valkey 7.2. Costs what the function costs; the server does nothing else meanwhile.
    #[doc(alias = "FCALL")]
    fn fcall<R: FromReply>(self, function: impl ToArg, keys: impl ToArgs, args: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::FCALL).arg(function).counted_keys(keys).args(args))
    }

    /// Like [`fcall`](Self::fcall), for a function that was registered with the flag `no-writes`. It may be sent again
    /// after a lost connection, may go to a replica, and can be killed at any moment.
    ///
    /// Since Redis 7.0, Valkey 7.2. Costs what the function costs.
    #[doc(alias = "FCALL_RO")]
    fn fcall_ro<R: FromReply>(
        self,
        function: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Self::Out<R> {
        self.run(Command::new(&spec::FCALL_RO).arg(function).counted_keys(keys).args(args))
    }

    /// Deletes a library with all its functions. It is an error if there is none of that name.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "FUNCTION DELETE")]
    fn function_delete(self, library: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::FUNCTION_DELETE).arg(library))
    }

    /// All libraries in the server's own binary form, for [`function_restore`](Self::function_restore).
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the functions.
    #[doc(alias = "FUNCTION DUMP")]
    fn function_dump<R: FromReply>(self) -> Self::Out<R> {
        self.run(Command::new(&spec::FUNCTION_DUMP))
    }

    /// Deletes all libraries.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the functions.
    #[doc(alias = "FUNCTION FLUSH")]
    fn function_flush(self) -> Self::Out<()> {
        self.run(Command::new(&spec::FUNCTION_FLUSH))
    }

    /// Like [`function_flush`](Self::function_flush), with a say in when the memory is given back.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the functions; O(1) before the reply with [`FlushMode::Async`].
    #[doc(alias = "FUNCTION FLUSH")]
    fn function_flush_with(self, mode: FlushMode) -> Self::Out<()> {
        self.run(Command::new(&spec::FUNCTION_FLUSH).arg(mode.word()))
    }

    /// Ends the function that is running. The error `NOTBUSY` says that there is none, `UNKILLABLE` that it has written
    /// already: that one ends by itself, or with the server.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1). The server hears it once the function has run for `busy-reply-threshold`.
    #[doc(alias = "FUNCTION KILL")]
    fn function_kill(self) -> Self::Out<()> {
        self.run(Command::new(&spec::FUNCTION_KILL))
    }

    /// All libraries with their functions, in no order.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the functions.
    #[doc(alias = "FUNCTION LIST")]
    fn function_list(self) -> Self::Out<Vec<LibraryInfo>> {
        self.run(Command::new(&spec::FUNCTION_LIST))
    }

    /// Like [`function_list`](Self::function_list), as the options say.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the functions.
    #[doc(alias = "FUNCTION LIST")]
    fn function_list_with(self, options: FunctionListOptions) -> Self::Out<Vec<LibraryInfo>> {
        self.run(options.add_to(Command::new(&spec::FUNCTION_LIST)))
    }

    /// Makes a library of its source; its name. It is an error if there is one of that name.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the length of the source.
    #[doc(alias = "FUNCTION LOAD")]
    fn function_load(self, source: impl ToArg) -> Self::Out<String> {
        self.run(Command::new(&spec::FUNCTION_LOAD).arg(source))
    }

    /// Like [`function_load`](Self::function_load), but a library of that name is replaced. If the source is wrong, the
    /// old one stays.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the length of the source.
    #[doc(alias = "FUNCTION LOAD")]
    fn function_load_replace(self, source: impl ToArg) -> Self::Out<String> {
        self.run(Command::new(&spec::FUNCTION_LOAD).arg("REPLACE").arg(source))
    }

    /// Adds the libraries of a [`function_dump`](Self::function_dump). It is an error if one of their names is taken, and
    /// then none is added.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the functions.
    #[doc(alias = "FUNCTION RESTORE")]
    fn function_restore(self, dump: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::FUNCTION_RESTORE).arg(dump))
    }

    /// Like [`function_restore`](Self::function_restore), with a say in what becomes of the libraries that are there.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the functions.
    #[doc(alias = "FUNCTION RESTORE")]
    fn function_restore_with(self, dump: impl ToArg, policy: FunctionRestore) -> Self::Out<()> {
        self.run(Command::new(&spec::FUNCTION_RESTORE).arg(dump).arg(policy.word()))
    }

    /// The function that is running, if any, and how many there are. While a script runs, and not a function, the answer
    /// is the error `BUSY`.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "FUNCTION STATS")]
    fn function_stats(self) -> Self::Out<FunctionStats> {
        self.run(Command::new(&spec::FUNCTION_STATS))
    }
    /// Puts a library on the server, in place of the one of that name if there is one (FUNCTION LOAD REPLACE); its name.
    /// Doing it again does no harm, so a program may do it whenever it starts.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n) in the length of the source.
    #[doc(alias = "FUNCTION LOAD")]
    fn load_library(self, library: &Library) -> Self::Out<String> {
        self.run(library.load_replace())
    }
}

impl<E: DataExecutor> FunctionCommands for E {}
