//! The entrance of every client binary: arguments in, one [`Outcome`] out.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::publisher;
use crate::{Control, Dataset, Failure, Outcome, Server, Target, Workload, named};

/// One run to be done.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to do.
    pub workload: &'static Workload,
    /// How many operations to measure.
    pub ops: u64,
    /// How many to do before, unmeasured, on the same connections.
    pub warmup: u64,
    /// Whether to take latencies; not under callgrind, where the clock would be counted.
    pub latency: bool,
    /// The server.
    pub target: Target,
    /// The data on it.
    pub data: Arc<Dataset>,
}

impl Job {
    /// Operations of each task, of `ops` in all: whole pipelines, and never none.
    pub fn share(&self, ops: u64) -> u64 {
        let pipeline = self.workload.pipeline;
        ops.div_ceil(self.workload.tasks * pipeline) * pipeline
    }
}

/// A client that can be measured.
pub trait Contender {
    /// Its name in results.
    const NAME: &'static str;

    /// Does the run.
    fn run(job: &Job) -> Result<Outcome, Failure>;
}

/// The whole `main` of a client's binary.
pub fn run<C: Contender>() -> ExitCode {
    match measured::<C>() {
        Ok(line) => {
            if !line.is_empty() {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", C::NAME);
            ExitCode::FAILURE
        }
    }
}

fn measured<C: Contender>() -> Result<String, Failure> {
    let request = Request::parse(env::args().skip(1))?;
    if let (Some(messages), Some(port)) = (request.publish, request.port) {
        publisher::publish(port, messages, &Dataset::new())?;
        return Ok(String::new());
    }
    // Alone, for profiling by hand, the binary brings its own server; the runner hands it the one that all share.
    let own = match &request.port {
        Some(_) => None,
        None => Some(Server::start(Path::new("redis-server"))?),
    };
    let data = Arc::new(Dataset::new());
    let mut target = match (&own, request.port) {
        (Some(server), _) => {
            data.seed(&mut Control::connect(server.target().port)?)?;
            server.target().clone()
        }
        (None, port) => Target { port: port.unwrap_or_default(), socket: request.socket, unix: false },
    };
    target.unix = request.workload.unix;
    Control::connect(target.port)?.call(&[b"DEL", Dataset::COUNTER.as_bytes()])?;
    let ops = request.ops.unwrap_or(request.workload.ops);
    let job = Job {
        workload: request.workload,
        ops,
        warmup: request.warmup.unwrap_or(ops / 20),
        latency: request.latency,
        target,
        data,
    };
    Ok(serde_json::to_string(&C::run(&job)?)?)
}

#[derive(Debug)]
struct Request {
    workload: &'static Workload,
    ops: Option<u64>,
    warmup: Option<u64>,
    latency: bool,
    /// To be the publisher of so many messages instead.
    publish: Option<u64>,
    port: Option<u16>,
    socket: PathBuf,
}

impl Request {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let (mut workload, mut ops, mut warmup, mut latency) = (None, None, None, true);
        let (mut port, mut socket, mut publish) = (None, PathBuf::new(), None);
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--workload" => workload = Some(value()?),
                "--ops" => ops = Some(value()?.parse()?),
                "--warmup" => warmup = Some(value()?.parse()?),
                "--publish" => publish = Some(value()?.parse()?),
                "--port" => port = Some(value()?.parse()?),
                "--socket" => socket = value()?.into(),
                "--no-latency" => latency = false,
                _ => return Err(format!("unknown option {flag}").into()),
            }
        }
        let name = workload.ok_or("--workload NAME is needed")?;
        let workload = named(&name).ok_or_else(|| format!("no workload is called {name}"))?;
        Ok(Self { workload, ops, warmup, latency, publish, port, socket })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Request, Failure> {
        Request::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_its_arguments() {
        let request =
            parse("--workload big_get --ops 7 --warmup 0 --no-latency --port 1 --socket s").unwrap();
        assert_eq!(request.workload.name, "big_get");
        assert_eq!((request.ops, request.warmup, request.port), (Some(7), Some(0), Some(1)));
        assert!(!request.latency);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(parse("--ops 7").is_err());
        assert!(parse("--workload nothing").is_err());
        assert!(parse("--workload big_get --ops").is_err());
        assert!(parse("--workload big_get --fast").is_err());
    }
}
