//! TLS options of a Redis and Valkey client as one `rustls` client config.
//!
//! [`client_config`] turns [`TlsOptions`] into a config that any number of connections share; [`server_name`] says which name to ask
//! for; [`explain`] turns a failed handshake into a sentence that says what to do. No sockets here: the drivers own them.
//!
//! The cryptography is `ring`'s by default and `aws-lc-rs`'s with the feature of that name; where both are on, `aws-lc-rs` is taken.
//! It is passed on explicitly, so that the process-wide default of an application that uses `rustls` itself is left alone.
//!
//! # Layout
//!
//! `config` puts together what `roots` (whom to trust), `identity` (who the client is), `verify` (how the server is checked) and
//! `provider` (with which cryptography) supply.

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("carnelian-tls needs cryptography: switch on its feature `ring` or `aws-lc-rs`");

mod config;
mod error;
mod explain;
mod identity;
mod provider;
mod roots;
mod verify;

pub use config::{client_config, server_name};
pub use error::TlsError;
pub use explain::explain;

#[doc(no_inline)]
pub use carnelian_core::config::TlsOptions;
