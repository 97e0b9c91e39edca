//! A TCP proxy that does harm on request.
//!
//! Stands between a client under test and a server, and delays, throttles, holds, swallows, cuts and resets what goes
//! through, each direction by itself, while the test runs. Threads and blocking sockets: a fault is then one plain
//! `if` in a loop, and speed is not the point.
//!
//! What it never does is break TCP's own promise: bytes arrive in order and without a gap, or not at all. So a
//! connection that lost bytes stays mute in that direction until it is closed.

mod faults;
mod lane;
mod link;

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use self::faults::{Board, Delay, Faults};
pub use self::faults::{Cut, Direction};
use self::link::{Ending, Link};
use crate::accepts::Accepts;
use crate::ports;
use crate::wait::holds_within;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const END_LIMIT: Duration = Duration::from_secs(5);
/// How much of one direction of a connection waits inside the proxy before it stops reading.
const QUEUE: usize = 1024 * 1024;
/// A client that opens connections without end is the client's fault, and not to be mistaken for the machine's.
const MOST_CONNECTIONS: usize = 512;
const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// What becomes of new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    Forward,
    Refuse,
    Reset,
    Swallow,
}

/// Settings that must be known before the proxy starts. Made by [`FaultProxy::options`].
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    upstream: SocketAddr,
    buffers: Option<usize>,
}

impl ProxyOptions {
    /// Makes the kernel's socket buffers and the proxy's own that small (the kernel has a floor of a few KiB), so that
    /// a few large values fill the whole way.
    #[must_use]
    pub fn buffers(mut self, bytes: usize) -> Self {
        self.buffers = Some(bytes);
        self
    }

    /// Starts the proxy on a free loopback port.
    ///
    /// # Panics
    /// When the kernel gives no socket.
    pub fn start(self) -> FaultProxy {
        let listener = ports::listen();
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("a listener without address: {error}"));
        if let Some(bytes) = self.buffers {
            // Connections accepted later inherit them.
            set_buffers(&SockRef::from(&listener), bytes)
                .unwrap_or_else(|error| panic!("could not set the buffers of a socket: {error}"));
        }
        let shared = Arc::new(Shared {
            listener,
            buffers: self.buffers,
            board: Arc::default(),
            accepts: Accepts::default(),
            door: Mutex::new(Door { admission: Admission::Forward, closing: false, upstream: self.upstream }),
            door_changed: Condvar::new(),
            links: Mutex::default(),
        });
        let acceptor = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.accept())
        };
        FaultProxy { address, shared, acceptor: Some(acceptor) }
    }
}

/// A proxy in front of a server. Dropping it closes all its connections.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Starts a proxy without faults on a free loopback port.
    ///
    /// # Panics
    /// When the kernel gives no socket.
    pub fn start(upstream: SocketAddr) -> Self {
        Self::options(upstream).start()
    }

    /// Says how the proxy is to be before it starts.
    pub fn options(upstream: SocketAddr) -> ProxyOptions {
        ProxyOptions { upstream, buffers: None }
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The port where clients connect.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `redis://127.0.0.1:port` of the proxy.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Sends connections made from now on to another server.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.shared.door().upstream = upstream;
    }

    /// Delays every byte by that much, without slowing their flow.
    pub fn delay(&self, direction: Direction, by: Duration) {
        self.delay_between(direction, by..=by, 0);
    }

    /// Delays each piece by a time drawn from the range; the same seed draws the same times. Order is kept.
    pub fn delay_between(&self, direction: Direction, range: RangeInclusive<Duration>, seed: u64) {
        self.change(direction, |faults| faults.delay = Some(Delay::new(&range, seed)));
    }

    /// Lets no more than that many bytes through in a second, on each connection.
    pub fn throttle(&self, direction: Direction, bytes_per_second: u64) {
        self.change(direction, |faults| faults.bytes_per_second = Some(bytes_per_second));
    }

    /// Breaks connections after so many bytes that way, counted on each from now on.
    pub fn cut(&self, direction: Direction, cut: Cut) {
        self.change(direction, |faults| {
            faults.cut = Some(cut);
            faults.cut_number += 1;
        });
    }

    /// Keeps bytes that way back; they go on their way when the fault is cleared.
    pub fn hold(&self, direction: Direction) {
        self.change(direction, |faults| faults.hold = true);
    }

    /// Loses bytes that way, and the news that the sender has closed. A connection that has lost bytes stays mute
    /// that way even when the fault is cleared.
    pub fn swallow(&self, direction: Direction) {
        self.change(direction, |faults| faults.swallow = true);
    }

    /// Loses everything both ways without a sign, as a cut cable does. New connections are taken in and left without
    /// an answer, even when there is no server.
    pub fn blackhole(&self) {
        self.admit(Admission::Swallow);
        for direction in BOTH {
            self.swallow(direction);
        }
    }

    /// Refuses new connections, as a port does on which nobody listens.
    pub fn refuse_new(&self) {
        self.admit(Admission::Refuse);
    }

    /// Accepts new connections and resets them at once.
    pub fn reset_new(&self) {
        self.admit(Admission::Reset);
    }

    /// Ends all faults. Connections that are open stay so.
    pub fn clear(&self) {
        for direction in BOTH {
            self.change(direction, |faults| {
                let cut_number = faults.cut_number;
                *faults = Faults { cut_number, ..Faults::default() };
            });
        }
        self.admit(Admission::Forward);
    }

    /// Closes all open connections in an orderly way.
    pub fn close_all(&self) {
        self.shared.end_all(Ending::Close);
    }

    /// Resets all open connections and waits until it is done. Clients may connect again meanwhile.
    ///
    /// # Panics
    /// When it is not done in five seconds.
    pub fn reset_all(&self) {
        let present: Vec<_> = self.shared.links().iter().map(|(_, thread)| thread.thread().id()).collect();
        self.shared.end_all(Ending::Reset);
        let done = || {
            let links = self.shared.links();
            links.iter().all(|(_, thread)| thread.is_finished() || !present.contains(&thread.thread().id()))
        };
        assert!(holds_within(END_LIMIT, done), "connections of the proxy do not end");
    }

    /// When each connection so far was accepted, those reset at once included.
    pub fn accepted(&self) -> Vec<Instant> {
        self.shared.accepts.times()
    }

    /// How many connections are open, those included that wait for the other end to close.
    pub fn open(&self) -> usize {
        self.shared.links().iter().filter(|(_, thread)| !thread.is_finished()).count()
    }

    /// How many bytes went on that way, on all connections together.
    pub fn forwarded(&self, direction: Direction) -> u64 {
        self.shared.board.forwarded(direction)
    }

    /// How many bytes were lost that way.
    pub fn swallowed(&self, direction: Direction) -> u64 {
        self.shared.board.swallowed(direction)
    }

    fn change(&self, direction: Direction, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.board.faults(direction));
        for link in self.shared.live() {
            link.wake();
        }
    }

    fn admit(&self, admission: Admission) {
        let mut door = self.shared.door();
        let before = door.admission;
        door.admission = admission;
        let listener = &self.shared.listener;
        let outcome = match (before, admission) {
            (Admission::Refuse, Admission::Refuse) => Ok(()),
            (_, Admission::Refuse) => ports::deafen(listener),
            (Admission::Refuse, _) => ports::listen_again(listener),
            _ => Ok(()),
        };
        outcome.unwrap_or_else(|error| panic!("could not change how the proxy listens: {error}"));
        self.shared.door_changed.notify_all();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.door().closing = true;
        self.shared.door_changed.notify_all();
        // Wakes the acceptor; one that refuses has been woken already.
        let _ = SockRef::from(&self.shared.listener).shutdown(Shutdown::Both);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        self.shared.end_all(Ending::Abandon);
        let links: Vec<_> = self.shared.links().drain(..).collect();
        for (_, thread) in links {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FaultProxy").field("address", &self.address).finish_non_exhaustive()
    }
}

struct Door {
    admission: Admission,
    closing: bool,
    upstream: SocketAddr,
}

struct Shared {
    listener: TcpListener,
    buffers: Option<usize>,
    board: Arc<Board>,
    accepts: Accepts,
    door: Mutex<Door>,
    door_changed: Condvar,
    links: Mutex<Vec<(Weak<Link>, JoinHandle<()>)>>,
}

impl Shared {
    fn accept(self: &Arc<Self>) {
        loop {
            let accepted = self.listener.accept();
            let (admission, upstream) = {
                let door = self.door();
                if door.closing {
                    return;
                }
                (door.admission, door.upstream)
            };
            match accepted {
                _ if admission == Admission::Refuse => self.wait_until_admitting(),
                Ok((client, _)) => self.admit(client, admission, upstream),
                // It was refusing a moment ago, or the client is gone.
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    fn wait_until_admitting(&self) {
        let mut door = self.door();
        while door.admission == Admission::Refuse && !door.closing {
            door = self.door_changed.wait(door).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn admit(self: &Arc<Self>, client: TcpStream, admission: Admission, upstream: SocketAddr) {
        self.accepts.note();
        let mut links = self.links();
        links.retain(|(_, thread)| !thread.is_finished());
        if admission == Admission::Reset || links.len() >= MOST_CONNECTIONS {
            // A client that is gone cannot be reset.
            let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
            return;
        }
        let limit = self.buffers.unwrap_or(QUEUE);
        let Ok(link) = Link::new(client, &self.board, limit) else { return };
        let link = Arc::new(link);
        let weak = Arc::downgrade(&link);
        let buffers = self.buffers;
        let thread = thread::spawn(move || match admission {
            Admission::Swallow => link.swallow_all(),
            // Without a server the client sees a close, as from any proxy with nothing behind it.
            _ => drop(connect(upstream, buffers).and_then(|server| link.run(server))),
        });
        links.push((weak, thread));
    }

    fn end_all(&self, how: Ending) {
        for link in self.live() {
            link.end(how);
        }
    }

    fn live(&self) -> Vec<Arc<Link>> {
        self.links().iter().filter_map(|(link, _)| link.upgrade()).collect()
    }

    fn door(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn links(&self) -> MutexGuard<'_, Vec<(Weak<Link>, JoinHandle<()>)>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(upstream: SocketAddr, buffers: Option<usize>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(upstream), Type::STREAM, None)?;
    if let Some(bytes) = buffers {
        set_buffers(&SockRef::from(&socket), bytes)?;
    }
    socket.connect_timeout(&upstream.into(), CONNECT_LIMIT)?;
    Ok(socket.into())
}

fn set_buffers(socket: &SockRef<'_>, bytes: usize) -> io::Result<()> {
    socket.set_send_buffer_size(bytes)?;
    socket.set_recv_buffer_size(bytes)
}
