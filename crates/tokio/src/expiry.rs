//! A listener for keys whose time is up: handlers by prefix, in a task of its own.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use carnelian_core::keyspace::{HandlerFailure, KeyEvent, KeyspaceEvent, KeyspaceEvents, KeyspaceNotice};
use carnelian_core::{Error, ErrorKind, Result};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::keyspace::KeyspaceSubscription;

/// What a handler returns: anything that `?` makes of an error.
type Handled = Result<(), Box<dyn StdError + Send + Sync>>;
type Handler = Box<dyn Fn(KeyspaceEvent) -> Pin<Box<dyn Future<Output = Handled> + Send>> + Send + Sync>;

/// A listener for keys whose time is up, before it is [started](Self::start).
#[must_use = "it listens once it is started"]
pub struct ExpiryListener {
    client: Client,
    wanted: KeyspaceEvents,
    routes: Routes,
}

struct Routes {
    handlers: Vec<(Bytes, Handler)>,
    on_gap: Box<dyn Fn(&KeyspaceNotice) + Send + Sync>,
    on_failure: Box<dyn Fn(&HandlerFailure) + Send + Sync>,
}

impl Client {
    /// Has `handler` called for every key of this prefix whose time is up; [more handlers](ExpiryListener::on) can be added
    /// before it is [started](ExpiryListener::start).
    ///
    /// ```no_run
    /// # use carnelian_tokio::Client;
    /// # async fn example(client: &Client) -> carnelian_core::Result<()> {
    /// let listener = client
    ///     .on_expired("session:", async |expired| Ok(println!("{} is over", expired.key())))
    ///     .on("task:", async |expired| Ok(println!("{} was not done in time", expired.key())))
    ///     .on_gap(|missed| println!("look for what expired meanwhile: {missed:?}"))
    ///     .enable(true)
    ///     .start()
    ///     .await?;
    /// // …
    /// listener.stop().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_expired<F, T>(&self, prefix: impl AsRef<[u8]>, handler: F) -> ExpiryListener
    where
        F: Fn(KeyspaceEvent) -> T + Send + Sync + 'static,
        T: Future<Output = Handled> + Send + 'static,
    {
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
    pub fn on<F, T>(mut self, prefix: impl AsRef<[u8]>, handler: F) -> Self
    where
        F: Fn(KeyspaceEvent) -> T + Send + Sync + 'static,
        T: Future<Output = Handled> + Send + 'static,
    {
        let handler: Handler = Box::new(move |event| Box::pin(handler(event)));
        self.routes.handlers.push((Bytes::copy_from_slice(prefix.as_ref()), handler));
        self
    }

    /// What to do when expired keys may have been missed: there was no connection, or the handlers were too slow. Told as a
    /// warning to `tracing` unless set.
    pub fn on_gap(mut self, handler: impl Fn(&KeyspaceNotice) + Send + Sync + 'static) -> Self {
        self.routes.on_gap = Box::new(handler);
        self
    }

    /// What to do when a handler returned an error or panicked; it goes on with the next key in any case. Told as an error to
    /// `tracing` unless set.
    pub fn on_failure(mut self, handler: impl Fn(&HandlerFailure) + Send + Sync + 'static) -> Self {
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

    /// Begins to listen, in a task of its own. It listens when this returns.
    ///
    /// # Errors
    ///
    /// As with [`Client::keyspace_events`].
    pub async fn start(self) -> Result<Listening> {
        let events = self.client.keyspace_events(self.wanted).await?;
        let (stop, stopped) = oneshot::channel();
        Ok(Listening { stop, task: tokio::spawn(self.routes.run(events, stopped)) })
    }
}

impl Routes {
    async fn run(self, mut events: KeyspaceSubscription, mut stopped: oneshot::Receiver<()>) -> Result<()> {
        loop {
            let next = poll_fn(|cx| match Pin::new(&mut stopped).poll(cx) {
                Poll::Ready(_) => Poll::Ready(None),
                Poll::Pending => events.poll_notice(cx),
            });
            match next.await.transpose()? {
                None => return Ok(()),
                Some(KeyspaceNotice::Event(event)) => self.handle(&event).await,
                Some(missed) => shielded(|| (self.on_gap)(&missed)),
            }
        }
    }

    async fn handle(&self, event: &KeyspaceEvent) {
        let wanted = self.handlers.iter().filter(|(prefix, _)| event.key.starts_with(prefix));
        for (_, handler) in wanted {
            let failure = match caught(|| handler(event.clone())) {
                Err(panic) => HandlerFailure::panicked(event.clone(), &*panic),
                Ok(mut handling) => {
                    let handled = poll_fn(|cx| match caught(|| handling.as_mut().poll(cx)) {
                        Ok(poll) => poll.map(Ok),
                        Err(panic) => Poll::Ready(Err(panic)),
                    });
                    match handled.await {
                        Ok(Ok(())) => continue,
                        Ok(Err(error)) => HandlerFailure::returned(event.clone(), &*error),
                        Err(panic) => HandlerFailure::panicked(event.clone(), &*panic),
                    }
                }
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
fn caught<T>(call: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(call))
}

/// A listener at work. Dropping it stops it, behind the handler that runs.
#[must_use = "dropping it stops it"]
#[derive(Debug)]
pub struct Listening {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<()>>,
}

impl Listening {
    /// Stops it, and waits for the handler that runs.
    ///
    /// # Errors
    ///
    /// It had ended before, since there will be no connection any more.
    pub async fn stop(self) -> Result<()> {
        // It may have ended by itself.
        let _ = self.stop.send(());
        finished(self.task).await
    }

    /// Waits until it ends by itself: with the client, or for good without a connection.
    ///
    /// # Errors
    ///
    /// There will be no connection any more.
    pub async fn ended(self) -> Result<()> {
        let Self { stop, task } = self;
        let outcome = finished(task).await;
        drop(stop);
        outcome
    }

    /// It has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

async fn finished(task: JoinHandle<Result<()>>) -> Result<()> {
    task.await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Closed, "the runtime ended, and the listener with it")))
}

impl fmt::Debug for ExpiryListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpiryListener")
            .field("wanted", &self.wanted)
            .field("handlers", &self.routes.handlers.len())
            .finish_non_exhaustive()
    }
}
