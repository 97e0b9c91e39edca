//! From a command's name to its facts, for names that arrive as text: raw commands, the CLI, scripts.
//!
//! A binary search over one sorted array, comparing byte by byte in upper case: nothing is allocated.

use std::cmp::Ordering;

use super::facts::Facts;
use super::table::{CONTAINERS, SORTED};

/// Every command of the table, sorted by name.
pub fn all() -> &'static [&'static Facts] {
    &SORTED
}

/// The facts of a command, whatever the case of its name; `None` when the table does not list it.
///
/// `subcommand` is the argument after the name, if there is one: it is looked at only when the name is a container
/// of subcommands, so that `find(b"get", Some(b"user:1"))` is `GET`. The container and its subcommand may also come
/// as one name: `find(b"client kill", None)`.
pub fn find(name: &[u8], subcommand: Option<&[u8]>) -> Option<&'static Facts> {
    let subcommand = subcommand.filter(|_| is_container(name));
    let found = SORTED.binary_search_by(|facts| compare(facts.name, name, subcommand)).ok()?;
    SORTED.get(found).copied()
}

/// Whether the argument after this name is part of the command's name, as in `CLIENT KILL`.
pub fn is_container(name: &[u8]) -> bool {
    CONTAINERS.binary_search_by(|container| compare(container, name, None)).is_ok()
}

/// Orders `listed` against a name in parts. A space sorts before every character of a name, so comparing the parts
/// one after the other gives the same order as comparing whole names.
fn compare(listed: &str, name: &[u8], subcommand: Option<&[u8]>) -> Ordering {
    let listed = listed.as_bytes();
    let Some(subcommand) = subcommand else {
        return in_upper_case(listed, name);
    };
    match listed.iter().position(|&byte| byte == b' ').and_then(|space| listed.split_at_checked(space)) {
        Some((first, rest)) => in_upper_case(first, name)
            .then_with(|| in_upper_case(rest.get(1..).unwrap_or_default(), subcommand)),
        None => in_upper_case(listed, name).then(Ordering::Less),
    }
}

fn in_upper_case(listed: &[u8], wanted: &[u8]) -> Ordering {
    listed.iter().copied().cmp(wanted.iter().map(u8::to_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::super as spec;
    use super::{CONTAINERS, all, find, is_container};

    #[test]
    fn all_are_listed_once_in_order() {
        assert_eq!(all().len(), 567);
        assert!(all().windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(CONTAINERS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_command_is_found_in_any_case_and_both_spellings() {
        for facts in all() {
            let lower = facts.name.to_ascii_lowercase();
            let (name, subcommand) = match lower.split_once(' ') {
                Some((name, subcommand)) => (name, Some(subcommand.as_bytes())),
                None => (lower.as_str(), None),
            };
            assert_eq!(find(name.as_bytes(), subcommand), Some(*facts), "{}", facts.name);
            assert_eq!(find(lower.as_bytes(), None), Some(*facts), "{}", facts.name);
        }
    }

    #[test]
    fn an_argument_is_no_subcommand_unless_the_name_is_a_container() {
        assert_eq!(find(b"Get", Some(b"client")), Some(&spec::GET));
        assert_eq!(find(b"COMMAND", None), Some(&spec::COMMAND));
        assert_eq!(find(b"command", Some(b"docs")), Some(&spec::COMMAND_DOCS));
        assert_eq!(find(b"FT.CURSOR", Some(b"read")), Some(&spec::FT_CURSOR_READ));
        assert!(is_container(b"xinfo") && !is_container(b"xadd"));
    }

    #[test]
    fn unknown_names_find_nothing() {
        for (name, subcommand) in [
            (&b""[..], None),
            (b"GE", None),
            (b"GETS", None),
            (b"CLIENT", None),
            (b"CLIENT", Some(&b"NOPE"[..])),
            (b"CLIENT", Some(b"")),
            (b"COMMAND", Some(b"NOPE")),
            (b"ZZZ", None),
            (b"\xff\xff", Some(b"\xff")),
        ] {
            assert_eq!(find(name, subcommand), None);
        }
    }
}
