//! A TLS session over a socket: plain bytes in and out, and the lock between the one who writes and the one who reads.

use std::io::{self, BufRead as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use carnelian_core::connection::Inbox;
use parking_lot::Mutex;
use rustls::ClientConnection;
use socket2::Socket;

use crate::socket::{self, AtOnce, Received};

/// Room for what comes in one read.
const READ: usize = 32 << 10;

/// A session.
#[derive(Debug)]
pub(crate) struct Tls {
    session: Mutex<ClientConnection>,
    /// Records as they came. Only the one who reads takes this lock, so nobody ever waits for it.
    incoming: Mutex<Vec<u8>>,
    /// Records that are made and have not left.
    unflushed: AtomicBool,
}

impl Tls {
    pub(crate) const fn new(session: ClientConnection) -> Self {
        Self {
            session: Mutex::new(session),
            incoming: Mutex::new(Vec::new()),
            unflushed: AtomicBool::new(false),
        }
    }

    /// Takes bytes only when those before have left, so that a slow peer makes no heap grow.
    pub(crate) fn write(&self, socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
        let mut session = self.session.lock();
        if !self.send_records(socket, &mut session)? {
            return Ok(0);
        }
        let count = session.writer().write(bytes)?;
        self.send_records(socket, &mut session)?;
        Ok(count)
    }

    pub(crate) fn is_unflushed(&self) -> bool {
        self.unflushed.load(Ordering::Relaxed)
    }

    pub(crate) fn flush(&self, socket: &Socket) -> io::Result<bool> {
        if !self.is_unflushed() {
            return Ok(true);
        }
        self.send_records(socket, &mut self.session.lock())
    }

    /// Sends records until there are no more, or the socket is full. True: there are no more.
    fn send_records(&self, socket: &Socket, session: &mut ClientConnection) -> io::Result<bool> {
        while session.wants_write() {
            match session.write_tls(&mut AtOnce(socket)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unflushed.store(true, Ordering::Relaxed);
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        self.unflushed.store(false, Ordering::Relaxed);
        Ok(true)
    }

    pub(crate) fn read(&self, socket: &Socket, inbox: &mut Inbox, wait: bool) -> io::Result<Received> {
        let mut incoming = self.incoming.lock();
        incoming.clear();
        incoming.reserve(READ);
        match socket::read(socket, &mut incoming, wait)? {
            Received::Bytes(_) => {}
            nothing => return Ok(nothing),
        }
        self.open_records(socket, &incoming, inbox)
    }

    fn open_records(&self, socket: &Socket, mut records: &[u8], inbox: &mut Inbox) -> io::Result<Received> {
        let mut session = self.session.lock();
        let mut total = 0;
        while !records.is_empty() {
            session.read_tls(&mut records)?;
            let state = session.process_new_packets().map_err(invalid)?;
            let count = take_plain(&mut session, inbox)?;
            total += count;
            if state.peer_has_closed() {
                // What came before the goodbye is still good; the next read finds the end.
                return Ok(if total > 0 { Received::Bytes(total) } else { Received::End });
            }
        }
        // A change of keys wants an answer.
        self.send_records(socket, &mut session)?;
        Ok(if total > 0 { Received::Bytes(total) } else { Received::Nothing })
    }

    /// Tells the peer that nothing more comes, if that can be said at once.
    pub(crate) fn say_goodbye(&self, socket: &Socket) {
        if let Some(mut session) = self.session.try_lock() {
            session.send_close_notify();
            // The connection may be broken: then there is nobody to tell.
            let _ = self.send_records(socket, &mut session);
        }
    }
}

/// Moves all plain bytes to the inbox.
fn take_plain(session: &mut ClientConnection, inbox: &mut Inbox) -> io::Result<usize> {
    let mut total = 0;
    loop {
        let mut reader = session.reader();
        let count = match reader.fill_buf() {
            Ok(bytes) => {
                inbox.space().extend_from_slice(bytes);
                bytes.len()
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        if count == 0 {
            return Ok(total);
        }
        reader.consume(count);
        inbox.received(count);
        total += count;
    }
}

/// An error of TLS as one of the stream.
pub(crate) fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
