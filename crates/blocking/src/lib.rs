//! The blocking driver of carnelian: sockets and threads' turns around the decisions of `carnelian-core`. No runtime.
//!
//! # Layout
//!
//! - [`Client`]: what users hold; `shared` is its inside, `node` the server it talks to, `house` what no caller waits for.
//! - `lane`: a connection as its callers see it; in its folder `driver`: how they take turns moving its bytes, and `alone`:
//!   when there is only one. `patience`, `parker`: how a thread waits for the network, and for another thread.
//! - `connect`: how a connection is made, out of `open` (sockets), `secure` (TLS) and `greet` (handshake).
//! - `stream`, `socket`, `tls`: bytes in and out.
//! - `pending`: a command and the thread that waits for it; `slow` holds its uncommon ways; [`Call`] its options.
//! - [`Subscription`]: what comes from channels. [`KeyspaceSubscription`]: what happens to keys. [`ExpiryListener`]: handlers
//!   for keys whose time is up.
//! - [`Dedicated`]: a connection of the caller's own, out of the `pool`. [`FailSoft`]: a handle that never fails.
//! - [`Tx`]: a transaction that watches keys. `script`: a script by its hash, or else by its source.
//! - [`Consumer`]: streams, read as one of a group.
//! - [`init`], [`global`], [`close`]: one client for the process. `login`: new credentials for open connections.

mod bell;
mod call;
mod client;
mod clock;
mod connect;
mod consumer;
mod dedicated;
mod expiry;
mod fail_soft;
mod global;
mod greet;
mod house;
mod keyspace;
mod lane;
mod login;
mod node;
mod open;
mod parker;
mod patience;
mod pending;
mod pipeline;
mod pool;
mod run_all;
mod script;
#[cfg(feature = "tls")]
mod secure;
mod shared;
mod slow;
mod socket;
mod stream;
mod subscription;
mod target;
#[cfg(feature = "tls")]
mod tls;
mod transaction;
mod watch;

pub use call::Call;
pub use carnelian_core::callbacks::ReplyCallback;
pub use client::Client;
pub use consumer::{Consumer, ConsumerHandle, Delivery};
pub use dedicated::Dedicated;
pub use expiry::{ExpiryListener, Listening};
pub use fail_soft::{FailSoft, Soft};
pub use global::{close, global, init};
pub use keyspace::KeyspaceSubscription;
pub use run_all::RunAll;
pub use subscription::Subscription;
pub use transaction::Tx;
pub use watch::{Events, StateWatch};
