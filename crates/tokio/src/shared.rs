//! What all clones of a client share: the lanes, the pool of dedicated connections, the node.

use std::sync::{Arc, Weak};

use carnelian_core::callbacks::Callbacks;
use carnelian_core::config::Config;
use carnelian_core::subscription::SubscribeOptions;
use carnelian_core::{Error, Result};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::connect::Connected;
use crate::lane::Lane;
use crate::node::{Node, Served};
use crate::pool::{DedicatedPool, Own};

/// The inside of a client.
pub(crate) struct Shared {
    pub(crate) node: Arc<Node>,
    pub(crate) callbacks: Arc<Callbacks>,
    first: Arc<Lane>,
    more: Vec<Arc<Lane>>,
    pool: Arc<DedicatedPool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    beside: Mutex<Beside>,
}

/// Connections for subscribers, beside those for commands.
#[derive(Default)]
struct Beside {
    /// The one that subscribers share where commands can't be run beside messages (RESP2).
    common: Option<Arc<Lane>>,
    /// All of them.
    lanes: Vec<Weak<Lane>>,
    closed: bool,
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
            beside: Mutex::default(),
        })
    }

    /// Starts serving. `first`: a connection that is made already.
    pub(crate) fn start(&self, first: Option<Box<Connected>>) {
        let mut first = first;
        let mut tasks = self.tasks.lock();
        for lane in self.lanes() {
            let node = Arc::clone(&self.node);
            let first = first.take();
            if let Some(connected) = &first {
                // Before its task runs for the first time, commands may come, and an end that is to finish them.
                lane.connected(connected);
            }
            tasks.push(tokio::spawn(node.serve(Served::new(lane), first)));
        }
    }

    /// A new subscriber on a connection that all subscribers share; or on one of its own.
    pub(crate) fn open_subscriber(&self, options: SubscribeOptions, own: bool) -> Result<(Arc<Lane>, u32)> {
        let mut beside = self.beside.lock();
        if beside.closed {
            return Err(Error::closed().at(&self.node.address));
        }
        let common = beside.common.clone().filter(|_| !own);
        let lane = common.filter(|lane| lane.is_open()).unwrap_or_else(|| {
            let lane = Lane::for_subscribers(&self.node.config, self.node.clock);
            beside.lanes.retain(|lane| lane.strong_count() > 0);
            beside.lanes.push(Arc::downgrade(&lane));
            if !own {
                beside.common = Some(Arc::clone(&lane));
            }
            let mut tasks = self.tasks.lock();
            tasks.retain(|task| !task.is_finished());
            tasks.push(tokio::spawn(Arc::clone(&self.node).serve(Served::new(&lane), None)));
            lane
        });
        // Under the lock, or the last subscriber might close it before this one has come.
        let id = lane.lock().link.open_subscriber(options);
        Ok((lane, id))
    }

    /// Ends a subscriber, and its connection if that is for subscribers and this was the last.
    pub(crate) fn close_subscriber(&self, lane: &Arc<Lane>, id: u32) {
        let _beside = self.beside.lock();
        lane.change(|link| link.close_subscriber(id));
        if lane.beside && lane.lock().link.subscribers() == 0 {
            lane.kill();
        }
    }

    /// The first lane, which subscribers use too where commands and messages can share a connection.
    pub(crate) const fn first_lane(&self) -> &Arc<Lane> {
        &self.first
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

    /// The client was closed, or is about to be.
    pub(crate) fn is_closed(&self) -> bool {
        self.beside.lock().closed
    }

    fn begin_to_close(&self) {
        let lanes = {
            let mut beside = self.beside.lock();
            // First of all: subscribers ask for it when they find their lane closed.
            beside.closed = true;
            std::mem::take(&mut beside.lanes)
        };
        self.lanes().for_each(|lane| lane.close());
        lanes.iter().filter_map(Weak::upgrade).for_each(|lane| lane.close());
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
