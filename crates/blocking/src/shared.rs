//! What all clones of a client share: the lanes, the pool of dedicated connections, the node.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use carnelian_core::callbacks::Callbacks;
use carnelian_core::config::Config;
use carnelian_core::subscription::SubscribeOptions;
use carnelian_core::{Error, Result};
use parking_lot::Mutex;

use crate::lane::{Lane, Role};
use crate::node::Node;
use crate::pool::DedicatedPool;

/// The inside of a client.
pub(crate) struct Shared {
    pub(crate) node: Arc<Node>,
    pub(crate) callbacks: Arc<Callbacks>,
    first: Arc<Lane>,
    more: Vec<Arc<Lane>>,
    pool: Arc<DedicatedPool>,
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
        Ok(Self {
            first: Lane::shared(&node),
            more: (1..count).map(|_| Lane::shared(&node)).collect(),
            pool: Arc::new(DedicatedPool::new(&node, &callbacks)),
            callbacks,
            node,
            beside: Mutex::default(),
        })
    }

    /// Makes the first connection.
    pub(crate) fn connect_first(&self) -> Result<()> {
        let greeted = self.node.connect_first().map_err(|error| error.at(&self.node.address))?;
        self.first.install(&mut self.first.lock(), None, greeted);
        Ok(())
    }

    /// A new subscriber on a connection that all subscribers share; or on one of its own.
    pub(crate) fn open_subscriber(&self, options: SubscribeOptions, own: bool) -> Result<(Arc<Lane>, u32)> {
        let mut beside = self.beside.lock();
        if beside.closed {
            return Err(Error::closed().at(&self.node.address));
        }
        let common = beside.common.clone().filter(|_| !own);
        let lane = common.filter(|lane| lane.is_open()).unwrap_or_else(|| {
            let lane = Lane::for_subscribers(&self.node);
            beside.lanes.retain(|lane| lane.strong_count() > 0);
            beside.lanes.push(Arc::downgrade(&lane));
            if !own {
                beside.common = Some(Arc::clone(&lane));
            }
            lane
        });
        // Under the lock, or the last subscriber might close it before this one has come.
        let id = lane.lock().link.open_subscriber(options);
        drop(beside);
        self.node.bell.ring();
        Ok((lane, id))
    }

    /// Ends a subscriber, and its connection if that is for subscribers and this was the last.
    pub(crate) fn close_subscriber(&self, lane: &Arc<Lane>, id: u32) {
        let last = {
            let _beside = self.beside.lock();
            let mut guarded = lane.lock();
            let last = lane.role == Role::Subscribers && guarded.link.subscribers() == 1;
            if last {
                guarded.link.close_subscriber(id);
                drop(guarded);
                lane.kill();
            }
            last
        };
        if !last {
            lane.change(|link| link.close_subscriber(id));
            // Two that ended at the same time each took the other for the last.
            let _beside = self.beside.lock();
            if lane.role == Role::Subscribers && lane.lock().link.subscribers() == 0 {
                lane.kill();
            }
        }
    }

    /// The first lane, which subscribers use too where commands and messages can share a connection.
    pub(crate) const fn first_lane(&self) -> &Arc<Lane> {
        &self.first
    }

    /// The lanes for subscribers only.
    pub(crate) fn lanes_beside(&self) -> Vec<Arc<Lane>> {
        self.beside.lock().lanes.iter().filter_map(Weak::upgrade).collect()
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

    /// The client was closed, or is about to be.
    pub(crate) fn is_closed(&self) -> bool {
        self.beside.lock().closed
    }

    /// Takes no more commands. Those under way are finished by their callers.
    pub(crate) fn begin_to_close(&self) {
        // First of all: subscribers ask for it when they find their lane closed.
        self.beside.lock().closed = true;
        self.lanes().for_each(|lane| lane.close());
        self.lanes_beside().iter().for_each(|lane| lane.kill());
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
