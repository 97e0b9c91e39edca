//! One server as its connections know it: how to reach it, whether it lives, and who is told of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use carnelian_core::config::Config;
use carnelian_core::connection::Greeting;
use carnelian_core::{Error, Event, Result, State};

use crate::bell::Bell;
use crate::clock::Clock;
use crate::connect::Connector;
use crate::greet::Greeted;
use crate::watch::{Events, Listeners, StateCell, StateWatch};

/// One server.
pub(crate) struct Node {
    pub(crate) config: Arc<Config>,
    pub(crate) connector: Connector,
    pub(crate) clock: Clock,
    pub(crate) address: Arc<str>,
    /// Wakes the housekeeper.
    pub(crate) bell: Bell,
    /// The last that was heard of the server is that it lives. A connection that waits on the server asks this.
    alive: AtomicBool,
    lanes: usize,
    connected: AtomicUsize,
    state: Arc<StateCell>,
    listeners: Listeners,
}

impl Node {
    pub(crate) fn new(config: Config, lanes: usize) -> Result<Arc<Self>> {
        let config = Arc::new(config);
        let connector = Connector::new(&config)?;
        let address = config.target().to_string().into();
        Ok(Arc::new(Self {
            config,
            connector,
            clock: Clock::new(),
            address,
            bell: Bell::default(),
            alive: AtomicBool::new(true),
            lanes,
            connected: AtomicUsize::new(0),
            state: Arc::new(StateCell::new()),
            listeners: Listeners::default(),
        }))
    }

    pub(crate) fn state(&self) -> StateWatch {
        StateWatch::of(Arc::clone(&self.state))
    }

    pub(crate) fn events(&self) -> Events {
        self.listeners.listen()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// It was found dead, or alive.
    pub(crate) fn found_alive(&self, alive: bool) {
        self.alive.store(alive, Ordering::Relaxed);
    }

    pub(crate) fn tell(&self, event: &Event) {
        match event {
            Event::ConnectFailed { reason, retry_in } => {
                tracing::warn!(server = %self.address, %reason, ?retry_in, "could not connect");
            }
            Event::Lost { reason } => tracing::warn!(server = %self.address, %reason, "connection lost"),
            other => tracing::debug!(server = %self.address, event = ?other, "connection"),
        }
        self.listeners.tell(event);
    }

    /// The client was closed.
    pub(crate) fn closed(&self) {
        if self.state.set(State::Closed) {
            self.tell(&Event::Closed);
            self.listeners.close();
        }
    }

    /// A connection is about to be made, for one of the lanes if `counts`.
    pub(crate) fn connecting(&self, failures: u32, counts: bool) {
        if counts {
            self.state.set(State::Connecting);
        }
        self.tell(&Event::Connecting { failures });
    }

    /// A connection was made, for one of the lanes if `counts`.
    pub(crate) fn connected(&self, greeting: &Greeting, counts: bool) {
        self.found_alive(true);
        if !counts {
            return;
        }
        self.tell(&Event::Connected { resp3: greeting.resp3, version: greeting.version.clone() });
        if self.connected.fetch_add(1, Ordering::Relaxed) + 1 >= self.lanes {
            self.state.set(State::Connected);
        }
    }

    /// The connection of a lane is gone. `reason`: `None` when it was closed as it should be.
    pub(crate) fn disconnected(&self, reason: Option<&str>) {
        self.connected.fetch_sub(1, Ordering::Relaxed);
        if let Some(reason) = reason {
            self.state.set(State::Connecting);
            self.tell(&Event::Lost { reason: reason.to_owned() });
            self.bell.ring();
        }
    }

    /// A try to connect failed; how long to wait before the next.
    pub(crate) fn failed(&self, error: &Error, failures: u32, pause: Duration) -> Duration {
        self.found_alive(false);
        let pause = self.backoff(failures, pause);
        self.tell(&Event::ConnectFailed { reason: error.to_string(), retry_in: pause });
        pause
    }

    /// The pause after so many tries.
    pub(crate) fn backoff(&self, failures: u32, pause: Duration) -> Duration {
        self.config.reconnect_policy().backoff.delay(failures, pause, random())
    }

    /// No more tries are made.
    pub(crate) fn gave_up(&self) {
        self.state.set(State::Disconnected);
    }

    /// Makes the very first connection, with as many tries as the config allows.
    pub(crate) fn connect_first(&self) -> Result<Greeted> {
        let (mut failures, mut pause) = (0, Duration::ZERO);
        let never = AtomicBool::new(false);
        loop {
            self.connecting(failures, true);
            match self.connector.connect(None, &never) {
                Ok(greeted) => return Ok(greeted),
                Err(error) if failures + 1 >= self.config.reconnect_policy().first_attempts => {
                    self.gave_up();
                    return Err(error);
                }
                Err(error) => {
                    failures += 1;
                    pause = self.failed(&error, failures, pause);
                    std::thread::sleep(pause);
                }
            }
        }
    }
}

/// A random number for the jitter of pauses; the standard library's hasher seeds are random enough for that.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish()
}
