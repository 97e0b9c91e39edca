//! What all clones of a client share: the lanes, the pool of dedicated connections, the node.

use std::sync::Arc;

use carnelian_core::Result;
use carnelian_core::callbacks::Callbacks;
use carnelian_core::config::Config;
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
