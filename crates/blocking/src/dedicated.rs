//! A connection that one caller has for itself, for as long as the caller holds it.

use std::fmt;

use carnelian_command::{Command, ConnectionExecutor, DataExecutor, DedicatedExecutor, Executor, FromReply};
use carnelian_core::{Options, Result};

use crate::pending;
use crate::pool::Own;
use crate::target::Target;

/// A connection of your own, taken out of the client's pool: for commands that change the connection (SELECT, WATCH), or
/// for work that must not share. It goes back to the pool when dropped, or is closed if its state was changed.
///
/// When it is lost, its commands fail, and so do later ones: its state went with it. Take another.
pub struct Dedicated {
    own: Own,
}

impl Dedicated {
    pub(crate) const fn new(own: Own) -> Self {
        Self { own }
    }

    pub(crate) const fn target(&self) -> Target<'_> {
        Target::Dedicated(&self.own)
    }

    /// The server's id of this connection, when it tells (RESP3).
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.own.lane().lock().connection_id
    }

    /// True while the connection can be used.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.own.lane().is_connected()
    }
}

impl Executor for &Dedicated {
    type Out<R: FromReply> = Result<R>;

    #[inline]
    fn run<R: FromReply>(self, command: Command<R>) -> Result<R> {
        pending::run(self.target(), &command, &Options::NONE)
    }
}

impl DataExecutor for &Dedicated {}
impl ConnectionExecutor for &Dedicated {}
impl DedicatedExecutor for &Dedicated {}

impl fmt::Debug for Dedicated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dedicated").field("id", &self.id()).field("connected", &self.is_connected()).finish()
    }
}
