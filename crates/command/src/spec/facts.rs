//! One command's facts as a plain record, and the questions that its fields answer directly.
//!
//! The record is what generated code fills in, so it holds constants only and no judgement.

use super::access::{KeySpec, Place};
use super::flags::Flags;
use super::group::Group;
use super::policy::{RequestPolicy, ResponsePolicy};

/// What is known about one command.
///
/// Where Redis and Valkey differ, the wider answer is kept (the laxer arity), so that nothing a server would accept
/// is refused here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// The name in upper case; a subcommand follows its container after one space: `"CLIENT KILL"`.
    pub name: &'static str,
    /// The name as it travels, one bulk string per word: `b"$6\r\nCLIENT\r\n$4\r\nKILL\r\n"`.
    pub wire: &'static [u8],
    /// How many arguments the name itself takes up: 1, or 2 with a subcommand.
    pub words: u8,
    /// The family that Redis files it under.
    pub group: Group,
    /// How many arguments it takes, the words of the name included; `-n` means n or more.
    pub arity: i16,
    /// What the servers' `COMMAND` reply says it does.
    pub flags: Flags,
    /// Where its keys stand; empty when it has none. See [`super::key_positions`].
    pub keys: &'static [KeySpec],
    /// Which nodes of a cluster have to run it.
    pub request: RequestPolicy,
    /// How the replies of several nodes become one.
    pub response: ResponsePolicy,
    /// The versions that brought it.
    pub since: Since,
    /// What to use in its place, where a server calls it deprecated.
    pub deprecated: Option<&'static str>,
    /// The module that brings it, where it is not part of the core: `"redisjson,valkey-json"`.
    pub module: Option<&'static str>,
}

impl Facts {
    /// What most commands have in common, for generated code to build upon.
    pub(in crate::spec) const PLAIN: Self = Self {
        name: "",
        wire: b"",
        words: 1,
        group: Group::Generic,
        arity: 1,
        flags: Flags::NONE,
        keys: &[],
        request: RequestPolicy::Default,
        response: ResponsePolicy::Default,
        since: Since { redis: None, valkey: None },
        deprecated: None,
        module: None,
    };

    /// An everyday command on data, of which group and flags tell everything: it never waits, it changes no connection, and
    /// it writes if a flag says so. Of the others, judgements by name have to be asked.
    #[inline]
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        let of_data = matches!(
            self.group,
            Group::Bitmap
                | Group::Geo
                | Group::Hash
                | Group::HyperLogLog
                | Group::List
                | Group::Set
                | Group::SortedSet
                | Group::String
        );
        of_data && self.words == 1 && !self.flags.contains(Flags::BLOCKING)
    }

    /// Whether a command of this many arguments, the words of the name included, can be right.
    pub const fn accepts(&self, count: usize) -> bool {
        let least = self.arity.unsigned_abs() as usize;
        if self.arity < 0 { count >= least } else { count == least }
    }

    /// Whether the server promises not to change data, so that a replica may answer.
    ///
    /// This is the server's own `readonly` flag. Whether it may be *sent twice* is
    /// [`retry_class`](Self::retry_class): that also knows the reads of which no server says so.
    pub const fn is_read_only(&self) -> bool {
        self.flags.contains(Flags::READONLY)
    }

    /// Where the first key stands, if that is the same in every call: most commands answer at once here, and only
    /// the rest need [`super::key_positions`].
    pub fn first_key(&self) -> Option<usize> {
        match self.keys.first()?.place {
            // MIGRATE leaves this place empty when its keys come after KEYS.
            Place::Range { .. } if self.name == "MIGRATE" => None,
            Place::Range { first, .. } => Some(usize::from(first)),
            _ => None,
        }
    }

    /// Where a command's own arguments begin: after the words of its name.
    pub(in crate::spec) const fn arguments_from(&self) -> usize {
        self.words as usize
    }
}

/// A command that the table does not list: a module of one's own, a command of tomorrow.
///
/// It claims nothing, so everything cautious follows: a write, never sent twice, its keys unknown.
pub static UNKNOWN: Facts = Facts { words: 0, arity: -1, ..Facts::PLAIN };

/// The first version of each server that has a command; `None`: that server does not have it.
///
/// `"bloom:1.0.0"` counts the versions of a module, not of the server. Valkey keeps the numbers that Redis gave
/// before the two parted (7.2.4), so those say nothing about Valkey's own releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// In Redis, or in one of the modules it bundles.
    pub redis: Option<&'static str>,
    /// In Valkey, or in one of its modules.
    pub valkey: Option<&'static str>,
}

impl Since {
    pub(in crate::spec) const fn both(version: &'static str) -> Self {
        Self { redis: Some(version), valkey: Some(version) }
    }

    pub(in crate::spec) const fn each(redis: &'static str, valkey: &'static str) -> Self {
        Self { redis: Some(redis), valkey: Some(valkey) }
    }

    pub(in crate::spec) const fn redis(version: &'static str) -> Self {
        Self { redis: Some(version), valkey: None }
    }

    pub(in crate::spec) const fn valkey(version: &'static str) -> Self {
        Self { redis: None, valkey: Some(version) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{self as spec, all, is_container};

    #[test]
    fn arity_counts_the_words_of_the_name() {
        assert!(spec::GET.accepts(2) && !spec::GET.accepts(3));
        assert!(spec::CLIENT_ID.accepts(2) && !spec::CLIENT_ID.accepts(1));
        assert!(spec::DEL.accepts(2) && spec::DEL.accepts(200) && !spec::DEL.accepts(1));
        // Redis wants exactly three here, Valkey 9 also takes CLUSTER REPLICATE NO ONE.
        assert!(spec::CLUSTER_REPLICATE.accepts(3) && spec::CLUSTER_REPLICATE.accepts(4));
    }

    #[test]
    fn the_wire_form_spells_the_name() {
        for facts in all() {
            let mut wire = String::new();
            for word in facts.name.split(' ') {
                wire.push_str(&format!("${}\r\n{word}\r\n", word.len()));
            }
            assert_eq!(facts.wire, wire.as_bytes(), "{}", facts.name);
            assert_eq!(usize::from(facts.words), facts.name.split(' ').count(), "{}", facts.name);
            assert!(!is_container(facts.name.as_bytes()) || facts.name == "COMMAND");
        }
    }

    #[test]
    fn the_first_key_is_known_where_it_never_moves() {
        assert_eq!(spec::GET.first_key(), Some(1));
        assert_eq!(spec::XGROUP_CREATE.first_key(), Some(2));
        assert_eq!(spec::ZUNIONSTORE.first_key(), Some(1));
        assert_eq!(spec::EVAL.first_key(), None);
        assert_eq!(spec::XREAD.first_key(), None);
        assert_eq!(spec::MIGRATE.first_key(), None);
        assert_eq!(spec::PING.first_key(), None);
    }

    #[test]
    fn an_unknown_command_is_treated_with_care() {
        assert_eq!(spec::UNKNOWN.retry_class(), spec::RetryClass::Write);
        assert!(!spec::UNKNOWN.is_read_only() && spec::UNKNOWN.first_key().is_none());
        assert!(spec::UNKNOWN.accepts(1) && !all().contains(&&spec::UNKNOWN));
    }

    #[test]
    fn versions_and_replacements_are_told() {
        assert_eq!(spec::GET.since.redis, Some("1.0.0"));
        assert_eq!(spec::CLUSTERSCAN.since.redis, None);
        assert_eq!(spec::ARGET.since.valkey, None);
        assert_eq!(spec::RPOPLPUSH.deprecated, Some("LMOVE with RIGHT LEFT"));
        assert_eq!(spec::JSON_GET.module, Some("redisjson,valkey-json"));
    }
}
