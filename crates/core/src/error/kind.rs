//! The kinds of failures.

/// What kind of failure an [`Error`](crate::Error) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client or the command is set up wrongly.
    Config,
    /// No connection could be made, or it was lost.
    Connection,
    /// The server did not accept the user or the password.
    Authentication,
    /// TLS failed: a certificate, a host name, a version.
    Tls,
    /// A deadline passed.
    Timeout,
    /// The client was closed.
    Closed,
    /// The server answered with an error line.
    Server,
    /// The peer sent bytes that are no RESP. The connection was closed.
    Protocol,
    /// The reply is not of the type that was asked for.
    Decode,
    /// The queue of the connection is full, and waiting was not wanted.
    QueueFull,
    /// All dedicated connections are in use.
    PoolExhausted,
    /// A watched key was changed by somebody else, so the transaction was not run.
    Conflict,
    /// The command can't be run this way: it would change a connection that others share.
    NotHere,
}
