//! The measuring: one window of wall clock, processor time and the server's own counters, and sampled latencies.

use std::fs;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};

use crate::control::Counters;
use crate::{Control, Failure, Job, Outcome};

/// An open window of measurement.
#[derive(Debug)]
pub struct Meter {
    control: Control,
    before: Counters,
    cpu: u64,
    wall: Instant,
}

impl Meter {
    /// Opens the window. Asks the server first, so that asking is in nobody's account.
    pub fn start(job: &Job) -> Result<Self, Failure> {
        let mut control = Control::connect(job.target.port)?;
        let before = control.counters()?;
        Ok(Self { control, before, cpu: processor_time(), wall: Instant::now() })
    }

    /// Closes the window over `ops` operations.
    ///
    /// Fails when the server has seen fewer commands than that: a client that answers from somewhere else has not
    /// run the workload.
    pub fn stop(mut self, ops: u64, samplers: &[Sampler]) -> Result<Outcome, Failure> {
        let wall = self.wall.elapsed();
        let cpu = processor_time() - self.cpu;
        let after = self.control.counters()?;
        let commands = after.commands.saturating_sub(self.before.commands);
        if commands < ops {
            return Err(format!("the server saw {commands} commands where the client claims {ops}").into());
        }
        let percentiles = percentiles(samplers)?;
        Ok(Outcome {
            ops,
            wall_ns: nanos(wall),
            cpu_ns: cpu,
            p50_ns: percentiles.map(|values| values[0]),
            p99_ns: percentiles.map(|values| values[1]),
            p999_ns: percentiles.map(|values| values[2]),
            peak_rss_kib: status_kib("VmHWM:"),
            server_cpu_ns: after.cpu.saturating_sub(self.before.cpu),
            server_reads: after.reads.saturating_sub(self.before.reads),
            kib_per_connection: None,
        })
    }
}

/// The resident size now, in KiB.
pub fn resident_kib() -> Result<u64, Failure> {
    status_kib("VmRSS:").ok_or_else(|| "the system does not say how much memory is resident".into())
}

fn status_kib(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Of the whole process, in nanoseconds.
fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The latencies that one task takes: every so many operations, at an offset of its own, so that tasks which move in
/// step do not all look at the clock in the same turn.
#[derive(Clone, Debug, Default)]
pub struct Sampler {
    every: u64,
    offset: u64,
    taken: Vec<u64>,
}

impl Sampler {
    /// For task number `task` of `job`, which will do `ops` operations.
    pub fn new(job: &Job, task: u64, ops: u64) -> Self {
        if !job.latency {
            return Self::default();
        }
        let every = job.workload.sample_every();
        Self { every, offset: task % every, taken: Vec::with_capacity((ops / every + 1) as usize) }
    }

    /// The time now, if this turn is one to be timed.
    #[inline]
    pub fn begin(&self, turn: u64) -> Option<Instant> {
        (self.every != 0 && turn % self.every == self.offset).then(Instant::now)
    }

    /// Notes what [`begin`](Self::begin) began.
    #[inline]
    pub fn end(&mut self, begun: Option<Instant>) {
        if let Some(begun) = begun {
            self.taken.push(nanos(begun.elapsed()));
        }
    }
}

/// Median, 99 % and 99.9 %; `None` when no latency was taken.
fn percentiles(samplers: &[Sampler]) -> Result<Option<[u64; 3]>, Failure> {
    if samplers.iter().all(|sampler| sampler.taken.is_empty()) {
        return Ok(None);
    }
    let mut histogram = Histogram::<u64>::new(3)?;
    for taken in samplers.iter().flat_map(|sampler| &sampler.taken) {
        histogram.record(*taken)?;
    }
    Ok(Some([0.5, 0.99, 0.999].map(|quantile| histogram.value_at_quantile(quantile))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(every: u64, offset: u64) -> Sampler {
        Sampler { every, offset, taken: Vec::new() }
    }

    #[test]
    fn samples_every_so_many_turns() {
        let sampler = sampler(16, 3);
        let due = (0..64).filter(|&turn| sampler.begin(turn).is_some()).collect::<Vec<_>>();
        assert_eq!(due, [3, 19, 35, 51]);
        assert!(Sampler::default().begin(0).is_none());
    }

    #[test]
    fn percentiles_span_all_tasks() {
        let mut slow = sampler(1, 0);
        slow.taken = vec![1_000_000; 10];
        let mut quick = sampler(1, 0);
        quick.taken = vec![1_000; 990];
        let [median, high, highest] = percentiles(&[slow, quick]).unwrap().unwrap();
        assert!((990..=1_010).contains(&median), "{median}");
        assert!(high < 2_000, "{high}");
        assert!(highest > 900_000, "{highest}");
        assert!(percentiles(&[]).unwrap().is_none());
    }

    #[test]
    fn processor_time_moves_with_work() {
        let before = processor_time();
        let mut sum = 0_u64;
        for step in 0..5_000_000_u64 {
            sum = std::hint::black_box(sum.wrapping_add(step * step));
        }
        assert!(processor_time() > before);
    }
}
