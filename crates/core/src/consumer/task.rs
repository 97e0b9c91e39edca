//! What a reader says to a driver, and hears from it.
//!
//! The commands are typed here, so that a driver has nothing to decide: it runs the one it is given, and hands back the reply
//! under the same name.

use std::time::Duration;

use bytes::Bytes;
use carnelian_command::Command;
use carnelian_command::group::{
    AutoclaimPage, PendingEntry, PendingSummary, StreamEntries, StreamEntry, StreamGroupInfo, StreamId,
    StreamsRead,
};

use crate::Error;
use crate::connection::Micros;

use super::entry::{Decoded, Entry};

/// The reply to reading a consumer's own pending entries: one that has been deleted has no fields.
pub type History<V> = StreamsRead<StreamEntry<Option<Decoded<V>>>, Vec<u8>>;
/// The reply to reading new entries.
pub type News<V> = StreamsRead<StreamEntry<Decoded<V>>, Vec<u8>>;
/// Entries as they are, whatever the user makes of them.
pub type Plain = Vec<StreamEntry<Vec<(Bytes, Bytes)>>>;

/// What a driver is to do now. Not to be extended without the drivers, so it is matched exhaustively.
#[derive(Debug)]
pub enum Step<V> {
    /// Hand this entry out.
    Deliver(Entry<V>),
    /// Run this, and tell what came of it.
    Run(Task<V>),
    /// Ask again at this moment, or earlier.
    Pause(Micros),
    /// Hand this error out; the consumer goes on when it is asked again.
    Fail(Error),
    /// The time of this call is up.
    Late,
    /// There is nothing more.
    End,
}

/// A command to run, once: a reader repeats what has to be repeated itself. Matched exhaustively, as [`Step`] is.
#[derive(Debug)]
pub enum Task<V> {
    /// Says no more than that it is done.
    Done(Command<()>),
    /// Says how many.
    Count(Command<u64>),
    /// Lists what is pending.
    Pending(Command<Vec<PendingEntry>>),
    /// Sums up what is pending.
    Summary(Command<PendingSummary>),
    /// Lists the groups of a stream.
    Groups(Command<Vec<StreamGroupInfo>>),
    /// Hands out again what is this consumer's.
    History(Command<History<V>>),
    /// Takes over a page of what others left lying.
    Claim(Command<AutoclaimPage<StreamEntry<Decoded<V>>>>),
    /// Takes over these of what others left lying.
    ClaimThese(Command<StreamEntries<Decoded<V>>>),
    /// Hands out new entries, after waiting at the server for no longer than this.
    Read(Command<News<V>>, Duration),
    /// Reads an entry as it is.
    Plain(Command<Plain>),
    /// Adds an entry.
    Add(Command<StreamId>),
}

impl<V> Task<V> {
    /// True for the one that waits at the server for something to happen.
    #[must_use]
    pub const fn waits(&self) -> bool {
        matches!(self, Self::Read(..))
    }
}

/// The reply to a [`Task`], under the same name.
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the reply to the task of its name")]
pub enum Answer<V> {
    Done,
    Count(u64),
    Pending(Vec<PendingEntry>),
    Summary(PendingSummary),
    Groups(Vec<StreamGroupInfo>),
    History(History<V>),
    Claim(AutoclaimPage<StreamEntry<Decoded<V>>>),
    ClaimThese(StreamEntries<Decoded<V>>),
    Read(News<V>),
    Plain(Plain),
    Add(StreamId),
}
