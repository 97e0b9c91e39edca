//! Finding the keys among a command's real arguments, for whoever routes, caches or checks a command that was built
//! by hand.
//!
//! The table's key specs do nearly all of it. `SORT` and `MIGRATE` are read by code of their own, because their specs
//! cannot find the keys, or find too many. Nothing is allocated, and arguments that make no sense to the server yield
//! no keys rather than a guess: the server will say what is wrong with them.

use std::iter::FusedIterator;

use super::access::{KeySpec, Place};
use super::facts::Facts;

/// Why the keys of a command could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The argument that should say how many keys there are does not.
    #[error("{command}: argument {at} must be the number of keys that follow")]
    Count {
        /// The command.
        command: &'static str,
        /// The position of that argument.
        at: usize,
    },
    /// More keys were announced than there are arguments.
    #[error("{command}: argument {at} announces more keys than there are arguments")]
    Short {
        /// The command.
        command: &'static str,
        /// The position of the argument that announced them.
        at: usize,
    },
}

/// The positions of a command's keys among its arguments, counted from its name, which is 0.
///
/// Cheap to make and to clone: it holds at most three runs of evenly spaced positions.
#[derive(Debug, Clone, Default)]
pub struct KeyPositions {
    runs: [Run; 3],
}

/// `left` keys, the next one at `next`, `step` apart.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    next: usize,
    left: usize,
    step: usize,
}

/// Tells where the keys of a command are.
///
/// `count` is the number of all arguments and `argument` reads one of them by its position, both with the words of the
/// name included: in `GET user:1` the key is 1, in `XINFO STREAM log` it is 2. The words of the name itself are
/// never read. Shard channels and cluster cursors, which are no keys but route like keys, are among the positions.
///
/// # Errors
/// When an argument that should count the keys is no number, or counts more than there are arguments.
pub fn key_positions<'a>(
    facts: &Facts,
    count: usize,
    argument: impl Fn(usize) -> Option<&'a [u8]>,
) -> Result<KeyPositions, KeyError> {
    let call = Call { facts, count, argument };
    let mut found = KeyPositions::default();
    match facts.name {
        "SORT" => found.runs = [Run::one(1).within(count), call.sorted_into(), Run::default()],
        "MIGRATE" => found.runs = [call.migrated(), Run::default(), Run::default()],
        _ => {
            for (run, spec) in found.runs.iter_mut().zip(facts.keys) {
                *run = call.run_of(spec)?;
            }
        }
    }
    Ok(found)
}

impl Iterator for KeyPositions {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let run = self.runs.iter_mut().find(|run| run.left > 0)?;
        let position = run.next;
        run.next += run.step;
        run.left -= 1;
        Some(position)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.runs.iter().map(|run| run.left).sum();
        (left, Some(left))
    }
}

impl ExactSizeIterator for KeyPositions {}
impl FusedIterator for KeyPositions {}

impl Run {
    const fn one(at: usize) -> Self {
        Self { next: at, left: 1, step: 1 }
    }

    /// From `first` to `last`, both included; nothing when they are the wrong way round.
    fn between(first: usize, last: Option<usize>, step: u8) -> Self {
        let step = usize::from(step).max(1);
        let left = last.and_then(|last| last.checked_sub(first)).map_or(0, |span| span / step + 1);
        Self { next: first, left, step }
    }

    /// Without what would lie beyond the arguments.
    fn within(self, count: usize) -> Self {
        let room = count.saturating_sub(self.next).div_ceil(self.step.max(1));
        Self { left: self.left.min(room), ..self }
    }
}

/// A command with its arguments.
struct Call<'f, F> {
    facts: &'f Facts,
    count: usize,
    argument: F,
}

impl<'a, F: Fn(usize) -> Option<&'a [u8]>> Call<'_, F> {
    fn run_of(&self, spec: &KeySpec) -> Result<Run, KeyError> {
        match spec.place {
            Place::Range { first, last, step, limit } => {
                let first = usize::from(first);
                let last = usize::try_from(last).ok().or_else(|| self.last_at(first, last, limit));
                Ok(Run::between(first, last, step).within(self.count))
            }
            Place::Keynum { at, first_offset, step } => self.announced(at, first_offset, step),
            Place::Keyword { word, from, last, step, limit } => {
                let Some(first) = self.find_word(word, from).map(|at| at + 1) else {
                    return Ok(Run::default());
                };
                let last = match usize::try_from(last) {
                    Ok(distance) => Some(first + distance),
                    Err(_) => self.last_at(first, last, limit),
                };
                Ok(Run::between(first, last, step).within(self.count))
            }
            Place::Unknown => Ok(Run::default()),
        }
    }

    /// The position of `last`, a negative count from the end of the first 1/`limit` of what begins at `first`.
    fn last_at(&self, first: usize, last: i8, limit: u8) -> Option<usize> {
        let span = self.count.checked_sub(first)? / usize::from(limit.max(1));
        (first + span).checked_sub(usize::from(last.unsigned_abs()))
    }

    fn announced(&self, at: u8, first_offset: u8, step: u8) -> Result<Run, KeyError> {
        let (command, at, step) = (self.facts.name, usize::from(at), usize::from(step).max(1));
        let keys: usize = (self.argument)(at)
            .and_then(|text| std::str::from_utf8(text).ok())
            .and_then(|text| text.parse().ok())
            .ok_or(KeyError::Count { command, at })?;
        let run = Run { next: at + usize::from(first_offset), left: keys, step };
        if run.within(self.count).left < keys { Err(KeyError::Short { command, at }) } else { Ok(run) }
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        (self.argument)(at).is_some_and(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn find_word(&self, word: &str, from: i8) -> Option<usize> {
        match usize::try_from(from) {
            Ok(from) => (from..self.count).find(|&at| self.is_word(at, word)),
            Err(_) => {
                let from = self.count.checked_sub(usize::from(from.unsigned_abs()))?;
                (self.facts.arguments_from()..=from).rev().find(|&at| self.is_word(at, word))
            }
        }
    }

    /// How many arguments an option brings along, which must not be taken for options themselves: a sort may well be
    /// `BY store`.
    fn brought_along(&self, at: usize) -> usize {
        let options = [("LIMIT", 2), ("BY", 1), ("GET", 1), ("AUTH", 1), ("AUTH2", 2)];
        options.into_iter().find(|(option, _)| self.is_word(at, option)).map_or(0, |(_, brought)| brought)
    }

    /// The key after the last `STORE` of a `SORT`: given twice, the servers take the last one.
    fn sorted_into(&self) -> Run {
        let mut found = Run::default();
        let mut at = 2;
        while at < self.count {
            if self.is_word(at, "STORE") {
                found = Run::one(at + 1).within(self.count);
                at += 2;
            } else {
                at += 1 + self.brought_along(at);
            }
        }
        found
    }

    /// `MIGRATE host port key|"" db timeout [options] [KEYS key …]`: the keys after `KEYS`, which want an empty third
    /// argument, or else that third argument. The spec searches `KEYS` from the end and would stop at a key of that
    /// name, or at such a password.
    fn migrated(&self) -> Run {
        let mut at = 6;
        while at < self.count {
            if self.is_word(at, "KEYS") {
                let contradicts = (self.argument)(3).is_some_and(|key| !key.is_empty());
                let keys = if contradicts { 0 } else { self.count - at - 1 };
                return Run { next: at + 1, left: keys, step: 1 };
            }
            at += 1 + self.brought_along(at);
        }
        Run::one(3).within(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{all, find};
    use super::*;

    fn positions(line: &str) -> Result<Vec<usize>, KeyError> {
        let arguments: Vec<&[u8]> =
            line.split(' ').map(|word| if word == "''" { &b""[..] } else { word.as_bytes() }).collect();
        let facts = find(arguments[0], arguments.get(1).copied()).expect(line);
        key_positions(facts, arguments.len(), |at| arguments.get(at).copied()).map(Iterator::collect)
    }

    /// The keys that the servers' `COMMAND GETKEYS` names for the same lines.
    #[test]
    fn keys_stand_where_the_servers_say() {
        let cases: &[(&str, &[usize])] = &[
            ("GET a", &[1]),
            ("PING", &[]),
            ("DEL a b c", &[1, 2, 3]),
            ("MSET a 1 b 2", &[1, 3]),
            ("MSETEX 2 a 1 b 2 EX 5", &[2, 4]),
            ("BLPOP a b 0", &[1, 2]),
            ("LCS a b LEN", &[1, 2]),
            ("BITOP AND d a b", &[2, 3, 4]),
            ("XINFO STREAM s", &[2]),
            ("XREAD COUNT 2 BLOCK 0 STREAMS a b 0 0", &[6, 7]),
            ("XREAD streams a 0", &[2]),
            ("XREADGROUP GROUP STREAMS c STREAMS a >", &[5]),
            ("EVAL return 2 a b arg", &[3, 4]),
            ("EVAL return 0 arg", &[]),
            ("FCALL f 1 a", &[3]),
            ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", &[1, 3, 4]),
            ("ZINTERCARD 2 a b LIMIT 1", &[2, 3]),
            ("LMPOP 1 a LEFT", &[2]),
            ("BLMPOP 0 2 a b LEFT", &[3, 4]),
            ("TDIGEST.MERGE d 2 a b", &[1, 3, 4]),
            ("CMS.MERGE d 2 a b WEIGHTS 1 2", &[1, 3, 4]),
            ("JSON.MGET a b c $", &[1, 2, 3]),
            ("JSON.MSET a $ 1 b $ 2", &[1, 4]),
            ("JSON.DEBUG MEMORY a", &[2]),
            ("TS.NRANGE 2 a b - +", &[2, 3]),
            ("SSUBSCRIBE a b", &[1, 2]),
            ("SUNSUBSCRIBE", &[]),
            ("OBJECT ENCODING a", &[2]),
            ("MEMORY USAGE a SAMPLES 5", &[2]),
        ];
        for (line, keys) in cases {
            assert_eq!(positions(line).as_deref(), Ok(*keys), "{line}");
        }
    }

    #[test]
    fn sort_stores_into_the_last_store() {
        assert_eq!(positions("SORT a").as_deref(), Ok(&[1][..]));
        assert_eq!(positions("SORT a BY w_* GET # ALPHA store d").as_deref(), Ok(&[1, 8][..]));
        assert_eq!(positions("SORT a BY STORE LIMIT 0 STORE").as_deref(), Ok(&[1][..]));
        assert_eq!(positions("SORT a STORE x STORE y").as_deref(), Ok(&[1, 5][..]));
        assert_eq!(positions("SORT a STORE").as_deref(), Ok(&[1][..]));
        assert_eq!(positions("SORT_RO a BY w_*").as_deref(), Ok(&[1][..]));
    }

    #[test]
    fn radius_queries_store_in_two_ways() {
        assert_eq!(positions("GEORADIUS a 1 2 3 km").as_deref(), Ok(&[1][..]));
        assert_eq!(positions("GEORADIUS a 1 2 3 km COUNT 3 STORE d").as_deref(), Ok(&[1, 9][..]));
        assert_eq!(positions("GEORADIUS a 1 2 3 km STORE d STOREDIST e").as_deref(), Ok(&[1, 7, 9][..]));
        assert_eq!(positions("GEORADIUSBYMEMBER a store 3 km STORE STORE").as_deref(), Ok(&[1, 6][..]));
    }

    #[test]
    fn migrate_takes_one_key_or_many() {
        assert_eq!(positions("MIGRATE h 1 a 0 9").as_deref(), Ok(&[3][..]));
        assert_eq!(positions("MIGRATE h 1 a 0 9 COPY AUTH KEYS").as_deref(), Ok(&[3][..]));
        assert_eq!(positions("MIGRATE h 1 '' 0 9 AUTH2 KEYS KEYS KEYS a KEYS").as_deref(), Ok(&[10, 11][..]));
        assert_eq!(positions("MIGRATE h 1 a 0 9 KEYS b").as_deref(), Ok(&[][..]));
    }

    #[test]
    fn a_wrong_count_is_an_error() {
        assert_eq!(positions("EVAL return x a"), Err(KeyError::Count { command: "EVAL", at: 2 }));
        assert_eq!(positions("EVAL return -1 a"), Err(KeyError::Count { command: "EVAL", at: 2 }));
        assert_eq!(positions("EVAL return"), Err(KeyError::Count { command: "EVAL", at: 2 }));
        assert_eq!(positions("EVAL return 2 a"), Err(KeyError::Short { command: "EVAL", at: 2 }));
        assert_eq!(positions("MSETEX 2 a 1"), Err(KeyError::Short { command: "MSETEX", at: 1 }));
        let endless = format!("ZUNION {} a", usize::MAX);
        assert_eq!(positions(&endless), Err(KeyError::Short { command: "ZUNION", at: 1 }));
    }

    #[test]
    fn too_few_arguments_yield_no_key_and_no_panic() {
        for facts in all() {
            for count in 0..8 {
                let argument = |at: usize| (at < count).then_some(&b"1"[..]);
                if let Ok(positions) = key_positions(facts, count, argument) {
                    let words = usize::from(facts.words);
                    assert!(positions.clone().all(|at| at >= words && at < count), "{}", facts.name);
                    assert_eq!(positions.len(), positions.count(), "{}", facts.name);
                }
            }
        }
    }

    #[test]
    fn no_command_has_more_runs_than_fit() {
        for facts in all() {
            assert!(facts.keys.len() <= KeyPositions::default().runs.len(), "{}", facts.name);
        }
    }
}
