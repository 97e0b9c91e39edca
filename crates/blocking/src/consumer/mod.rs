//! Reading streams as one consumer of a group: an iterator over what `carnelian_core::consumer` decides to read.
//!
//! Here: the consumer itself. `delivery`: what it hands out; `handle`: acknowledging and stopping from elsewhere;
//! `perform`: the commands, one at a time.

mod delivery;
mod handle;
mod perform;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use carnelian_command::{FromReply, ToArg, ToArgs};
use carnelian_core::Result;
use carnelian_core::connection::liveness::as_micros;
use carnelian_core::connection::{Micros, NEVER};
use carnelian_core::consumer::{ConsumerOptions, ConsumerStats, Reader, Setup, Step, Stopped};

pub use delivery::Delivery;
pub use handle::ConsumerHandle;

use handle::Inside;

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
/// # use carnelian_blocking::{Client, Consumer};
/// # use carnelian_core::consumer::ConsumerOptions;
/// # use std::time::Duration;
/// # fn example(client: Client) -> carnelian_core::Result<()> {
/// let options = ConsumerOptions::new().claim_after(Duration::from_secs(60));
/// let jobs: Consumer = client.consumer_with("jobs", "workers", "worker-1", options);
/// for job in jobs {
///     let job = job?;
///     println!("{}: {:?}", job.id, job.fields);
///     job.ack()?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// `V` is what the fields of an entry become: a map unless told otherwise.
pub struct Consumer<V = HashMap<String, String>> {
    inside: Arc<Inside>,
    reader: Reader<V>,
}

impl Client {
    /// Reads streams (one or several keys) as the consumer of this name in a group, which is created if it is not there. See
    /// [`Consumer`].
    pub fn consumer<V: FromReply>(
        &self,
        keys: impl ToArgs,
        group: impl ToArg,
        consumer: impl ToArg,
    ) -> Consumer<V> {
        self.consumer_with(keys, group, consumer, ConsumerOptions::new())
    }

    /// Like [`consumer`](Self::consumer), as the options say.
    pub fn consumer_with<V: FromReply>(
        &self,
        keys: impl ToArgs,
        group: impl ToArg,
        consumer: impl ToArg,
        options: ConsumerOptions,
    ) -> Consumer<V> {
        let setup = Setup::new(keys, group, consumer, options);
        let reader = Reader::new(setup.clone(), self.target().clock().now());
        Consumer { inside: Arc::new(Inside::new(self.clone(), setup)), reader }
    }
}

impl<V: FromReply> Consumer<V> {
    /// The next entry, if one comes within `timeout`. `None` when none did, or when there is nothing more to come (see
    /// [`has_ended`](Self::has_ended)). A server that does not answer can make it take longer.
    ///
    /// # Errors
    ///
    /// Something that does not pass by itself: the key holds another type, the user may not read it, the group is not there
    /// and [may not be created](ConsumerOptions::existing_group), an entry can't become a `V`; failures that may pass only
    /// [if asked to](ConsumerOptions::give_up_after). The next call goes on.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Delivery<V>>> {
        let limit = self.inside.now().saturating_add(as_micros(timeout));
        self.next_until(limit).transpose()
    }

    fn next_until(&mut self, limit: Micros) -> Option<Result<Delivery<V>>> {
        let mut tried = false;
        while !self.inside.is_stopping() {
            let step = self.reader.step(self.inside.now(), &mut self.inside.hands.lock(), limit, tried);
            match step {
                Step::Deliver(entry) => return Some(Delivery::new(&self.inside, entry)),
                Step::Fail(error) => return Some(Err(error)),
                Step::Run(task) => {
                    tried |= task.waits();
                    let answer = perform::answer(&self.inside.client, task);
                    let (now, backoff) = (self.inside.now(), &self.inside.backoff);
                    self.reader.answer(now, &mut self.inside.hands.lock(), answer, backoff, random());
                }
                Step::Pause(until) => {
                    tried = true;
                    self.inside.pause(until);
                }
                Step::Late | Step::End => return None,
            }
        }
        None
    }

    /// True when nothing more will come: it was stopped, or its client closed.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.inside.is_stopping() || self.reader.has_ended()
    }

    /// Stops reading, lets what is handed out be acknowledged for as long as `patience`, and says what stays pending.
    ///
    /// # Errors
    ///
    /// The server did not say what is pending.
    pub fn stop(mut self, patience: Duration) -> Result<Stopped> {
        self.inside.stop();
        let unread = self.reader.stop();
        self.inside.let_go(patience);
        Ok(Stopped::new(unread, self.inside.pending()?))
    }

    /// A handle to acknowledge entries and to stop the consumer while a thread waits for its next entry.
    #[must_use]
    pub fn handle(&self) -> ConsumerHandle {
        ConsumerHandle::new(&self.inside)
    }

    /// What it has done so far.
    #[must_use]
    pub const fn stats(&self) -> ConsumerStats {
        self.reader.stats()
    }
}

/// Waits for the next entry for as long as it takes; ends once the consumer is stopped or its client closed.
impl<V: FromReply> Iterator for Consumer<V> {
    type Item = Result<Delivery<V>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_until(NEVER)
    }
}

impl<V> fmt::Debug for Consumer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("inside", &self.inside).finish_non_exhaustive()
    }
}
