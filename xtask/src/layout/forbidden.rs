//! What no file may contain, and what the crates that decide without I/O may not touch.
//!
//! Clippy's `disallowed-methods` says the same for calls that it can resolve; this also catches types, imports and
//! code behind a `cfg` that clippy was not run with.

use std::path::Path;

use super::report::Report;
use super::source::Source;
use crate::tree;

/// Crates whose state machines get the time and the bytes handed in.
const WITHOUT_IO: [&str; 3] = ["crates/core/src", "crates/command/src", "crates/resp/src"];

const TOUCHES_THE_WORLD: [(&[&str], &str); 5] = [
    (&["Instant", "::", "now"], "the driver hands the time in"),
    (&["SystemTime", "::", "now"], "the driver hands the time in"),
    (&["std", "::", "net"], "sockets belong to the drivers; addresses as mere values are in core::net"),
    (&["std", "::", "thread"], "threads belong to the drivers"),
    (&["tokio"], "the async driver is the only one to know it"),
];

const NOWHERE: [(&[&str], &str); 4] = [
    (&["unsafe"], "unsafe code is forbidden"),
    (&["todo", "!"], "finish it"),
    (&["unimplemented", "!"], "finish it"),
    (&["#", "[", "ignore"], "a test runs, or it is not there"),
];

/// Checks one Rust file.
pub(super) fn check(source: &Source, report: &mut Report) {
    let shown = tree::shown(&source.path);
    for (words, reason) in NOWHERE {
        for token in source.find(words) {
            report.fail(format!("{shown}:{}: `{}`: {reason}", token.line, words.concat()));
        }
    }
    if !WITHOUT_IO.iter().any(|folder| source.path.starts_with(tree::root().join(folder))) {
        return;
    }
    let uses = source.use_paths();
    for (words, reason) in TOUCHES_THE_WORLD {
        let in_code = source.find(words).filter(|token| !token.in_test).map(|token| token.line);
        // `use std::{net::X, …}` has the words, but not side by side.
        let names: Vec<&str> = words.iter().copied().filter(|word| *word != "::").collect();
        let spelled = |path: &Vec<String>| path.windows(names.len()).any(|part| part == names);
        let in_uses = uses.iter().filter(|(path, _)| spelled(path)).map(|(_, line)| *line);
        let mut lines: Vec<usize> = in_code.chain(in_uses).collect();
        lines.sort_unstable();
        lines.dedup();
        for line in lines {
            report.fail(format!("{shown}:{line}: `{}`: {reason}", words.concat()));
        }
    }
}

/// Names of the folders beside the repository on this machine: a committed file that knows them works nowhere else.
pub(super) struct Neighbours {
    paths: Vec<String>,
}

impl Neighbours {
    pub(super) fn of(root: &Path) -> Self {
        let entries = root.parent().and_then(|parent| std::fs::read_dir(parent).ok());
        let folders = entries.into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let mut paths = Vec::new();
        for folder in folders.filter(|path| path.is_dir()) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if folder != root {
                paths.push(format!("../{name}"));
            }
            paths.push(folder.display().to_string());
        }
        Self { paths }
    }

    /// Checks the text of any committed file.
    pub(super) fn check(&self, path: &Path, text: &str, report: &mut Report) {
        for (number, line) in text.lines().enumerate() {
            if let Some(found) = self.paths.iter().find(|name| mentions(line, name)) {
                let shown = tree::shown(path);
                report.fail(format!("{shown}:{}: {found} is a path of this machine", number + 1));
            }
        }
    }
}

/// Whether `line` names this path, and not one that merely ends or begins like it.
fn mentions(line: &str, path: &str) -> bool {
    let part_of_a_name = |letter: char| letter.is_alphanumeric() || "._-/".contains(letter);
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + path.len()..).and_then(|after| after.chars().next());
        // `../../name` climbs as well.
        let starts = !before.is_some_and(part_of_a_name) || (path.starts_with("..") && before == Some('/'));
        starts && !after.is_some_and(|letter| part_of_a_name(letter) && letter != '/' && letter != '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(path: &str, text: &str) -> usize {
        let mut report = Report::default();
        check(&Source::parse(&tree::root().join(path), text).unwrap(), &mut report);
        report.counts().0
    }

    #[test]
    fn the_core_touches_nothing() {
        let core = "crates/core/src/x.rs";
        assert_eq!(failures(core, "fn a() { Instant::now(); }"), 1);
        assert_eq!(failures(core, "use std::{net::TcpStream, fmt, thread};"), 2);
        assert_eq!(failures(core, "fn a() { std::thread::sleep(x); vec![tokio::spawn(y)]; }"), 2);
        assert_eq!(
            failures(core, "// Instant::now\nfn a(now: Instant, at: SystemTime) { core::net::f(); }"),
            0
        );
        assert_eq!(failures(core, "#[cfg(test)]\nmod tests { use std::thread; }"), 0);
        assert_eq!(failures("crates/tokio/src/x.rs", "use std::net::X; fn a() { Instant::now(); }"), 0);
    }

    #[test]
    fn unfinished_work_is_found_anywhere() {
        let file = "crates/tokio/tests/x.rs";
        assert_eq!(failures(file, "fn a() { todo!() } fn b() { unimplemented!(\"x\") }"), 2);
        assert_eq!(failures(file, "#[test] #[ignore = \"slow\"] fn a() {} #[ignore] fn b() {}"), 2);
        assert_eq!(failures(file, "#![forbid(unsafe_code)] fn a() { unsafe { b() } }"), 1);
    }

    #[test]
    fn paths_of_this_machine_are_found() {
        for (line, found) in [
            ("see /srv/notes/a.md", true),
            ("in /srv/notes.", true),
            ("cat ../notes", true),
            ("cat ../../notes/x", true),
            ("at /srv/notesbook", false),
            ("https://example.org/srv/notes", false),
            ("../notes-of-ours", false),
        ] {
            assert_eq!(mentions(line, "/srv/notes") || mentions(line, "../notes"), found, "{line}");
        }
    }
}
