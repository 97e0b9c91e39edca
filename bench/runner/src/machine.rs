//! What the results were taken on, for whoever compares them with their own.

use std::fs;
use std::process::Command;

use bench_common::{Control, Failure, Server};
use serde::Serialize;

/// The machine, the compiler and the server.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) compiler: String,
    pub(crate) server: String,
}

impl Machine {
    pub(crate) fn of(server: &Server) -> Result<Self, Failure> {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let compiler = Command::new("rustc").arg("--version").output();
        Ok(Self {
            processor: model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            kernel: kernel.trim().to_owned(),
            compiler: compiler.map_or_else(
                |_| "unknown".to_owned(),
                |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            ),
            server: Control::connect(server.target().port)?.server_version()?,
        })
    }
}
