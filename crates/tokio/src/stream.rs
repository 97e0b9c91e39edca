//! The byte stream to a server: TCP, TLS over TCP, or a unix socket.
//!
//! The writing half of a plain socket can be shared, so that a caller that finds the connection idle writes at once
//! itself. TLS keeps state for both directions together, so there only the driver writes.

use std::io;
#[cfg(feature = "tls")]
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

#[cfg(feature = "tls")]
use tokio::io::AsyncWrite;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::tcp;
use tokio::net::{TcpStream, UnixStream, unix};

/// A connected stream.
pub(crate) enum Stream {
    Tcp {
        read: tcp::OwnedReadHalf,
        write: Arc<tcp::OwnedWriteHalf>,
    },
    Unix {
        read: unix::OwnedReadHalf,
        write: Arc<unix::OwnedWriteHalf>,
    },
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// The writing half of a plain socket, for callers that write themselves.
#[derive(Clone)]
pub(crate) enum LoneWriter {
    Tcp(Arc<tcp::OwnedWriteHalf>),
    Unix(Arc<unix::OwnedWriteHalf>),
}

impl LoneWriter {
    /// Writes what the socket takes at once. Errors are left to the driver, which meets them too.
    #[inline]
    pub(crate) fn write(&self, bytes: &[u8]) -> usize {
        match self {
            Self::Tcp(half) => half.try_write(bytes),
            Self::Unix(half) => half.try_write(bytes),
        }
        .unwrap_or(0)
    }
}

impl Stream {
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        let (read, write) = stream.into_split();
        Self::Tcp { read, write: Arc::new(write) }
    }

    pub(crate) fn unix(stream: UnixStream) -> Self {
        let (read, write) = stream.into_split();
        Self::Unix { read, write: Arc::new(write) }
    }

    pub(crate) fn lone_writer(&self) -> Option<LoneWriter> {
        match self {
            Self::Tcp { write, .. } => Some(LoneWriter::Tcp(Arc::clone(write))),
            Self::Unix { write, .. } => Some(LoneWriter::Unix(Arc::clone(write))),
            #[cfg(feature = "tls")]
            Self::Tls(_) => None,
        }
    }

    /// Appends what has come to `buffer`, which must have room. 0: the peer has closed.
    #[inline]
    pub(crate) fn poll_read(
        &mut self,
        buffer: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp { read, .. } => read_into(read, buffer, cx),
            Self::Unix { read, .. } => read_into(read, buffer, cx),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => read_into(stream.as_mut(), buffer, cx),
        }
    }

    /// Writes what the socket takes.
    #[inline]
    pub(crate) fn poll_write(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp { write, .. } => {
                let stream: &TcpStream = (**write).as_ref();
                write_ready(bytes, |bytes| stream.try_write(bytes), || stream.poll_write_ready(cx))
            }
            Self::Unix { write, .. } => {
                let stream: &UnixStream = (**write).as_ref();
                write_ready(bytes, |bytes| stream.try_write(bytes), || stream.poll_write_ready(cx))
            }
            #[cfg(feature = "tls")]
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    /// Sees that nothing written stays in a buffer of ours.
    #[inline]
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            _ => {
                let _ = cx;
                Poll::Ready(Ok(()))
            }
        }
    }
}

#[inline]
fn read_into<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    // A future of `read_buf` holds nothing back between polls, so it may be made anew each time.
    pin!(stream.read_buf(buffer)).poll(cx)
}

#[inline]
fn write_ready(
    bytes: &[u8],
    mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    mut ready_again: impl FnMut() -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    loop {
        match write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(ready_again())?,
            done => return Poll::Ready(done),
        }
    }
}
