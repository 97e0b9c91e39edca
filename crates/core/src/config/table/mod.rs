//! Owns the table of options: every row that URL, environment and TOML can set, and the names that are known but refused.
//! Adding an option is adding a row (and a setter in the builder); nothing else parses options.

mod connection;
mod refused;
mod tls;
mod traffic;

use super::error::ConfigError;
use super::option::{BadValue, OptionSpec};
use super::settings::Settings;

pub(super) const SECONDS: &str = "seconds such as `2.5` or `500ms`";
pub(super) const OPTIONAL_SECONDS: &str = "seconds such as `2.5` or `500ms`, or `none`";
pub(super) const BOOLEAN: &str = "`true` or `false` (or `yes`, `no`, `1`, `0`)";
pub(super) const COUNT: &str = "a whole number of at least 1";
pub(super) const BYTES: &str = "a number of bytes such as `65536` or `64mb`";
pub(super) const WORD: &str = "printable ASCII without spaces";

/// Every option, in the order of the documentation.
pub(super) fn rows() -> impl Iterator<Item = &'static OptionSpec> {
    [connection::ROWS, traffic::ROWS, tls::ROWS].into_iter().flatten()
}

/// The option of this name or alias.
pub(super) fn find(name: &str) -> Option<&'static OptionSpec> {
    rows().find(|row| row.names().any(|known| known == name))
}

/// Why there is no option of this name, and what to do about it. `place` says where it stands.
pub(super) fn unknown(name: &str, place: &str) -> ConfigError {
    if let Some(why) = refused::reason(name) {
        return ConfigError::about(name, format!("option `{name}` in {place} can't be set: {why}"));
    }
    let hint = match nearest(name) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "the options are listed at `Config::options`".to_owned(),
    };
    // Quoted by Debug, so that line breaks and the like in a mistyped name don't reach a log as they are.
    ConfigError::about(name, format!("unknown option {name:?} in {place}; {hint}"))
}

/// The known name that a mistyped one most resembles.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let bound = name.len().div_ceil(3).clamp(1, 4);
    rows()
        .flat_map(OptionSpec::names)
        .map(|known| (edits(&name, known), known))
        .filter(|&(edits, _)| edits <= bound)
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, known)| known)
}

/// How many letters must be inserted, removed or exchanged to make one word of the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (removed, a) in from.chars().enumerate() {
        let mut diagonal = removed;
        let mut left = removed + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(to.chars()) {
            let exchanged = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = exchanged.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A row; aliases and secrecy are added by the methods below.
const fn row(
    name: &'static str,
    form: &'static str,
    default: &'static str,
    about: &'static str,
    set: fn(&mut Settings, &str) -> Result<(), BadValue>,
) -> OptionSpec {
    OptionSpec { name, aliases: &[], form, default, about, secret: false, set }
}

impl OptionSpec {
    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write;

    use super::*;

    #[test]
    fn names_are_unique_lower_case_and_documented() {
        let mut seen = HashSet::new();
        for row in rows() {
            for name in row.names() {
                assert!(seen.insert(name), "{name} stands twice");
                assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
                assert_eq!(refused::reason(name), None, "{name} is an option and refused");
            }
            for text in [row.form, row.default, row.about] {
                assert!(!text.is_empty(), "{} lacks documentation", row.name);
                assert!(!text.contains('|'), "{} would break the table of documentation", row.name);
            }
        }
        assert!(seen.len() > 60, "only {} names: was a group forgotten in `rows`?", seen.len());
    }

    #[test]
    fn every_default_is_what_the_settings_hold() {
        // A default that is itself a value must change nothing when it is set.
        let defaults = Settings { tls_on: false, ..Settings::default() };
        let mut tried = 0;
        for row in rows() {
            let Some(value) = row.default.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else {
                continue;
            };
            let mut settings = defaults.clone();
            // Rows of the cache switch it on, so that is what they must leave otherwise alone.
            if row.name.starts_with("cache_") {
                settings.cache = Some(Default::default());
            }
            let before = settings.clone();
            assert_eq!((row.set)(&mut settings, value), Ok(()), "{} = {value}", row.name);
            assert_eq!(settings, before, "{} = {value} is not the default", row.name);
            tried += 1;
        }
        assert!(tried > 30, "only {tried} defaults were tried");
    }

    #[test]
    fn setting_a_value_twice_is_setting_it_once() {
        // What a URL states is set again after every builder call.
        for (name, value) in [
            ("on_connect", "PING;PING"),
            ("retry_on_error", "BUSY,TimeoutError"),
            ("ssl_ciphers", "A:B"),
            ("cache_prefixes", "a,b"),
        ] {
            let row = find(name).unwrap();
            let mut once = Settings::default();
            (row.set)(&mut once, value).unwrap();
            let mut twice = once.clone();
            (row.set)(&mut twice, value).unwrap();
            assert_eq!(once, twice, "{name}");
            assert_ne!(once, Settings::default(), "{name}");
        }
    }

    #[test]
    fn a_typing_error_gets_a_suggestion() {
        for (typed, meant) in [
            ("socket_timout", "socket_timeout"),
            ("Max-Connections", "max_connections"),
            ("pasword", "password"),
            ("dbb", "db"),
            ("hots", "host"),
            ("healthcheck_interval", "health_check_interval"),
        ] {
            assert_eq!(nearest(typed), Some(meant), "{typed}");
        }
        assert_eq!(nearest("completely_else"), None);
        assert_eq!(nearest(""), None);
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, count) in
            [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("db", "bd", 2)]
        {
            assert_eq!(edits(a, b), count, "{a} {b}");
        }
    }

    #[test]
    fn names_of_the_reference_without_meaning_here_say_why() {
        for name in [
            "decode_responses",
            "encoding",
            "connection_pool",
            "socket_keepalive_options",
            "read_from_replicas",
            "timeout",
        ] {
            let error = unknown(name, "the URL").to_string();
            assert!(error.contains(name) && error.contains("can't be set"), "{error}");
        }
    }

    /// The table of documentation is this table, written out. With `CARNELIAN_WRITE_DOCS=1` this test writes it.
    #[test]
    fn documentation_shows_the_table_as_it_is() {
        let mut text =
            String::from("| option | variable | value | default | what it is for |\n|---|---|---|---|---|\n");
        for row in rows() {
            let names = row.names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let variable = row.variable();
            writeln!(text, "| {names} | `{variable}` | {} | {} | {} |", row.form, row.default, row.about)
                .unwrap();
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/options.md");
        if std::env::var_os("CARNELIAN_WRITE_DOCS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(include_str!("../options.md"), text, "run this test again with CARNELIAN_WRITE_DOCS=1");
    }
}
