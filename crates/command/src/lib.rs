//! Redis and Valkey commands as values.
//!
//! A typed method builds a [`Command<R>`]: its arguments, the facts about it, and the type `R` of its reply. An
//! [`Executor`] decides what running it yields: an async client gives a future, a blocking client a result,
//! [`Build`] the command itself. So each command is written once and serves every kind of client.
//!
//! # Layout
//!
//! - [`Command`], [`Request`]: one command, encoded as it is built.
//! - [`ToArg`], [`ToArgs`], [`ToPairs`]: what can be an argument.
//! - [`FromReply`], [`Value`]: what a reply can become.
//! - [`Executor`] and its markers: who may run what.
//! - [`group`]: the typed methods, one file per group of commands, under Redis's own names.
//! - [`spec`]: the facts of every command.
//! - [`slot`]: which part of a cluster a key lives in.

mod argument;
mod encoded;
mod executor;
pub mod group;
mod raw;
pub mod reply;
mod request;
pub mod slot;
pub mod spec;

pub use argument::{ArgWriter, ToArg, ToArgs, ToPairs};
pub use encoded::Whole;
pub use executor::{Build, ConnectionExecutor, DataExecutor, DedicatedExecutor, Executor};
pub use raw::{Raw, RawCommands};
pub use reply::{DecodeError, FromReply, ServerError, Value};
pub use request::{Command, Request};
