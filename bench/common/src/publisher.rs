//! The publisher of the pub/sub workload: a process of its own, so that what it does is in nobody's account.
//!
//! It is this same binary, started again. It publishes in pipelines and never runs ahead of the subscriber by more than a
//! window, so that no client's buffers decide how many messages it is shown: the subscriber gives it leave for a block of
//! messages, by a byte, for each block it has read.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::{Dataset, Failure, Job};

/// Messages of one leave.
const BLOCK: u64 = 1024;
/// Leaves that are given before anything is read.
const AHEAD: usize = 8;
/// PUBLISHes of one write.
const PIPELINED: u64 = 64;

/// The process, as the subscriber sees it.
#[derive(Debug)]
pub struct Publisher {
    child: Child,
    leave: ChildStdin,
    read: u64,
}

impl Publisher {
    /// Starts it; it is connected, and waits for [`begin`](Self::begin).
    pub fn start(job: &Job, messages: u64) -> Result<Self, Failure> {
        let mut child = Command::new(env::current_exe()?)
            .args(["--workload", job.workload.name, "--publish", &messages.to_string()])
            .args(["--port", &job.target.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (leave, said) = (child.stdin.take(), child.stdout.take());
        let (Some(leave), Some(said)) = (leave, said) else {
            return Err("the publisher has no pipes".into());
        };
        let publisher = Self { child, leave, read: 0 };
        BufReader::new(said).read_line(&mut String::new())?;
        Ok(publisher)
    }

    /// Has it publish.
    pub fn begin(&mut self) -> Result<(), Failure> {
        Ok(self.leave.write_all(&[0; AHEAD])?)
    }

    /// One more message was read.
    #[inline]
    pub fn read(&mut self) {
        self.read += 1;
        if self.read.is_multiple_of(BLOCK) {
            // It has ended once everything is published, and then needs no leave.
            let _ = self.leave.write_all(&[0]);
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // It is gone already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process itself.
pub(crate) fn publish(port: u16, messages: u64, data: &Dataset) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    println!("ready");
    let (mut leave, mut sent) = (std::io::stdin().lock(), 0);
    let (mut request, mut replies) = (Vec::new(), Vec::new());
    while sent < messages {
        if sent % BLOCK == 0 {
            leave.read_exact(&mut [0])?;
        }
        let count = PIPELINED.min(messages - sent);
        request.clear();
        for turn in sent..sent + count {
            let (_, payload) = data.pair(turn);
            let channel = Dataset::CHANNEL;
            write!(
                request,
                "*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n${}\r\n",
                channel.len(),
                payload.len()
            )?;
            request.extend_from_slice(payload);
            request.extend_from_slice(b"\r\n");
        }
        stream.write_all(&request)?;
        // Each is answered by ":1" and a line end.
        replies.resize(count as usize * 4, 0);
        stream.read_exact(&mut replies)?;
        if replies.chunks(4).any(|reply| reply != b":1\r\n") {
            return Err("somebody else listens too, or nobody does".into());
        }
        sent += count;
    }
    Ok(())
}
