//! Builds the clients' binaries, each alone: what one client asks of a shared dependency must not change another's.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bench_common::Failure;

use crate::contender::Contender;

/// Where each contender's binary is, by the contender's name.
pub(crate) type Binaries = HashMap<&'static str, PathBuf>;

/// Builds those that are ours to build.
pub(crate) fn all(contenders: &[&'static Contender]) -> Result<Binaries, Failure> {
    let mut binaries = Binaries::new();
    for contender in contenders {
        if let Some(package) = contender.package {
            eprintln!("building {package}");
            binaries.insert(contender.name, one(package)?);
        }
    }
    Ok(binaries)
}

fn one(package: &str) -> Result<PathBuf, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--message-format", "json-render-diagnostics"])
        .args(["--package", package])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{package} does not build").into());
    }
    executable(&String::from_utf8(output.stdout)?)
        .ok_or_else(|| format!("cargo does not say where it put {package}").into())
}

/// The last executable that cargo's messages name.
fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message = serde_json::from_str::<serde_json::Value>(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_executable_among_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/t/bench-raw\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/t/bench-raw")));
        assert_eq!(executable("not json"), None);
    }
}
