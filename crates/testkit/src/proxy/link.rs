//! One connection through the proxy: two sockets, two lanes, four threads.
//!
//! ```text
//!   client ──read──► lane to server ──write──► server
//!   client ◄─write── lane to client ◄──read─── server
//! ```
//!
//! The sockets close when the last thread is done with them, so that a reset, which takes effect on closing, is not
//! held up by a forgotten handle.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::faults::{Board, Cut, Direction};
use super::lane::{Lane, Step};

/// How often a thread that waits at a socket looks whether its connection is over.
const LOOK: Duration = Duration::from_millis(100);
/// How long an orderly close waits for the far end to close too. Closing a socket with bytes unread sends a reset,
/// which can destroy what the far end has not read yet.
const LINGER: Duration = Duration::from_millis(500);
const PIECE: usize = 16 * 1024;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Both ends see an orderly close.
    Close,
    /// Both ends see a reset.
    Reset,
    /// As quickly as possible: the proxy goes.
    Abandon,
}

impl From<Cut> for Ending {
    fn from(cut: Cut) -> Self {
        if cut.reset { Self::Reset } else { Self::Close }
    }
}

pub(super) struct Link {
    client: TcpStream,
    server: OnceLock<TcpStream>,
    to_server: Lane,
    to_client: Lane,
    ended: Mutex<Option<(Ending, Instant)>>,
}

impl Link {
    pub(super) fn new(client: TcpStream, board: &Arc<Board>, limit: usize) -> io::Result<Self> {
        prepare(&client)?;
        let lane = |direction| Lane::new(direction, Arc::clone(board), limit);
        let (to_server, to_client) = (lane(Direction::ToServer), lane(Direction::ToClient));
        Ok(Self { client, server: OnceLock::new(), to_server, to_client, ended: Mutex::default() })
    }

    /// Carries bytes until the connection is over.
    pub(super) fn run(&self, server: TcpStream) -> io::Result<()> {
        prepare(&server)?;
        let server = self.server.get_or_init(|| server);
        // Looked at only now: whoever ends the connection from here on finds the server's socket too.
        if self.ended().is_some() {
            return Ok(());
        }
        thread::scope(|scope| {
            scope.spawn(|| self.read(&self.client, &self.to_server));
            scope.spawn(|| self.write(server, &self.to_server));
            scope.spawn(|| self.read(server, &self.to_client));
            self.write(&self.client, &self.to_client);
        });
        Ok(())
    }

    /// Takes what the client sends and gives it to nobody, until the connection is over.
    pub(super) fn swallow_all(&self) {
        let mut buffer = vec![0; PIECE];
        let mut client = &self.client;
        while self.ended().is_none() {
            match client.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => self.to_server.count_swallowed(count),
                Err(error) if is_pause(&error) => {}
                Err(_) => return,
            }
        }
        self.drain(client);
    }

    /// Ends the connection; the first to say how prevails, unless the proxy itself goes.
    pub(super) fn end(&self, how: Ending) {
        {
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            if ended.is_some() && how != Ending::Abandon {
                return;
            }
            *ended = Some((how, Instant::now()));
        }
        self.to_server.close();
        self.to_client.close();
        for stream in [Some(&self.client), self.server.get()].into_iter().flatten() {
            // A socket that is closed already cannot be closed better.
            let _ = match how {
                Ending::Close => stream.shutdown(Shutdown::Write),
                Ending::Abandon => stream.shutdown(Shutdown::Both),
                // Shutting down for writing would send an orderly end first. For reading it only wakes our reader.
                Ending::Reset => SockRef::from(stream)
                    .set_linger(Some(Duration::ZERO))
                    .and_then(|()| stream.shutdown(Shutdown::Read)),
            };
        }
    }

    /// Has both writers look again at the faults.
    pub(super) fn wake(&self) {
        self.to_server.wake();
        self.to_client.wake();
    }

    fn ended(&self) -> Option<(Ending, Instant)> {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, mut source: &TcpStream, lane: &Lane) {
        let mut buffer = vec![0; PIECE];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => break lane.push_end(),
                Ok(count) => {
                    let piece = buffer.get(..count).unwrap_or_default().to_vec();
                    if !lane.push(piece) {
                        break self.drain(source);
                    }
                }
                Err(error) if is_pause(&error) && self.ended().is_none() => {}
                Err(error) if is_pause(&error) => break self.drain(source),
                Err(_) => break lane.push_end(),
            }
        }
    }

    /// After an orderly close, reads on until the far end closes as well.
    fn drain(&self, mut source: &TcpStream) {
        let mut buffer = vec![0; PIECE];
        while let Some((Ending::Close, since)) = self.ended()
            && since.elapsed() < LINGER
        {
            match source.read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(_) => return,
            }
        }
    }

    fn write(&self, destination: &TcpStream, lane: &Lane) {
        loop {
            match lane.next() {
                Step::Write(bytes) => {
                    if !self.write_all(destination, &bytes, lane) {
                        return self.end(Ending::Close);
                    }
                }
                Step::Break(bytes, cut) => {
                    self.write_all(destination, &bytes, lane);
                    return self.end(cut.into());
                }
                // A far end that is gone needs no telling.
                Step::End => return drop(destination.shutdown(Shutdown::Write)),
                Step::Stop => return,
            }
        }
    }

    fn write_all(&self, mut destination: &TcpStream, mut bytes: &[u8], lane: &Lane) -> bool {
        while !bytes.is_empty() {
            match destination.write(bytes) {
                Ok(count) => {
                    lane.count_forwarded(count);
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                Err(error) if is_pause(&error) && self.ended().is_none() => {}
                Err(_) => return false,
            }
        }
        true
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LOOK))?;
    stream.set_write_timeout(Some(LOOK))
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
