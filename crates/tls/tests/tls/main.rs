//! Proves the TLS options by real handshakes in memory: no sockets, no servers.

// A test binary is all test, which clippy only believes of what says so.
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod peers;
