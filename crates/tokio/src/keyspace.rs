//! Keyspace events: what happens to the server's keys, as a stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use carnelian_command::group::ServerCommands as _;
use carnelian_core::keyspace::{Filter, KeyspaceEvent, KeyspaceEvents, KeyspaceNotice, NAME, Setting};
use carnelian_core::subscription::Notice;
use carnelian_core::{ErrorKind, Result};
use futures_core::Stream;

use crate::client::Client;
use crate::subscription::Subscription;

/// What happens to keys: a stream, for as long as it lives. Dropping it unsubscribes.
///
/// Events are messages that the server does not keep: who is not connected misses them, and is told so by a
/// [`KeyspaceNotice::Gap`]. Each server of a cluster tells of its own keys only.
///
/// ```no_run
/// # use carnelian_tokio::Client;
/// # use carnelian_core::keyspace::{KeyEvent, KeyspaceEvents};
/// # async fn example(client: &Client) -> carnelian_core::Result<()> {
/// let wanted = KeyspaceEvents::new().events([KeyEvent::Set, KeyEvent::Del]).prefix("user:").enable(true);
/// let mut events = client.keyspace_events(wanted).await?;
/// while let Some(event) = events.next_event().await? {
///     println!("{} {}", event.event, event.key());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a subscription ends it"]
pub struct KeyspaceSubscription {
    client: Client,
    wanted: KeyspaceEvents,
    filter: Filter,
    subscription: Subscription,
    /// Whether the server is still set up for it, which a restart may have changed.
    check: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
}

impl Client {
    /// Listens to what happens to keys.
    ///
    /// # Errors
    ///
    /// The server is not set up to tell it: the error says which setting is missing, and how to set it;
    /// [`KeyspaceEvents::enable`] has the client set it. Or there is no connection, or the server does not allow it.
    pub async fn keyspace_events(&self, wanted: KeyspaceEvents) -> Result<KeyspaceSubscription> {
        set_up(self, &wanted).await?;
        let filter = Filter::new(&wanted, self.config().identity().db);
        let (kind, names) = filter.topics();
        let options = wanted.subscribe_options().clone();
        let subscription = self.listen(kind, names.to_vec(), options).await?;
        Ok(KeyspaceSubscription { client: self.clone(), wanted, filter, subscription, check: None })
    }
}

/// Sees that the server tells what is wanted.
async fn set_up(client: &Client, wanted: &KeyspaceEvents) -> Result<()> {
    match Setting::judge(wanted, client.config_get(NAME).await) {
        Setting::Good => Ok(()),
        Setting::Set(union) => {
            let set = client.config_set(NAME, union.as_str()).await;
            set.map_err(|error| Setting::could_not(&union, error))
        }
        Setting::Bad(error) => Err(error),
        Setting::Unknown(why) => {
            tracing::warn!(%why, "keyspace events may not come");
            Ok(())
        }
        _ => Ok(()),
    }
}

impl KeyspaceSubscription {
    /// The next that comes. `None`: the client was closed.
    ///
    /// An error is the last thing that comes: there will be no connection any more, or the reader was too slow and wanted an
    /// end then.
    pub async fn next(&mut self) -> Option<Result<KeyspaceNotice>> {
        poll_fn(|cx| self.poll_notice(cx)).await
    }

    /// The next event. Whatever else comes is passed over; [`gaps`](Self::gaps) and [`dropped`](Self::dropped) count it.
    /// `None`: the client was closed.
    ///
    /// # Errors
    ///
    /// There will be no connection any more, or the reader was too slow and wanted an end then, or after a reconnect the
    /// server tells no events any more.
    pub async fn next_event(&mut self) -> Result<Option<KeyspaceEvent>> {
        while let Some(notice) = self.next().await {
            match notice? {
                KeyspaceNotice::Event(event) => return Ok(Some(event)),
                KeyspaceNotice::Refused(error) => return Err(error),
                _ => {}
            }
        }
        Ok(None)
    }

    /// How many messages were thrown away here so far, as far as that was read.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.subscription.dropped()
    }

    /// How many gaps there were so far, as far as that was read.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.subscription.gaps()
    }

    pub(crate) fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<KeyspaceNotice>>> {
        if let Some(check) = &mut self.check
            && let Poll::Ready(outcome) = check.as_mut().poll(cx)
        {
            self.check = None;
            // Without a connection there is another gap coming, and another look behind it.
            if let Err(error) = outcome
                && !matches!(error.kind(), ErrorKind::Connection | ErrorKind::Closed)
            {
                return Poll::Ready(Some(Ok(KeyspaceNotice::Refused(error))));
            }
        }
        loop {
            let Some(notice) = ready!(Pin::new(&mut self.subscription).poll_next(cx)) else {
                return Poll::Ready(None);
            };
            let notice = notice?;
            if matches!(notice, Notice::Gap(_)) {
                let (client, wanted) = (self.client.clone(), self.wanted.clone());
                self.check = Some(Box::pin(async move { set_up(&client, &wanted).await }));
            }
            if let Some(notice) = KeyspaceNotice::of(notice, &self.filter) {
                return Poll::Ready(Some(Ok(notice)));
            }
        }
    }
}

impl Stream for KeyspaceSubscription {
    type Item = Result<KeyspaceNotice>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_notice(cx)
    }
}

impl std::fmt::Debug for KeyspaceSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyspaceSubscription")
            .field("wanted", &self.wanted)
            .field("subscription", &self.subscription)
            .finish_non_exhaustive()
    }
}
