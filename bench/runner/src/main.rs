//! Builds the client binaries, runs them against one server and reports.
//!
//! Two modes. *Timed* interleaves rounds over the clients, so that whatever else the machine does falls on all of
//! them, and reports medians and ratios of the same round. *Counted* runs each client twice under callgrind with
//! different numbers of operations and divides the difference: instructions and allocations per operation, which no
//! noise can move. Owns no workload and no client: those are `bench-common` and the binaries.

mod chart;
mod compile;
mod contender;
mod counted;
mod machine;
mod options;
mod profile;
mod redis_benchmark;
mod report;
mod summary;
mod table;
mod timed;

use std::process::ExitCode;

use bench_common::{Control, Dataset, Failure, Server, WORKLOADS};

use options::{Mode, Options};

fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> Result<(), Failure> {
    let options = Options::parse(std::env::args().skip(1))?;
    match options.mode {
        Mode::Help => print!("{}", options::HELP),
        Mode::List => {
            for workload in WORKLOADS {
                println!("{:<18} {}", workload.name, workload.about);
            }
        }
        Mode::Timed => {
            let binaries = compile::all(&options.contenders)?;
            let server = seeded(&options)?;
            let report = timed::run(&options, &binaries, &server)?;
            print!("{}", table::timed(&report));
            report::write(&options.name, &report, &chart::timed(&report))?;
        }
        Mode::Counted => {
            counted::check_for_valgrind()?;
            let binaries = compile::all(&options.contenders)?;
            let server = seeded(&options)?;
            let report = counted::run(&options, &binaries, &server)?;
            print!("{}", table::counted(&report));
            report::write(&format!("{}-instructions", options.name), &report, &chart::counted(&report))?;
        }
    }
    Ok(())
}

fn seeded(options: &Options) -> Result<Server, Failure> {
    let server = Server::start(&options.server_binary)?;
    Dataset::new().seed(&mut Control::connect(server.target().port)?)?;
    Ok(server)
}
