//! What carnelian's own tests stand on: real servers, certificates, a proxy that does harm, a server that follows a script.
//!
//! Owns everything a test needs from outside the client. It knows nothing of the client under test (its own RESP
//! speaker is in [`raw`]), so that a fault of the client cannot hide behind the same fault here; only the
//! [`simulator`] does, which drives the client's core in a world of its own. Plain threads and
//! `std`: usable from blocking and async tests alike.
//!
//! Everything started here dies with the value that started it, and, if the test process is killed, with the process
//! (see `watchdog`). A server that is not installed is a failed test, never a skipped one.

mod accepts;
pub mod certs;
pub mod doc;
mod folder;
mod options;
mod ports;

pub mod proxy;
pub mod raw;
pub mod scripted;

mod server;
pub mod servers;
mod shared;
pub mod simulator;
mod wait;
mod watchdog;

pub use certs::{Certificates, Identity};
pub use options::{Options, ServerCertificate};
pub use ports::free_port;
pub use proxy::FaultProxy;
pub use raw::Reply;
pub use scripted::ScriptedServer;
pub use server::Server;
pub use servers::{Flavor, Installed};
pub use shared::{shared, unique};
pub use wait::eventually;
