//! What doctests take their server from, so that there is one place to put another one under all of them.
//!
//! A doctest is a process of its own: the server that it starts ends with it (see `watchdog`).

use crate::{servers, shared};

/// The URL of a server for this doctest alone: the same one at every call.
///
/// # Panics
/// When no server is installed.
pub fn url() -> String {
    shared(&servers::any().name).url()
}
