//! The server's own load generator, for scale: one connection, pipelines as deep as there would be tasks.
//!
//! It checks no reply and decodes nothing into types, so it is no peer. The system accounts its processor time only in
//! ticks, and its latencies are those of a request in its pipeline.

use std::process::Command;
use std::time::Instant;

use bench_common::{Action, Control, Dataset, Face, Failure, Outcome, Server, Workload};

const PROGRAM: &str = "redis-benchmark";

/// Whether it can do this workload at all.
pub(crate) fn can(workload: &Workload) -> bool {
    let action =
        !matches!(workload.action, Action::BigSet | Action::Messages | Action::Connect | Action::Memory);
    action && workload.face == Face::Async && workload.workers == 1
}

pub(crate) fn run(workload: &Workload, ops: u64, server: &Server) -> Result<Outcome, Failure> {
    let target = server.target();
    let mut command = Command::new(PROGRAM);
    if workload.unix {
        command.arg("-s").arg(&target.socket);
    } else {
        command.args(["-h", "127.0.0.1", "-p", &target.port.to_string()]);
    }
    command.args([
        "-c",
        "1",
        "-P",
        &(workload.tasks * workload.pipeline).to_string(),
        "-n",
        &ops.to_string(),
        "-r",
        "4096",
        "--csv",
    ]);
    command.args(request(workload.action)?);
    let mut control = Control::connect(target.port)?;
    let (before, ticks, begun) = (control.counters()?, children_ticks()?, Instant::now());
    let output = command.output().map_err(|error| {
        format!("cannot start {PROGRAM}: {error}; install it or leave it out with --clients")
    })?;
    let wall = begun.elapsed();
    let (after, used) = (control.counters()?, children_ticks()? - ticks);
    let text = String::from_utf8(output.stdout)?;
    let row = parse(&text).ok_or_else(|| format!("{PROGRAM} said {text:?}"))?;
    Ok(Outcome {
        ops,
        // Its own figure leaves out its start, as the clients' windows do; the process's time is the fallback.
        wall_ns: if row.per_second > 0.0 {
            (ops as f64 / row.per_second * 1e9) as u64
        } else {
            wall.as_nanos() as u64
        },
        cpu_ns: used * 1_000_000_000 / rustix::param::clock_ticks_per_second(),
        p50_ns: Some(row.median),
        p99_ns: Some(row.high),
        p999_ns: None,
        peak_rss_kib: None,
        server_cpu_ns: after.cpu.saturating_sub(before.cpu),
        server_reads: after.reads.saturating_sub(before.reads),
        kib_per_connection: None,
    })
}

fn request(action: Action) -> Result<Vec<&'static str>, Failure> {
    Ok(match action {
        Action::Get => vec!["GET", "key:__rand_int__"],
        // Other keys than the data's: its values would fail the clients' checks.
        Action::Set | Action::PipelineSet => {
            vec!["SET", "rnd:__rand_int__", "0123456789abcdef0123456789abcdef"]
        }
        Action::Incr => vec!["INCR", Dataset::COUNTER],
        Action::BigGet => vec!["GET", Dataset::BIG],
        Action::ListOfStrings | Action::ListOfBytes => vec!["LRANGE", Dataset::LIST, "0", "-1"],
        Action::HashOfStrings => vec!["HGETALL", Dataset::HASH],
        Action::BigSet | Action::Messages | Action::Connect | Action::Memory => {
            return Err(format!("{PROGRAM} cannot do {action:?}").into());
        }
    })
}

struct Row {
    per_second: f64,
    median: u64,
    high: u64,
}

/// The last line of its table: name, requests per second, then milliseconds: mean, least, 50, 95, 99 %, most.
fn parse(text: &str) -> Option<Row> {
    let line = text.lines().rev().find(|line| line.starts_with('"'))?;
    // The name may hold commas, the numbers do not.
    let mut fields = line.rsplit(',').map(|field| field.trim_matches('"').parse::<f64>());
    let (_most, high, _most_of_them, median) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let (_least, _mean, per_second) = (fields.next()?, fields.next()?, fields.next()?);
    let nanos = |milliseconds: f64| (milliseconds * 1e6) as u64;
    Some(Row { per_second: per_second.ok()?, median: nanos(median.ok()?), high: nanos(high.ok()?) })
}

/// User and system time of children that have ended, which is where the system books a process that was waited for.
fn children_ticks() -> Result<u64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name and may hold anything; those after it are numbers.
    let (_, rest) = stat.rsplit_once(')').ok_or("the system does not say what children used")?;
    let ticks = rest.split_whitespace().skip(13).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_table_with_commas_in_the_name() {
        let text = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\"p95_latency_ms\",\
                    \"p99_latency_ms\",\"max_latency_ms\"\n\
                    \"LRANGE a,b\",\"1000.50\",\"0.100\",\"0.010\",\"0.020\",\"0.030\",\"0.040\",\"0.050\"\n";
        let row = parse(text).unwrap();
        assert_eq!((row.per_second, row.median, row.high), (1000.5, 20_000, 40_000));
        assert!(parse("").is_none());
    }

    #[test]
    fn children_are_accounted() {
        assert!(children_ticks().is_ok());
    }
}
