//! A connection that one caller has for itself, for as long as the caller holds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use carnelian_command::{
    Command, ConnectionExecutor, DataExecutor, DedicatedExecutor, Executor, FromReply, Request,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::callbacks::Callbacks;
use crate::lane::Lane;
use crate::node::Node;
use crate::pending::Pending;
use crate::shared::{DedicatedPool, PooledLane};
use crate::target::Target;

/// A connection out of the pool.
pub(crate) struct Own {
    pool: Arc<DedicatedPool>,
    pooled: Option<PooledLane>,
    lane: Arc<Lane>,
    /// Something happened that makes the connection unfit for the next one.
    spoiled: AtomicBool,
    _place: OwnedSemaphorePermit,
}

impl Own {
    pub(crate) fn new(pool: Arc<DedicatedPool>, pooled: PooledLane, place: OwnedSemaphorePermit) -> Self {
        let lane = Arc::clone(&pooled.lane);
        Self { pool, pooled: Some(pooled), lane, spoiled: AtomicBool::new(false), _place: place }
    }

    #[inline]
    pub(crate) fn node(&self) -> &Node {
        self.pool.node()
    }

    #[inline]
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    pub(crate) fn callbacks(&self) -> &Callbacks {
        self.pool.callbacks()
    }

    /// A command that waits on the server was given up: only the end of the connection ends it there.
    pub(crate) fn spoil_if_waiting(&self) {
        if self.lane.is_waiting() {
            self.spoil();
            self.lane.kill();
        }
    }

    /// The connection will not be used again by others.
    pub(crate) fn spoil(&self) {
        self.spoiled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(pooled) = self.pooled.take() {
            let good = !*self.spoiled.get_mut() && pooled.lane.is_clean();
            self.pool.put_back(pooled, good);
        }
    }
}

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

    /// The server's id of this connection, when it tells (RESP3).
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.own.lane.lock().connection_id
    }

    /// True while the connection can be used.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.own.lane.lock().link.phase() == carnelian_core::connection::Phase::Ready
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
        Pending::new(Target::Dedicated(&self.own), command)
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
