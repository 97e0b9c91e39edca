//! What went wrong, and whether the command may have run all the same.
//!
//! One opaque type for every layer. It is asked, not matched: [`Error::may_have_run`] is the question that decides
//! whether trying again is safe.

mod code;
mod kind;
mod report;
mod script;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use carnelian_command::spec::{Facts, Group};
use carnelian_command::{DecodeError, Request, ServerError};

pub use code::ServerCode;
pub use kind::ErrorKind;
pub use report::TimeoutReport;

use crate::config::ConfigError;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command or a connection failed.
///
/// ```
/// # use carnelian_core::{Error, ErrorKind};
/// fn may_try_again(error: &Error) -> bool {
///     !error.may_have_run() && error.is_retryable()
/// }
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    may_have_run: bool,
    command: Option<Cow<'static, str>>,
    node: Option<Arc<str>>,
    message: String,
    server: Option<ServerError>,
    /// The code of a server's line that may not be quoted in full.
    code: Option<ServerCode>,
    report: Option<Box<TimeoutReport>>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind; `message` says what was tried and what to do. The command did not run.
    #[must_use]
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            may_have_run: false,
            command: None,
            node: None,
            message: message.into(),
            server: None,
            code: None,
            report: None,
            source: None,
        }))
    }

    /// The error line that the server answered to a command with these facts.
    #[must_use]
    #[cold]
    pub fn server(facts: &Facts, error: ServerError) -> Self {
        let mut new = Self::new(ErrorKind::Server, "");
        // A script may have written before it failed, and a transaction runs on past a command that fails; any other
        // command that answers with an error has changed nothing.
        let runs_commands = facts.group == Group::Scripting || facts.name == "EXEC";
        new.0.may_have_run = runs_commands && !ServerCode::of(&error).ran_nothing();
        new.0.server = Some(error);
        new.of_command(facts)
    }

    /// The server did not take command `number` of `count` into the queue of a transaction, so none of them was run.
    #[must_use]
    #[cold]
    pub fn not_queued(facts: &Facts, error: ServerError, number: usize, count: usize) -> Self {
        let mut new = Self::server(facts, error).possibly_run(false);
        new.0.message =
            format!("nothing was run, since this was command {number} of {count} of a transaction");
        new
    }

    /// The reply to a command with these facts is not of the kind asked for.
    #[must_use]
    #[cold]
    pub fn decode(facts: &Facts, error: DecodeError) -> Self {
        if let Some(server) = error.server_error() {
            return Self::server(facts, server.clone());
        }
        let kind = if error.is_protocol_error() { ErrorKind::Protocol } else { ErrorKind::Decode };
        let mut new = Self::new(kind, error.to_string());
        new.0.may_have_run = true;
        new.of_command(facts)
    }

    /// The deadline passed. `report` says what the connection looked like then.
    #[must_use]
    #[cold]
    pub fn timeout(report: TimeoutReport) -> Self {
        let mut new = Self::new(ErrorKind::Timeout, report.to_string());
        new.0.may_have_run = report.sent;
        new.0.report = Some(Box::new(report));
        new
    }

    /// The client was closed before the command was sent.
    #[must_use]
    #[cold]
    pub fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the client is closed")
    }

    /// The connection, or the client, is closed because of `why`; nothing to say: because the user closed it.
    #[must_use]
    #[cold]
    pub fn closed_because(why: &str) -> Self {
        if why.is_empty() {
            return Self::closed();
        }
        Self::new(ErrorKind::Closed, format!("the connection is closed: {why}"))
    }

    /// The connection was lost because of `why` before the reply came. `sent`: the whole command had been written.
    #[must_use]
    #[cold]
    pub fn lost(why: &str, sent: bool) -> Self {
        let why = if why.is_empty() { "the connection was closed" } else { why };
        Self::new(ErrorKind::Connection, format!("the connection was lost before the reply came: {why}"))
            .possibly_run(sent)
    }

    /// A watched key was changed by somebody else, so the transaction was not run.
    #[must_use]
    #[cold]
    pub fn conflict() -> Self {
        Self::new(
            ErrorKind::Conflict,
            "a watched key was changed by somebody else, so the transaction was not run: read again and try again",
        )
    }

    /// Watched keys were changed by others in each of so many tries.
    #[must_use]
    #[cold]
    pub fn conflict_after(tries: u32) -> Self {
        let often =
            if tries == 1 { "in the only try".to_owned() } else { format!("in each of {tries} tries") };
        let message = format!(
            "a watched key was changed by somebody else {often}, so the transaction was not run: allow more attempts or a longer watch delay, or use a script"
        );
        Self::new(ErrorKind::Conflict, message)
    }

    /// The queue of the connection takes no more.
    #[must_use]
    #[cold]
    pub fn queue_full() -> Self {
        Self::new(
            ErrorKind::QueueFull,
            "the queue of the connection is full; slow down, raise queue_max_bytes or queue_max_entries, or let commands wait",
        )
    }

    /// All of the `most` dedicated connections are in use.
    #[must_use]
    #[cold]
    pub fn pool_exhausted(most: usize) -> Self {
        let message = format!(
            "all {most} dedicated connections are in use; raise max_connections, or let the pool wait longer"
        );
        Self::new(ErrorKind::PoolExhausted, message)
    }

    /// Says that the command may have run all the same.
    #[must_use]
    pub fn possibly_run(mut self, may_have_run: bool) -> Self {
        self.0.may_have_run = may_have_run;
        self
    }

    /// Names the command.
    #[must_use]
    pub fn of_command(mut self, facts: &Facts) -> Self {
        if !facts.name.is_empty() {
            // The name of a fact of the table is static, but a reference to facts need not be.
            self.0.command = Some(Cow::Owned(facts.name.to_owned()));
        }
        self
    }

    /// Names the command that was sent; also one that no table knows.
    #[must_use]
    pub fn of_request(self, request: &Request) -> Self {
        if !request.facts().name.is_empty() {
            return self.of_command(request.facts());
        }
        let mut named = self;
        named.0.command = Some(Cow::Owned(request.name()));
        named
    }

    /// Names the server it happened at.
    #[must_use]
    pub fn at(mut self, node: &Arc<str>) -> Self {
        self.0.node = Some(Arc::clone(node));
        self
    }

    /// Says which code the server answered with, where its line is not kept.
    #[must_use]
    pub const fn with_code(mut self, code: ServerCode) -> Self {
        self.0.code = Some(code);
        self
    }

    /// Keeps what caused it.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// True when the command was sent, or part of it, and its outcome is not known: it may have run, now or later. False: it
    /// did not run, or the server's answer told its outcome.
    #[must_use]
    pub const fn may_have_run(&self) -> bool {
        self.0.may_have_run
    }

    /// True when trying again later may go well, and is safe: the command has not run, and the cause may pass.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        if self.0.may_have_run {
            return false;
        }
        match self.0.kind {
            ErrorKind::Timeout
            | ErrorKind::Connection
            | ErrorKind::QueueFull
            | ErrorKind::PoolExhausted
            | ErrorKind::Conflict => true,
            ErrorKind::Server => self.server_code().is_some_and(|code| code.may_pass()),
            _ => false,
        }
    }

    /// True when a deadline passed.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout)
    }

    /// The name of the command, when it is about one.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.0.command.as_deref()
    }

    /// The server it happened at.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.0.node.as_deref()
    }

    /// The code of the server's error line.
    #[must_use]
    pub fn server_code(&self) -> Option<ServerCode> {
        self.0.server.as_ref().map(ServerCode::of).or(self.0.code)
    }

    /// The server's error line.
    #[must_use]
    pub const fn server_error(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// What the connection looked like when the deadline passed.
    #[must_use]
    pub fn timeout_report(&self) -> Option<&TimeoutReport> {
        self.0.report.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(command) = &inner.command {
            write!(f, "{command}: ")?;
        }
        match &inner.server {
            Some(error) => {
                error.fmt(f)?;
                if let Some(advice) = ServerCode::of(error).advice() {
                    write!(f, " ({advice})")?;
                }
                if !inner.message.is_empty() {
                    write!(f, "; {}", inner.message)?;
                }
            }
            None => f.write_str(&inner.message)?,
        }
        // What happened while connecting names the address already.
        if let Some(node) = inner.node.as_deref().filter(|&node| !inner.message.contains(node)) {
            write!(f, " [{node}]")?;
        }
        if inner.may_have_run && inner.kind != ErrorKind::Decode {
            f.write_str("; the command may have run")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("may_have_run", &self.0.may_have_run)
            .field("message", &self.to_string())
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(ErrorKind::Config, error.to_string())
    }
}

/// A config that can't fail to convert, such as a `Config` itself.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnelian_command::spec;

    #[test]
    fn refused_commands_did_not_run_and_may_be_tried_again() {
        let error = Error::server(&spec::SET, ServerError::new(b"LOADING Redis is loading"));
        assert!(!error.may_have_run() && error.is_retryable());
        assert_eq!(error.server_code(), Some(ServerCode::Loading));
        assert_eq!(error.command(), Some("SET"));
    }

    #[test]
    fn a_failed_script_may_have_written() {
        let error = Error::server(&spec::EVAL, ServerError::new(b"ERR user_script:1: oh"));
        assert!(error.may_have_run() && !error.is_retryable());
        let error = Error::server(&spec::EVAL, ServerError::new(b"READONLY no"));
        assert!(!error.may_have_run());
        let error = Error::server(&spec::EVALSHA, ServerError::new(b"NOSCRIPT No matching script."));
        assert!(!error.may_have_run());
    }

    #[test]
    fn a_transaction_runs_on_past_an_error() {
        let nested = DecodeError::server(b"WRONGTYPE no");
        assert!(Error::decode(&spec::EXEC, nested).may_have_run());
        let error = Error::server(&spec::EXEC, ServerError::new(b"EXECABORT Transaction discarded"));
        assert!(!error.may_have_run() && !error.is_retryable());
    }

    #[test]
    fn messages_say_what_happened_where() {
        let node: Arc<str> = "127.0.0.1:6379".into();
        let error = Error::server(&spec::LPUSH, ServerError::new(b"WRONGTYPE not a list")).at(&node);
        assert_eq!(
            error.to_string(),
            "LPUSH: WRONGTYPE not a list (the key holds another type of value) [127.0.0.1:6379]"
        );
        assert!(!error.is_retryable());
    }
}
