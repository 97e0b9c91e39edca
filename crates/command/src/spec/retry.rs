//! Which commands may be sent a second time when nobody knows whether the first one ran.
//!
//! Stricter than the `readonly` flag in some places and wider in others, because the flag is about *keys*: `PING` and
//! `INFO` lack it, while `FT.CURSOR READ` has it although every call takes the next page away. What is not certain to
//! change nothing counts as a write.

use super::blocking::Blocking;
use super::facts::Facts;
use super::flags::Flags;

/// What sending a command twice can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// Nothing: it only reads.
    ReadOnly,
    /// Something, perhaps: only the caller can know that it would do no harm.
    Write,
}

impl Facts {
    /// What sending this command twice can do.
    ///
    /// Reads that can block are writes here: a stream read from `$` that is sent again misses what came in between.
    /// Where such a call carries no `BLOCK` or no `$`, whoever builds it knows better and may say so.
    #[inline]
    pub fn retry_class(&self) -> RetryClass {
        if self.is_plain() {
            return if self.flags.contains(Flags::READONLY) {
                RetryClass::ReadOnly
            } else {
                RetryClass::Write
            };
        }
        self.retry_class_by_name()
    }

    pub(in crate::spec) fn retry_class_by_name(&self) -> RetryClass {
        let reads = if self.flags.contains(Flags::READONLY) {
            !CURSORS.contains(&self.name) && self.blocking() == Blocking::Never
        } else {
            !self.flags.contains(Flags::WRITE) && FLAGLESS_READS.binary_search(&self.name).is_ok()
        };
        if reads { RetryClass::ReadOnly } else { RetryClass::Write }
    }
}

/// Flagged `readonly`, yet a second call sees another state than the first: the cursor has moved on or is gone.
const CURSORS: [&str; 2] = ["FT.CURSOR DEL", "FT.CURSOR READ"];

/// Commands that only report, though no flag says so. Left out on purpose: those with an option that writes (`ACL LOG
/// RESET`, `CLUSTER MIGRATION`, `SENTINEL CONFIG SET`), and `SENTINEL IS-MASTER-DOWN-BY-ADDR`, which may cast a vote.
const FLAGLESS_READS: [&str; 81] = [
    "ACL CAT",
    "ACL DRYRUN",
    "ACL GENPASS",
    "ACL GETUSER",
    "ACL LIST",
    "ACL USERS",
    "ACL WHOAMI",
    "BACKUP LIST",
    "BACKUP STATUS",
    "CLIENT GETNAME",
    "CLIENT GETREDIR",
    "CLIENT ID",
    "CLIENT INFO",
    "CLIENT LIST",
    "CLIENT TRACKINGINFO",
    "CLUSTER COUNT-FAILURE-REPORTS",
    "CLUSTER COUNTKEYSINSLOT",
    "CLUSTER GETKEYSINSLOT",
    "CLUSTER GETSLOTMIGRATIONS",
    "CLUSTER INFO",
    "CLUSTER KEYSLOT",
    "CLUSTER LINKS",
    "CLUSTER MYID",
    "CLUSTER MYSHARDID",
    "CLUSTER NODES",
    "CLUSTER REPLICAS",
    "CLUSTER SHARDS",
    "CLUSTER SLAVES",
    "CLUSTER SLOT-STATS",
    "CLUSTER SLOTS",
    "COMMAND",
    "COMMAND COUNT",
    "COMMAND DOCS",
    "COMMAND GETKEYS",
    "COMMAND GETKEYSANDFLAGS",
    "COMMAND INFO",
    "COMMAND LIST",
    "COMMANDLOG GET",
    "COMMANDLOG LEN",
    "CONFIG GET",
    "ECHO",
    "FUNCTION DUMP",
    "FUNCTION LIST",
    "FUNCTION STATS",
    "HOTKEYS GET",
    "INFO",
    "LASTSAVE",
    "LATENCY DOCTOR",
    "LATENCY GRAPH",
    "LATENCY HISTOGRAM",
    "LATENCY HISTORY",
    "LATENCY LATEST",
    "MEMORY DOCTOR",
    "MEMORY MALLOC-STATS",
    "MEMORY STATS",
    "MODULE LIST",
    "PING",
    "PUBSUB CHANNELS",
    "PUBSUB NUMPAT",
    "PUBSUB NUMSUB",
    "PUBSUB SHARDCHANNELS",
    "PUBSUB SHARDNUMSUB",
    "ROLE",
    "SCRIPT EXISTS",
    "SCRIPT SHOW",
    "SENTINEL CKQUORUM",
    "SENTINEL GET-MASTER-ADDR-BY-NAME",
    "SENTINEL GET-PRIMARY-ADDR-BY-NAME",
    "SENTINEL INFO-CACHE",
    "SENTINEL MASTER",
    "SENTINEL MASTERS",
    "SENTINEL MYID",
    "SENTINEL PENDING-SCRIPTS",
    "SENTINEL PRIMARIES",
    "SENTINEL PRIMARY",
    "SENTINEL REPLICAS",
    "SENTINEL SENTINELS",
    "SENTINEL SLAVES",
    "SLOWLOG GET",
    "SLOWLOG LEN",
    "TIME",
];

#[cfg(test)]
mod tests {
    use super::super::{self as spec, all, find};
    use super::*;

    #[test]
    fn the_list_is_sorted_and_real() {
        assert!(FLAGLESS_READS.windows(2).all(|pair| pair[0] < pair[1]));
        for name in FLAGLESS_READS.into_iter().chain(CURSORS) {
            let facts = find(name.as_bytes(), None).expect(name);
            let flagged = facts.flags.contains(Flags::READONLY);
            assert_eq!(flagged, CURSORS.contains(&name), "{name} needs no place in the list");
            assert_eq!(facts.connection_state(), None, "{name}");
        }
    }

    #[test]
    fn whatever_changes_or_waits_is_a_write() {
        for facts in all() {
            let harmful = facts.flags.contains(Flags::WRITE)
                || facts.connection_state().is_some()
                || facts.blocking() != Blocking::Never;
            assert!(!harmful || facts.retry_class() == RetryClass::Write, "{}", facts.name);
        }
        for facts in [
            &spec::INCR,
            &spec::EVAL,
            &spec::FCALL,
            &spec::PUBLISH,
            &spec::SCRIPT_LOAD,
            &spec::FT_CURSOR_READ,
        ] {
            assert_eq!(facts.retry_class(), RetryClass::Write, "{}", facts.name);
        }
    }

    #[test]
    fn reads_are_reads_with_or_without_the_flag() {
        for facts in
            [&spec::GET, &spec::SCAN, &spec::EVAL_RO, &spec::PFCOUNT, &spec::PING, &spec::INFO, &spec::TIME]
        {
            assert_eq!(facts.retry_class(), RetryClass::ReadOnly, "{}", facts.name);
        }
    }
}
