//! redis-rs 1.

mod client;

use std::process::ExitCode;

use bench_common::{Contender, Failure, Job, Outcome};

struct Redis1;

impl Contender for Redis1 {
    const NAME: &'static str = "redis1";

    fn run(job: &Job) -> Result<Outcome, Failure> {
        client::run(job)
    }
}

fn main() -> ExitCode {
    bench_common::run::<Redis1>()
}
