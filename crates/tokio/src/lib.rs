//! The async driver of carnelian: sockets and tasks around the decisions of `carnelian-core`.
//!
//! # Layout
//!
//! - [`Client`]: what users hold; `shared` is its inside, `node` the server it talks to.
//! - `lane`: a connection as its callers see it; `driver`: who moves its bytes; `connect`: how it is made.
//! - [`Pending`]: a command before and while it is awaited; `slow` holds its uncommon ways.
//! - [`Many`]: pipelines and transactions.
//! - [`Tx`]: a transaction that watches keys. [`Scripted`]: a script by its hash, or else by its source.
//! - [`Subscription`]: what comes from channels. [`KeyspaceSubscription`]: what happens to keys.
//! - [`ExpiryListener`]: handlers for keys whose time is up.
//! - [`Dedicated`]: a connection of the caller's own. [`FailSoft`]: a handle that never fails.
//! - [`Consumer`]: streams, read as one of a group.
//! - [`init`], [`global`], [`close`]: one client for the process. `login`: new credentials for open connections.

mod client;
mod clock;
mod connect;
mod consumer;
mod dedicated;
mod driver;
mod expiry;
mod fail_soft;
mod global;
mod keyspace;
mod lane;
mod login;
mod node;
mod pending;
mod pipeline;
mod pool;
mod run_all;
mod script;
mod shared;
mod slow;
mod stream;
mod subscription;
mod target;
mod transaction;

pub use carnelian_core::callbacks::ReplyCallback;
pub use client::Client;
pub use consumer::{Consumer, ConsumerHandle, Delivery};
pub use dedicated::Dedicated;
pub use expiry::{ExpiryListener, Listening};
pub use fail_soft::{FailSoft, Soft};
pub use global::{close, global, init};
pub use keyspace::KeyspaceSubscription;
pub use pending::Pending;
pub use pipeline::{Many, how};
pub use run_all::RunAll;
pub use script::{Scripted, ScriptedReply};
pub use subscription::Subscription;
pub use transaction::{Commit, Tx};
