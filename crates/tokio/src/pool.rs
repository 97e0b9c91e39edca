//! The pool of connections that one caller at a time has for itself. When to open, keep and close them is decided by
//! [`carnelian_core::pool`]; here it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use carnelian_core::callbacks::Callbacks;
use carnelian_core::config::Wait;
use carnelian_core::connection::Micros;
use carnelian_core::pool::{Checkout, Pool, PoolStats};
use carnelian_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lane::Lane;
use crate::node::{Node, Served};

/// The pool of connections that one caller at a time has for itself.
pub(crate) struct DedicatedPool {
    node: Arc<Node>,
    callbacks: Arc<Callbacks>,
    idle: Mutex<Pool<PooledLane>>,
    /// Fair: who waits longest is served first.
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A connection of the pool, and when it was opened.
pub(crate) struct PooledLane {
    pub(crate) lane: Arc<Lane>,
    pub(crate) opened: Micros,
}

impl DedicatedPool {
    pub(crate) fn new(node: &Arc<Node>, callbacks: &Arc<Callbacks>) -> Self {
        let options = node.config.pool();
        Self {
            node: Arc::clone(node),
            callbacks: Arc::clone(callbacks),
            idle: Mutex::new(Pool::new(options)),
            places: Arc::new(Semaphore::new(options.max_connections.clamp(1, Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let mut stats = self.idle.lock().stats();
        stats.waiting = self.waiting.load(Ordering::Relaxed);
        stats
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    pub(crate) const fn callbacks(&self) -> &Arc<Callbacks> {
        &self.callbacks
    }

    pub(crate) async fn checkout(self: &Arc<Self>) -> Result<Own> {
        let place = self.place().await?;
        let mut dead = Vec::new();
        let decision =
            self.idle.lock().checkout(self.node.clock.now(), |pooled| pooled.lane.is_clean(), &mut dead);
        dead.iter().for_each(|pooled| pooled.lane.close());
        match decision {
            Checkout::Idle(pooled) => Ok(Own::new(Arc::clone(self), pooled, place)),
            Checkout::Open => self.open(place).await,
            Checkout::Exhausted => Err(self.exhausted()),
        }
    }

    /// Waits for its turn as the config says.
    async fn place(&self) -> Result<OwnedSemaphorePermit> {
        let places = Arc::clone(&self.places);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(place);
        }
        if places.is_closed() {
            return Err(Error::closed());
        }
        let limit = match self.node.config.pool().wait {
            Wait::FailAtOnce => return Err(self.exhausted()),
            Wait::Timeout(limit) => limit,
            // Forever, and whatever patience may be invented after it.
            _ => Duration::MAX,
        };
        let _waiting = CountWhile::new(&self.waiting);
        match tokio::time::timeout(limit, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Error::closed()),
            Err(_) => Err(self.exhausted()),
        }
    }

    #[cold]
    fn exhausted(&self) -> Error {
        let most = self.node.config.pool().max_connections;
        let message = format!(
            "all {most} dedicated connections are in use; raise max_connections, or let the pool wait longer"
        );
        Error::new(ErrorKind::PoolExhausted, message).at(&self.node.address)
    }

    /// Opens a connection for a place that was reserved.
    async fn open(self: &Arc<Self>, place: OwnedSemaphorePermit) -> Result<Own> {
        let reserved = Reserved(Some(self));
        let pooled = self.connect().await?;
        reserved.kept();
        Ok(Own::new(Arc::clone(self), pooled, place))
    }

    async fn connect(&self) -> Result<PooledLane> {
        let connected = self.node.connector.connect().await.map_err(|error| error.at(&self.node.address))?;
        let lane = Lane::new(&self.node.config, self.node.clock);
        // Before its task runs for the first time, it may be asked whether it is connected.
        lane.connected(&connected);
        tokio::spawn(Arc::clone(&self.node).serve_once(Served::new(&lane), Box::new(connected)));
        Ok(PooledLane { lane, opened: self.node.clock.now() })
    }

    /// Takes a connection back, or closes it when it is not as good as new.
    pub(crate) fn put_back(&self, pooled: PooledLane, good: bool) {
        if !good {
            self.idle.lock().forget();
            pooled.lane.kill();
            return;
        }
        let opened = pooled.opened;
        if let Some(stale) = self.idle.lock().put_back(pooled, opened, self.node.clock.now()) {
            stale.lane.close();
        }
    }

    /// Closes the idle connections; with `in_use`, the others when they come back.
    pub(crate) fn disconnect(&self, in_use: bool) {
        let dead = self.idle.lock().disconnect(in_use, self.node.clock.now());
        dead.iter().for_each(|pooled| pooled.lane.close());
    }

    /// Closes what is past its time and opens what is lacking.
    pub(crate) async fn keep_house(&self) {
        let dead = self.idle.lock().sweep(self.node.clock.now(), |pooled| pooled.lane.is_clean());
        dead.iter().for_each(|pooled| pooled.lane.close());
        // With a place for each, or callers would find the pool exhausted that are entitled to wait.
        while let Ok(_place) = Arc::clone(&self.places).try_acquire_owned() {
            if !self.idle.lock().reserve_lacking() {
                return;
            }
            let reserved = Reserved(Some(self));
            // What is wrong will be told to those who need a connection.
            let Ok(pooled) = self.connect().await else { return };
            reserved.kept();
            self.put_back(pooled, true);
        }
    }

    pub(crate) fn close(&self) {
        self.places.close();
        let dead = self.idle.lock().close();
        dead.iter().for_each(|pooled| pooled.lane.close());
    }
}

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

    pub(crate) fn callbacks(&self) -> &Arc<Callbacks> {
        self.pool.callbacks()
    }

    /// A command that waits on the server was given up: only the end of the connection ends it there, if it is there still.
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

/// A place in the pool that is given up again unless a connection comes of it.
struct Reserved<'a>(Option<&'a DedicatedPool>);

impl Reserved<'_> {
    fn kept(mut self) {
        self.0 = None;
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if let Some(pool) = self.0 {
            pool.idle.lock().forget();
        }
    }
}

/// Counts one more for as long as it lives.
struct CountWhile<'a>(&'a AtomicUsize);

impl<'a> CountWhile<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for CountWhile<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
