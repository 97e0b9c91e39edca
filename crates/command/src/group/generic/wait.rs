//! WAIT and WAITAOF: until what was written is safe.

use crate::group::block_for::BlockFor;
use crate::{Command, DedicatedExecutor, Executor, spec};

/// Commands that wait until earlier writes have reached replicas or the disk.
///
/// The server waits for the writes of the very connection that asks. So these run on a dedicated connection, after the
/// writes on it: on any other connection they would answer at once, and about nothing.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, group::WaitCommands as _};
///
/// let command = Build.wait(1, Duration::from_millis(100));
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"WAIT"[..], b"1", b"100"]);
/// ```
pub trait WaitCommands: Executor {
    /// Waits until so many replicas have the writes of this connection; how many have them, which may be fewer when the
    /// time is up.
    ///
    /// Since Redis 3.0, Valkey 7.2. O(1).
    #[doc(alias = "WAIT")]
    fn wait(self, replicas: u64, timeout: impl Into<BlockFor>) -> Self::Out<u64>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::WAIT).arg(replicas).arg(timeout.into().millis()))
    }

    /// Waits until the writes of this connection are on the disks of so many replicas, and of this server itself if
    /// `local`; on how many disks they are here (0 or 1) and there.
    ///
    /// Since Redis 7.2, Valkey 7.2. O(1).
    #[doc(alias = "WAITAOF")]
    fn waitaof(self, local: bool, replicas: u64, timeout: impl Into<BlockFor>) -> Self::Out<(u64, u64)>
    where
        Self: DedicatedExecutor,
    {
        self.run(Command::new(&spec::WAITAOF).arg(local).arg(replicas).arg(timeout.into().millis()))
    }
}

impl<E: Executor> WaitCommands for E {}
