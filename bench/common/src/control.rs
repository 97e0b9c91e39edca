//! A few lines of blocking RESP2, to seed the server and to ask it what it did.
//!
//! Not one of the clients under test, so that no client's own bugs or speed colour the set-up.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Failure;

/// What the server has done so far, by its own account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Processor time of the whole server process, in nanoseconds.
    pub cpu: u64,
    /// Commands processed.
    pub commands: u64,
    /// Reads from sockets that brought something.
    pub reads: u64,
}

/// The connection.
#[derive(Debug)]
pub struct Control {
    stream: BufReader<TcpStream>,
}

impl Control {
    /// Connects to the server on that loopback port.
    pub fn connect(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends one command and returns its reply: the text of a status, number or bulk string; empty for nil.
    pub fn call(&mut self, args: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        let mut request = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            request.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
            request.extend_from_slice(arg);
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&request)?;
        let mut head = String::new();
        self.stream.read_line(&mut head)?;
        let Some((kind, rest)) = head.trim_end().split_at_checked(1) else {
            return Err("the server closed the control connection".into());
        };
        match kind {
            "+" | ":" => Ok(rest.into()),
            "$" if rest == "-1" => Ok(Vec::new()),
            "$" => {
                let mut body = vec![0; rest.parse::<usize>()? + 2];
                self.stream.read_exact(&mut body)?;
                body.truncate(body.len() - 2);
                Ok(body)
            }
            _ => Err(format!("the server said {head:?}").into()),
        }
    }

    /// What the server has done so far.
    pub fn counters(&mut self) -> Result<Counters, Failure> {
        let mut text = String::from_utf8(self.call(&[b"INFO", b"cpu"])?)?;
        text.push_str(std::str::from_utf8(&self.call(&[b"INFO", b"stats"])?)?);
        let seconds = number(&text, "used_cpu_user") + number(&text, "used_cpu_sys");
        Ok(Counters {
            cpu: (seconds * 1e9) as u64,
            commands: number(&text, "total_commands_processed") as u64,
            reads: number(&text, "total_reads_processed") as u64,
        })
    }

    /// The server's own name and version.
    pub fn server_version(&mut self) -> Result<String, Failure> {
        let text = String::from_utf8(self.call(&[b"INFO", b"server"])?)?;
        let named = |field| line(&text, field).map(str::to_owned);
        let valkey = named("valkey_version").map(|version| format!("valkey {version}"));
        let redis = || named("redis_version").map(|version| format!("redis {version}"));
        valkey.or_else(redis).ok_or_else(|| "the server names no version".into())
    }
}

fn line<'t>(text: &'t str, field: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
}

/// 0 when the server has no such field: older ones count fewer things.
fn number(text: &str, field: &str) -> f64 {
    line(text, field).and_then(|value| value.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_whole_name() {
        let text = "# CPU\r\nused_cpu_sys_children:9.0\r\nused_cpu_sys:1.5\r\nused_cpu_user:0.25\r\n";
        assert_eq!(number(text, "used_cpu_sys"), 1.5);
        assert_eq!(number(text, "used_cpu_user"), 0.25);
        assert_eq!(number(text, "total_reads_processed"), 0.0);
    }
}
