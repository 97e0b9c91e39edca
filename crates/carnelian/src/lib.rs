//! Carnelian: a Redis and Valkey client for Rust.
//!
//! Async and blocking under the same names, typed, fast, and honest about what happened to a command.
//!
//! ```no_run
//! use carnelian::prelude::*;
//!
//! # async fn example() -> carnelian::Result<()> {
//! let client = Client::connect("redis://localhost").await?;
//! client.set("user:1:name", "Ada").await?;
//! let name: Option<String> = client.get("user:1:name").await?;
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "blocking")]
pub use carnelian_blocking as blocking;
pub use carnelian_command::group;
pub use carnelian_command::{
    ArgWriter, Build, Command, ConnectionExecutor, DataExecutor, DecodeError, DedicatedExecutor, Executor,
    FromReply, Raw, RawCommands, Request, ServerError, ToArg, ToArgs, ToPairs, Value, slot, spec,
};
pub use carnelian_core::{
    Config, ConfigError, Error, ErrorKind, Event, Result, ServerCode, State, TimeoutReport, config,
};
pub use carnelian_resp as resp;
#[cfg(feature = "tokio")]
pub use carnelian_tokio::{Client, Dedicated, FailSoft, Pending, Reply, Soft, close, global, init};

/// What most programs need: the client and the typed methods.
pub mod prelude {
    pub use carnelian_command::RawCommands as _;
    pub use carnelian_command::group::*;
    pub use carnelian_command::{FromReply, ToArg, Value};
    pub use carnelian_core::{Config, Error, ErrorKind};
    #[cfg(feature = "tokio")]
    pub use carnelian_tokio::Client;
}
