//! The flags of the servers' `COMMAND` reply, and the tips about a reply's nature, as one small set.
//!
//! Written out by hand rather than by a bitset crate: thirty constants and three operations need no dependency.

use std::fmt;

/// A set of command flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u32);

impl Flags {
    /// No flag at all.
    pub const NONE: Self = Self(0);
    /// Never changes data.
    pub const READONLY: Self = Self(1);
    /// May change data.
    pub const WRITE: Self = Self(1 << 1);
    /// Refused when the server is out of memory.
    pub const DENYOOM: Self = Self(1 << 2);
    /// For operators; often closed to applications by ACL.
    pub const ADMIN: Self = Self(1 << 3);
    /// May wait for something to happen before it replies.
    pub const BLOCKING: Self = Self(1 << 4);
    /// Part of publish and subscribe.
    pub const PUBSUB: Self = Self(1 << 5);
    /// Not allowed in scripts.
    pub const NOSCRIPT: Self = Self(1 << 6);
    /// Allowed while the server loads its data.
    pub const LOADING: Self = Self(1 << 7);
    /// Allowed on a replica whose data may be old.
    pub const STALE: Self = Self(1 << 8);
    /// Takes constant or logarithmic time.
    pub const FAST: Self = Self(1 << 9);
    /// Its keys move with its arguments.
    pub const MOVABLEKEYS: Self = Self(1 << 10);
    /// Allowed before authentication.
    pub const NO_AUTH: Self = Self(1 << 11);
    /// Refused while a replica loads its data in the background.
    pub const NO_ASYNC_LOADING: Self = Self(1 << 12);
    /// Allowed while a script keeps the server busy.
    pub const ALLOW_BUSY: Self = Self(1 << 13);
    /// A sentinel has it too.
    pub const SENTINEL: Self = Self(1 << 14);
    /// Only a sentinel has it.
    pub const ONLY_SENTINEL: Self = Self(1 << 15);
    /// May write to replicas although it is no write by name (scripts, `PUBLISH`).
    pub const MAY_REPLICATE: Self = Self(1 << 16);
    /// Runs a script or a function.
    pub const SCRIPT_RUNNER: Self = Self(1 << 17);
    /// May come without any key although it can take some.
    pub const NO_MANDATORY_KEYS: Self = Self(1 << 18);
    /// Not shown to `MONITOR`.
    pub const SKIP_MONITOR: Self = Self(1 << 19);
    /// Not written to the slow log.
    pub const SKIP_SLOWLOG: Self = Self(1 << 20);
    /// Refused unless the server's configuration opens it (`enable-module-command`).
    pub const PROTECTED: Self = Self(1 << 21);
    /// Not allowed in a transaction.
    pub const NO_MULTI: Self = Self(1 << 22);
    /// Touches keys that its arguments do not name.
    pub const TOUCHES_ARBITRARY_KEYS: Self = Self(1 << 23);
    /// Works on all databases.
    pub const ALL_DBS: Self = Self(1 << 24);
    /// A tip: a client must not keep the reply in its cache.
    pub const DONT_CACHE: Self = Self(1 << 25);
    /// A tip: the same call may bring another reply on the same data.
    pub const NONDETERMINISTIC_OUTPUT: Self = Self(1 << 26);
    /// A tip: the same call may bring the same elements in another order.
    pub const NONDETERMINISTIC_OUTPUT_ORDER: Self = Self(1 << 27);

    /// The flags with the servers' words for them, in the order of the bits.
    const WORDS: [(Self, &'static str); 28] = [
        (Self::READONLY, "readonly"),
        (Self::WRITE, "write"),
        (Self::DENYOOM, "denyoom"),
        (Self::ADMIN, "admin"),
        (Self::BLOCKING, "blocking"),
        (Self::PUBSUB, "pubsub"),
        (Self::NOSCRIPT, "noscript"),
        (Self::LOADING, "loading"),
        (Self::STALE, "stale"),
        (Self::FAST, "fast"),
        (Self::MOVABLEKEYS, "movablekeys"),
        (Self::NO_AUTH, "no_auth"),
        (Self::NO_ASYNC_LOADING, "no_async_loading"),
        (Self::ALLOW_BUSY, "allow_busy"),
        (Self::SENTINEL, "sentinel"),
        (Self::ONLY_SENTINEL, "only_sentinel"),
        (Self::MAY_REPLICATE, "may_replicate"),
        (Self::SCRIPT_RUNNER, "script_runner"),
        (Self::NO_MANDATORY_KEYS, "no_mandatory_keys"),
        (Self::SKIP_MONITOR, "skip_monitor"),
        (Self::SKIP_SLOWLOG, "skip_slowlog"),
        (Self::PROTECTED, "protected"),
        (Self::NO_MULTI, "no_multi"),
        (Self::TOUCHES_ARBITRARY_KEYS, "touches_arbitrary_keys"),
        (Self::ALL_DBS, "all_dbs"),
        (Self::DONT_CACHE, "dont_cache"),
        (Self::NONDETERMINISTIC_OUTPUT, "nondeterministic_output"),
        (Self::NONDETERMINISTIC_OUTPUT_ORDER, "nondeterministic_output_order"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every flag of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any flag of `other` is in this set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The servers' words for the flags in this set.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, word)| word)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.words()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Flags;

    #[test]
    fn every_flag_has_its_own_bit_and_word() {
        let mut seen = Flags::NONE;
        for (flag, word) in Flags::WORDS {
            assert_eq!(flag.0.count_ones(), 1, "{word}");
            assert!(!seen.intersects(flag), "{word} shares its bit");
            seen = seen.union(flag);
            assert_eq!(flag.words().collect::<Vec<_>>(), [word]);
        }
    }

    #[test]
    fn contains_wants_all_and_intersects_any() {
        let both = Flags::WRITE.union(Flags::FAST);
        assert!(both.contains(Flags::FAST) && !Flags::FAST.contains(both) && Flags::FAST.intersects(both));
        assert!(!both.intersects(Flags::NONE) && both.contains(Flags::NONE));
        assert_eq!(format!("{both:?}"), r#"{"write", "fast"}"#);
    }
}
