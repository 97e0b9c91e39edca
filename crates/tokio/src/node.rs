//! One server as its connections know it: how to reach it, whether it lives, and who is told of changes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use carnelian_core::config::Config;
use carnelian_core::{Error, Event, Result, State};
use tokio::sync::{broadcast, watch};

use crate::clock::Clock;
use crate::connect::{Connected, Connector};
use crate::driver::{self, Ending};
use crate::lane::Lane;

/// Events kept for a listener that is slow.
const EVENTS: usize = 256;

/// One server.
pub(crate) struct Node {
    pub(crate) config: Arc<Config>,
    pub(crate) connector: Connector,
    pub(crate) clock: Clock,
    pub(crate) address: Arc<str>,
    /// The last that was heard of the server is that it lives. A connection that waits on the server asks this.
    alive: AtomicBool,
    lanes: usize,
    connected: AtomicUsize,
    state: watch::Sender<State>,
    /// Made when somebody first listens: its buffer is the largest part of an idle client.
    events: OnceLock<broadcast::Sender<Event>>,
}

impl Node {
    pub(crate) fn new(config: Config, lanes: usize) -> Result<Arc<Self>> {
        let config = Arc::new(config);
        let connector = Connector::new(&config)?;
        let address = connector.address().into();
        Ok(Arc::new(Self {
            config,
            connector,
            clock: Clock::new(),
            address,
            alive: AtomicBool::new(true),
            lanes,
            connected: AtomicUsize::new(0),
            state: watch::Sender::new(State::Disconnected),
            events: OnceLock::new(),
        }))
    }

    pub(crate) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.get_or_init(|| broadcast::Sender::new(EVENTS)).subscribe()
    }

    pub(crate) fn tell(&self, event: Event) {
        match &event {
            Event::ConnectFailed { reason, retry_in } => {
                tracing::warn!(server = %self.address, %reason, ?retry_in, "could not connect");
            }
            Event::Lost { reason } => tracing::warn!(server = %self.address, %reason, "connection lost"),
            other => tracing::debug!(server = %self.address, event = ?other, "connection"),
        }
        if let Some(events) = self.events.get() {
            // Nobody listening any more is fine.
            let _ = events.send(event);
        }
    }

    /// True when it was another before.
    fn set_state(&self, state: State) -> bool {
        self.state.send_if_modified(|current| {
            let changes = *current != state && *current != State::Closed;
            if changes {
                *current = state;
            }
            changes
        })
    }

    pub(crate) fn closed(&self) {
        if self.set_state(State::Closed) {
            self.tell(Event::Closed);
        }
    }

    /// Makes one connection, and tells of it. `beside`: it says nothing of the client's own ones.
    pub(crate) async fn connect(&self, failures: u32, beside: bool) -> Result<Connected> {
        if !beside {
            self.set_state(State::Connecting);
        }
        self.tell(Event::Connecting { failures });
        let connected = self.connector.connect().await?;
        let greeting = &connected.greeting;
        self.tell(Event::Connected { resp3: greeting.resp3, version: greeting.version.clone() });
        Ok(connected)
    }

    /// Makes the very first connection, with as many tries as the config allows.
    pub(crate) async fn connect_first(&self) -> Result<Connected> {
        let policy = self.config.reconnect_policy();
        let (mut failures, mut pause) = (0, Duration::ZERO);
        loop {
            match self.connect(failures, false).await {
                Ok(connected) => {
                    // Its driver has yet to run, but who asks right after connecting is to see what is so.
                    if self.lanes == 1 {
                        self.set_state(State::Connected);
                    }
                    return Ok(connected);
                }
                Err(error) if failures + 1 >= policy.first_attempts => {
                    self.set_state(State::Disconnected);
                    return Err(error.at(&self.address));
                }
                Err(error) => {
                    failures += 1;
                    pause = self.failed(&error, failures, pause);
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// A try to connect failed; how long to wait before the next.
    fn failed(&self, error: &Error, failures: u32, pause: Duration) -> Duration {
        self.alive.store(false, Ordering::Relaxed);
        let pause = self.config.reconnect_policy().backoff.delay(failures, pause, random());
        self.tell(Event::ConnectFailed { reason: error.to_string(), retry_in: pause });
        pause
    }

    /// Serves a lane for as long as it is open: connects, drives, connects again.
    pub(crate) async fn serve(self: Arc<Self>, lane: Served, first: Option<Box<Connected>>) {
        let lane = &lane.0;
        let mut first = first;
        let (mut failures, mut pause) = (0, Duration::ZERO);
        loop {
            let connected = match first.take() {
                Some(connected) => connected,
                // Boxed, since it is large and hardly ever needed: else every idle connection would keep room for it.
                None => match Box::pin(self.reconnect(lane, &mut failures, &mut pause)).await {
                    Some(connected) => Box::new(connected),
                    None => break,
                },
            };
            let (ending, answered) = self.drive(lane, connected).await;
            if matches!(ending, Ending::Closed) {
                break;
            }
            // Only a reply to a command proves the server: one that lets us in and hangs up gets no storm of tries.
            if answered {
                (failures, pause) = (0, Duration::ZERO);
            }
        }
    }

    /// Serves a lane that belongs to one caller: its connection is not made again, since its state would be lost. The lane
    /// knows of its connection already.
    pub(crate) async fn serve_once(self: Arc<Self>, lane: Served, connected: Box<Connected>) {
        let lane = &lane.0;
        let ending = driver::drive(lane, connected, &self.alive).await;
        lane.disconnected(&ending.to_string());
    }

    async fn drive(&self, lane: &Arc<Lane>, connected: Box<Connected>) -> (Ending, bool) {
        self.alive.store(true, Ordering::Relaxed);
        let replies_before = lane.connected(&connected);
        if !lane.beside && self.connected.fetch_add(1, Ordering::Relaxed) + 1 >= self.lanes {
            self.set_state(State::Connected);
        }
        let ending = driver::drive(lane, connected, &self.alive).await;
        if !lane.beside {
            self.connected.fetch_sub(1, Ordering::Relaxed);
        }
        if matches!(ending, Ending::Dead(_)) {
            self.alive.store(false, Ordering::Relaxed);
        }
        let reason = ending.to_string();
        let answered = lane.disconnected(&reason) > replies_before;
        if !matches!(ending, Ending::Closed) {
            if !lane.beside {
                self.set_state(State::Connecting);
            }
            self.tell(Event::Lost { reason });
        }
        (ending, answered)
    }

    /// Tries until there is a connection. `None`: the lane was closed, or there were tries enough.
    async fn reconnect(&self, lane: &Lane, failures: &mut u32, pause: &mut Duration) -> Option<Connected> {
        loop {
            if *failures > 0 {
                driver::wait(lane, tokio::time::sleep(*pause)).await?;
            }
            let error = match driver::wait(lane, self.connect(*failures, lane.beside)).await? {
                Ok(connected) => {
                    // Counts until a command has been answered.
                    *failures += 1;
                    *pause = self.config.reconnect_policy().backoff.delay(*failures, *pause, random());
                    return Some(connected);
                }
                Err(error) => error,
            };
            *failures += 1;
            *pause = self.failed(&error, *failures, *pause);
            lane.lock().link.connect_failed(error.to_string());
            if self.config.reconnect_policy().attempts.is_some_and(|most| *failures >= most) {
                if !lane.beside {
                    self.set_state(State::Disconnected);
                }
                lane.give_up(&format!("gave up after {failures} tries to connect: {error}"));
                return None;
            }
        }
    }
}

/// A lane in the hands of the task that serves it. Whatever ends that task (the runtime too, even before the task ran for
/// the first time), nobody is left waiting.
pub(crate) struct Served(Arc<Lane>);

impl Served {
    pub(crate) fn new(lane: &Arc<Lane>) -> Self {
        Self(Arc::clone(lane))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// A random number for the jitter of pauses; the standard library's hasher seeds are random enough for that.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish()
}
