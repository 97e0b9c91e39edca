//! What one run of one workload brought, as one line of JSON from the client's binary to the runner.

use serde::{Deserialize, Serialize};

/// One run, measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Operations done and checked.
    pub ops: u64,
    /// From the first operation to the last reply, in nanoseconds.
    pub wall_ns: u64,
    /// Processor time of the client's process in that window, user and system, all threads, in nanoseconds.
    pub cpu_ns: u64,
    /// Median latency, in nanoseconds; `None` when not taken.
    pub p50_ns: Option<u64>,
    /// 99th percentile of latency.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile of latency.
    pub p999_ns: Option<u64>,
    /// The client's largest resident size, in KiB.
    pub peak_rss_kib: Option<u64>,
    /// Processor time of the server in the window, in nanoseconds.
    pub server_cpu_ns: u64,
    /// Reads the server made in the window: one for many commands is a sign of good batching.
    pub server_reads: u64,
    /// Resident memory of one more connection, in KiB; only of the workload that asks for it.
    pub kib_per_connection: Option<f64>,
}

impl Outcome {
    /// Operations per second.
    pub fn throughput(&self) -> f64 {
        self.ops as f64 / (self.wall_ns.max(1) as f64 / 1e9)
    }

    /// Client's processor time per operation, in nanoseconds.
    pub fn cpu_per_op(&self) -> f64 {
        self.cpu_ns as f64 / self.ops.max(1) as f64
    }
}
