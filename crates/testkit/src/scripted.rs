//! A server that does what the test says, byte by byte.
//!
//! For what no real server does on request: garbage, frames of absurd size, a handshake refused in a certain way, a
//! close in mid-reply.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::accepts::Accepts;
use crate::ports;
use crate::raw::PATIENCE;
use crate::wait::holds_within;

/// One client of a [`ScriptedServer`], as its script sees it.
#[derive(Debug)]
pub struct Peer {
    number: usize,
    stream: BufReader<Socket>,
}

/// Shared weakly with the server, which must be able to end a script that waits, yet not keep open what it closed.
#[derive(Debug)]
struct Socket(Arc<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Peer {
    /// How many clients came before this one.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The socket itself. Bytes that [`command`](Self::command) has read ahead do not come again from it.
    pub fn stream(&self) -> &TcpStream {
        &self.stream.get_ref().0
    }

    /// The next command, or `None` when the client has closed.
    ///
    /// # Errors
    /// When the socket fails, nothing comes for ten seconds, or what comes is no array of bulk strings.
    pub fn command(&mut self) -> io::Result<Option<Vec<Vec<u8>>>> {
        if self.stream.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let count = self.header(b'*')?;
        let mut arguments = Vec::new();
        for _ in 0..count {
            let length = self.header(b'$')?;
            let mut argument = vec![0; length + 2];
            self.stream.read_exact(&mut argument)?;
            argument.truncate(length);
            arguments.push(argument);
        }
        Ok(Some(arguments))
    }

    /// The next command as text, its words joined by spaces; empty when the client has closed.
    ///
    /// # Errors
    /// As [`command`](Self::command).
    pub fn line(&mut self) -> io::Result<String> {
        let words = self.command()?.unwrap_or_default();
        let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
        Ok(words.join(" "))
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the socket fails.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream().write_all(bytes.as_ref())
    }

    /// Closes with a reset instead of an orderly end.
    ///
    /// # Errors
    /// When the socket fails.
    pub fn reset(self) -> io::Result<()> {
        SockRef::from(self.stream()).set_linger(Some(Duration::ZERO))
    }

    /// Reads and throws away until the client closes.
    ///
    /// # Errors
    /// When the socket fails or nothing comes for ten seconds.
    pub fn drain(&mut self) -> io::Result<()> {
        io::copy(&mut self.stream, &mut io::sink()).map(drop)
    }

    fn header(&mut self, kind: u8) -> io::Result<usize> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let number = line.strip_prefix(char::from(kind)).and_then(|rest| rest.strip_suffix("\r\n"));
        number.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("a client sent no command: {line:?}"))
        })
    }
}

/// A listener that runs a script for each client, in a thread of its own.
///
/// An error the script returns ends that client's connection and nothing else. A panic (a failed assertion) is passed
/// on by [`finish`](Self::finish), or when the server is dropped.
pub struct ScriptedServer {
    address: SocketAddr,
    listener: Arc<TcpListener>,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    accepts: Accepts,
    closing: AtomicBool,
    running: AtomicUsize,
    clients: Mutex<Vec<(Weak<TcpStream>, JoinHandle<()>)>>,
    panic: Mutex<Option<String>>,
}

impl ScriptedServer {
    /// Listens on a free loopback port and runs `script` for each client. Sockets time out after ten seconds.
    pub fn start(script: impl Fn(Peer) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = Arc::new(ports::listen());
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("a listener without address: {error}"));
        let shared = Arc::new(Shared::default());
        let acceptor = {
            let (listener, shared) = (Arc::clone(&listener), Arc::clone(&shared));
            let script = Arc::new(script);
            thread::spawn(move || {
                while let Ok((stream, _)) = listener.accept() {
                    shared.serve(stream, Arc::clone(&script));
                }
            })
        };
        Self { address, listener, shared, acceptor: Some(acceptor) }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// When each client so far came.
    pub fn accepted(&self) -> Vec<Instant> {
        self.shared.accepts.times()
    }

    /// Waits until all scripts have ended, and passes on their panics.
    ///
    /// # Panics
    /// When a script panicked or does not end within ten seconds.
    pub fn finish(self) {
        let ended = holds_within(PATIENCE, || self.shared.running.load(Ordering::Acquire) == 0);
        assert!(ended, "a script still runs");
    }
}

impl Shared {
    fn serve<S>(self: &Arc<Self>, stream: TcpStream, script: Arc<S>)
    where
        S: Fn(Peer) -> io::Result<()> + Send + Sync + 'static,
    {
        let number = self.accepts.note();
        let ready = stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        // A client that is gone already needs no script.
        let Ok(()) = ready else { return };
        let stream = Arc::new(stream);
        let handle = Arc::downgrade(&stream);
        self.running.fetch_add(1, Ordering::AcqRel);
        let shared = Arc::clone(self);
        let thread = thread::spawn(move || {
            let peer = Peer { number, stream: BufReader::new(Socket(stream)) };
            let outcome = catch_unwind(AssertUnwindSafe(|| script(peer)));
            if let Err(panic) = outcome
                && !shared.closing.load(Ordering::Acquire)
            {
                lock(&shared.panic).get_or_insert(message(&*panic));
            }
            shared.running.fetch_sub(1, Ordering::AcqRel);
        });
        let mut clients = lock(&self.clients);
        clients.retain(|(_, thread)| !thread.is_finished());
        clients.push((handle, thread));
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        // Wakes the acceptor.
        let _ = SockRef::from(&*self.listener).shutdown(Shutdown::Both);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        let clients: Vec<_> = lock(&self.shared.clients).drain(..).collect();
        for stream in clients.iter().filter_map(|(stream, _)| stream.upgrade()) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        for (_, thread) in clients {
            let _ = thread.join();
        }
        let panic = lock(&self.shared.panic).take();
        if let Some(panic) = panic
            && !thread::panicking()
        {
            panic!("a script panicked: {panic}");
        }
    }
}

impl fmt::Debug for ScriptedServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedServer").field("address", &self.address).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
