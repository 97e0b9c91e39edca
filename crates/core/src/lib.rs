//! The decisions of the carnelian client, without sockets, clocks or `await`.
//!
//! Two thin drivers (tokio, std) do the I/O; what is to be done is decided here, once.
//!
//! # Layout
//!
//! - [`config`]: everything a user can set, from builders, URLs, the environment and files.
//! - [`connection`]: the queue of a connection, its handshake, its health.
//! - [`pool`]: when to open, keep and close dedicated connections.
//! - [`retry`]: whether a command that came to nothing is tried again.
//! - [`route`]: which kind of connection a command needs.
//! - [`Error`]: what went wrong, and whether the command may have run.
//! - [`State`], [`Event`]: what a client can be seen doing.

pub mod config;
pub mod connection;
pub mod error;
pub mod pool;
pub mod retry;
pub mod route;
mod state;

pub use config::{Config, ConfigError};
pub use error::{Error, ErrorKind, Result, ServerCode, TimeoutReport};
pub use state::{Event, State};
