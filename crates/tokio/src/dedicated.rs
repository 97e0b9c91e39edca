//! A connection that one caller has for itself, for as long as the caller holds it.

use carnelian_command::{
    Command, ConnectionExecutor, DataExecutor, DedicatedExecutor, Executor, FromReply, Request,
};

use crate::pending::Pending;
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
        self.own.lane().lock().link.phase() == carnelian_core::connection::Phase::Ready
    }

    /// A connection whose state a command may have changed is not given to others.
    fn note(&self, request: &Request) {
        let facts = request.facts();
        if facts.name.is_empty() || facts.connection_state().is_some() {
            self.own.spoil();
        }
    }
}

impl<'a> Executor for &'a Dedicated {
    type Out<R: FromReply> = Pending<'a, R>;

    fn run<R: FromReply>(self, command: Command<R>) -> Pending<'a, R> {
        self.note(command.request());
        Pending::new(self.target(), command)
    }
}

impl DataExecutor for &Dedicated {}
impl ConnectionExecutor for &Dedicated {}
impl DedicatedExecutor for &Dedicated {}

impl std::fmt::Debug for Dedicated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dedicated").field("id", &self.id()).field("connected", &self.is_connected()).finish()
    }
}
