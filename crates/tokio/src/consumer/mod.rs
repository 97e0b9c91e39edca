//! Reading streams as one consumer of a group: an async iterator over what `carnelian_core::consumer` decides to read.
//!
//! Here: the consumer itself. `delivery`: what it hands out; `handle`: acknowledging and stopping from elsewhere;
//! `perform`: the commands, one at a time.

mod delivery;
mod handle;
mod perform;

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use carnelian_command::{FromReply, ToArg, ToArgs};
use carnelian_core::Result;
use carnelian_core::connection::NEVER;
use carnelian_core::consumer::{ConsumerOptions, ConsumerStats, Reader, Setup, Step, Stopped};
use futures_core::Stream;
use parking_lot::Mutex;

pub use delivery::Delivery;
pub use handle::ConsumerHandle;

use handle::Inside;
use perform::Work;

use crate::Client;
use crate::node::random;

/// A consumer of a group: reads streams, entry by entry, for as long as it is asked.
///
/// It hands out first what was this consumer's already and never acknowledged (from before a restart, or lost on the wire),
/// then what others have had for too long, if [asked to](ConsumerOptions::claim_after), then what is new, waiting for it on
/// a connection of its own. When the connection is lost, it goes on by itself.
///
/// Delivery is **at least once**: an entry is pending at the server until it is acknowledged, and comes again if it never
/// is. So work on an entry must bear being done twice: after a crash between the work and its acknowledgement, or when it
/// takes longer than [`claim_after`](ConsumerOptions::claim_after), it will be.
///
/// Of two consumers that run at the same time, each needs a name of its own; one that is started again should have the
/// name that it had before.
///
/// ```no_run
/// # use carnelian_tokio::{Client, Consumer};
/// # use carnelian_core::consumer::ConsumerOptions;
/// # use std::time::Duration;
/// # async fn example(client: Client) -> carnelian_core::Result<()> {
/// let options = ConsumerOptions::new().claim_after(Duration::from_secs(60));
/// let mut jobs: Consumer = client.consumer_with("jobs", "workers", "worker-1", options);
/// while let Some(job) = jobs.next().await {
///     let job = job?;
///     println!("{}: {:?}", job.id, job.fields);
///     job.ack().await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// `next` loses nothing when it is cancelled, as in `select!`. Dropping the consumer ends its read at once; what it has
/// handed out can still be acknowledged. It is a [`Stream`] too.
///
/// `V` is what the fields of an entry become: a map unless told otherwise.
pub struct Consumer<V = HashMap<String, String>> {
    inside: Arc<Inside>,
    /// Never contended: it only lets a consumer be looked at from several threads, though its work may not be.
    state: Mutex<State<V>>,
}

struct State<V> {
    reader: Reader<V>,
    work: Option<Work<V>>,
}

impl Client {
    /// Reads streams (one or several keys) as the consumer of this name in a group, which is created if it is not there. See
    /// [`Consumer`].
    pub fn consumer<V: FromReply + Send + 'static>(
        &self,
        keys: impl ToArgs,
        group: impl ToArg,
        consumer: impl ToArg,
    ) -> Consumer<V> {
        self.consumer_with(keys, group, consumer, ConsumerOptions::new())
    }

    /// Like [`consumer`](Self::consumer), as the options say.
    pub fn consumer_with<V: FromReply + Send + 'static>(
        &self,
        keys: impl ToArgs,
        group: impl ToArg,
        consumer: impl ToArg,
        options: ConsumerOptions,
    ) -> Consumer<V> {
        let setup = Setup::new(keys, group, consumer, options);
        let reader = Reader::new(setup.clone(), self.target().clock().now());
        let inside = Arc::new(Inside::new(self.clone(), setup));
        Consumer { inside, state: Mutex::new(State { reader, work: None }) }
    }
}

impl<V: FromReply + Send + 'static> Consumer<V> {
    /// The next entry, however long it takes. `None` once the consumer is stopped or its client closed.
    ///
    /// # Errors
    ///
    /// Something that does not pass by itself: the key holds another type, the user may not read it, the group is not there
    /// and [may not be created](ConsumerOptions::existing_group), an entry can't become a `V`; failures that may pass only
    /// [if asked to](ConsumerOptions::give_up_after). The next call goes on.
    pub async fn next(&mut self) -> Option<Result<Delivery<V>>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Delivery<V>>>> {
        let state = self.state.get_mut();
        self.inside.listen(cx.waker());
        loop {
            if self.inside.is_stopping() {
                state.work = None;
                return Poll::Ready(None);
            }
            if let Some(work) = &mut state.work {
                let Poll::Ready(answer) = work.as_mut().poll(cx) else { return Poll::Pending };
                state.work = None;
                if let Some(answer) = answer {
                    let (now, backoff) = (self.inside.now(), &self.inside.backoff);
                    let mut hands = self.inside.hands.lock();
                    state.reader.answer(now, &mut hands, answer, backoff, random());
                }
            }
            let step = state.reader.step(self.inside.now(), &mut self.inside.hands.lock(), NEVER, false);
            state.work = Some(match step {
                Step::Deliver(entry) => return Poll::Ready(Some(Delivery::new(&self.inside, entry))),
                Step::Fail(error) => return Poll::Ready(Some(Err(error))),
                Step::Run(task) => perform::run(Arc::clone(&self.inside), task),
                Step::Pause(until) => perform::pause(self.inside.instant(until)),
                Step::Late | Step::End => return Poll::Ready(None),
            });
        }
    }

    /// Stops reading, lets what is handed out be acknowledged for as long as `patience`, and says what stays pending.
    ///
    /// # Errors
    ///
    /// The server did not say what is pending.
    pub async fn stop(mut self, patience: Duration) -> Result<Stopped> {
        self.inside.stop();
        let unread = {
            let state = self.state.get_mut();
            state.work = None;
            state.reader.stop()
        };
        let _ = tokio::time::timeout(patience, self.inside.let_go()).await;
        Ok(Stopped::new(unread, self.inside.pending().await?))
    }
}

impl<V> Consumer<V> {
    /// A handle to acknowledge entries and to stop the consumer while others wait for its next entry.
    #[must_use]
    pub fn handle(&self) -> ConsumerHandle {
        ConsumerHandle::new(&self.inside)
    }

    /// What it has done so far.
    #[must_use]
    pub fn stats(&self) -> ConsumerStats
    where
        V: FromReply,
    {
        self.state.lock().reader.stats()
    }
}

impl<V: FromReply + Send + 'static> Stream for Consumer<V> {
    type Item = Result<Delivery<V>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

// Nothing in it is pinned but the work, which is in a box.
impl<V> Unpin for Consumer<V> {}

impl<V> fmt::Debug for Consumer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("inside", &self.inside).finish_non_exhaustive()
    }
}
