//! The server: what it is, how it is doing, and its everyday upkeep.
//!
//! Users and their rights are in `acl`, stopping the server is in `shutdown`, the types of replies are in files named
//! after them.

mod acl;
mod info;
mod options;
mod role;
mod shutdown;
mod slowlog;
mod time;

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, ToPairs, spec};

pub use acl::AclCommands;
pub use info::{Info, InfoKeyspace, InfoReplica};
pub use options::{CommandFilter, FlushMode};
pub use role::{Role, RoleReplica};
pub use shutdown::{ShutdownCommands, ShutdownOptions};
pub use slowlog::SlowlogEntry;

/// Commands about the server itself.
///
/// ```
/// use carnelian_command::{Build, Command, group::{Info, ServerCommands as _}};
///
/// let command: Command<Info> = Build.info_sections(["server", "memory"]);
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"INFO"[..], b"server", b"memory"]);
/// ```
pub trait ServerCommands: DataExecutor {
    /// Begins to rewrite the append-only file in the background.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "BGREWRITEAOF")]
    fn bgrewriteaof(self) -> Self::Out<()> {
        self.run(Command::new(&spec::BGREWRITEAOF))
    }

    /// Begins to save a snapshot in the background; [`lastsave`](Self::lastsave) tells when it is done.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "BGSAVE")]
    fn bgsave(self) -> Self::Out<()> {
        self.run(Command::new(&spec::BGSAVE))
    }

    /// Ends a save in the background, or takes back one that is to come.
    ///
    /// Since Valkey 8.1, not in Redis. O(1).
    #[doc(alias = "BGSAVE CANCEL")]
    fn bgsave_cancel(self) -> Self::Out<()> {
        self.run(Command::new(&spec::BGSAVE).arg("CANCEL"))
    }

    /// Like [`bgsave`](Self::bgsave), but waits its turn where the append-only file is being rewritten, which is an
    /// error otherwise.
    ///
    /// Since Redis 3.2.2, Valkey 7.2. O(1).
    #[doc(alias = "BGSAVE SCHEDULE")]
    fn bgsave_schedule(self) -> Self::Out<()> {
        self.run(Command::new(&spec::BGSAVE).arg("SCHEDULE"))
    }

    /// How many commands the server knows.
    ///
    /// Since Redis 2.8.13, Valkey 7.2. O(1).
    #[doc(alias = "COMMAND COUNT")]
    fn command_count(self) -> Self::Out<u64> {
        self.run(Command::new(&spec::COMMAND_COUNT))
    }

    /// Which of the arguments of a whole command are its keys, as the server sees it.
    ///
    /// Since Redis 2.8.13, Valkey 7.2. O(N) for N arguments.
    #[doc(alias = "COMMAND GETKEYS")]
    fn command_getkeys<R: FromReply>(self, command: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::COMMAND_GETKEYS).args(command))
    }

    /// The names of all commands that the server knows.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N) for N commands.
    #[doc(alias = "COMMAND LIST")]
    fn command_list(self) -> Self::Out<Vec<String>> {
        self.run(Command::new(&spec::COMMAND_LIST))
    }

    /// The names of some of the commands that the server knows.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N) for N commands.
    #[doc(alias = "COMMAND LIST FILTERBY")]
    fn command_list_with(self, filter: CommandFilter) -> Self::Out<Vec<String>> {
        self.run(filter.add_to(Command::new(&spec::COMMAND_LIST)))
    }

    /// The settings whose names match a glob pattern, or one of several (Redis 7.0), with their values.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(N) for N settings.
    #[doc(alias = "CONFIG GET")]
    fn config_get(self, patterns: impl ToArgs) -> Self::Out<BTreeMap<String, String>> {
        self.run(Command::new(&spec::CONFIG_GET).args(patterns))
    }

    /// Sets the counters of INFO back to 0.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "CONFIG RESETSTAT")]
    fn config_resetstat(self) -> Self::Out<()> {
        self.run(Command::new(&spec::CONFIG_RESETSTAT))
    }

    /// Writes the settings as they are now into the server's configuration file.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1).
    #[doc(alias = "CONFIG REWRITE")]
    fn config_rewrite(self) -> Self::Out<()> {
        self.run(Command::new(&spec::CONFIG_REWRITE))
    }

    /// Changes a setting of the running server.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "CONFIG SET")]
    fn config_set(self, name: impl ToArg, value: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::CONFIG_SET).arg(name).arg(value))
    }

    /// Changes several settings of the running server, all of them or, if one is wrong, none.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(N) for N settings.
    #[doc(alias = "CONFIG SET")]
    fn config_set_many(self, settings: impl ToPairs) -> Self::Out<()> {
        self.run(Command::new(&spec::CONFIG_SET).pairs(settings))
    }

    /// How many keys the database has.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "DBSIZE")]
    fn dbsize(self) -> Self::Out<u64> {
        self.run(Command::new(&spec::DBSIZE))
    }

    /// Deletes all keys of all databases, at once or later as the server is configured.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for N keys.
    #[doc(alias = "FLUSHALL")]
    fn flushall(self) -> Self::Out<()> {
        self.run(Command::new(&spec::FLUSHALL))
    }

    /// Deletes all keys of all databases, and says when their memory is given back.
    ///
    /// Since Redis 4.0 (`Sync` 6.2), Valkey 7.2. O(N) for N keys, in the background if so asked.
    #[doc(alias = "FLUSHALL")]
    fn flushall_with(self, mode: FlushMode) -> Self::Out<()> {
        self.run(Command::new(&spec::FLUSHALL).arg(mode.word()))
    }

    /// Deletes all keys of the database, at once or later as the server is configured.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for N keys.
    #[doc(alias = "FLUSHDB")]
    fn flushdb(self) -> Self::Out<()> {
        self.run(Command::new(&spec::FLUSHDB))
    }

    /// Deletes all keys of the database, and says when their memory is given back.
    ///
    /// Since Redis 4.0 (`Sync` 6.2), Valkey 7.2. O(N) for N keys, in the background if so asked.
    #[doc(alias = "FLUSHDB")]
    fn flushdb_with(self, mode: FlushMode) -> Self::Out<()> {
        self.run(Command::new(&spec::FLUSHDB).arg(mode.word()))
    }

    /// How the server is doing: the sections that it gives when not asked for any in particular.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "INFO")]
    fn info(self) -> Self::Out<Info> {
        self.run(Command::new(&spec::INFO))
    }

    /// How the server is doing: the named section, or several (Redis 7.0). `everything` is a name as well.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1).
    #[doc(alias = "INFO")]
    fn info_sections(self, sections: impl ToArgs) -> Self::Out<Info> {
        self.run(Command::new(&spec::INFO).args(sections))
    }

    /// When the data was last saved.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "LASTSAVE")]
    fn lastsave(self) -> Self::Out<SystemTime> {
        self.run(Command::new(&spec::LASTSAVE))
    }

    /// Asks the allocator to give back what memory it can.
    ///
    /// Since Redis 4.0, Valkey 7.2. May be slow when there is much memory.
    #[doc(alias = "MEMORY PURGE")]
    fn memory_purge(self) -> Self::Out<()> {
        self.run(Command::new(&spec::MEMORY_PURGE))
    }

    /// How many bytes a key and its value take; `None` when there is no such key. Of large values the server looks at
    /// five elements and estimates the rest.
    ///
    /// Since Redis 4.0, Valkey 7.2. O(N) for N elements looked at.
    #[doc(alias = "MEMORY USAGE")]
    fn memory_usage(self, key: impl ToArg) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::MEMORY_USAGE).key(key))
    }

    /// Like [`memory_usage`](Self::memory_usage), with so many elements looked at; 0 is all of them.
    ///
    /// Since Redis 4.0, Valkey 7.2. O(N) for N elements looked at.
    #[doc(alias = "MEMORY USAGE SAMPLES")]
    fn memory_usage_samples(self, key: impl ToArg, samples: u64) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::MEMORY_USAGE).key(key).arg("SAMPLES").arg(samples))
    }

    /// Makes the server a replica of another. It drops its own data.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "REPLICAOF")]
    #[doc(alias = "SLAVEOF")]
    fn replicaof(self, host: impl ToArg, port: u16) -> Self::Out<()> {
        self.run(Command::new(&spec::REPLICAOF).arg(host).arg(port))
    }

    /// Makes the server a primary. It keeps the data it has.
    ///
    /// Since Redis 5.0, Valkey 7.2. O(1).
    #[doc(alias = "REPLICAOF NO ONE")]
    #[doc(alias = "SLAVEOF NO ONE")]
    fn replicaof_no_one(self) -> Self::Out<()> {
        self.run(Command::new(&spec::REPLICAOF).arg("NO").arg("ONE"))
    }

    /// Whether the server is a primary, a replica or a sentinel, and of whom.
    ///
    /// Since Redis 2.8.12, Valkey 7.2. O(1).
    #[doc(alias = "ROLE")]
    fn role(self) -> Self::Out<Role> {
        self.run(Command::new(&spec::ROLE))
    }

    /// Saves a snapshot, during which the server does nothing else: in production [`bgsave`](Self::bgsave).
    ///
    /// Since Redis 1.0, Valkey 7.2. O(N) for all keys.
    #[doc(alias = "SAVE")]
    fn save(self) -> Self::Out<()> {
        self.run(Command::new(&spec::SAVE))
    }

    /// The last slow commands, newest first; the server decides how many, 10 as a rule.
    ///
    /// Since Redis 2.2.12, Valkey 7.2. O(N) for N entries.
    #[doc(alias = "SLOWLOG GET")]
    fn slowlog_get(self) -> Self::Out<Vec<SlowlogEntry>> {
        self.run(Command::new(&spec::SLOWLOG_GET))
    }

    /// The last slow commands up to `count`, newest first.
    ///
    /// Since Redis 2.2.12, Valkey 7.2. O(N) for N entries.
    #[doc(alias = "SLOWLOG GET")]
    fn slowlog_get_count(self, count: u64) -> Self::Out<Vec<SlowlogEntry>> {
        self.run(Command::new(&spec::SLOWLOG_GET).arg(count))
    }

    /// How many slow commands are kept.
    ///
    /// Since Redis 2.2.12, Valkey 7.2. O(1).
    #[doc(alias = "SLOWLOG LEN")]
    fn slowlog_len(self) -> Self::Out<u64> {
        self.run(Command::new(&spec::SLOWLOG_LEN))
    }

    /// Forgets the slow commands.
    ///
    /// Since Redis 2.2.12, Valkey 7.2. O(N) for N entries.
    #[doc(alias = "SLOWLOG RESET")]
    fn slowlog_reset(self) -> Self::Out<()> {
        self.run(Command::new(&spec::SLOWLOG_RESET))
    }

    /// Exchanges two databases: who works on the one finds at once the data of the other.
    ///
    /// Since Redis 4.0, Valkey 7.2. O(N) for N clients that watch or wait for keys in them.
    #[doc(alias = "SWAPDB")]
    fn swapdb(self, first: u32, second: u32) -> Self::Out<()> {
        self.run(Command::new(&spec::SWAPDB).arg(first).arg(second))
    }

    /// The time by the server's clock.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1).
    #[doc(alias = "TIME")]
    fn time(self) -> Self::Out<SystemTime> {
        self.run(Command::new(&spec::TIME))
    }
}

impl<E: DataExecutor> ServerCommands for E {}
