//! One server for many tests of one process, and key names that keep them apart.
//!
//! The servers live in a static and are never dropped; the watchdog ends them when the process does.

use std::collections::BTreeMap;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::server::Server;
use crate::servers;

static RUNNING: Mutex<BTreeMap<String, &'static Server>> = Mutex::new(BTreeMap::new());
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The server of that name that all tests of this process use, started by the first that asks.
///
/// For tests that only touch keys of their own (see [`unique`]): whoever flushes, stops or reconfigures the server
/// starts one of its own.
///
/// # Panics
/// When the server is not installed or does not start.
pub fn shared(name: &str) -> &'static Server {
    // A start that panicked left the map as it was: the poison says nothing of use.
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.get(name) {
        return server;
    }
    let server: &'static Server = Box::leak(Box::new(Server::start(&servers::named(name))));
    running.insert(name.to_owned(), server);
    server
}

/// A name that no other call, in this or another process, returns: for keys, channels, groups.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}:{}:{}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_gives_the_same_server() {
        let (one, two) = (shared("redis-7.0"), shared("redis-7.0"));
        assert_eq!(one.pid(), two.pid());
    }

    #[test]
    fn names_do_not_repeat() {
        assert_ne!(unique("key"), unique("key"));
    }
}
