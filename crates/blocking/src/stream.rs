//! The byte stream to a server: TCP, TLS over TCP, or a unix socket.
//!
//! One thread may write while another one reads. Plain sockets allow that by themselves; a TLS session is under a lock
//! of its own, which is never held while anybody waits for the network.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use carnelian_core::connection::Inbox;
use socket2::Socket;

use crate::socket::{self, For, Ready, Received};
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// A connected stream.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: Socket,
    #[cfg(feature = "tls")]
    tls: Option<Box<Tls>>,
}

impl Stream {
    pub(crate) const fn plain(socket: Socket) -> Self {
        Self {
            socket,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    #[cfg(feature = "tls")]
    pub(crate) fn secured(socket: Socket, tls: Tls) -> Self {
        Self { socket, tls: Some(Box::new(tls)) }
    }

    /// Bytes go as they are.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_none();
        #[cfg(not(feature = "tls"))]
        true
    }

    /// Takes what can be written without waiting: how much. 0: no more for now.
    #[inline]
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.write(&self.socket, bytes);
        }
        socket::write(&self.socket, bytes)
    }

    /// Something that [`write`](Self::write) took has not left yet.
    #[inline]
    pub(crate) fn is_unflushed(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.is_unflushed();
        }
        false
    }

    /// Sees that what was taken leaves, as far as that goes without waiting. True: all has left.
    #[inline]
    pub(crate) fn flush(&self) -> io::Result<bool> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.flush(&self.socket);
        }
        Ok(true)
    }

    /// Puts what has come into the inbox. With `wait` it waits for as long as [`be_patient`](Self::be_patient) said.
    #[inline]
    pub(crate) fn read(&self, inbox: &mut Inbox, wait: bool) -> io::Result<Received> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.read(&self.socket, inbox, wait);
        }
        let received = socket::read(&self.socket, inbox.space(), wait)?;
        if let Received::Bytes(count) = received {
            inbox.received(count);
        }
        Ok(received)
    }

    /// Says how long a read waits at most. The system counts in coarse ticks: see [`Patience`](crate::patience::Patience).
    pub(crate) fn be_patient(&self, limit: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(limit))
    }

    /// From now on, reads may wait: until now, while it was being made, the socket never did.
    pub(crate) fn let_reads_wait(&self) -> io::Result<()> {
        self.socket.set_nonblocking(false)
    }

    pub(crate) fn wait(&self, what: For, limit: Duration) -> io::Result<Ready> {
        socket::wait(&self.socket, what, limit)
    }

    /// The peer has closed, as far as that is known without waiting.
    pub(crate) fn is_over(&self) -> bool {
        socket::is_over(&self.socket)
    }

    /// Ends the connection, whoever may be reading or writing: they come back at once.
    pub(crate) fn shut_down(&self) {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            tls.say_goodbye(&self.socket);
        }
        // It may be closed already; that is what was wanted.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}
