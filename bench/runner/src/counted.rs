//! The counted mode: the same binary twice under callgrind with different numbers of operations. Whatever both runs
//! share — the start, connecting, warming up, the end — drops out of the difference.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use bench_common::{Failure, Server, Workload};
use serde::Serialize;

use crate::compile::Binaries;
use crate::contender::Role;
use crate::machine::Machine;
use crate::options::Options;
use crate::profile::Profile;
use crate::timed::able;

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) workloads: Vec<Section>,
}

/// One workload.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The numbers of operations of the two runs.
    pub(crate) operations: (u64, u64),
    pub(crate) clients: Vec<Count>,
}

/// One client at one workload.
#[derive(Debug, Serialize)]
pub(crate) struct Count {
    pub(crate) client: &'static str,
    pub(crate) label: &'static str,
    pub(crate) role: Role,
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
    /// Instructions per operation by crate, and by function as far as asked; most first.
    pub(crate) crates: Vec<(String, f64)>,
    pub(crate) functions: Vec<(String, f64)>,
}

/// Fails early and with advice: the binaries take minutes to build.
pub(crate) fn check_for_valgrind() -> Result<(), Failure> {
    let there =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match there {
        Ok(status) if status.success() => Ok(()),
        _ => Err("valgrind is not installed; on Debian and Ubuntu: apt-get install -y valgrind".into()),
    }
}

pub(crate) fn run(options: &Options, binaries: &Binaries, server: &Server) -> Result<Report, Failure> {
    let mut sections = Vec::new();
    for workload in &options.workloads {
        let Some(operations) = workload.counted else { continue };
        let mut clients = Vec::new();
        for contender in able(&options.contenders, workload) {
            let Some(binary) = binaries.get(contender.name) else { continue };
            eprintln!("counting {} of {}", workload.name, contender.name);
            let fewer = one(binary, workload, operations.0, server)?;
            let more = one(binary, workload, operations.1, server)?;
            let by = (operations.1 - operations.0) as f64;
            clients.push(Count {
                client: contender.name,
                label: contender.label,
                role: contender.role,
                instructions: (more.total as f64 - fewer.total as f64) / by,
                allocations: (more.allocations as f64 - fewer.allocations as f64) / by,
                crates: difference(&fewer.crates, &more.crates, by, usize::MAX),
                functions: difference(&fewer.functions, &more.functions, by, options.top),
            });
        }
        sections.push(Section { name: workload.name, about: workload.about, operations, clients });
    }
    Ok(Report { machine: Machine::of(server)?, workloads: sections })
}

fn one(binary: &Path, workload: &Workload, ops: u64, server: &Server) -> Result<Profile, Failure> {
    let folder = server.target().socket.parent().unwrap_or_else(|| Path::new("."));
    let file = folder.join("callgrind.out");
    // Both runs warm up alike, by a number of its own and not by a part of what they count.
    let warmup = workload.tasks.to_string();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--fair-sched=yes"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(binary)
        .args(["--workload", workload.name, "--ops", &ops.to_string(), "--warmup", &warmup, "--no-latency"])
        .args(["--port", &server.target().port.to_string()])
        .arg("--socket")
        .arg(&server.target().socket)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(
            format!("{} failed at {} under callgrind: {said}", binary.display(), workload.name).into()
        );
    }
    Profile::parse(&String::from_utf8_lossy(&fs::read(&file)?))
}

/// Costs per operation, most first, without what rounds to nothing.
fn difference(
    fewer: &HashMap<String, u64>,
    more: &HashMap<String, u64>,
    by: f64,
    most: usize,
) -> Vec<(String, f64)> {
    let mut costs = more
        .iter()
        .map(|(name, cost)| {
            let before = fewer.get(name).copied().unwrap_or_default();
            (name.clone(), (*cost as f64 - before as f64) / by)
        })
        .filter(|(_, cost)| *cost >= 0.5)
        .collect::<Vec<_>>();
    costs.sort_by(|left, right| right.1.total_cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    costs.truncate(most);
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_leaves_what_grows() {
        let costs =
            |list: &[(&str, u64)]| list.iter().map(|(name, cost)| ((*name).to_owned(), *cost)).collect();
        let fewer: HashMap<String, u64> = costs(&[("start", 1000), ("hot", 100)]);
        let more: HashMap<String, u64> = costs(&[("start", 1000), ("hot", 300), ("rare", 20)]);
        let found = difference(&fewer, &more, 10.0, 9);
        assert_eq!(found, [("hot".to_owned(), 20.0), ("rare".to_owned(), 2.0)]);
        assert_eq!(difference(&fewer, &more, 10.0, 1).len(), 1);
    }
}
