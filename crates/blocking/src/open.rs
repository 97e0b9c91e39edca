//! From a name to a connected socket: resolving it, and trying its addresses.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use carnelian_core::config::{Target, TcpOptions};
use carnelian_core::connect::interleave;
use socket2::{Domain, SockAddr, Socket, TcpKeepalive, Type};

use crate::socket;

/// How long to leave a unix socket alone whose backlog is full: it can't be waited on.
const BACKLOG: Duration = Duration::from_millis(5);

/// Addresses being looked up.
#[derive(Debug)]
pub(crate) enum Resolve {
    Known(io::Result<Vec<SockAddr>>),
    Asked(Receiver<io::Result<Vec<SocketAddr>>>),
}

impl Resolve {
    /// The name is resolved anew for each connection, so that a server that moved is found.
    pub(crate) fn begin(target: &Target) -> Self {
        match target {
            Target::Unix { path } => Self::Known(SockAddr::unix(path).map(|address| vec![address])),
            Target::Tcp { host, port } => match host.parse::<IpAddr>() {
                Ok(ip) => Self::Known(Ok(vec![SocketAddr::new(ip, *port).into()])),
                Err(_) => Self::ask(host.clone(), *port),
            },
            other => Self::Known(Err(io::Error::other(format!("{other} has no address")))),
        }
    }

    /// The system's resolver takes no deadline, so it is asked on a thread, which nobody waits for longer than they like.
    fn ask(host: String, port: u16) -> Self {
        let look_up = move || (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        let (sender, receiver) = sync_channel(1);
        let asked = {
            let look_up = look_up.clone();
            thread::Builder::new().name("carnelian-resolve".to_owned()).spawn(move || {
                // Nobody may want to know any more.
                let _ = sender.send(look_up());
            })
        };
        match asked {
            Ok(_) => Self::Asked(receiver),
            // No thread to be had: then the caller waits.
            Err(_) => Self::Known(look_up().map(in_order)),
        }
    }

    /// The addresses, unless they are not known by the end of `slice`.
    pub(crate) fn step(&mut self, slice: Duration) -> Option<io::Result<Vec<SockAddr>>> {
        match self {
            Self::Known(known) => Some(std::mem::replace(known, Ok(Vec::new()))),
            Self::Asked(answer) => match answer.recv_timeout(slice) {
                Ok(found) => Some(found.map(in_order)),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => match answer.try_recv() {
                    Ok(found) => Some(found.map(in_order)),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                        Some(Err(io::Error::other("the name could not be resolved")))
                    }
                },
            },
        }
    }
}

fn in_order(addresses: Vec<SocketAddr>) -> Vec<SockAddr> {
    interleave(addresses).into_iter().map(SockAddr::from).collect()
}

/// Sockets that connect: one address after the other, each with a head start. The first that is there wins.
#[derive(Debug)]
pub(crate) struct Open {
    rest: std::vec::IntoIter<SockAddr>,
    /// An address to be tried again.
    again: Option<SockAddr>,
    sockets: Vec<Socket>,
    next_at: Instant,
    failure: io::Error,
    options: TcpOptions,
}

impl Open {
    pub(crate) fn new(addresses: Vec<SockAddr>, options: &TcpOptions) -> Self {
        Self {
            rest: addresses.into_iter(),
            again: None,
            sockets: Vec::new(),
            next_at: Instant::now(),
            failure: io::Error::new(io::ErrorKind::NotFound, "the host name has no address"),
            options: options.clone(),
        }
    }

    /// A connected socket, or why there is none; `None`: it is not known by the end of `slice`.
    pub(crate) fn step(&mut self, slice: Duration) -> Option<io::Result<Socket>> {
        let now = Instant::now();
        if self.sockets.is_empty() || now >= self.next_at {
            match self.again.take().or_else(|| self.rest.next()) {
                Some(address) => {
                    self.next_at = now + self.options.happy_eyeballs_delay;
                    if let Some(socket) = self.start(address) {
                        return Some(Ok(socket));
                    }
                }
                None if self.sockets.is_empty() => {
                    let none = io::Error::other("there is no address left to try");
                    return Some(Err(std::mem::replace(&mut self.failure, none)));
                }
                None => {}
            }
        }
        if self.sockets.is_empty() {
            if self.again.is_some() {
                thread::sleep(BACKLOG.min(slice));
            }
            return None;
        }
        let more = self.again.is_some() || self.rest.len() > 0;
        let slice = if more { slice.min(self.next_at.saturating_duration_since(now)) } else { slice };
        if let Err(error) = socket::wait_for_connect(&self.sockets, slice) {
            return Some(Err(error));
        }
        self.winner().map(Ok)
    }

    /// Starts to connect to one address. Local ones may be there at once.
    fn start(&mut self, address: SockAddr) -> Option<Socket> {
        match connect(&address, &self.options) {
            Ok((socket, true)) => return Some(socket),
            Ok((socket, false)) => self.sockets.push(socket),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.again = Some(address),
            Err(error) => self.failure = error,
        }
        None
    }

    fn winner(&mut self) -> Option<Socket> {
        let mut index = 0;
        while let Some(socket) = self.sockets.get(index) {
            match outcome(socket) {
                Ok(true) => return Some(self.sockets.swap_remove(index)),
                Ok(false) => index += 1,
                Err(error) => {
                    self.failure = error;
                    self.sockets.swap_remove(index);
                    // No reason to give the next one's rival a head start any more.
                    self.next_at = Instant::now();
                }
            }
        }
        None
    }
}

/// Whether a socket is connected by now.
fn outcome(socket: &Socket) -> io::Result<bool> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// A socket that connects; true: it is connected already.
fn connect(address: &SockAddr, options: &TcpOptions) -> io::Result<(Socket, bool)> {
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    if address.domain() != Domain::UNIX {
        set_options(&socket, options)?;
    }
    match socket.connect(address) {
        Ok(()) => Ok((socket, true)),
        Err(error) if is_under_way(&error) => Ok((socket, false)),
        Err(error) => Err(error),
    }
}

fn is_under_way(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
    matches!(code, Some(rustix::io::Errno::INPROGRESS | rustix::io::Errno::INTR))
}

fn set_options(socket: &Socket, options: &TcpOptions) -> io::Result<()> {
    socket.set_tcp_nodelay(options.nodelay)?;
    if let Some(keepalive) = &options.keepalive {
        let probes = TcpKeepalive::new()
            .with_time(keepalive.idle)
            .with_interval(keepalive.interval)
            .with_retries(keepalive.count);
        socket.set_tcp_keepalive(&probes)?;
    }
    #[cfg(target_os = "linux")]
    if options.user_timeout.is_some() {
        socket.set_tcp_user_timeout(options.user_timeout)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn open(addresses: &[SocketAddr]) -> io::Result<Socket> {
        let mut open =
            Open::new(addresses.iter().map(|&address| address.into()).collect(), &TcpOptions::default());
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            if let Some(result) = open.step(Duration::from_millis(50)) {
                return result;
            }
        }
        panic!("neither connected nor failed");
    }

    #[test]
    fn the_first_address_that_answers_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let socket = open(&[refused, good]).unwrap();
        assert_eq!(socket.peer_addr().unwrap().as_socket(), Some(good));
        assert_eq!(open(&[refused]).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(open(&[]).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn names_are_looked_up() {
        let mut resolve = Resolve::begin(&Target::Tcp { host: "localhost".into(), port: 7 });
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            if let Some(found) = resolve.step(Duration::from_millis(50)) {
                assert!(found.unwrap().iter().all(|address| address.as_socket().unwrap().port() == 7));
                return;
            }
        }
        panic!("no answer");
    }
}
