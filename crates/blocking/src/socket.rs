//! System calls on a connected socket, without `unsafe`: bytes in, bytes out, and waiting for either with a limit.

use std::io;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::Socket;

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// So many bytes.
    Bytes(usize),
    /// Nothing, for now.
    Nothing,
    /// The peer has closed.
    End,
}

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// Which way to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Reading,
    Writing,
    Both,
}

/// A broken connection is an error here, not a signal to the process. Apple's sockets are told when they are made.
#[cfg(not(target_vendor = "apple"))]
const SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(target_vendor = "apple")]
const SEND: SendFlags = SendFlags::DONTWAIT;

/// Hands over what the socket takes at once: how much. 0: it is full.
#[inline]
pub(crate) fn write(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match send(socket, bytes, SEND) {
            Ok(count) => return Ok(count),
            Err(Errno::AGAIN) => return Ok(0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Appends what there is to `buffer`, which must have room. With `wait` it waits for as long as the socket's read
/// timeout says.
#[inline]
pub(crate) fn read(socket: &Socket, buffer: &mut Vec<u8>, wait: bool) -> io::Result<Received> {
    let flags = if wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
    match recv(socket, spare_capacity(buffer), flags) {
        Ok((_, 0)) => Ok(Received::End),
        Ok((_, count)) => Ok(Received::Bytes(count)),
        // Interrupted: whoever waits looks at the time and comes again.
        Err(Errno::AGAIN | Errno::INTR) => Ok(Received::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// The peer has closed, or the connection has failed; found out without reading or waiting.
pub(crate) fn is_over(socket: &Socket) -> bool {
    let mut byte = [0_u8; 1];
    match recv(socket, &mut byte[..], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
        Ok((_, count)) => count == 0,
        Err(error) => !matches!(error, Errno::AGAIN | Errno::INTR),
    }
}

/// Waits until the socket is ready, for no longer than `limit`. A socket that has failed is ready for everything.
pub(crate) fn wait(socket: &Socket, what: For, limit: Duration) -> io::Result<Ready> {
    let mut polled = [PollFd::new(socket, flags(what))];
    wait_any(&mut polled, limit)?;
    let [socket] = &polled;
    let ready = |way| socket.revents().intersects(way | PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
    Ok(Ready { read: ready(PollFlags::IN), write: ready(PollFlags::OUT) })
}

/// Waits until one of several sockets that connect has done so or failed.
pub(crate) fn wait_for_connect(sockets: &[Socket], limit: Duration) -> io::Result<()> {
    let mut polled: Vec<_> = sockets.iter().map(|socket| PollFd::new(socket, PollFlags::OUT)).collect();
    wait_any(&mut polled, limit)
}

fn wait_any(polled: &mut [PollFd<'_>], limit: Duration) -> io::Result<()> {
    let limit = Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    match poll(polled, Some(&limit)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

const fn flags(what: For) -> PollFlags {
    match what {
        For::Reading => PollFlags::IN,
        For::Writing => PollFlags::OUT,
        For::Both => PollFlags::IN.union(PollFlags::OUT),
    }
}

/// A socket as `rustls` wants one: it never waits.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(crate) struct AtOnce<'a>(pub(crate) &'a Socket);

#[cfg(feature = "tls")]
impl io::Write for AtOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match write(self.0, bytes)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
