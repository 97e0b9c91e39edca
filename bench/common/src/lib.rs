//! What the benchmark binaries share, so that they differ in nothing but the client they call.
//!
//! Owns the workloads, the data they run over, the loops, the measuring and the server. Owns no client: each binary
//! implements [`AsyncClient`] or [`BlockingClient`] for its own and hands it to [`run`] by type, so that the hot
//! path is compiled for that client with static dispatch and linked with no other.

mod asynchronous;
mod blocking;
mod control;
mod dataset;
mod job;
mod meter;
mod operation;
mod outcome;
mod publisher;
mod server;
mod workload;

use std::error::Error;

pub use asynchronous::{AsyncClient, run_async, runtime};
pub use blocking::{BlockingClient, run_blocking};
pub use control::Control;
pub use dataset::{BIG_BYTES, Dataset, HASH_FIELDS, LIST_ITEMS};
pub use job::{Contender, Job, run};
pub use meter::{Meter, Sampler, resident_kib};
pub use outcome::Outcome;
pub use publisher::Publisher;
pub use server::{Server, Target};
pub use workload::{Action, Face, WORKLOADS, Workload, named};

/// Any failure: a benchmark has nothing to do with one but to stop and show it.
pub type Failure = Box<dyn Error + Send + Sync>;
