//! Starts the benchmarks, which are a workspace of their own so that the peers stay out of the product's lock file.

use std::process::Command;

use crate::Failure;

/// Hands everything to the runner in `bench/`, which builds the clients and knows the options.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/Cargo.toml");
    let status = Command::new(cargo)
        .args([
            "run",
            "--quiet",
            "--release",
            "--locked",
            "--manifest-path",
            manifest,
            "--package",
            "runner",
            "--",
        ])
        .args(arguments)
        .status()?;
    if status.success() { Ok(()) } else { Err("the benchmarks did not finish".into()) }
}
