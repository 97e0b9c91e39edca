//! The table of workloads: what is asked, by how many tasks at once, over which transport.
//!
//! Sizes are chosen so that one run takes about half a second, long enough to average over scheduling and short
//! enough to interleave many clients before the machine's mood changes.

/// Which kind of client a workload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Futures on a tokio runtime.
    Async,
    /// Calls that block their thread, with no runtime behind them.
    Blocking,
}

/// What one operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// GET of a small value.
    Get,
    /// SET of a small value.
    Set,
    /// INCR of one counter that all tasks share.
    Incr,
    /// SETs of small values, sent together.
    PipelineSet,
    /// GET of 1 MiB.
    BigGet,
    /// SET of 1 MiB.
    BigSet,
    /// LRANGE of the whole list into `Vec<String>`.
    ListOfStrings,
    /// LRANGE of the whole list into a vector of the client's own owned bytes.
    ListOfBytes,
    /// HGETALL into `HashMap<String, String>`.
    HashOfStrings,
    /// Messages of one channel, as they come.
    Messages,
    /// Connect, one PING, close.
    Connect,
    /// Connect, one PING, keep open: what one more connection costs in memory.
    Memory,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// How it is called on the command line and in results.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// The kind of client it runs on.
    pub face: Face,
    /// What one operation does.
    pub action: Action,
    /// How many tasks (or threads) issue operations at once, each waiting for its reply before the next.
    pub tasks: u64,
    /// How many operations go together in one explicit pipeline.
    pub pipeline: u64,
    /// Worker threads of the runtime; 1 is the current-thread runtime.
    pub workers: usize,
    /// By the unix socket instead of TCP on loopback.
    pub unix: bool,
    /// Operations of one run.
    pub ops: u64,
    /// Operations of the two runs under callgrind; `None` where counting instructions says nothing.
    pub counted: Option<(u64, u64)>,
}

impl Workload {
    /// Every how many operations of a task the latency is taken: always when alone, rarely when the clock itself
    /// would be a visible part of the cost.
    pub fn sample_every(&self) -> u64 {
        match self.action {
            Action::Get | Action::Set | Action::Incr if self.tasks > 1 => 16,
            _ => 1,
        }
    }
}

const BASE: Workload = Workload {
    name: "",
    about: "",
    face: Face::Async,
    action: Action::Get,
    tasks: 1,
    pipeline: 1,
    workers: 1,
    unix: false,
    ops: 20_000,
    counted: Some((2_000, 12_000)),
};
const MANY: Workload = Workload { tasks: 256, ops: 300_000, counted: Some((10_240, 51_200)), ..BASE };
/// How many commands an explicit pipeline has.
pub(crate) const PIPELINED: u64 = 100;

const PIPELINE: Workload = Workload {
    action: Action::PipelineSet,
    pipeline: PIPELINED,
    ops: 300_000,
    counted: Some((10_000, 50_000)),
    ..BASE
};
/// Tasks of the workloads with large replies: enough to keep the server busy, few enough to fit the sockets' buffers.
const FEW: u64 = 8;

/// All workloads, in the order in which they are reported.
pub const WORKLOADS: &[Workload] = &[
    Workload { name: "seq_get", about: "one task, GET after GET, TCP", ..BASE },
    Workload {
        name: "seq_get_unix",
        about: "one task, GET after GET, unix socket",
        unix: true,
        ops: 25_000,
        ..BASE
    },
    Workload {
        name: "mux_get_64",
        about: "64 tasks share one connection, GET",
        tasks: 64,
        ops: 150_000,
        ..MANY
    },
    Workload { name: "mux_get_256", about: "256 tasks share one connection, GET", ..MANY },
    Workload { name: "mux_get_1024", about: "1024 tasks share one connection, GET", tasks: 1024, ..MANY },
    Workload {
        name: "mux_set_64",
        about: "64 tasks share one connection, SET",
        action: Action::Set,
        tasks: 64,
        ops: 150_000,
        ..MANY
    },
    Workload {
        name: "mux_set_256",
        about: "256 tasks share one connection, SET",
        action: Action::Set,
        ..MANY
    },
    Workload {
        name: "mux_set_1024",
        about: "1024 tasks share one connection, SET",
        action: Action::Set,
        tasks: 1024,
        ..MANY
    },
    Workload {
        name: "mux_get_64_mt",
        about: "mux_get_64 on two workers",
        tasks: 64,
        workers: 2,
        ops: 100_000,
        ..MANY
    },
    Workload {
        name: "mux_get_256_mt",
        about: "mux_get_256 on two workers",
        workers: 2,
        ops: 200_000,
        ..MANY
    },
    Workload {
        name: "mux_get_1024_mt",
        about: "mux_get_1024 on two workers",
        tasks: 1024,
        workers: 2,
        ops: 200_000,
        ..MANY
    },
    Workload {
        name: "mux_set_256_mt",
        about: "mux_set_256 on two workers",
        action: Action::Set,
        workers: 2,
        ops: 200_000,
        ..MANY
    },
    Workload {
        name: "pipeline_set_100",
        about: "one task, 100 SET in one explicit pipeline, per command",
        ..PIPELINE
    },
    Workload {
        name: "pubsub",
        about: "one subscriber of one channel, another process publishes, per message",
        action: Action::Messages,
        ops: 500_000,
        counted: Some((20_480, 102_400)),
        ..BASE
    },
    Workload { name: "mux_incr_256", about: "256 tasks, INCR of one counter", action: Action::Incr, ..MANY },
    Workload {
        name: "mux_incr_256_mt",
        about: "mux_incr_256 on two workers",
        action: Action::Incr,
        workers: 2,
        ops: 200_000,
        ..MANY
    },
    Workload {
        name: "big_get",
        about: "8 tasks share one connection, GET of 1 MiB",
        action: Action::BigGet,
        tasks: FEW,
        ops: 1_200,
        counted: Some((40, 120)),
        ..BASE
    },
    Workload {
        name: "big_set",
        about: "8 tasks share one connection, SET of 1 MiB",
        action: Action::BigSet,
        tasks: FEW,
        ops: 1_200,
        counted: Some((40, 120)),
        ..BASE
    },
    Workload {
        name: "lrange_1000",
        about: "8 tasks share one connection, LRANGE of 1000 into Vec<String>",
        action: Action::ListOfStrings,
        tasks: FEW,
        ops: 2_400,
        counted: Some((160, 480)),
        ..BASE
    },
    Workload {
        name: "lrange_1000_bytes",
        about: "8 tasks share one connection, LRANGE of 1000 into owned bytes",
        action: Action::ListOfBytes,
        tasks: FEW,
        ops: 2_400,
        counted: Some((160, 480)),
        ..BASE
    },
    Workload {
        name: "hgetall_100",
        about: "8 tasks share one connection, HGETALL of 100 into HashMap<String, String>",
        action: Action::HashOfStrings,
        tasks: FEW,
        ops: 8_000,
        counted: Some((800, 2_400)),
        ..BASE
    },
    Workload {
        name: "connect",
        about: "connect, PING, close, one after the other",
        action: Action::Connect,
        ops: 2_000,
        counted: Some((50, 150)),
        ..BASE
    },
    Workload {
        name: "memory",
        about: "open connections kept, resident memory of each",
        action: Action::Memory,
        ops: 400,
        counted: None,
        ..BASE
    },
    Workload {
        name: "sync_seq_get",
        about: "one thread, blocking GET after GET, TCP",
        face: Face::Blocking,
        ..BASE
    },
    Workload {
        name: "sync_seq_get_unix",
        about: "one thread, blocking GET after GET, unix socket",
        face: Face::Blocking,
        unix: true,
        ops: 25_000,
        ..BASE
    },
    Workload {
        name: "sync_pipeline_set_100",
        about: "one thread, 100 SET in one explicit blocking pipeline, per command",
        face: Face::Blocking,
        ..PIPELINE
    },
    Workload {
        name: "sync_threads_8",
        about: "8 threads, each its own handle, blocking GET",
        face: Face::Blocking,
        tasks: 8,
        ops: 40_000,
        counted: None,
        ..BASE
    },
];

/// The workload of that name.
pub fn named(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for workload in WORKLOADS {
            let same = WORKLOADS.iter().filter(|other| other.name == workload.name).count();
            assert_eq!(same, 1, "{}", workload.name);
            assert_eq!(named(workload.name).map(|found| found.about), Some(workload.about));
        }
        assert!(named("no such workload").is_none());
    }

    #[test]
    fn operations_divide_evenly_among_tasks_when_counted() {
        for workload in WORKLOADS {
            if let Some((fewer, more)) = workload.counted {
                assert!(fewer < more, "{}", workload.name);
                let step = workload.tasks * workload.pipeline;
                assert_eq!(fewer % step, 0, "{}", workload.name);
                assert_eq!(more % step, 0, "{}", workload.name);
            }
        }
    }
}
