//! A listener for keys whose time is up: handlers by prefix, in a thread of its own.

use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use carnelian_core::keyspace::{HandlerFailure, KeyEvent, KeyspaceEvent, KeyspaceEvents, KeyspaceNotice};
use carnelian_core::{Error, ErrorKind, Result};

use crate::client::Client;
use crate::keyspace::KeyspaceSubscription;

/// How often it looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// What a handler returns: anything that `?` makes of an error.
type Handled = Result<(), Box<dyn StdError + Send + Sync>>;
type Handler = Box<dyn Fn(KeyspaceEvent) -> Handled + Send>;

/// A listener for keys whose time is up, before it is [started](Self::start).
#[must_use = "it listens once it is started"]
pub struct ExpiryListener {
    client: Client,
    wanted: KeyspaceEvents,
    routes: Routes,
}

struct Routes {
    handlers: Vec<(Bytes, Handler)>,
    on_gap: Box<dyn Fn(&KeyspaceNotice) + Send>,
    on_failure: Box<dyn Fn(&HandlerFailure) + Send>,
}

impl Client {
    /// Has `handler` called for every key of this prefix whose time is up; [more handlers](ExpiryListener::on) can be added
    /// before it is [started](ExpiryListener::start).
    ///
    /// ```no_run
    /// # use carnelian_blocking::Client;
    /// # fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let listener = client
    ///     .on_expired("session:", |expired| Ok(println!("{} is over", expired.key())))
    ///     .on("task:", |expired| Ok(println!("{} was not done in time", expired.key())))
    ///     .on_gap(|missed| println!("look for what expired meanwhile: {missed:?}"))
    ///     .enable(true)
    ///     .start()?;
    /// // …
    /// listener.stop()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_expired(
        &self,
        prefix: impl AsRef<[u8]>,
        handler: impl Fn(KeyspaceEvent) -> Handled + Send + 'static,
    ) -> ExpiryListener {
        let routes = Routes {
            handlers: Vec::new(),
            on_gap: Box::new(|notice| tracing::warn!(?notice, "expired keys may have been missed")),
            on_failure: Box::new(|failure| tracing::error!(%failure, "an expired key was not handled")),
        };
        let wanted = KeyspaceEvents::new().event(KeyEvent::Expired);
        ExpiryListener { client: self.clone(), wanted, routes }.on(prefix, handler)
    }
}

impl ExpiryListener {
    /// Adds a handler for another prefix. A key that begins with several gets all their handlers, one after the other.
    pub fn on(
        mut self,
        prefix: impl AsRef<[u8]>,
        handler: impl Fn(KeyspaceEvent) -> Handled + Send + 'static,
    ) -> Self {
        self.routes.handlers.push((Bytes::copy_from_slice(prefix.as_ref()), Box::new(handler)));
        self
    }

    /// What to do when expired keys may have been missed: there was no connection, or the handlers were too slow. Told as a
    /// warning to `tracing` unless set.
    pub fn on_gap(mut self, handler: impl Fn(&KeyspaceNotice) + Send + 'static) -> Self {
        self.routes.on_gap = Box::new(handler);
        self
    }

    /// What to do when a handler returned an error or panicked; it goes on with the next key in any case. Told as an error to
    /// `tracing` unless set.
    pub fn on_failure(mut self, handler: impl Fn(&HandlerFailure) + Send + 'static) -> Self {
        self.routes.on_failure = Box::new(handler);
        self
    }

    /// Has the client switch the events on at the server: see [`KeyspaceEvents::enable`].
    pub fn enable(mut self, enable: bool) -> Self {
        self.wanted = self.wanted.enable(enable);
        self
    }

    /// How it listens: in which database, with how much waiting to be handled. If it has no event chosen, still only keys
    /// whose time is up.
    pub fn listening(mut self, how: KeyspaceEvents) -> Self {
        self.wanted = if how.wants_all() { how.event(KeyEvent::Expired) } else { how };
        self
    }

    /// Begins to listen, in a thread of its own. It listens when this returns.
    ///
    /// # Errors
    ///
    /// As with [`Client::keyspace_events`]; or there is no thread to be had.
    pub fn start(self) -> Result<Listening> {
        let events = self.client.keyspace_events(self.wanted)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let (routes, stop) = (self.routes, Arc::clone(&stopped));
        let thread = thread::Builder::new()
            .name("carnelian-expiry".to_owned())
            .spawn(move || routes.run(events, &stopped))
            .map_err(|error| Error::new(ErrorKind::Config, format!("no thread for the listener: {error}")))?;
        Ok(Listening { stop, thread: Some(thread) })
    }
}

impl Routes {
    fn run(self, mut events: KeyspaceSubscription, stopped: &AtomicBool) -> Result<()> {
        while !stopped.load(Ordering::Relaxed) && !events.has_ended() {
            match events.next_timeout(LOOK)? {
                None => {}
                Some(KeyspaceNotice::Event(event)) => self.handle(&event),
                Some(missed) => shielded(|| (self.on_gap)(&missed)),
            }
        }
        Ok(())
    }

    fn handle(&self, event: &KeyspaceEvent) {
        let wanted = self.handlers.iter().filter(|(prefix, _)| event.key.starts_with(prefix));
        for (_, handler) in wanted {
            let failure = match caught(|| handler(event.clone())) {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => HandlerFailure::returned(event.clone(), &*error),
                Err(panic) => HandlerFailure::panicked(event.clone(), &*panic),
            };
            shielded(|| (self.on_failure)(&failure));
        }
    }
}

/// A panic in what is told of failures must not end the listener either.
fn shielded(told: impl FnOnce()) {
    if caught(told).is_err() {
        tracing::error!("a listener for expired keys panicked while it was told of a failure");
    }
}

/// What a handler has left half-done when it panicked is its own: nothing of the listener's is touched by it.
fn caught<T>(call: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(call))
}

/// A listener at work. Dropping it stops it, behind the handler that runs.
#[must_use = "dropping it stops it"]
#[derive(Debug)]
pub struct Listening {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Listening {
    /// Stops it, and waits for the handler that runs.
    ///
    /// # Errors
    ///
    /// It had ended before, since there will be no connection any more.
    pub fn stop(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.ended()
    }

    /// Waits until it ends by itself: with the client, or for good without a connection.
    ///
    /// # Errors
    ///
    /// There will be no connection any more.
    pub fn ended(mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Closed, "the listener panicked")))
    }

    /// It has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

/// Waits for nobody: the thread ends by itself.
impl Drop for Listening {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for ExpiryListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpiryListener")
            .field("wanted", &self.wanted)
            .field("handlers", &self.routes.handlers.len())
            .finish_non_exhaustive()
    }
}
