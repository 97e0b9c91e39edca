//! When to open, keep and close dedicated connections. It decides; somebody else opens and closes.

use std::time::Duration;

use crate::config::PoolOptions;
use crate::connection::Micros;
use crate::connection::liveness::as_micros;

/// What a pool holds, for whoever watches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections that are taken out.
    pub in_use: usize,
    /// Connections that wait to be taken.
    pub idle: usize,
    /// Callers that wait for a connection.
    pub waiting: usize,
    /// Connections opened since the start.
    pub opened: u64,
    /// Connections closed since the start.
    pub closed: u64,
}

/// What to do for a caller that wants a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Checkout<C> {
    /// Take this idle one.
    Idle(C),
    /// Open a new one; a place for it is reserved. Tell [`Pool::put_back`] or [`Pool::forget`] what became of it.
    Open,
    /// All are in use.
    Exhausted,
}

/// An idle connection and its times.
#[derive(Debug)]
struct Idle<C> {
    connection: C,
    opened: Micros,
    since: Micros,
}

/// The bookkeeping of a pool of connections `C`.
#[derive(Debug)]
pub struct Pool<C> {
    max: usize,
    min_idle: usize,
    idle_limit: Option<Micros>,
    lifetime_limit: Option<Micros>,
    /// The last one put back is the first one taken, so that the pool shrinks when it can.
    idle: Vec<Idle<C>>,
    stats: PoolStats,
    /// Connections opened before this moment are closed when they come back.
    valid_from: Micros,
    closed: bool,
}

impl<C> Pool<C> {
    /// An empty pool with these options.
    #[must_use]
    pub fn new(options: &PoolOptions) -> Self {
        let micros = |limit: Option<Duration>| limit.map(as_micros);
        Self {
            max: options.max_connections.max(1),
            min_idle: options.min_idle,
            idle_limit: micros(options.idle_limit),
            lifetime_limit: micros(options.lifetime_limit),
            idle: Vec::new(),
            stats: PoolStats::default(),
            valid_from: 0,
            closed: false,
        }
    }

    /// What the pool holds. `waiting` is the driver's to know.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        PoolStats { idle: self.idle.len(), ..self.stats }
    }

    /// Decides for a caller that wants a connection. `usable`: whether an idle one is still connected. Those that are not, or
    /// that are past their time, go to `dead`, to be closed.
    pub fn checkout(&mut self, now: Micros, usable: impl Fn(&C) -> bool, dead: &mut Vec<C>) -> Checkout<C> {
        while let Some(idle) = self.idle.pop() {
            if usable(&idle.connection) && !self.is_stale(idle.opened, idle.since, now) {
                self.stats.in_use += 1;
                return Checkout::Idle(idle.connection);
            }
            self.stats.closed += 1;
            dead.push(idle.connection);
        }
        if self.stats.in_use >= self.max {
            return Checkout::Exhausted;
        }
        self.stats.in_use += 1;
        self.stats.opened += 1;
        Checkout::Open
    }

    fn is_stale(&self, opened: Micros, since: Micros, now: Micros) -> bool {
        let over = |limit: Option<Micros>, from: Micros| {
            limit.is_some_and(|limit| now.saturating_sub(from) >= limit)
        };
        over(self.idle_limit, since) || over(self.lifetime_limit, opened) || opened < self.valid_from
    }

    /// Takes a clean connection back. `Some`: it is past its time; close it.
    pub fn put_back(&mut self, connection: C, opened: Micros, now: Micros) -> Option<C> {
        self.stats.in_use = self.stats.in_use.saturating_sub(1);
        if self.closed || self.is_stale(opened, now, now) {
            self.stats.closed += 1;
            return Some(connection);
        }
        self.idle.push(Idle { connection, opened, since: now });
        None
    }

    /// A connection that was taken out, or a place that was reserved, will not come back.
    pub fn forget(&mut self) {
        self.stats.in_use = self.stats.in_use.saturating_sub(1);
        self.stats.closed += 1;
    }

    /// Idle connections that are past their time, down to the least number of idle ones; close them.
    pub fn sweep(&mut self, now: Micros, usable: impl Fn(&C) -> bool) -> Vec<C> {
        let mut dead = Vec::new();
        let mut kept = Vec::new();
        // The longest idle ones are in front.
        let mut spare = self.idle.len().saturating_sub(self.min_idle);
        for idle in std::mem::take(&mut self.idle) {
            let over = self.idle_limit.is_some_and(|limit| now.saturating_sub(idle.since) >= limit);
            let old = self.lifetime_limit.is_some_and(|limit| now.saturating_sub(idle.opened) >= limit);
            if !usable(&idle.connection) || old || (over && spare > 0) {
                spare = spare.saturating_sub(1);
                dead.push(idle.connection);
            } else {
                kept.push(idle);
            }
        }
        self.idle = kept;
        self.stats.closed += dead.len() as u64;
        dead
    }

    /// Reserves a place for one more connection if there are fewer idle ones than there should be; then open it.
    pub fn reserve_lacking(&mut self) -> bool {
        let has_room = self.stats.in_use + self.idle.len() < self.max;
        let lacking = !self.closed && has_room && self.idle.len() < self.min_idle;
        if lacking {
            self.stats.in_use += 1;
            self.stats.opened += 1;
        }
        lacking
    }

    /// Gives up all idle connections. With `in_use`, those taken out are closed too, when they come back.
    pub fn disconnect(&mut self, in_use: bool, now: Micros) -> Vec<C> {
        if in_use {
            self.valid_from = now;
        }
        let dead: Vec<C> = self.idle.drain(..).map(|idle| idle.connection).collect();
        self.stats.closed += dead.len() as u64;
        dead
    }

    /// Closes the pool: nothing is kept any more.
    pub fn close(&mut self) -> Vec<C> {
        self.closed = true;
        self.disconnect(false, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Micros = 1_000_000;

    fn pool(max: usize) -> Pool<u32> {
        let idle_limit = Some(Duration::from_secs(10));
        Pool::new(&PoolOptions { max_connections: max, idle_limit, ..PoolOptions::default() })
    }

    #[test]
    fn opens_up_to_its_size_and_prefers_the_last_used() {
        let mut pool = pool(2);
        let mut dead = Vec::new();
        assert_eq!(pool.checkout(0, |_| true, &mut dead), Checkout::Open);
        assert_eq!(pool.checkout(0, |_| true, &mut dead), Checkout::Open);
        assert_eq!(pool.checkout(0, |_| true, &mut dead), Checkout::Exhausted);
        assert_eq!(pool.put_back(1, 0, 0), None);
        assert_eq!(pool.put_back(2, 0, 0), None);
        assert_eq!(pool.checkout(0, |_| true, &mut dead), Checkout::Idle(2));
        assert_eq!((pool.stats().in_use, pool.stats().idle), (1, 1));
    }

    #[test]
    fn dead_and_stale_ones_are_not_handed_out() {
        let mut pool = pool(2);
        let mut dead = Vec::new();
        for connection in [1, 2] {
            pool.checkout(0, |_| true, &mut dead);
            if connection == 2 {
                pool.put_back(1, 0, 0);
                pool.checkout(0, |_| true, &mut dead);
                pool.put_back(1, 0, 0);
            }
        }
        assert_eq!(pool.checkout(0, |_| false, &mut dead), Checkout::Open);
        assert_eq!(dead, [1]);
        pool.put_back(3, 0, 0);
        assert_eq!(pool.checkout(11 * SECOND, |_| true, &mut dead), Checkout::Open);
        assert_eq!(dead, [1, 3]);
    }

    #[test]
    fn disconnecting_in_use_ones_closes_them_on_return() {
        let mut pool = pool(2);
        let mut dead = Vec::new();
        pool.checkout(0, |_| true, &mut dead);
        assert!(pool.disconnect(true, 5).is_empty());
        assert_eq!(pool.put_back(1, 0, 6), Some(1));
        assert_eq!(pool.stats().in_use, 0);
    }

    #[test]
    fn sweeping_keeps_the_least_number() {
        let idle_limit = Some(Duration::from_secs(1));
        let mut pool = Pool::new(&PoolOptions { min_idle: 1, idle_limit, ..PoolOptions::default() });
        assert!(pool.reserve_lacking());
        pool.put_back(1, 0, 0);
        assert!(!pool.reserve_lacking());
        let mut dead = Vec::new();
        pool.checkout(0, |_| false, &mut dead);
        pool.put_back(2, 0, 0);
        pool.checkout(0, |_| true, &mut dead);
        pool.put_back(2, 0, 0);
        assert_eq!(pool.sweep(2 * SECOND, |_| true).len() + pool.stats().idle, 1);
        assert_eq!(pool.stats().idle, 1);
    }
}
