//! The decisions of the carnelian client, without sockets, clocks or `await`.
//!
//! Two thin drivers (tokio, std) do the I/O; what is to be done is decided here, once.
//!
//! # Layout
//!
//! - [`callbacks`]: what the user has said to do with replies.
//! - [`config`]: everything a user can set, from builders, URLs, the environment and files.
//! - [`connect`]: the order of addresses, and what to tell when a connection can't be made.
//! - [`connection`]: the queue of a connection, its handshake, its health.
//! - [`consumer`]: what a reader of streams does next, as one consumer of a group.
//! - [`keyspace`]: what the server tells about its keys.
//! - [`Options`]: how one command differs from the client's config.
//! - [`pipeline`]: many commands in one round trip, and transactions.
//! - [`pool`]: when to open, keep and close dedicated connections.
//! - [`retry`]: whether a command that came to nothing is tried again.
//! - [`route`]: which kind of connection a command needs.
//! - [`Error`]: what went wrong, and whether the command may have run.
//! - [`subscription`]: who listens to which channels.
//! - [`transaction`]: transactions that watch keys, and when they are tried again.
//! - [`State`], [`Event`]: what a client can be seen doing.

pub mod callbacks;
pub mod config;
pub mod connect;
pub mod connection;
pub mod consumer;
pub mod error;
pub mod keyspace;
mod micros;
mod options;
pub mod pipeline;
pub mod pool;
pub mod retry;
pub mod route;
mod state;
pub mod subscription;
pub mod transaction;

pub use config::{Config, ConfigError};
pub use error::{Error, ErrorKind, Result, ServerCode, TimeoutReport};
pub use options::Options;
pub use state::{Event, State};
