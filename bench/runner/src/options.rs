//! The command line.

use std::path::PathBuf;

use bench_common::{Failure, WORKLOADS, Workload, named};

use crate::contender::{self, CONTENDERS, Contender};

pub(crate) const HELP: &str = "\
Compares carnelian with its peers on this machine.

  bench [timed]     throughput, processor time and latency, in interleaved rounds
  bench callgrind   instructions and allocations per operation (needs valgrind)
  bench list        the workloads

  --workloads A,B   only these (default: all; a name ending in * takes all that begin so)
  --clients A,B     only these (default: all)
  --rounds N        rounds of the timed mode (default: 5)
  --scale F         multiplies the operations of a run (default: 1)
  --top N           functions to show under callgrind (default: 0)
  --name NAME       results go to bench/results/NAME.json and NAME.svg (default: latest)
  --server-binary P the server to start (default: redis-server)
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Timed,
    Counted,
    List,
    Help,
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) workloads: Vec<&'static Workload>,
    pub(crate) contenders: Vec<&'static Contender>,
    pub(crate) rounds: usize,
    pub(crate) scale: f64,
    pub(crate) top: usize,
    pub(crate) name: String,
    pub(crate) server_binary: PathBuf,
}

impl Options {
    pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut args = args.peekable();
        let mut options = Self {
            mode: Mode::Timed,
            workloads: WORKLOADS.iter().collect(),
            contenders: CONTENDERS.iter().collect(),
            rounds: 5,
            scale: 1.0,
            top: 0,
            name: "latest".to_owned(),
            server_binary: "redis-server".into(),
        };
        if let Some(word) = args.next_if(|word| !word.starts_with('-')) {
            options.mode = match word.as_str() {
                "timed" => Mode::Timed,
                "callgrind" => Mode::Counted,
                "list" => Mode::List,
                "help" => Mode::Help,
                _ => return Err(format!("unknown mode {word}; see --help").into()),
            };
        }
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--workloads" => options.workloads = workloads(&value()?)?,
                "--clients" => options.contenders = contenders(&value()?)?,
                "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
                "--scale" => options.scale = value()?.parse()?,
                "--top" => options.top = value()?.parse()?,
                "--name" => options.name = plain_name(value()?)?,
                "--server-binary" => options.server_binary = value()?.into(),
                "-h" | "--help" => options.mode = Mode::Help,
                _ => return Err(format!("unknown option {flag}; see --help").into()),
            }
        }
        Ok(options)
    }
}

fn workloads(list: &str) -> Result<Vec<&'static Workload>, Failure> {
    let mut found = Vec::new();
    for word in list.split(',') {
        match word.strip_suffix('*') {
            Some(start) => found.extend(WORKLOADS.iter().filter(|workload| workload.name.starts_with(start))),
            None => {
                found.push(named(word).ok_or_else(|| format!("no workload is called {word}; see `list`"))?)
            }
        }
    }
    if found.is_empty() { Err(format!("no workload matches {list}").into()) } else { Ok(found) }
}

fn contenders(list: &str) -> Result<Vec<&'static Contender>, Failure> {
    let known = || CONTENDERS.iter().map(|contender| contender.name).collect::<Vec<_>>().join(", ");
    list.split(',')
        .map(|name| {
            contender::named(name).ok_or_else(|| format!("no client is called {name}: {}", known()).into())
        })
        .collect()
}

/// A file name and nothing that leads elsewhere.
fn plain_name(name: String) -> Result<String, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && name.chars().all(plain) && !name.starts_with('.') {
        Ok(name)
    } else {
        Err(format!("{name:?} is no name for a file").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Failure> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_a_full_line() {
        let options =
            parse("callgrind --workloads mux_get*,seq_get --clients raw,fred --top 9 --name a-1").unwrap();
        assert_eq!(options.mode, Mode::Counted);
        let names = options.workloads.iter().map(|workload| workload.name).collect::<Vec<_>>();
        assert_eq!(names.last(), Some(&"seq_get"));
        assert!(names.contains(&"mux_get_256_mt"));
        assert_eq!(options.contenders.len(), 2);
        assert_eq!(options.top, 9);
    }

    #[test]
    fn says_what_it_does_not_know() {
        for line in
            ["fast", "--workloads nothing", "--workloads no*", "--clients nobody", "--name ../a", "--rounds"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
