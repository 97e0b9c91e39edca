//! `cargo xtask spec`: from `facts/commands.tsv` to one committed Rust file per group of commands.
//!
//! The output is committed, so that building the crate needs no generator and a reader can jump to a command's facts.
//! `--check` keeps the two from drifting apart.

mod keys;
mod render;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Failure, table, tree};

/// Writes the generated files, and removes those of groups that are gone.
pub(crate) fn write() -> Result<(), Failure> {
    let wanted = generate()?;
    fs::create_dir_all(folder())?;
    let mut written = 0;
    for (path, text) in &wanted {
        // An unchanged file keeps its time stamp, or Cargo would build the crate again.
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            fs::write(path, text)?;
            written += 1;
        }
    }
    for stale in stale(&wanted)? {
        fs::remove_file(&stale)?;
        println!("removed {}", tree::shown(&stale));
    }
    println!("{} files, {written} of them new or changed", wanted.len());
    Ok(())
}

/// Fails if the committed files are not what the table says.
pub(crate) fn check() -> Result<(), Failure> {
    let wanted = generate()?;
    let mut wrong: Vec<String> = stale(&wanted)?.iter().map(|path| tree::shown(path)).collect();
    for (path, text) in &wanted {
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            wrong.push(tree::shown(path));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("not what facts/commands.tsv says; run `cargo xtask spec`:\n  {}", wrong.join("\n  ")).into())
}

fn folder() -> PathBuf {
    tree::root().join("crates/command/src/spec/table")
}

fn generate() -> Result<BTreeMap<PathBuf, String>, Failure> {
    let rows = table::rows()?;
    let mut files = BTreeMap::new();
    for (name, text) in render::files(&rows)? {
        files.insert(folder().join(format!("{name}.rs")), formatted(&text)?);
    }
    Ok(files)
}

fn stale(wanted: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>, Failure> {
    Ok(tree::files(&folder(), "rs")?.into_iter().filter(|path| !wanted.contains_key(path)).collect())
}

/// The text as `cargo fmt` would leave it.
fn formatted(text: &str) -> Result<String, Failure> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(tree::root().join(Path::new("rustfmt.toml")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error}; install it with `rustup component add rustfmt`"))?;
    // rustfmt reads all of its input before it writes, so this cannot deadlock.
    child.stdin.take().ok_or("rustfmt has no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err("rustfmt refused the generated code".into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
