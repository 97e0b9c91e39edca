//! Results as files: figures for programs, a drawing for people.

use std::fs;
use std::path::Path;

use bench_common::Failure;
use serde::Serialize;

pub(crate) fn write(name: &str, report: &impl Serialize, drawing: &str) -> Result<(), Failure> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../results"));
    fs::create_dir_all(folder)?;
    let mut figures = serde_json::to_string_pretty(report)?;
    figures.push('\n');
    fs::write(folder.join(format!("{name}.json")), figures)?;
    fs::write(folder.join(format!("{name}.svg")), drawing)?;
    eprintln!("written to bench/results/{name}.json and .svg");
    Ok(())
}
