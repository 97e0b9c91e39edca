//! Which commands may keep a connection waiting.
//!
//! The servers' `blocking` flag says who *can* block, not who does: a plain `XREAD` answers at once and may share a
//! connection, `XREAD BLOCK` may not. And `TS.READ` blocks without having the flag at all.

use super::facts::Facts;
use super::flags::Flags;

/// When a command waits before it replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blocking {
    /// Replies as soon as it has run.
    Never,
    /// Waits for something to happen, or for its timeout.
    Always,
    /// Waits only if this word is among its options.
    WithWord(&'static str),
}

impl Facts {
    /// When this command waits before it replies.
    #[inline]
    pub fn blocking(&self) -> Blocking {
        if self.is_plain() { Blocking::Never } else { self.blocking_by_name() }
    }

    fn blocking_by_name(&self) -> Blocking {
        match self.name {
            "XREAD" | "XREADGROUP" | "TS.READ" => Blocking::WithWord("BLOCK"),
            _ if self.flags.contains(Flags::BLOCKING) => Blocking::Always,
            _ => Blocking::Never,
        }
    }

    /// Whether this very call may wait. `count` and `argument` as in [`super::key_positions`].
    ///
    /// Where it cannot be told for certain (a consumer group named `block`), the answer is yes: a connection of its
    /// own costs little, a blocked connection that others share costs much.
    pub fn may_block<'a>(&self, count: usize, argument: impl Fn(usize) -> Option<&'a [u8]>) -> bool {
        let Blocking::WithWord(word) = self.blocking() else {
            return self.blocking() == Blocking::Always;
        };
        let is =
            |at, word: &str| argument(at).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()));
        // A fixed first key precedes the options (TS.READ); after STREAMS there are only keys and ids.
        let from = self.first_key().map_or_else(|| self.arguments_from(), |key| key + 1);
        (from..count).take_while(|&at| !is(at, "STREAMS")).any(|at| is(at, word))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Blocking, all, find};

    fn may_block(line: &str) -> bool {
        let arguments: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let facts = find(arguments[0], arguments.get(1).copied()).expect(line);
        facts.may_block(arguments.len(), |at| arguments.get(at).copied())
    }

    #[test]
    fn what_is_plain_is_judged_by_name_alike() {
        let plain: Vec<_> = all().iter().filter(|facts| facts.is_plain()).collect();
        assert!(plain.len() > 100, "{}", plain.len());
        for facts in plain {
            assert_eq!(facts.blocking_by_name(), Blocking::Never, "{}", facts.name);
            assert_eq!(facts.retry_class_by_name(), facts.retry_class(), "{}", facts.name);
            assert_eq!(facts.connection_state_by_name(), None, "{}", facts.name);
        }
    }

    #[test]
    fn only_these_block() {
        let block = |wanted: fn(Blocking) -> bool| -> Vec<&str> {
            all().iter().filter(|facts| wanted(facts.blocking())).map(|facts| facts.name).collect()
        };
        assert_eq!(
            block(|blocking| blocking == Blocking::Always),
            [
                "BLMOVE",
                "BLMOVEM",
                "BLMPOP",
                "BLPOP",
                "BRPOP",
                "BRPOPLPUSH",
                "BZMPOP",
                "BZPOPMAX",
                "BZPOPMIN",
                "WAIT",
                "WAITAOF"
            ]
        );
        assert_eq!(
            block(|blocking| blocking == Blocking::WithWord("BLOCK")),
            ["TS.READ", "XREAD", "XREADGROUP"]
        );
    }

    #[test]
    fn the_word_decides() {
        assert!(may_block("BLPOP a 0") && may_block("WAIT 1 0"));
        assert!(!may_block("LPOP block"));
        assert!(may_block("XREAD BLOCK 0 STREAMS a $") && may_block("xread count 1 block 0 streams a $"));
        assert!(!may_block("XREAD COUNT 1 STREAMS BLOCK 0"));
        assert!(may_block("XREADGROUP GROUP g c COUNT 1 BLOCK 0 STREAMS a >"));
        assert!(!may_block("XREADGROUP GROUP g c STREAMS a >"));
        assert!(may_block("TS.READ a $ BLOCK 100 1") && !may_block("TS.READ BLOCK 0"));
    }
}
