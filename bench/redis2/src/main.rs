//! redis-rs 2.

#[path = "../../redis1/src/client.rs"]
mod client;

use std::process::ExitCode;

use bench_common::{Contender, Failure, Job, Outcome};

struct Redis2;

impl Contender for Redis2 {
    const NAME: &'static str = "redis2";

    fn run(job: &Job) -> Result<Outcome, Failure> {
        client::run(job)
    }
}

fn main() -> ExitCode {
    bench_common::run::<Redis2>()
}
