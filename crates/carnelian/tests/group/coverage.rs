//! That no typed method is left out: those of the sources of `carnelian-command` against the calls in this folder.

use std::fs;
use std::path::{Path, PathBuf};

/// All sources below a folder.
fn sources(folder: PathBuf) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a source").path();
        text += &if path.is_dir() { sources(path) } else { fs::read_to_string(path).expect("a source") };
    }
    text
}

/// The methods of all command traits. The sources are formatted by rustfmt, so what is a method shows by its indent.
fn methods(text: &str) -> Vec<&str> {
    let (mut found, mut in_trait) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("pub trait ") && line.contains("Commands") {
            in_trait = true;
        } else if line.starts_with('}') {
            in_trait = false;
        } else if let (true, Some(rest)) = (in_trait, line.strip_prefix("    fn ")) {
            found.extend(rest.split(['(', '<']).next());
        }
    }
    found
}

#[test]
fn every_method_meets_a_server() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let methods_from = sources(crates.join("../command/src/group"));
    let methods = methods(&methods_from);
    assert!(methods.len() > 200, "the methods were not found in the sources");
    let calls = sources(crates.join("tests/group"));
    let left_out = |name: &&str| !["(", "::<"].iter().any(|after| calls.contains(&format!(".{name}{after}")));
    let left_out: Vec<&str> = methods.into_iter().filter(left_out).collect();
    assert!(left_out.is_empty(), "no server sees {left_out:?}");
}
