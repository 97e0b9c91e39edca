//! What all clones of a client share: the lanes, the pool of dedicated connections, the node.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carnelian_core::Result;
use carnelian_core::callbacks::Callbacks;
use carnelian_core::config::Config;

use crate::lane::Lane;
use crate::node::Node;
use crate::pool::DedicatedPool;

/// The inside of a client.
pub(crate) struct Shared {
    pub(crate) node: Arc<Node>,
    pub(crate) callbacks: Arc<Callbacks>,
    first: Arc<Lane>,
    more: Vec<Arc<Lane>>,
    pool: Arc<DedicatedPool>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let count = config.pool().connections.max(1);
        let node = Node::new(config, count)?;
        let callbacks = Arc::<Callbacks>::default();
        Ok(Self {
            first: Lane::shared(&node),
            more: (1..count).map(|_| Lane::shared(&node)).collect(),
            pool: Arc::new(DedicatedPool::new(&node, &callbacks)),
            callbacks,
            node,
        })
    }

    /// Makes the first connection.
    pub(crate) fn connect_first(&self) -> Result<()> {
        let greeted = self.node.connect_first().map_err(|error| error.at(&self.node.address))?;
        self.first.install(&mut self.first.lock(), None, greeted);
        Ok(())
    }

    pub(crate) fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// The lane for the thread that asks: always the same one, so that its commands stay in order.
    #[inline]
    pub(crate) fn lane(&self) -> &Lane {
        if self.more.is_empty() { &self.first } else { self.lane_of_thread() }
    }

    fn lane_of_thread(&self) -> &Lane {
        let index = number_of_thread() % (self.more.len() + 1);
        self.more.get(index).unwrap_or(&self.first)
    }

    pub(crate) const fn pool(&self) -> &Arc<DedicatedPool> {
        &self.pool
    }

    /// Takes no more commands. Those under way are finished by their callers.
    pub(crate) fn begin_to_close(&self) {
        self.lanes().for_each(|lane| lane.close());
        self.pool.close();
        self.node.closed();
        self.node.bell.ring();
    }

    /// Waits until all commands under way are finished.
    pub(crate) fn close(&self) {
        self.begin_to_close();
        self.lanes().for_each(|lane| lane.closed());
    }

    /// Nobody is left who could use it.
    pub(crate) fn abandon(&self) {
        self.begin_to_close();
        self.lanes().for_each(|lane| lane.kill());
    }
}

/// Threads are numbered as they come, so that they spread evenly.
fn number_of_thread() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(0) };
    }
    NUMBER
        .try_with(|number| {
            if number.get() == 0 {
                number.set(COUNT.fetch_add(1, Ordering::Relaxed));
            }
            number.get()
        })
        .unwrap_or_default()
}
