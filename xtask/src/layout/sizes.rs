//! Small rooms: how long files and functions may be, and that each file has its door sign.

use std::path::Path;

use super::report::Report;
use super::source::Source;
use crate::tree;

const FILE_WARN: usize = 400;
const FILE_FAIL: usize = 700;
const FUNCTION_WARN: usize = 60;
const FUNCTION_FAIL: usize = 90;

/// Checks one file.
pub(super) fn check(source: &Source, report: &mut Report) {
    let shown = tree::shown(&source.path);
    if !source.text.starts_with("//!") {
        report.fail(format!("{shown}:1: the file must open with `//!`: what it owns, what not, and why"));
    }
    if is_generated(&source.path) {
        return;
    }
    let lines = source.lines();
    let message = format!("{shown}: {lines} lines without tests; it is two nouns, split it");
    if lines > FILE_FAIL {
        report.fail(message);
    } else if lines > FILE_WARN {
        report.warn(message);
    }
    for function in source.functions() {
        let message = format!("{shown}:{}: fn {} has {} lines", function.line, function.name, function.lines);
        // A test may be one long list of cases.
        if function.lines > FUNCTION_FAIL && !function.in_test {
            report.fail(message);
        } else if function.lines > FUNCTION_WARN {
            report.warn(message);
        }
    }
}

/// Generated tables are as long as their source.
pub(super) fn is_generated(path: &Path) -> bool {
    path.starts_with(tree::root().join("crates/command/src/spec/table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Report {
        let mut report = Report::default();
        check(&Source::parse("crates/x/src/y.rs".as_ref(), text).unwrap(), &mut report);
        report
    }

    #[test]
    fn long_files_fail_and_their_tests_do_not_count() {
        let long = |lines: usize| format!("//! x\n{}", "const _: () = ();\n".repeat(lines));
        assert_eq!(checked(&long(300)).counts(), (0, 0));
        assert_eq!(checked(&long(500)).counts(), (0, 1));
        assert_eq!(checked(&long(800)).counts(), (1, 0));
        let tests = format!("//! x\n#[cfg(test)]\nmod tests {{\n{}}}\n", "const _: () = ();\n".repeat(800));
        assert_eq!(checked(&tests).counts(), (0, 0));
    }

    #[test]
    fn long_functions_fail() {
        let long = |lines: usize| format!("//! x\nfn a() {{\n{}}}\n", "b();\n".repeat(lines));
        assert_eq!(checked(&long(60)).counts(), (0, 0));
        assert_eq!(checked(&long(61)).counts(), (0, 1));
        assert_eq!(checked(&long(91)).counts(), (1, 0));
    }

    #[test]
    fn the_door_sign_is_wanted() {
        assert_eq!(checked("fn a() {}\n").counts(), (1, 0));
    }
}
