//! A reader of streams as one consumer of a group: what it does next, in which order, and what of an answer is handed out.
//!
//! Here: all decisions, without a socket or a clock. A driver asks [`Reader::step`] what to do, does it, and tells what
//! came of it ([`Reader::answer`]); the drivers differ only in how they wait.
//!
//! ```text
//!            ┌────────────────────── an error: the reply may be lost, so what it handed out is looked for ──┐
//!            ▼                                                                                              │
//!   create ──► own pending entries ──► stale ones of others ──► new ones, waiting for them ──► hand out ────┤
//!   groups        ▲                                                   │                          (buffer)   │
//!      ▲          └──────────── every so often ───────────────────────┘                                     │
//!      └───────────────────────────────────────────────────────────────────── the group is gone ────────────┘
//! ```
//!
//! # Layout
//!
//! - [`ConsumerOptions`]: what a user can say. [`Setup`]: that, and who reads what.
//! - [`Reader`]: the state machine; `answers` is its other half, `chore` what it still has to do, `failure` what an error
//!   means to it.
//! - [`Task`], [`Answer`], [`Step`]: what it says to a driver and hears from it.
//! - [`Hands`]: what the user has been handed out and has not acknowledged.
//! - [`ConsumerStats`], [`Stopped`]: what it tells of itself.

mod answers;
mod chore;
mod entry;
mod failure;
mod hands;
mod options;
mod reader;
mod report;
mod setup;
mod task;

pub use entry::{Decoded, Entry, Origin};
pub use failure::is_unknown_command;
pub use hands::Hands;
pub use options::{ConsumerOptions, Exhausted};
pub use reader::Reader;
pub use report::{ConsumerStats, Stopped};
pub use setup::{Key, Setup};
pub use task::{Answer, History, News, Plain, Step, Task};
