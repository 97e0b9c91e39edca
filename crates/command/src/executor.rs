//! Who runs a command, and what running it yields.

use crate::{Command, FromReply};

/// Something that takes a command: a client, a pipeline, a connection, [`Build`].
///
/// The typed methods of [`group`](crate::group) are extension traits on it. Write your own group the same way:
///
/// ```
/// use carnelian_command::{Build, DataExecutor, ToArg};
///
/// trait Inventory: DataExecutor {
///     /// Takes one item off the shelf; what is left.
///     fn take(self, item: impl ToArg) -> Self::Out<i64> {
///         use carnelian_command::group::StringCommands as _;
///         self.decr(item)
///     }
/// }
/// impl<E: DataExecutor> Inventory for E {}
///
/// assert_eq!(Build.take("apples").request().name(), "DECR");
/// ```
pub trait Executor: Sized {
    /// What running a command yields whose reply becomes an `R`.
    type Out<R: FromReply>;

    /// Runs `command`, or keeps it to be run.
    fn run<R: FromReply>(self, command: Command<R>) -> Self::Out<R>;
}

/// Runs commands that stand for themselves: reads and writes of data, looks at the server. Every executor does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` runs no commands",
    note = "run them on a reference to a client (`&client`), a pipeline or a dedicated connection"
)]
pub trait DataExecutor: Executor {}

/// Runs commands that take a connection for themselves for a while (BLPOP) or speak about it (CLIENT ID).
/// Clients and dedicated connections do; a pipeline or a transaction can't wait in the middle.
///
/// It stands in the `where` of such a method, not above its trait: a trait that the executor lacks would only be a
/// method that can't be found, while a bound that does not hold says why, and what to do instead.
///
/// ```compile_fail,E0277
/// # use carnelian_command::{Command, DataExecutor, Executor, FromReply, group::BlockingListCommands as _};
/// # use std::time::Duration;
/// # struct Pipeline;
/// # impl Executor for &Pipeline {
/// #     type Out<R: FromReply> = Command<R>;
/// #     fn run<R: FromReply>(self, command: Command<R>) -> Command<R> { command }
/// # }
/// # impl DataExecutor for &Pipeline {}
/// Pipeline.blpop::<(String, String)>("jobs", Duration::from_secs(5));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't run commands that wait on the server or speak about their connection",
    note = "run it on the client itself or on a connection from `client.dedicated()`"
)]
pub trait ConnectionExecutor: DataExecutor {}

/// Runs commands that change what later commands on the same connection mean (SELECT, WATCH, CLIENT REPLY), or ask about
/// earlier ones (WAIT). Only a connection that nobody else uses may.
///
/// ```compile_fail,E0277
/// # use carnelian_command::{Command, ConnectionExecutor, DataExecutor, Executor, FromReply, group::ConnectionStateCommands as _};
/// # struct Client;
/// # impl Executor for &Client {
/// #     type Out<R: FromReply> = Command<R>;
/// #     fn run<R: FromReply>(self, command: Command<R>) -> Command<R> { command }
/// # }
/// # impl DataExecutor for &Client {}
/// # impl ConnectionExecutor for &Client {}
/// Client.select(1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` shares its connection, so it can't run commands that belong to one connection",
    note = "take a connection of your own with `client.dedicated()` and run it there"
)]
pub trait DedicatedExecutor: ConnectionExecutor {}

/// Yields the command itself instead of running it: for scripts, tests, and code that routes by hand.
///
/// ```
/// use carnelian_command::{Build, group::StringCommands as _};
///
/// let command = Build.incrby("hits", 2);
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"INCRBY"[..], b"hits", b"2"]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Build;

impl Executor for Build {
    type Out<R: FromReply> = Command<R>;

    fn run<R: FromReply>(self, command: Command<R>) -> Command<R> {
        command
    }
}

impl DataExecutor for Build {}
impl ConnectionExecutor for Build {}
impl DedicatedExecutor for Build {}
