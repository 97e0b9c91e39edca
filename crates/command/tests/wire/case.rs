//! One command and the line it must be, and what must be true of every command whatever its line.

use std::time::{Duration, SystemTime};

use carnelian_command::spec::{self, Facts};
use carnelian_command::{Command, Request};

/// A command that a method built, and what it must look like.
pub(crate) struct Case {
    request: Request,
    line: &'static str,
}

/// `command` must be exactly these arguments: one space between two, `''` for an empty one.
pub(crate) fn case<R>(command: Command<R>, line: &'static str) -> Case {
    Case { request: command.into_request(), line }
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// So long after 1970.
pub(crate) fn at(since_1970: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + since_1970
}

impl Case {
    pub(crate) fn facts(&self) -> &'static Facts {
        self.request.facts()
    }

    fn sent(&self) -> String {
        let words: Vec<String> =
            self.request
                .arguments()
                .map(|word| {
                    if word.is_empty() { "''".to_owned() } else { String::from_utf8_lossy(word).into_owned() }
                })
                .collect();
        words.join(" ")
    }

    /// What is wrong with it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let (facts, sent) = (self.facts(), self.sent());
        if sent != self.line {
            return Some(format!("sends    {sent}\nmust be  {}", self.line));
        }
        if !sent.starts_with(facts.name) {
            return Some(format!("{sent}: is not called {}", facts.name));
        }
        if !facts.accepts(self.request.len()) {
            return Some(format!("{sent}: {} arguments, arity {}", self.request.len(), facts.arity));
        }
        self.wrong_keys().map(|why| format!("{sent}: {why}"))
    }

    /// The keys that were marked while building must be those which the facts find in the finished command.
    fn wrong_keys(&self) -> Option<String> {
        let arguments: Vec<&[u8]> = self.request.arguments().collect();
        let found = spec::key_positions(self.facts(), arguments.len(), |at| arguments.get(at).copied());
        let found: Vec<usize> = match found {
            Ok(positions) => positions.filter(|&at| at < 64).collect(),
            Err(error) => return Some(error.to_string()),
        };
        let bits = found.iter().fold(0_u64, |bits, at| bits | 1 << at);
        let marked: Vec<usize> = (0..64).filter(|at| self.request.key_bits() >> at & 1 == 1).collect();
        (bits != self.request.key_bits())
            .then(|| format!("marks {marked:?} as keys, the facts say {found:?}"))
    }
}
