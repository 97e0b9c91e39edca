//! Every typed method on real servers: the arguments are taken, and the reply becomes its type, the same one in RESP2 and
//! RESP3.
//!
//! What is sent word for word is held in `crates/command/tests/wire`; here a server judges it. `place.rs` has the servers
//! and the protocols; `coverage.rs` holds the methods of the sources against the calls here. A command that a server is
//! too old for must come back as a typed error.

#![cfg(feature = "tokio")]

mod connection;
mod coverage;
mod errors;
mod functions;
mod generic;
mod hash;
mod list;
mod place;
mod pubsub;
mod scripting;
mod server;
mod set;
mod sorted_set;
mod stream;
mod string;
mod transactions;
