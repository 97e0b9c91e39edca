//! `cargo xtask layout`: the house rules that a program can check.
//!
//! Every rule has a file; here they meet the files of each crate, and what they found is printed with a table of how
//! the rooms have grown.

mod forbidden;
mod imports;
mod report;
mod sizes;
pub(crate) mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, tree};
use forbidden::Neighbours;
use report::Report;
use source::Source;

/// Checks the whole tree.
pub(crate) fn check() -> Result<(), Failure> {
    let mut report = Report::default();
    println!("{:<20} {:>5} {:>7} {:>5}  longest function", "lines without tests", "files", "median", "max");
    for package in packages()? {
        let sources: Vec<Source> =
            tree::files(&package, "rs")?.iter().map(|path| Source::read(path)).collect::<Result<_, _>>()?;
        for source in &sources {
            sizes::check(source, &mut report);
            forbidden::check(source, &mut report);
        }
        let inside = package.join("src");
        let (sources, _beside): (Vec<_>, Vec<_>) =
            sources.into_iter().partition(|source| source.path.starts_with(&inside));
        imports::check(&inside, &sources, &mut report);
        println!("{}", summary(&package, &sources));
    }
    let neighbours = Neighbours::of(&tree::root());
    for path in committed()? {
        // What is no text mentions no path.
        if let Ok(text) = std::fs::read_to_string(&path) {
            neighbours.check(&path, &text, &mut report);
        }
    }
    for line in report.lines() {
        println!("{line}");
    }
    match report.counts() {
        (0, _) => Ok(()),
        (failures, _) => Err(format!("{failures} house rules are broken").into()),
    }
}

/// The folders of the workspace's packages.
fn packages() -> Result<Vec<PathBuf>, Failure> {
    let mut packages: Vec<PathBuf> = std::fs::read_dir(tree::root().join("crates"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    packages.push(tree::root().join("xtask"));
    packages.retain(|path| path.join("Cargo.toml").is_file());
    packages.sort();
    Ok(packages)
}

/// Files that are committed, or would be.
fn committed() -> Result<Vec<PathBuf>, Failure> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(tree::root())
        .output()?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    let names = String::from_utf8(output.stdout)?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(|name| tree::root().join(name)).collect())
}

fn summary(package: &Path, sources: &[Source]) -> String {
    let rooms = || sources.iter().filter(|source| !sizes::is_generated(&source.path));
    let mut lines: Vec<usize> = rooms().map(Source::lines).collect();
    lines.sort_unstable();
    let functions = rooms().flat_map(Source::functions).filter(|function| !function.in_test);
    let longest = functions.max_by_key(|function| function.lines);
    format!(
        "{:<20} {:>5} {:>7} {:>5}  {}",
        tree::shown(package),
        lines.len(),
        lines.get(lines.len() / 2).copied().unwrap_or_default(),
        lines.last().copied().unwrap_or_default(),
        longest.map(|function| format!("{} {}", function.lines, function.name)).unwrap_or_default()
    )
}
