//! Keyspace events: what happens to the server's keys, as an iterator.

use std::time::Duration;

use carnelian_command::group::ServerCommands as _;
use carnelian_core::keyspace::{Filter, KeyspaceEvent, KeyspaceEvents, KeyspaceNotice, NAME, Setting};
use carnelian_core::subscription::Notice;
use carnelian_core::{ErrorKind, Result};

use crate::client::Client;
use crate::subscription::Subscription;

/// What happens to keys: an iterator, for as long as it lives. Dropping it unsubscribes.
///
/// Events are messages that the server does not keep: who is not connected misses them, and is told so by a
/// [`KeyspaceNotice::Gap`]. Each server of a cluster tells of its own keys only.
///
/// ```no_run
/// # use carnelian_blocking::Client;
/// # use carnelian_core::keyspace::{KeyEvent, KeyspaceEvents};
/// # fn example(client: &Client) -> carnelian_core::Result<()> {
/// let wanted = KeyspaceEvents::new().events([KeyEvent::Set, KeyEvent::Del]).prefix("user:").enable(true);
/// let mut events = client.keyspace_events(wanted)?;
/// while let Some(event) = events.next_event()? {
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
    /// The server may have been restarted, and be no longer set up for it.
    doubted: bool,
}

impl Client {
    /// Listens to what happens to keys.
    ///
    /// # Errors
    ///
    /// The server is not set up to tell it: the error says which setting is missing, and how to set it;
    /// [`KeyspaceEvents::enable`] has the client set it. Or there is no connection, or the server does not allow it.
    pub fn keyspace_events(&self, wanted: KeyspaceEvents) -> Result<KeyspaceSubscription> {
        set_up(self, &wanted)?;
        let filter = Filter::new(&wanted, self.config().identity().db);
        let (kind, names) = filter.topics();
        let subscription = self.listen(kind, names.to_vec(), wanted.subscribe_options().clone())?;
        Ok(KeyspaceSubscription { client: self.clone(), wanted, filter, subscription, doubted: false })
    }
}

/// Sees that the server tells what is wanted.
fn set_up(client: &Client, wanted: &KeyspaceEvents) -> Result<()> {
    match Setting::judge(wanted, client.config_get(NAME)) {
        Setting::Good => Ok(()),
        Setting::Set(union) => {
            let set = client.config_set(NAME, union.as_str());
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
    /// The next event. Whatever else comes is passed over; [`gaps`](Self::gaps) and [`dropped`](Self::dropped) count it.
    /// `None`: the client was closed.
    ///
    /// # Errors
    ///
    /// There will be no connection any more, or the reader was too slow and wanted an end then, or after a reconnect the
    /// server tells no events any more.
    pub fn next_event(&mut self) -> Result<Option<KeyspaceEvent>> {
        for notice in self.by_ref() {
            match notice? {
                KeyspaceNotice::Event(event) => return Ok(Some(event)),
                KeyspaceNotice::Refused(error) => return Err(error),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The next that comes, if it comes in this time. `None`: it did not, or the client was closed; see
    /// [`has_ended`](Self::has_ended). Events that were not asked for begin the time anew.
    ///
    /// # Errors
    ///
    /// There will be no connection any more, or the reader was too slow and wanted an end then.
    pub fn next_timeout(&mut self, limit: Duration) -> Result<Option<KeyspaceNotice>> {
        self.next_by(|subscription| subscription.next_timeout(limit).transpose()).transpose()
    }

    /// Nothing more will come.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.subscription.has_ended()
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

    fn next_by(
        &mut self,
        mut next: impl FnMut(&mut Subscription) -> Option<Result<Notice>>,
    ) -> Option<Result<KeyspaceNotice>> {
        // Without a connection there is another gap coming, and another look behind it.
        if std::mem::take(&mut self.doubted)
            && let Err(error) = set_up(&self.client, &self.wanted)
            && !matches!(error.kind(), ErrorKind::Connection | ErrorKind::Closed)
        {
            return Some(Ok(KeyspaceNotice::Refused(error)));
        }
        loop {
            let notice = match next(&mut self.subscription)? {
                Ok(notice) => notice,
                Err(error) => return Some(Err(error)),
            };
            self.doubted |= matches!(notice, Notice::Gap(_));
            if let Some(notice) = KeyspaceNotice::of(notice, &self.filter) {
                return Some(Ok(notice));
            }
        }
    }
}

/// Waits for as long as it takes.
impl Iterator for KeyspaceSubscription {
    type Item = Result<KeyspaceNotice>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_by(Subscription::next)
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
