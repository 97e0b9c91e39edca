//! The lower bound on a tokio runtime.

use std::hint::black_box;

use bench_common::{Action, Dataset, Failure, Job, Meter, Outcome, Publisher, Sampler, Target, runtime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpStream, UnixStream};

use crate::wave::{self, Answer, PING, Wave};

/// Above this a request does not fit the socket's buffer for sure; and the least size of the read buffer.
const CHUNK: usize = 64 * 1024;

trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Socket for T {}

pub(crate) fn run(job: &Job) -> Result<Outcome, Failure> {
    let runtime = runtime(job)?;
    // In a task and not in `block_on`, because there the runtime looks after its queue first, as it does for users.
    let job = job.clone();
    runtime.block_on(async {
        let task = tokio::spawn(async move {
            match job.workload.action {
                Action::Messages => messages(&job).await,
                Action::Connect => connects(&job).await,
                Action::Memory => keeps(&job).await,
                _ if job.workload.unix => waves(&job, UnixStream::connect(&job.target.socket).await?).await,
                _ => waves(&job, tcp(&job.target).await?).await,
            }
        });
        task.await?
    })
}

/// Messages are all of one size: each is compared, and nothing is decoded.
async fn messages(job: &Job) -> Result<Outcome, Failure> {
    let mut socket = tcp(&job.target).await?;
    let channel = format!("${}\r\n{}\r\n", Dataset::CHANNEL.len(), Dataset::CHANNEL);
    socket.write_all(format!("*2\r\n$9\r\nSUBSCRIBE\r\n{channel}").as_bytes()).await?;
    let confirmation = format!("*3\r\n$9\r\nsubscribe\r\n{channel}:1\r\n");
    let mut confirmed = vec![0; confirmation.len()];
    socket.read_exact(&mut confirmed).await?;
    if confirmed != confirmation.as_bytes() {
        return Err("the server did not confirm".into());
    }
    let head = format!("*3\r\n$7\r\nmessage\r\n{channel}$32\r\n").into_bytes();
    listen(job, &mut socket, &head, Publisher::start(job, job.warmup)?, job.warmup).await?;
    let publisher = Publisher::start(job, job.ops)?;
    let meter = Meter::start(job)?;
    listen(job, &mut socket, &head, publisher, job.ops).await?;
    meter.stop(job.ops, &[])
}

async fn listen(
    job: &Job,
    socket: &mut TcpStream,
    head: &[u8],
    mut publisher: Publisher,
    messages: u64,
) -> Result<(), Failure> {
    publisher.begin()?;
    let size = head.len() + 32 + 2;
    let (mut buffer, mut turn) = (Vec::with_capacity(CHUNK), 0);
    while turn < messages {
        if socket.read_buf(&mut buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        let whole = buffer.len() - buffer.len() % size;
        for message in buffer.get(..whole).unwrap_or_default().chunks_exact(size) {
            let (_, expected) = job.data.pair(turn);
            let payload = message.strip_prefix(head).and_then(|rest| rest.strip_suffix(b"\r\n"));
            if payload != Some(&expected[..]) {
                return Err(format!("message {turn} is not the one that was sent").into());
            }
            turn += 1;
            publisher.read();
        }
        buffer.drain(..whole);
    }
    Ok(())
}

async fn tcp(target: &Target) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(("127.0.0.1", target.port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn waves<S: Socket>(job: &Job, socket: S) -> Result<Outcome, Failure> {
    let prepared = wave::prepared(job);
    let mut exchange = Exchange { socket, buffer: vec![0; CHUNK.max(buffer_bytes(&prepared))], last: 0 };
    for (_, wave) in (0..turns(job, job.warmup)).zip(prepared.iter().cycle()) {
        exchange.once(job, wave).await?;
    }
    let meter = Meter::start(job)?;
    let mut sampler = Sampler::new(job, 0, job.ops);
    for (turn, wave) in (0..turns(job, job.ops)).zip(prepared.iter().cycle()) {
        let begun = sampler.begin(turn);
        exchange.once(job, wave).await?;
        sampler.end(begun);
    }
    meter.stop(job.share(job.ops) * job.workload.tasks, &[sampler])
}

/// How many waves a number of operations is.
fn turns(job: &Job, ops: u64) -> u64 {
    job.share(ops) / job.workload.pipeline
}

fn buffer_bytes(prepared: &[Wave]) -> usize {
    let bytes = |wave: &Wave| match &wave.answer {
        Answer::Bytes(reply) => reply.len(),
        Answer::Big(_) => wave::big_frame(),
        Answer::Numbers(count) => *count as usize * 24,
    };
    prepared.iter().map(bytes).max().unwrap_or_default()
}

struct Exchange<S> {
    socket: S,
    buffer: Vec<u8>,
    last: i64,
}

impl<S: Socket> Exchange<S> {
    async fn once(&mut self, job: &Job, wave: &Wave) -> Result<(), Failure> {
        match &wave.answer {
            Answer::Bytes(reply) if wave.request.len() > CHUNK => self.both_ways(&wave.request, reply).await,
            Answer::Bytes(reply) => {
                self.socket.write_all(&wave.request).await?;
                let read = span(&mut self.buffer, reply.len())?;
                self.socket.read_exact(read).await?;
                equal(read, reply)
            }
            Answer::Big(count) => {
                self.socket.write_all(&wave.request).await?;
                for _ in 0..*count {
                    let frame = span(&mut self.buffer, wave::big_frame())?;
                    self.socket.read_exact(frame).await?;
                    if !wave::is_big(job, frame) {
                        return Err("a wrong reply to GET".into());
                    }
                }
                Ok(())
            }
            Answer::Numbers(count) => {
                self.socket.write_all(&wave.request).await?;
                self.numbers(*count).await
            }
        }
    }

    /// Writes and reads at once, for requests that fill the socket before the server has read them.
    async fn both_ways(&mut self, request: &[u8], reply: &[u8]) -> Result<(), Failure> {
        let (mut reader, mut writer) = split(&mut self.socket);
        let read = span(&mut self.buffer, reply.len())?;
        tokio::try_join!(writer.write_all(request), reader.read_exact(read))?;
        equal(read, reply)
    }

    async fn numbers(&mut self, count: u64) -> Result<(), Failure> {
        let (mut seen, mut filled) = (0, 0);
        while seen < count {
            let room = self.buffer.get_mut(filled..).ok_or("the reply is too long")?;
            filled += self.socket.read(room).await?;
            let (more, taken) = wave::numbers(span(&mut self.buffer, filled)?, &mut self.last)?;
            self.buffer.copy_within(taken..filled, 0);
            (seen, filled) = (seen + more, filled - taken);
        }
        Ok(())
    }
}

fn span(buffer: &mut [u8], bytes: usize) -> std::io::Result<&mut [u8]> {
    buffer.get_mut(..bytes).ok_or_else(|| std::io::Error::other("the buffer is too small"))
}

fn equal(reply: &[u8], expected: &[u8]) -> Result<(), Failure> {
    if reply == expected { Ok(()) } else { Err("the server's reply is not what it must be".into()) }
}

async fn connects(job: &Job) -> Result<Outcome, Failure> {
    for _ in 0..job.warmup {
        pinged(job).await?;
    }
    let meter = Meter::start(job)?;
    let mut sampler = Sampler::new(job, 0, job.ops);
    for turn in 0..job.ops {
        let begun = sampler.begin(turn);
        pinged(job).await?;
        sampler.end(begun);
    }
    meter.stop(job.ops, &[sampler])
}

async fn keeps(job: &Job) -> Result<Outcome, Failure> {
    let mut kept = Vec::with_capacity((job.warmup + job.ops) as usize);
    for _ in 0..job.warmup {
        kept.push(pinged(job).await?);
    }
    let (meter, before) = (Meter::start(job)?, bench_common::resident_kib()?);
    for _ in 0..job.ops {
        kept.push(pinged(job).await?);
    }
    let mut outcome = meter.stop(job.ops, &[])?;
    let grown = bench_common::resident_kib()?.saturating_sub(before);
    outcome.kib_per_connection = Some(grown as f64 / job.ops as f64);
    black_box(&kept);
    Ok(outcome)
}

async fn pinged(job: &Job) -> Result<TcpStream, Failure> {
    let mut stream = tcp(&job.target).await?;
    stream.write_all(PING.0).await?;
    let mut reply = [0; PING.1.len()];
    stream.read_exact(&mut reply).await?;
    equal(&reply, PING.1)?;
    Ok(stream)
}
