//! The clients against real servers, as their users meet them: one file for each chapter of the guide.
//!
//! Here it is what users are promised, of both faces. The commands are in `tests/group`; what the drivers do about odd
//! networks and odd servers is tested where they are.

#![cfg(all(feature = "tokio", feature = "blocking", feature = "tls"))]
#![expect(clippy::unwrap_used, reason = "what a test's own tools cannot do fails the test")]

mod support;

mod blocking;
mod closing;
mod config;
mod connecting;
mod credentials;
mod errors;
mod events;
mod fail_soft;
mod pipelining;
mod pool;
mod process_wide;
mod raw_commands;
mod retries;
mod streams;
mod surface;
mod timeouts;
mod tls;
mod values;
mod waiting;
