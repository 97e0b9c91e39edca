//! The lower bound on the standard library's sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::os::unix::net::UnixStream;

use bench_common::{BlockingClient, Dataset, Failure, Job, Outcome, Target, run_blocking};

/// Bytes of a small value on the wire: `$32`, the value, two line ends.
const REPLY: usize = 5 + 32 + 2;

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

struct Raw {
    socket: Socket,
    request: Vec<u8>,
}

pub(crate) fn run(job: &Job) -> Result<Outcome, Failure> {
    run_blocking::<Raw>(job)
}

struct Value([u8; REPLY]);

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.get(5..5 + 32).unwrap_or_default()
    }
}

impl BlockingClient for Raw {
    type Bytes = Value;

    fn connect(target: &Target) -> Result<Self, Failure> {
        let socket = if target.unix {
            Socket::Unix(UnixStream::connect(&target.socket)?)
        } else {
            let stream = TcpStream::connect(("127.0.0.1", target.port))?;
            stream.set_nodelay(true)?;
            Socket::Tcp(stream)
        };
        Ok(Self { socket, request: Vec::with_capacity(64) })
    }

    fn for_thread(&self, target: &Target) -> Result<Self, Failure> {
        Self::connect(target)
    }

    fn get(&mut self, key: &str) -> Result<Option<Value>, Failure> {
        self.request.clear();
        self.request.extend_from_slice(b"*2\r\n$3\r\nGET\r\n$16\r\n");
        self.request.extend_from_slice(key.as_bytes());
        self.request.extend_from_slice(b"\r\n");
        let mut reply = [0; REPLY];
        self.exchange(&mut reply)?;
        Ok(Some(Value(reply)))
    }

    fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure> {
        self.request.clear();
        for (key, value) in (from..from + count).map(|turn| data.pair(turn)) {
            self.request.extend_from_slice(b"*3\r\n$3\r\nSET\r\n$16\r\n");
            self.request.extend_from_slice(key.as_bytes());
            self.request.extend_from_slice(b"\r\n$32\r\n");
            self.request.extend_from_slice(value);
            self.request.extend_from_slice(b"\r\n");
        }
        let mut replies = vec![0; count as usize * OK.len()];
        self.exchange(&mut replies)?;
        if replies.chunks(OK.len()).any(|reply| reply != OK) {
            return Err("the server's reply is not what it must be".into());
        }
        Ok(())
    }
}

/// The reply to a SET.
const OK: &[u8] = b"+OK\r\n";

impl Raw {
    #[inline]
    fn exchange(&mut self, reply: &mut [u8]) -> std::io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(stream) => {
                stream.write_all(&self.request)?;
                stream.read_exact(reply)
            }
            Socket::Unix(stream) => {
                stream.write_all(&self.request)?;
                stream.read_exact(reply)
            }
        }
    }
}
