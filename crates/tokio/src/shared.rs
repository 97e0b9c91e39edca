//! What all clones of a client share: the lanes, the pool of dedicated connections, the node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carnelian_core::config::{Config, Wait};
use carnelian_core::connection::Micros;
use carnelian_core::pool::{Checkout, Pool, PoolStats};
use carnelian_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::callbacks::Callbacks;
use crate::connect::Connected;
use crate::dedicated::Own;
use crate::lane::Lane;
use crate::node::Node;

/// The inside of a client.
pub(crate) struct Shared {
    pub(crate) node: Arc<Node>,
    pub(crate) callbacks: Arc<Callbacks>,
    first: Arc<Lane>,
    more: Vec<Arc<Lane>>,
    pool: Arc<DedicatedPool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

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

impl Shared {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let count = config.pool().connections.max(1);
        let node = Node::new(config, count)?;
        let callbacks = Arc::<Callbacks>::default();
        let lane = || Lane::new(&node.config, node.clock);
        Ok(Self {
            first: lane(),
            more: (1..count).map(|_| lane()).collect(),
            pool: Arc::new(DedicatedPool::new(&node, &callbacks)),
            callbacks,
            node,
            tasks: Mutex::default(),
        })
    }

    /// Starts serving. `first`: a connection that is made already.
    pub(crate) fn start(&self, first: Option<Connected>) {
        let mut first = first;
        let mut tasks = self.tasks.lock();
        for lane in self.lanes() {
            let node = Arc::clone(&self.node);
            tasks.push(tokio::spawn(node.serve(Arc::clone(lane), first.take())));
        }
    }

    pub(crate) fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// The lane for the task that asks: always the same one, so that its commands stay in order.
    #[inline]
    pub(crate) fn lane(&self) -> &Lane {
        if self.more.is_empty() { &self.first } else { self.lane_of_task() }
    }

    fn lane_of_task(&self) -> &Lane {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        let Some(task) = tokio::task::try_id() else { return &self.first };
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(task);
        let index = usize::try_from(hash).unwrap_or(0) % (self.more.len() + 1);
        self.more.get(index).unwrap_or(&self.first)
    }

    pub(crate) fn pool(&self) -> &Arc<DedicatedPool> {
        &self.pool
    }

    /// Takes a connection out of the pool.
    pub(crate) async fn checkout(&self) -> Result<Own> {
        self.pool.checkout().await
    }

    /// Finishes what is queued, then ends.
    pub(crate) async fn close(&self) {
        self.begin_to_close();
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            // A task that panicked has ended too.
            let _ = task.await;
        }
    }

    fn begin_to_close(&self) {
        self.lanes().for_each(|lane| lane.close());
        self.pool.close();
        self.node.closed();
    }
}

/// Blocks nobody: the lanes end by themselves.
impl Drop for Shared {
    fn drop(&mut self) {
        self.begin_to_close();
    }
}

impl DedicatedPool {
    fn new(node: &Arc<Node>, callbacks: &Arc<Callbacks>) -> Self {
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

    pub(crate) fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    async fn checkout(self: &Arc<Self>) -> Result<Own> {
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
        tokio::spawn(Arc::clone(&self.node).serve_once(Arc::clone(&lane), connected));
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
        let lacking = self.idle.lock().lacking();
        for _ in 0..lacking {
            let reserved = Reserved(Some(self));
            if let Ok(pooled) = self.connect().await {
                reserved.kept();
                self.put_back(pooled, true);
            }
        }
    }

    fn close(&self) {
        self.places.close();
        let dead = self.idle.lock().close();
        dead.iter().for_each(|pooled| pooled.lane.close());
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
