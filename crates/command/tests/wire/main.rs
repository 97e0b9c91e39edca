//! What every typed method sends, word for word, held against the table of facts.
//!
//! Each method is run on `Build` at least once, with the line it must give. `case.rs` checks the line, the name, the
//! number of arguments and the marked keys of every case; `coverage.rs` reads the sources of `src/group` and fails when
//! a method, a `spec::NAME` or a command of the table has no case.
//!
//! To add a group: write its methods in `src/group/<group>`, put `<group>.rs` beside this file with
//! `pub(crate) fn cases() -> Vec<Case>` (one `case(Build.method(…), "THE LINE")` a line), and name both the module and
//! the group in `groups()` below; the cases of a group that still lacks commands go into `begun()` instead.
//! `coverage.rs` has short lists of exceptions, each with its reason.

mod case;
mod connection;
mod coverage;
mod generic;
mod hash;
mod list;
mod pubsub;
mod scripting;
mod server;
mod set;
mod sorted_set;
mod stream;
mod string;
mod transactions;

use carnelian_command::spec::Group;
use case::Case;

/// The groups whose every command has a method, each with its cases.
fn groups() -> Vec<(Group, Vec<Case>)> {
    vec![
        (Group::Connection, connection::cases()),
        (Group::Generic, generic::cases()),
        (Group::Hash, hash::cases()),
        (Group::List, list::cases()),
        (Group::PubSub, pubsub::cases()),
        (Group::Scripting, scripting::cases()),
        (Group::Set, set::cases()),
        (Group::SortedSet, sorted_set::cases()),
        (Group::Stream, stream::cases()),
        (Group::String, string::cases()),
        (Group::Transactions, transactions::cases()),
    ]
}

/// Cases of groups of which commands are still missing.
fn begun() -> Vec<Case> {
    server::cases()
}

fn all_cases() -> Vec<Case> {
    groups().into_iter().flat_map(|(_, cases)| cases).chain(begun()).collect()
}

#[test]
fn every_case_holds() {
    let wrong: Vec<String> = all_cases().iter().filter_map(Case::fault).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
