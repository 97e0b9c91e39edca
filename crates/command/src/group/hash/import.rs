//! HIMPORT: many hashes of the same fields, whose names are sent only once.

use crate::{Command, DedicatedExecutor, Executor, ToArg, ToArgs, spec};

/// Bulk import of hashes that share their fields.
///
/// The names of the fields are kept on the connection, under a name of their own, and are gone with it: hence all of
/// these run on a dedicated connection only.
///
/// ```
/// use carnelian_command::{Build, group::HashImportCommands as _};
///
/// Build.himport_prepare("user", ["name", "city"]);
/// Build.himport_set("user:1", "user", ["Ada", "London"]);
/// let command = Build.himport_discard("user");
/// assert_eq!(command.request().name(), "HIMPORT DISCARD");
/// ```
pub trait HashImportCommands: Executor {
    /// Forgets the fields of this name; whether there were any.
    ///
    /// Since Redis 8.10, not in Valkey. O(1).
    #[doc(alias = "HIMPORT DISCARD")]
    fn himport_discard(self, fieldset: impl ToArg) -> Self::Out<bool>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::HIMPORT_DISCARD).arg(fieldset))
    }

    /// Forgets the fields of all names; how many names there were.
    ///
    /// Since Redis 8.10, not in Valkey. O(n) in the names.
    #[doc(alias = "HIMPORT DISCARDALL")]
    fn himport_discardall(self) -> Self::Out<u64>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::HIMPORT_DISCARDALL))
    }

    /// Keeps `fields` under a name, replacing what was kept under it. No field may come twice.
    ///
    /// Since Redis 8.10, not in Valkey. O(n log n) in the fields.
    #[doc(alias = "HIMPORT PREPARE")]
    fn himport_prepare(self, fieldset: impl ToArg, fields: impl ToArgs) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::HIMPORT_PREPARE).arg(fieldset).args(fields))
    }

    /// Makes a hash of the fields kept under a name and of these values, one for each field in their order. Whatever
    /// was at `key` is replaced.
    ///
    /// Since Redis 8.10, not in Valkey. O(n) in the fields.
    #[doc(alias = "HIMPORT SET")]
    fn himport_set(self, key: impl ToArg, fieldset: impl ToArg, values: impl ToArgs) -> Self::Out<()>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::HIMPORT_SET).key(key).arg(fieldset).args(values))
    }
}

impl<E: Executor> HashImportCommands for E {}
