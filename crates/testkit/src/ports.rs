//! Picks free loopback ports.
//!
//! Not by binding port 0: those ports come out of the range that outgoing connections draw from as well. A client that
//! keeps trying a dead server's port could there be given that very port as its own and connect to itself, and a
//! stranger could take the port while its server restarts. So ports are drawn from below that range; and the port
//! 10,000 above each is free too, since a cluster node wants it for its bus.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use socket2::{Domain, SockRef, Socket, Type};

const FIRST: u64 = 11_000;
const COUNT: u64 = 10_000;
const BUS: u16 = 10_000;
/// How many connections wait to be accepted.
const BACKLOG: i32 = 128;

/// The next port of this process's walk through the range. Each process starts at a random place, so that two of
/// them rarely meet; whoever binds must still be ready to try another.
static NEXT: LazyLock<AtomicU64> =
    LazyLock::new(|| AtomicU64::new(RandomState::new().build_hasher().finish() % COUNT));

/// A loopback port on which nothing listens right now, and that no outgoing connection can be given.
///
/// Another process may take it before you bind it: rare, but try again with another one then.
///
/// # Panics
/// When every port is taken.
pub fn free_port() -> u16 {
    for _ in 0..COUNT {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let Ok(port) = u16::try_from(FIRST + offset) else { continue };
        if is_free(port) && is_free(port + BUS) {
            return port;
        }
    }
    panic!("no free loopback port between {FIRST} and {}", FIRST + COUNT)
}

/// A listener on a free loopback port, which can be kept even while it does not listen (see [`deafen`]).
pub(crate) fn listen() -> TcpListener {
    for _ in 0..100 {
        if let Ok(socket) = bind_alone(free_port()) {
            return socket.into();
        }
    }
    panic!("a hundred loopback ports in a row were taken between asking and binding")
}

/// Stops listening, yet keeps the port from being bound by anybody else.
pub(crate) fn deafen(listener: &TcpListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_reuse_address(false)?;
    socket.shutdown(Shutdown::Both)
}

/// Listens again after [`deafen`].
pub(crate) fn listen_again(listener: &TcpListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_reuse_address(true)?;
    socket.listen(BACKLOG)
}

/// Binds without `SO_REUSEADDR`, which `std` always sets, and sets it only then: so the owner can give up the right
/// of others to bind the port, by taking it off again when it stops listening, while connections accepted before do
/// not keep it from listening anew.
fn bind_alone(port: u16) -> io::Result<Socket> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&address.into())?;
    socket.set_reuse_address(true)?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_stay_out_of_the_outgoing_range() {
        let ports: Vec<u16> = (0..50).map(|_| free_port()).collect();
        for (index, port) in ports.iter().enumerate() {
            assert!((11_000..21_000).contains(port));
            assert!(!ports[..index].contains(port), "{port} twice");
        }
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let listener = listen();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }
}
