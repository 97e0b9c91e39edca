//! The pool of connections that one caller at a time has for itself. When to open, keep and close them is decided by
//! [`carnelian_core::pool`]; here it is done.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use carnelian_core::callbacks::Callbacks;
use carnelian_core::config::Wait;
use carnelian_core::connection::{Micros, NEVER};
use carnelian_core::pool::{Checkout, Pool, PoolStats};
use carnelian_core::{Error, Result, TimeoutReport};
use parking_lot::{Condvar, Mutex};

use crate::lane::Lane;
use crate::node::Node;

/// The pool of connections that one caller at a time has for itself.
pub(crate) struct DedicatedPool {
    node: Arc<Node>,
    callbacks: Arc<Callbacks>,
    idle: Mutex<Pool<PooledLane>>,
    /// A connection came back, or its place.
    returned: Condvar,
    waiting: AtomicUsize,
    closed: AtomicBool,
    /// Connections that wait on the server for a command that the client itself put there: they end with the client.
    lent: Mutex<Vec<Weak<Lane>>>,
}

/// A connection of the pool, and when it was opened.
pub(crate) struct PooledLane {
    lane: Arc<Lane>,
    opened: Micros,
}

impl DedicatedPool {
    pub(crate) fn new(node: &Arc<Node>, callbacks: &Arc<Callbacks>) -> Self {
        Self {
            node: Arc::clone(node),
            callbacks: Arc::clone(callbacks),
            idle: Mutex::new(Pool::new(node.config.pool())),
            returned: Condvar::new(),
            waiting: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            lent: Mutex::default(),
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let mut stats = self.idle.lock().stats();
        stats.waiting = self.waiting.load(Ordering::Relaxed);
        stats
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    pub(crate) fn callbacks(&self) -> &Arc<Callbacks> {
        &self.callbacks
    }

    /// Takes a connection out, by `deadline` at the latest.
    pub(crate) fn checkout(self: &Arc<Self>, deadline: Micros) -> Result<Own> {
        let decision = self.decide(deadline)?;
        let pooled = match decision {
            Some(pooled) => pooled,
            None => {
                let reserved = Reserved(Some(self));
                let pooled = self.connect(deadline)?;
                reserved.kept();
                pooled
            }
        };
        Ok(Own::new(Arc::clone(self), pooled))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// For a command of the client's own, which ends with the client.
    pub(crate) fn lend(self: &Arc<Self>, deadline: Micros) -> Result<Own> {
        let own = self.checkout(deadline)?;
        let mut lent = self.lent.lock();
        lent.retain(|lane| lane.strong_count() > 0);
        lent.push(Arc::downgrade(&own.lane));
        drop(lent);
        if self.is_closed() {
            own.lane.kill();
        }
        Ok(own)
    }

    /// An idle connection, or a place for a new one (`None`); waits for either as the config says.
    fn decide(&self, deadline: Micros) -> Result<Option<PooledLane>> {
        let mut waiting = None;
        let mut idle = self.idle.lock();
        loop {
            if self.is_closed() {
                return Err(Error::closed());
            }
            let mut dead = Vec::new();
            let now = self.node.clock.now();
            match idle.checkout(now, |pooled| pooled.lane.is_clean(), &mut dead) {
                Checkout::Idle(pooled) => return Ok(Some(pooled)),
                Checkout::Open => return Ok(None),
                Checkout::Exhausted => {}
            }
            let waiting = waiting.get_or_insert_with(|| Waiting::new(self, now, deadline));
            if now >= waiting.until {
                return Err(waiting.failure());
            }
            self.returned.wait_until(&mut idle, self.node.clock.instant(waiting.until));
        }
    }

    #[cold]
    fn exhausted(&self) -> Error {
        Error::pool_exhausted(self.node.config.pool().max_connections).at(&self.node.address)
    }

    fn connect(&self, deadline: Micros) -> Result<PooledLane> {
        let clock = &self.node.clock;
        let until: Option<Instant> = (deadline != NEVER).then(|| clock.instant(deadline));
        let greeted =
            self.node.connector.connect(until, &self.closed).map_err(|error| error.at(&self.node.address))?;
        Ok(PooledLane { lane: Lane::own(&self.node, greeted), opened: clock.now() })
    }

    /// Takes a connection back, or closes it when it is not as good as new.
    fn put_back(&self, pooled: PooledLane, good: bool) {
        let opened = pooled.opened;
        let dead = {
            let mut idle = self.idle.lock();
            if good {
                idle.put_back(pooled, opened, self.node.clock.now())
            } else {
                idle.forget();
                Some(pooled)
            }
        };
        self.returned.notify_one();
        if let Some(dead) = dead {
            dead.lane.kill();
        }
    }

    /// Closes the idle connections; with `in_use`, the others when they come back.
    pub(crate) fn disconnect(&self, in_use: bool) {
        let dead = self.idle.lock().disconnect(in_use, self.node.clock.now());
        dead.iter().for_each(|pooled| pooled.lane.kill());
    }

    /// Closes what is past its time and opens what is lacking.
    pub(crate) fn keep_house(&self) {
        let dead = self.idle.lock().sweep(self.node.clock.now(), |pooled| pooled.lane.is_clean());
        dead.iter().for_each(|pooled| pooled.lane.kill());
        while self.idle.lock().reserve_lacking() {
            let reserved = Reserved(Some(self));
            // What is wrong will be told to those who need a connection.
            let Ok(pooled) = self.connect(NEVER) else { return };
            reserved.kept();
            self.put_back(pooled, true);
        }
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let dead = self.idle.lock().close();
        self.returned.notify_all();
        dead.iter().for_each(|pooled| pooled.lane.kill());
        let lent = std::mem::take(&mut *self.lent.lock());
        lent.iter().filter_map(Weak::upgrade).for_each(|lane| lane.kill());
    }
}

/// Waits for a connection, and counts as somebody who does.
struct Waiting<'a> {
    pool: &'a DedicatedPool,
    until: Micros,
    /// It is the command's own deadline that ends the wait.
    is_deadline: bool,
}

impl<'a> Waiting<'a> {
    fn new(pool: &'a DedicatedPool, now: Micros, deadline: Micros) -> Self {
        pool.waiting.fetch_add(1, Ordering::Relaxed);
        let limit = match pool.node.config.pool().wait {
            Wait::FailAtOnce => now,
            Wait::Timeout(limit) => {
                now.saturating_add(carnelian_core::connection::liveness::as_micros(limit))
            }
            // Forever, and whatever patience may be invented after it.
            _ => NEVER,
        };
        Self { pool, until: limit.min(deadline), is_deadline: deadline < limit }
    }

    fn failure(&self) -> Error {
        if !self.is_deadline {
            return self.pool.exhausted();
        }
        let mut report = TimeoutReport::unsent(std::time::Duration::ZERO);
        report.last_failure = Some("all dedicated connections are in use".to_owned());
        Error::timeout(report).at(&self.pool.node.address)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pool.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection out of the pool.
pub(crate) struct Own {
    pool: Arc<DedicatedPool>,
    lane: Arc<Lane>,
    opened: Micros,
    /// Something happened that makes the connection unfit for the next one.
    spoiled: AtomicBool,
}

impl Own {
    fn new(pool: Arc<DedicatedPool>, pooled: PooledLane) -> Self {
        let PooledLane { lane, opened } = pooled;
        Self { pool, lane, opened, spoiled: AtomicBool::new(false) }
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

    /// The connection will not be used again by others.
    pub(crate) fn spoil(&self) {
        self.spoiled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let good = !*self.spoiled.get_mut() && self.lane.is_clean();
        let pooled = PooledLane { lane: Arc::clone(&self.lane), opened: self.opened };
        self.pool.put_back(pooled, good);
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
            pool.returned.notify_one();
        }
    }
}
