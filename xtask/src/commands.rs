//! `cargo xtask commands`: how many of the servers' commands have a typed method.
//!
//! A method names its command's facts, so a mention of `spec::NAME` below `group/`, tests aside, is a method. That is
//! a count for people who write methods; the command crate's own tests say whether the methods are right.

use std::collections::{BTreeMap, BTreeSet};

use crate::layout::source::Source;
use crate::table::{self, Row};
use crate::{Failure, tree};

/// Prints the coverage by group.
pub(crate) fn count() -> Result<(), Failure> {
    let rows = table::rows()?;
    let typed = typed()?;
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_command()) {
        let (have, all) = groups.entry(&row.group).or_default();
        *have += usize::from(typed.contains(&row.identifier()));
        *all += 1;
    }
    println!("{:<14} {:>5} {:>5}", "group", "typed", "all");
    for (group, (have, all)) in &groups {
        println!("{group:<14} {have:>5} {all:>5}{}", if have == all { "" } else { "  *" });
    }
    let (have, all) = groups.values().fold((0, 0), |sum, group| (sum.0 + group.0, sum.1 + group.1));
    println!("{:<14} {have:>5} {all:>5}", "together");
    Ok(())
}

/// Lists the commands that have no method, one line per group.
pub(crate) fn missing() -> Result<(), Failure> {
    let rows = table::rows()?;
    let typed = typed()?;
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_command() && !typed.contains(&row.identifier())) {
        groups.entry(&row.group).or_default().push(&row.name);
    }
    for (group, names) in groups {
        println!("{group}: {}", names.join(", "));
    }
    unknown(&rows, &typed)
}

/// A method for what is no command would be a slip in either the table or the method.
fn unknown(rows: &[Row], typed: &BTreeSet<String>) -> Result<(), Failure> {
    let known: BTreeSet<String> = rows.iter().filter(|row| row.is_command()).map(Row::identifier).collect();
    let strange: Vec<&str> = typed.difference(&known).map(String::as_str).collect();
    if strange.is_empty() { Ok(()) } else { Err(format!("not in the table: {}", strange.join(", ")).into()) }
}

fn typed() -> Result<BTreeSet<String>, Failure> {
    let mut typed = BTreeSet::new();
    for path in tree::files(&tree::root().join("crates/command/src/group"), "rs")? {
        typed.extend(mentions(&Source::read(&path)?));
    }
    Ok(typed)
}

/// The upper-case names after `spec::`.
fn mentions(source: &Source) -> impl Iterator<Item = String> + '_ {
    source.words_after(&["spec", "::"]).filter(|name| {
        name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_in_code_count_and_others_do_not() {
        let text = "//! spec::GET\n/// [`spec::SET`]\nfn a() { run(&spec::DEL, spec::find(b\"X\")); f(crate::spec::TTL) }\n\
                    #[cfg(test)]\nmod tests { fn b() { spec::INCR; } }\n";
        let source = Source::parse("group/x.rs".as_ref(), text).unwrap();
        assert_eq!(mentions(&source).collect::<Vec<_>>(), ["DEL", "TTL"]);
    }
}
