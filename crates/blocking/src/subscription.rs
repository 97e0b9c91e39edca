//! Subscriptions: what comes from channels, as an iterator.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use carnelian_command::group::ConnectionCommands as _;
use carnelian_command::{ToArgs, spec};
use carnelian_core::config::Protocol;
use carnelian_core::connection::liveness::as_micros;
use carnelian_core::connection::{Micros, NEVER, Phase};
use carnelian_core::subscription::{self, Kind, Mail, Message, Notice, Overflow, SubscribeOptions};
use carnelian_core::{Error, ErrorKind, Result};

use crate::client::Client;
use crate::lane::Lane;

/// What comes from channels, patterns and shard channels: an iterator, for as long as it lives. Dropping it unsubscribes.
///
/// A lost connection is made again and all is subscribed to again; since messages may have been sent meanwhile, it
/// then yields a [`Notice::Gap`]. A reader that is too slow for what comes loses messages as its
/// [`Overflow`] says, and is told how many.
///
/// ```no_run
/// # use carnelian_blocking::Client;
/// # use carnelian_core::subscription::Notice;
/// # fn example(client: &Client) -> carnelian_core::Result<()> {
/// let news = client.subscribe(["news", "weather"])?;
/// for notice in news {
///     match notice? {
///         Notice::Message(message) => println!("{}: {}", message.channel(), message.text()),
///         Notice::Gap(gap) => println!("something may be missing since {:?}", gap.since),
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a subscription ends it"]
pub struct Subscription {
    client: Client,
    lane: Arc<Lane>,
    id: u32,
    mail: Mail,
    /// Its end has been told.
    ended: bool,
    dropped: u64,
    gaps: u64,
}

impl Client {
    /// Listens to channels.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it.
    pub fn subscribe(&self, channels: impl ToArgs) -> Result<Subscription> {
        self.subscribe_with(channels, SubscribeOptions::default())
    }

    /// Listens to channels, with options.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it.
    pub fn subscribe_with(&self, channels: impl ToArgs, options: SubscribeOptions) -> Result<Subscription> {
        self.listen(Kind::Channel, subscription::names(channels), options)
    }

    /// Listens to all channels whose names match one of the glob patterns (`*`, `?`, `[a-z]`).
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it.
    pub fn psubscribe(&self, patterns: impl ToArgs) -> Result<Subscription> {
        self.psubscribe_with(patterns, SubscribeOptions::default())
    }

    /// Listens to all channels whose names match one of the glob patterns, with options.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it.
    pub fn psubscribe_with(&self, patterns: impl ToArgs, options: SubscribeOptions) -> Result<Subscription> {
        self.listen(Kind::Pattern, subscription::names(patterns), options)
    }

    /// Listens to shard channels, whose messages stay within one shard of a cluster (since Redis 7.0).
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it, or does not know it.
    pub fn ssubscribe(&self, channels: impl ToArgs) -> Result<Subscription> {
        self.ssubscribe_with(channels, SubscribeOptions::default())
    }

    /// Listens to shard channels, with options.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it, or does not know it.
    pub fn ssubscribe_with(&self, channels: impl ToArgs, options: SubscribeOptions) -> Result<Subscription> {
        self.listen(Kind::Shard, subscription::names(channels), options)
    }

    pub(crate) fn listen(
        &self,
        kind: Kind,
        names: Vec<Bytes>,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        let shared = self.shared();
        // Who makes the server wait must not make the commands of others wait.
        let own = options.overflow == Overflow::Wait;
        let (lane, id) = if own || !self.mixes()? {
            shared.open_subscriber(options, own)?
        } else {
            let lane = Arc::clone(shared.first_lane());
            let id = lane.lock().link.open_subscriber(options);
            (lane, id)
        };
        let (client, mail) = (self.clone(), Mail::default());
        let subscription = Subscription { client, lane, id, mail, ended: false, dropped: 0, gaps: 0 };
        subscription.add(kind, &names)?;
        Ok(subscription)
    }

    /// Messages and replies can share a connection: RESP3 is spoken.
    fn mixes(&self) -> Result<bool> {
        let shared = self.shared();
        if shared.node.config.identity().protocol == Protocol::Resp2 {
            return Ok(false);
        }
        let lane = shared.first_lane();
        if lane.lock().link.phase() != Phase::Ready {
            // Which protocol it is turns out with the connection.
            self.ping()?;
        }
        Ok(lane.lock().link.speaks_resp3())
    }
}

impl Subscription {
    /// The next message. Whatever else comes is passed over; [`gaps`](Self::gaps) and [`dropped`](Self::dropped) count it.
    /// `None`: the client was closed.
    ///
    /// # Errors
    ///
    /// There will be no connection any more, or the reader was too slow and wanted an end then.
    pub fn next_message(&mut self) -> Result<Option<Message>> {
        for notice in self.by_ref() {
            if let Notice::Message(message) = notice? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// The next that comes, if it comes in this time. `None`: it did not, or the client was closed; see
    /// [`has_ended`](Self::has_ended).
    ///
    /// # Errors
    ///
    /// There will be no connection any more, or the reader was too slow and wanted an end then.
    pub fn next_timeout(&mut self, limit: Duration) -> Result<Option<Notice>> {
        let deadline = self.client.shared().node.clock.now().saturating_add(as_micros(limit));
        self.next_until(deadline).transpose()
    }

    /// Nothing more will come.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// How many messages were thrown away here so far, as far as that was read.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many gaps there were so far, as far as that was read.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// What it listens to.
    #[must_use]
    pub fn listens_to(&self) -> Vec<(Kind, Bytes)> {
        self.lane.lock().link.listened(self.id)
    }

    /// Listens to more channels.
    ///
    /// # Errors
    ///
    /// The server does not allow it.
    pub fn subscribe(&mut self, channels: impl ToArgs) -> Result<()> {
        self.add(Kind::Channel, &subscription::names(channels))
    }

    /// Listens to more patterns.
    ///
    /// # Errors
    ///
    /// The server does not allow it.
    pub fn psubscribe(&mut self, patterns: impl ToArgs) -> Result<()> {
        self.add(Kind::Pattern, &subscription::names(patterns))
    }

    /// Listens to more shard channels.
    ///
    /// # Errors
    ///
    /// The server does not allow it, or does not know it.
    pub fn ssubscribe(&mut self, channels: impl ToArgs) -> Result<()> {
        self.add(Kind::Shard, &subscription::names(channels))
    }

    /// No longer listens to these channels. What has come of them already is read still.
    pub fn unsubscribe(&mut self, channels: impl ToArgs) {
        self.remove(Kind::Channel, &subscription::names(channels));
    }

    /// No longer listens to these patterns. What has come of them already is read still.
    pub fn punsubscribe(&mut self, patterns: impl ToArgs) {
        self.remove(Kind::Pattern, &subscription::names(patterns));
    }

    /// No longer listens to these shard channels. What has come of them already is read still.
    pub fn sunsubscribe(&mut self, channels: impl ToArgs) {
        self.remove(Kind::Shard, &subscription::names(channels));
    }

    fn remove(&self, kind: Kind, names: &[Bytes]) {
        self.lane.change(|link| link.leave(self.id, kind, names));
    }

    /// Asks the server, and waits until it has confirmed.
    fn add(&self, kind: Kind, names: &[Bytes]) -> Result<()> {
        let node = &self.client.shared().node;
        if names.is_empty() {
            let message = "nothing to listen to: name at least one channel or pattern";
            return Err(Error::new(ErrorKind::Config, message).of_command(&spec::SUBSCRIBE));
        }
        let limit = node.config.timeouts().command;
        let deadline = node.clock.now().saturating_add(limit.map_or(NEVER, as_micros));
        let mut added = Vec::new();
        self.lane.change(|link| link.listen(self.id, kind, names, &mut added));
        let granted = self.lane.attend_subscriber(deadline, |link, waker| link.granted(self.id, waker));
        let outcome = granted.unwrap_or_else(|| {
            let mut report = self.lane.report();
            report.timeout = limit.unwrap_or_default();
            Err(Error::timeout(report).of_command(&spec::SUBSCRIBE))
        });
        outcome.map_err(|error| {
            // What it listened to before, it goes on listening to.
            self.remove(kind, &added);
            error.at(&node.address)
        })
    }

    fn next_until(&mut self, deadline: Micros) -> Option<Result<Notice>> {
        loop {
            if let Some(letter) = self.mail.next() {
                let clock = self.client.shared().node.clock;
                let notice = letter.opened(|micros| clock.time_of_day(micros));
                match &notice {
                    Notice::Dropped(count) => self.dropped += count,
                    Notice::Gap(_) => self.gaps += 1,
                    _ => {}
                }
                return Some(Ok(notice));
            }
            if self.ended {
                return None;
            }
            if self.mail.is_last() {
                self.ended = true;
                return self.end().map(Err);
            }
            match self.lane.attend_subscriber(deadline, |link, waker| link.mail(self.id, waker).0)? {
                Some(mail) => self.mail = mail,
                None => self.ended = true,
            }
        }
    }

    /// Why it is over. `None`: because the client was closed.
    fn end(&self) -> Option<Error> {
        if self.mail.has_overflowed() {
            let message = "messages came faster than they were read, and this subscription was to end then; \
                           read faster, allow more of them to wait, or choose another `Overflow`";
            return Some(Error::new(ErrorKind::QueueFull, message));
        }
        let closed = self.lane.closed_error().at(&self.client.shared().node.address);
        (!self.client.shared().is_closed()).then_some(closed)
    }
}

/// Waits for as long as it takes.
impl Iterator for Subscription {
    type Item = Result<Notice>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_until(NEVER)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.client.shared().close_subscriber(&self.lane, self.id);
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("listens_to", &self.listens_to())
            .field("gaps", &self.gaps)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}
