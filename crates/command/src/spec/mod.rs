//! The facts of every Redis and Valkey command: names, arity, flags, key positions, policies, versions.
//!
//! Owns: what the servers say about a command ([`Facts`], generated into `table/` from `facts/commands.tsv`) and the
//! few judgements a client must add by hand because no server states them (what blocks, what belongs to one
//! connection, what may be sent twice). Each judgement stands in a file of its own with its reason.
//! Not here: the typed methods (`group/`), and what a router or a retry policy makes of the facts (the core).
//!
//! One static per command, named after it: `CLIENT KILL` is [`CLIENT_KILL`], `JSON.GET` is [`JSON_GET`].

mod access;
mod blocking;
mod connection_state;
mod facts;
mod find;
mod flags;
mod group;
mod keys;
mod policy;
mod retry;
mod table;

pub use access::{Access, KeySpec, Place};
pub use blocking::Blocking;
pub use facts::{Facts, Since, UNKNOWN};
pub use find::{all, find, is_container};
pub use flags::Flags;
pub use group::Group;
pub use keys::{KeyError, KeyPositions, key_positions};
pub use policy::{RequestPolicy, ResponsePolicy};
pub use retry::RetryClass;
pub use table::*;
