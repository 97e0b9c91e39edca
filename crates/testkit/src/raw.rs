//! The testkit's own RESP2 speaker: just enough to ask a server what is true, apart from the client under test.
//!
//! No pooling, no pipelining limits, no RESP3: assertions only.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a connection waits for a byte before it fails, unless told otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A reply as the server sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`.
    Simple(String),
    /// `-ERR …`, without the dash.
    Error(String),
    /// `:1`.
    Integer(i64),
    /// `$5 hello`.
    Bulk(Vec<u8>),
    /// `*2 …`.
    Array(Vec<Self>),
    /// `$-1` or `*-1`.
    Nil,
}

impl Reply {
    /// The reply's text, for strings, errors and numbers; elements joined by line ends for arrays; `(nil)` for nil.
    pub fn text(&self) -> String {
        self.to_string()
    }

    /// The number.
    ///
    /// # Panics
    /// When it is not an integer, nor a string that reads as one.
    pub fn integer(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            other => other.text().parse().unwrap_or_else(|_| panic!("not an integer: {other:?}")),
        }
    }

    /// The elements.
    ///
    /// # Panics
    /// When it is not an array.
    pub fn array(&self) -> &[Self] {
        let Self::Array(items) = self else { panic!("not an array: {self:?}") };
        items
    }

    /// Whether it is `+OK`.
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Simple(text) if text == "OK")
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(text) | Self::Error(text) => formatter.write_str(text),
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Bulk(bytes) => formatter.write_str(&String::from_utf8_lossy(bytes)),
            Self::Nil => formatter.write_str("(nil)"),
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(formatter, "{separator}{item}")?;
                }
                Ok(())
            }
        }
    }
}

/// A command as it goes over the wire: an array of bulk strings.
pub fn encode<A: AsRef<[u8]>>(arguments: &[A]) -> Vec<u8> {
    let mut wire = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        let argument = argument.as_ref();
        wire.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        wire.extend_from_slice(argument);
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// Reads one reply.
///
/// # Errors
/// When the stream fails, ends, or says what no RESP2 server says.
pub fn read_reply(stream: &mut impl BufRead) -> io::Result<Reply> {
    let line = read_line(stream)?;
    let (kind, rest) = line.split_at_checked(1).ok_or_else(|| garbage("an empty line"))?;
    match kind {
        "+" => Ok(Reply::Simple(rest.to_owned())),
        "-" => Ok(Reply::Error(rest.to_owned())),
        ":" => Ok(Reply::Integer(number(rest)?)),
        "$" => match usize::try_from(number(rest)?) {
            Err(_) => Ok(Reply::Nil),
            Ok(length) => {
                let mut bytes = vec![0; length + 2];
                stream.read_exact(&mut bytes)?;
                bytes.truncate(length);
                Ok(Reply::Bulk(bytes))
            }
        },
        "*" => match usize::try_from(number(rest)?) {
            Err(_) => Ok(Reply::Nil),
            Ok(length) => {
                (0..length).map(|_| read_reply(stream)).collect::<io::Result<_>>().map(Reply::Array)
            }
        },
        _ => Err(garbage(&line)),
    }
}

/// A connection to a server.
pub struct Connection {
    stream: BufReader<Box<dyn Wire>>,
}

/// What a connection can run over: a socket, or TLS over one.
pub trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

impl Connection {
    /// Connects by TCP.
    ///
    /// # Errors
    /// When nobody answers there.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::over(stream))
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// When nobody answers there.
    pub fn unix(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::over(stream))
    }

    /// Speaks over a stream that is there already, TLS for one. Set its timeouts first.
    pub fn over(stream: impl Wire + 'static) -> Self {
        Self { stream: BufReader::new(Box::new(stream)) }
    }

    /// Sends a command and reads one reply.
    ///
    /// # Errors
    /// As [`read_reply`].
    pub fn call<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> io::Result<Reply> {
        self.send(&encode(arguments))?;
        self.receive()
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the stream fails.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads one reply.
    ///
    /// # Errors
    /// As [`read_reply`].
    pub fn receive(&mut self) -> io::Result<Reply> {
        read_reply(&mut self.stream)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(garbage(&line)),
    }
}

fn number(text: &str) -> io::Result<i64> {
    text.parse().map_err(|_| garbage(text))
}

fn garbage(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not RESP2: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut wire: &[u8]) -> Reply {
        let reply = read_reply(&mut wire).unwrap();
        assert!(wire.is_empty(), "bytes left");
        reply
    }

    #[test]
    fn reads_each_kind() {
        assert_eq!(read(b"+OK\r\n"), Reply::Simple("OK".into()));
        assert_eq!(read(b"-ERR no\r\n"), Reply::Error("ERR no".into()));
        assert_eq!(read(b":-7\r\n").integer(), -7);
        assert_eq!(read(b"$2\r\n\r\n\r\n"), Reply::Bulk(b"\r\n".into()));
        assert_eq!(read(b"$-1\r\n"), Reply::Nil);
        assert_eq!(read(b"*-1\r\n"), Reply::Nil);
        assert_eq!(read(b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n").text(), "1\na");
    }

    #[test]
    fn garbage_and_early_ends_are_errors() {
        for wire in ["?\r\n", "\r\n", "+OK\n", "$5\r\nab", ":x\r\n", ""] {
            assert!(read_reply(&mut wire.as_bytes()).is_err(), "{wire:?}");
        }
    }

    #[test]
    fn encodes_as_bulk_strings() {
        assert_eq!(encode(&["GET", "é"]), "*2\r\n$3\r\nGET\r\n$2\r\né\r\n".as_bytes());
    }
}
