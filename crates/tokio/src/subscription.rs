//! Subscriptions: what comes from channels, as a stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use carnelian_command::group::ConnectionCommands as _;
use carnelian_command::{ToArgs, spec};
use carnelian_core::config::Protocol;
use carnelian_core::connection::Phase;
use carnelian_core::subscription::{self, Kind, Mail, Message, Notice, Overflow, SubscribeOptions};
use carnelian_core::{Error, ErrorKind, Result};
use futures_core::Stream;

use crate::client::Client;
use crate::lane::Lane;

/// What comes from channels, patterns and shard channels: a stream, for as long as it lives. Dropping it unsubscribes.
///
/// A lost connection is made again and all is subscribed to again; since messages may have been sent meanwhile, the stream
/// then has a [`Notice::Gap`]. A reader that is too slow for what comes loses messages as its
/// [`Overflow`] says, and is told how many.
///
/// ```no_run
/// # use carnelian_tokio::Client;
/// # use carnelian_core::subscription::Notice;
/// # async fn example(client: &Client) -> carnelian_core::Result<()> {
/// let mut news = client.subscribe(["news", "weather"]).await?;
/// while let Some(notice) = news.next().await.transpose()? {
///     match notice {
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
    pub async fn subscribe(&self, channels: impl ToArgs) -> Result<Subscription> {
        self.subscribe_with(channels, SubscribeOptions::default()).await
    }

    /// Listens to channels, with options.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it.
    pub async fn subscribe_with(
        &self,
        channels: impl ToArgs,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        self.listen(Kind::Channel, subscription::names(channels), options).await
    }

    /// Listens to all channels whose names match one of the glob patterns (`*`, `?`, `[a-z]`).
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it.
    pub async fn psubscribe(&self, patterns: impl ToArgs) -> Result<Subscription> {
        self.psubscribe_with(patterns, SubscribeOptions::default()).await
    }

    /// Listens to all channels whose names match one of the glob patterns, with options.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it.
    pub async fn psubscribe_with(
        &self,
        patterns: impl ToArgs,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        self.listen(Kind::Pattern, subscription::names(patterns), options).await
    }

    /// Listens to shard channels, whose messages stay within one shard of a cluster (since Redis 7.0).
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it, or does not know it.
    pub async fn ssubscribe(&self, channels: impl ToArgs) -> Result<Subscription> {
        self.ssubscribe_with(channels, SubscribeOptions::default()).await
    }

    /// Listens to shard channels, with options.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server does not allow it, or does not know it.
    pub async fn ssubscribe_with(
        &self,
        channels: impl ToArgs,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        self.listen(Kind::Shard, subscription::names(channels), options).await
    }

    pub(crate) async fn listen(
        &self,
        kind: Kind,
        names: Vec<Bytes>,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        let shared = self.shared();
        // Who makes the server wait must not make the commands of others wait.
        let own = options.overflow == Overflow::Wait;
        let (lane, id) = if own || !self.mixes().await? {
            shared.open_subscriber(options, own)?
        } else {
            let lane = Arc::clone(shared.first_lane());
            let id = lane.lock().link.open_subscriber(options);
            (lane, id)
        };
        let (client, mail) = (self.clone(), Mail::default());
        let subscription = Subscription { client, lane, id, mail, ended: false, dropped: 0, gaps: 0 };
        subscription.add(kind, &names).await?;
        Ok(subscription)
    }

    /// Messages and replies can share a connection: RESP3 is spoken.
    async fn mixes(&self) -> Result<bool> {
        let shared = self.shared();
        if shared.node.config.identity().protocol == Protocol::Resp2 {
            return Ok(false);
        }
        let lane = shared.first_lane();
        if lane.lock().link.phase() != Phase::Ready {
            // Which protocol it is turns out with the connection.
            self.ping().await?;
        }
        Ok(lane.lock().link.speaks_resp3())
    }
}

impl Subscription {
    /// The next that comes. `None`: the client was closed.
    ///
    /// An error is the last thing that comes: there will be no connection any more, or the reader was too slow and wanted an
    /// end then.
    pub async fn next(&mut self) -> Option<Result<Notice>> {
        poll_fn(|cx| self.poll_notice(cx)).await
    }

    /// The next message. Whatever else comes is passed over; [`gaps`](Self::gaps) and [`dropped`](Self::dropped) count it.
    /// `None`: the client was closed.
    ///
    /// # Errors
    ///
    /// There will be no connection any more, or the reader was too slow and wanted an end then.
    pub async fn next_message(&mut self) -> Result<Option<Message>> {
        while let Some(notice) = self.next().await {
            if let Notice::Message(message) = notice? {
                return Ok(Some(message));
            }
        }
        Ok(None)
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

    /// Listens to more channels. Dropped before it is done, it listens to no more than before.
    ///
    /// # Errors
    ///
    /// The server does not allow it.
    pub async fn subscribe(&mut self, channels: impl ToArgs) -> Result<()> {
        self.add(Kind::Channel, &subscription::names(channels)).await
    }

    /// Listens to more patterns. Dropped before it is done, it listens to no more than before.
    ///
    /// # Errors
    ///
    /// The server does not allow it.
    pub async fn psubscribe(&mut self, patterns: impl ToArgs) -> Result<()> {
        self.add(Kind::Pattern, &subscription::names(patterns)).await
    }

    /// Listens to more shard channels. Dropped before it is done, it listens to no more than before.
    ///
    /// # Errors
    ///
    /// The server does not allow it, or does not know it.
    pub async fn ssubscribe(&mut self, channels: impl ToArgs) -> Result<()> {
        self.add(Kind::Shard, &subscription::names(channels)).await
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
    async fn add(&self, kind: Kind, names: &[Bytes]) -> Result<()> {
        let shared = self.client.shared();
        if names.is_empty() {
            let message = "nothing to listen to: name at least one channel or pattern";
            return Err(Error::new(ErrorKind::Config, message).of_command(&spec::SUBSCRIBE));
        }
        let mut wish = Wish { subscription: self, kind, added: Vec::new() };
        self.lane.change(|link| link.listen(self.id, kind, names, &mut wish.added));
        let granted = poll_fn(|cx| self.lane.lock().link.granted(self.id, Some(cx.waker())));
        let limit = shared.node.config.timeouts().command.unwrap_or(Duration::MAX);
        let outcome = match tokio::time::timeout(limit, granted).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let mut report = self.lane.lock().link.report(shared.node.clock.now(), 0);
                report.timeout = limit;
                Err(Error::timeout(report).of_command(&spec::SUBSCRIBE))
            }
        };
        if outcome.is_ok() {
            wish.added.clear();
        }
        outcome.map_err(|error| error.at(&shared.node.address))
    }

    fn poll_notice(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Notice>>> {
        loop {
            if let Some(letter) = self.mail.next() {
                let clock = self.client.shared().node.clock;
                let notice = letter.opened(|micros| clock.time_of_day(micros));
                match &notice {
                    Notice::Dropped(count) => self.dropped += count,
                    Notice::Gap(_) => self.gaps += 1,
                    _ => {}
                }
                return Poll::Ready(Some(Ok(notice)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if self.mail.is_last() {
                self.ended = true;
                return Poll::Ready(self.end().map(Err));
            }
            match self.lane.poll_mail(self.id, cx) {
                Poll::Ready(Some(mail)) => self.mail = mail,
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => return Poll::Pending,
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
        let closed = self.lane.closed().at(&self.client.shared().node.address);
        (!self.client.shared().is_closed()).then_some(closed)
    }
}

/// What somebody waits to be granted. Taken back if it is not, and if nobody waits any longer.
struct Wish<'a> {
    subscription: &'a Subscription,
    kind: Kind,
    added: Vec<Bytes>,
}

impl Drop for Wish<'_> {
    fn drop(&mut self) {
        if !self.added.is_empty() {
            self.subscription.remove(self.kind, &self.added);
        }
    }
}

impl Stream for Subscription {
    type Item = Result<Notice>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_notice(cx)
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
