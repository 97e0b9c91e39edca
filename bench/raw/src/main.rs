//! The lower bound: a socket, requests written as one block, replies compared with what they must be.
//!
//! No client can do better, for this one does nothing that a client is for: no tasks wait, nothing is decoded, nothing
//! is allocated. `N` tasks sharing a connection become waves of `N` requests from one task.

mod asynchronous;
mod blocking;
mod wave;

use std::process::ExitCode;

use bench_common::{Contender, Face, Failure, Job, Outcome};

struct Raw;

impl Contender for Raw {
    const NAME: &'static str = "raw";

    fn run(job: &Job) -> Result<Outcome, Failure> {
        match job.workload.face {
            Face::Async => asynchronous::run(job),
            Face::Blocking => blocking::run(job),
        }
    }
}

fn main() -> ExitCode {
    bench_common::run::<Raw>()
}
