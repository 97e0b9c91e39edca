//! Carnelian: a Redis and Valkey client for Rust.
//!
//! Async and blocking under the same names, typed, fast, and honest about what happened to a command.
//!
//! ```
//! use carnelian::prelude::*;
//!
//! # #[tokio::main]
//! # async fn main() -> carnelian::Result<()> {
//! # let url = carnelian_testkit::doc::url();
//! let client = Client::connect(&url).await?; // such as "redis://localhost"
//!
//! client.set_with("user:1:name", "Ada", SetOptions::new().ttl(hours(1))).await?;
//! let name: Option<String> = client.get("user:1:name").await?;
//! assert_eq!(name.as_deref(), Some("Ada"));
//!
//! client.hset("user:1", [("name", "Ada"), ("city", "London")]).await?;
//! let visits = client.hincrby("user:1", "visits", 1).await?;
//! assert_eq!(visits, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to find what
//!
//! - [`Client`] and [`blocking::Client`]: connect, run commands, take a connection of your own.
//! - [`group`]: the typed methods, one trait per group of commands, under Redis's own names: what `redis-cli` calls
//!   `HINCRBY` is `hincrby` here. They are on every client, once the [`prelude`] is imported.
//! - [`Config`] and [`config`]: everything that can be set, by builder, URL, environment, `.env` or TOML file.
//! - [`Error`]: what went wrong, and whether the command may have run all the same.
//! - [`consumer`]: reading streams as one of a group, at least once, through reconnects.
//! - [`pubsub`] and [`keyspace`]: listening to messages, and to what happens to keys.
//! - [`command`]: commands as values, and what it takes to write a group of one's own.
//! - [`guide`]: the chapters, from connecting to credentials that change. Their examples run as tests.
//!
//! # Features
//!
//! | feature | on unless switched off | what |
//! |---|---|---|
//! | `tokio` | yes | the async client |
//! | `blocking` | yes | the blocking client, without any runtime behind it |
//! | `tls` | yes | TLS by rustls with the ring provider |
//! | `aws-lc-rs` | no | TLS by rustls with the aws-lc-rs provider |
//! | `toml` | yes | config from TOML files with named profiles |

pub mod guide;
pub mod time;

#[cfg(feature = "blocking")]
pub use carnelian_blocking as blocking;
pub use carnelian_command as command;
pub use carnelian_command::{FromReply, ToArg, Value, group};
pub use carnelian_core::{Config, Error, ErrorKind, Event, Result, ServerCode, State, config, error};
pub use carnelian_resp as resp;
#[cfg(feature = "tokio")]
pub use carnelian_tokio::{Client, Dedicated, FailSoft, close, global, init};

/// What a client hands out. Seldom named: `.await` is what one does with a command on its way.
pub mod client {
    pub use carnelian_core::pool::PoolStats;
    #[cfg(feature = "tokio")]
    pub use carnelian_tokio::{Pending, ReplyCallback, Scripted, Soft};
}

/// Many commands in one round trip, and transactions; see the guide's chapters on [pipelines](guide::pipelines) and
/// [transactions](guide::transactions). The blocking client's are in [`blocking`].
pub mod pipeline {
    pub use carnelian_core::pipeline::{Pipeline, Replies, Ticket, Tickets};
    pub use carnelian_core::transaction::TransactionOptions;
    #[cfg(feature = "tokio")]
    pub use carnelian_tokio::{Commit, Many, RunAll, Tx, how};
}

/// Reading streams as one consumer of a group; see the guide's chapter on [streams](guide::streams). The blocking client's
/// are in [`blocking`].
pub mod consumer {
    pub use carnelian_core::consumer::{ConsumerOptions, ConsumerStats, Exhausted, Origin, Stopped};
    #[cfg(feature = "tokio")]
    pub use carnelian_tokio::{Consumer, ConsumerHandle, Delivery};
}

/// Listening to channels; see the guide's chapter on [messages](guide::pubsub). The blocking client's are in [`blocking`].
pub mod pubsub {
    pub use carnelian_core::subscription::{Gap, Kind, Message, Noted, Notice, Overflow, SubscribeOptions};
    #[cfg(feature = "tokio")]
    pub use carnelian_tokio::Subscription;
}

/// Listening to what happens to keys; see the guide's chapter on [keyspace events](guide::keyspace_events). The blocking
/// client's are in [`blocking`].
pub mod keyspace {
    pub use carnelian_core::keyspace::{
        EventClass, HandlerFailure, KeyEvent, KeyspaceEvent, KeyspaceEvents, KeyspaceNotice,
    };
    #[cfg(feature = "tokio")]
    pub use carnelian_tokio::{ExpiryListener, KeyspaceSubscription, Listening};
}

/// What most programs need: the client, the typed methods with their options, durations in words.
///
/// ```
/// use carnelian::prelude::*;
///
/// let config = Config::tcp("localhost", 6379).command_timeout(ms(500)).retry(Retry::none());
/// assert_eq!(config.timeouts().command, Some(ms(500)));
/// ```
pub mod prelude {
    pub use carnelian_command::group::*;
    pub use carnelian_command::{FromReply, RawCommands, ToArg, Value};
    pub use carnelian_core::config::Retry;
    pub use carnelian_core::consumer::{ConsumerOptions, Exhausted};
    pub use carnelian_core::keyspace::{KeyEvent, KeyspaceEvents};
    pub use carnelian_core::pipeline::{Pipeline, Ticket};
    pub use carnelian_core::subscription::{Notice, SubscribeOptions};
    pub use carnelian_core::transaction::TransactionOptions;
    pub use carnelian_core::{Config, Error, ErrorKind};
    #[cfg(feature = "tokio")]
    pub use carnelian_tokio::Client;

    pub use crate::time::*;
}

/// The program of the README compiles as it stands there.
#[cfg(all(doctest, feature = "tokio", feature = "blocking"))]
#[doc = include_str!("../../../README.md")]
mod readme {}
