//! The project's own chores, run as `cargo xtask <chore>`: one module each.
//!
//! Plain programs over the working tree, with no state of their own; CI runs them just as people do.

mod bench;
mod commands;
mod layout;
mod spec;
mod table;
mod tree;

use std::process::ExitCode;

/// Why a chore failed, as a message to whoever ran it.
type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "cargo xtask <chore>
  spec [--check]        write crates/command/src/spec/table from facts/commands.tsv, or only compare
  layout                check sizes, door signs, import cycles and what the sans-I/O crates may touch
  commands [--missing]  count the commands that have a typed method, or list those that have none
  bench [MODE] …        compare with the peers on this machine; `bench --help` tells the options";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["spec"] => spec::write(),
        ["spec", "--check"] => spec::check(),
        ["layout"] => layout::check(),
        ["commands"] => commands::count(),
        ["commands", "--missing"] => commands::missing(),
        ["bench", rest @ ..] => bench::run(rest),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
