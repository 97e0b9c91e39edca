//! The timed mode: rounds outermost, then workloads, then clients, each round beginning with another client.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

use bench_common::{Face, Failure, Outcome, Server, Workload};
use serde::Serialize;

use crate::compile::Binaries;
use crate::contender::{Contender, Role};
use crate::machine::Machine;
use crate::options::Options;
use crate::redis_benchmark;
use crate::summary::{Summary, summarize};

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) rounds: usize,
    pub(crate) workloads: Vec<Section>,
}

/// One workload.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The peer with the highest median, to which all are compared.
    pub(crate) best_peer: Option<&'static str>,
    pub(crate) clients: Vec<Summary>,
}

pub(crate) fn run(options: &Options, binaries: &Binaries, server: &Server) -> Result<Report, Failure> {
    let mut outcomes = HashMap::<(&str, &str), Vec<Outcome>>::new();
    for round in 0..options.rounds {
        for workload in &options.workloads {
            eprintln!("round {} of {}: {}", round + 1, options.rounds, workload.name);
            let clients = able(&options.contenders, workload);
            for contender in clients.iter().cycle().skip(round % clients.len().max(1)).take(clients.len()) {
                let ops = ((workload.ops as f64 * options.scale) as u64).max(workload.tasks);
                let outcome = match binaries.get(contender.name) {
                    Some(binary) => one(binary, workload, ops, server)?,
                    None => redis_benchmark::run(workload, ops, server)?,
                };
                outcomes.entry((workload.name, contender.name)).or_default().push(outcome);
            }
        }
    }
    let mut sections = Vec::new();
    for workload in &options.workloads {
        let mut runs = Vec::new();
        for contender in able(&options.contenders, workload) {
            runs.push((contender, outcomes.remove(&(workload.name, contender.name)).unwrap_or_default()));
        }
        sections.push(summarize(workload, runs));
    }
    Ok(Report { machine: Machine::of(server)?, rounds: options.rounds, workloads: sections })
}

/// Those who can do the workload.
pub(crate) fn able(contenders: &[&'static Contender], workload: &Workload) -> Vec<&'static Contender> {
    let can = |contender: &&&'static Contender| match (contender.role, workload.face) {
        (Role::Tool, _) => redis_benchmark::can(workload),
        (_, Face::Blocking) => contender.blocking,
        (_, Face::Async) => true,
    };
    contenders.iter().filter(can).copied().collect()
}

fn one(binary: &Path, workload: &Workload, ops: u64, server: &Server) -> Result<Outcome, Failure> {
    let output = Command::new(binary)
        .args(["--workload", workload.name, "--ops", &ops.to_string()])
        .args(["--port", &server.target().port.to_string()])
        .arg("--socket")
        .arg(&server.target().socket)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{} failed at {}", binary.display(), workload.name).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
