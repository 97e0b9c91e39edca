//! Transactions, command by command, on a connection of one's own.

use crate::{Command, DedicatedExecutor, Executor, FromReply, ToArgs, spec};

/// The commands that transactions are made of, for work on the protocol itself.
///
/// After [`multi`](Self::multi) the server answers every command with `QUEUED`, and [`exec`](Self::exec) has all their
/// replies. So in between a command is run for `()`, which takes that answer, and the types go to `exec`:
///
/// ```
/// use carnelian_command::{Build, DedicatedExecutor};
/// use carnelian_command::group::{StringCommands as _, TransactionCommands as _};
///
/// fn steps<E: DedicatedExecutor + Copy>(own: E) -> E::Out<Option<(i64, Option<String>)>> {
///     own.multi();
///     own.run(Build.incr("hits").into_typed::<()>());
///     own.run(Build.get::<String>("name").into_typed::<()>());
///     own.exec()
/// }
/// # assert_eq!(steps(Build).request().name(), "EXEC");
/// ```
pub trait TransactionCommands: Executor {
    /// Ends the transaction without running it, and forgets the watched keys.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the commands.
    #[doc(alias = "DISCARD")]
    fn discard(self) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::DISCARD))
    }

    /// Runs the commands of the transaction, and forgets the watched keys; their replies, or `None` if a watched key was
    /// changed, and nothing was run.
    ///
    /// A tuple has a type for each reply, a `Vec` one for all. A command that fails does not keep the others from
    /// running: [`Result<T, ServerError>`](crate::ServerError) in its place keeps its error beside their replies. The
    /// error `EXECABORT` says that a command was refused when it came, and nothing was run.
    ///
    /// Since Redis 1.2, Valkey 7.2. Costs what the commands cost.
    #[doc(alias = "EXEC")]
    fn exec<R: FromReply>(self) -> Self::Out<Option<R>>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::EXEC))
    }

    /// Begins a transaction: the commands that follow wait for [`exec`](Self::exec).
    ///
    /// Since Redis 1.2, Valkey 7.2. O(1).
    #[doc(alias = "MULTI")]
    fn multi(self) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::MULTI))
    }

    /// Forgets all watched keys.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "UNWATCH")]
    fn unwatch(self) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::UNWATCH))
    }

    /// Watches keys: if anybody changes one of them from now on, the next [`exec`](Self::exec) runs nothing.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "WATCH")]
    fn watch(self, keys: impl ToArgs) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::WATCH).keys(keys))
    }
}

impl<E: Executor> TransactionCommands for E {}

#[cfg(test)]
mod tests {
    use crate::reply::tests::read;
    use crate::{ServerError, Value};

    #[test]
    fn nothing_was_run_in_either_protocol() {
        for null in ["*-1\r\n", "_\r\n"] {
            assert_eq!(read::<Option<Vec<Value>>>(null), Ok(None));
            assert_eq!(read::<Option<(i64, String)>>(null), Ok(None));
        }
        assert_eq!(read::<Option<Vec<Value>>>("*0\r\n"), Ok(Some(vec![])));
    }

    #[test]
    fn replies_have_their_types_and_errors_their_places() {
        type Replies = (i64, Option<String>, Result<u64, ServerError>);
        for nil in ["$-1\r\n", "_\r\n"] {
            let replies = read::<Option<Replies>>(&format!("*3\r\n:1\r\n{nil}-WRONGTYPE no\r\n"));
            let (one, none, failed) = replies.unwrap().unwrap();
            assert_eq!((one, none, failed.unwrap_err().code()), (1, None, "WRONGTYPE"));
        }
    }
}
