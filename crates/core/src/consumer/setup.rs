//! Who reads what: the names of a consumer, and the commands that are built of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use carnelian_command::group::{
    BlockingStreamCommands as _, PendingSummary, StreamCommands as _, StreamConsumerCommands as _,
    StreamDelete, StreamGroupCommands as _, StreamId, StreamRange, XreadgroupOptions,
};
use carnelian_command::{Build, Command, DecodeError, FromReply, Request, ToArg, ToArgs};

use crate::{Config, Error, ErrorKind};

use super::options::{ConsumerOptions, Exhausted};
use super::task::News;

/// The key of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    bytes: Vec<u8>,
    name: Arc<str>,
}

impl Key {
    fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), name: String::from_utf8_lossy(bytes).into() }
    }

    /// As it is on the server.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As text; what is no text in it is replaced.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The names of a consumer and what its user said.
#[derive(Clone, Debug)]
pub struct Setup {
    pub(super) keys: Vec<Key>,
    pub(super) group: Vec<u8>,
    pub(super) consumer: Vec<u8>,
    pub(super) options: ConsumerOptions,
}

impl Setup {
    /// A consumer of this name in a group of all these streams.
    pub fn new(keys: impl ToArgs, group: impl ToArg, consumer: impl ToArg, options: ConsumerOptions) -> Self {
        let all = Command::<()>::new(&carnelian_command::spec::XREADGROUP).args(keys).into_request();
        let keys = all.arguments().skip(1).map(Key::new).collect();
        Self { keys, group: bytes_of(group), consumer: bytes_of(consumer), options }
    }

    /// The streams it reads.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// What the user said.
    pub const fn options(&self) -> &ConsumerOptions {
        &self.options
    }

    /// True when acknowledging an entry is to delete it too.
    #[must_use]
    pub const fn deletes(&self) -> bool {
        self.options.delete
    }

    /// How long a read of a driver may take in all that waits for so long at the server: a connection that is dead without
    /// a sign must not hold it for ever, and one is made first, if need be.
    #[must_use]
    pub fn patience(wait: Duration, config: &Config) -> Duration {
        const LEAST: Duration = Duration::from_secs(5);
        wait.saturating_add(config.timeouts().command.unwrap_or(LEAST).max(LEAST))
    }

    /// Sorts entries by their streams, since each stream takes an acknowledgement of its own.
    #[must_use]
    pub fn by_key(entries: impl IntoIterator<Item = (usize, StreamId)>) -> BTreeMap<usize, Vec<StreamId>> {
        let mut sorted = BTreeMap::<_, Vec<_>>::new();
        for (key, id) in entries {
            sorted.entry(key).or_default().push(id);
        }
        sorted
    }

    /// The error of an entry that is said to be of a stream that this consumer does not read.
    #[must_use]
    pub fn not_read() -> Error {
        Error::new(ErrorKind::Config, "this consumer does not read a stream of that key")
    }

    /// The bytes of the key of this number.
    pub(super) fn key(&self, key: usize) -> &[u8] {
        self.keys.get(key).map_or(&[], Key::as_bytes)
    }

    /// The number of the key of this name.
    #[must_use]
    pub fn number_of(&self, key: &[u8]) -> Option<usize> {
        self.keys.iter().position(|known| known.bytes == key)
    }

    /// Acknowledges entries.
    #[must_use]
    pub fn ack(&self, key: usize, ids: &[StreamId]) -> Command<u64> {
        Build.xack(self.key(key), &self.group, ids)
    }

    /// Acknowledges entries and deletes them, at once.
    #[must_use]
    pub fn ack_and_delete(&self, key: usize, ids: &[StreamId]) -> Command<Vec<StreamDelete>> {
        Build.xackdel(self.key(key), &self.group, ids)
    }

    /// Deletes entries.
    #[must_use]
    pub fn delete(&self, key: usize, ids: &[StreamId]) -> Command<u64> {
        Build.xdel(self.key(key), ids)
    }

    /// Asks what a group waits for.
    #[must_use]
    pub fn pending(&self, key: usize) -> Command<PendingSummary> {
        Build.xpending(self.key(key), &self.group)
    }

    /// How many of those this consumer has.
    #[must_use]
    pub fn pending_here(&self, summary: &PendingSummary) -> u64 {
        let here = summary.consumers.iter().filter(|(name, _)| name.as_bytes() == self.consumer);
        here.map(|(_, count)| count).sum()
    }

    /// The error of an entry whose fields can't become what the user asked for.
    #[must_use]
    pub fn unreadable(&self, key: usize, id: StreamId, error: &DecodeError) -> Error {
        let stream = self.keys.get(key).map_or("", Key::name);
        Error::new(
            ErrorKind::Decode,
            format!("entry {id} of the stream {stream} can't be read and stays pending: {error}"),
        )
    }

    /// How long an entry must have been left alone to be taken over.
    pub(super) fn claim_after(&self) -> Duration {
        self.options.claim_after.unwrap_or(Duration::MAX)
    }

    /// Reads new entries of all streams.
    pub(super) fn read<V: FromReply>(&self, wait: Duration) -> Command<News<V>> {
        let keys: Vec<&[u8]> = self.keys.iter().map(Key::as_bytes).collect();
        let batch = XreadgroupOptions::new().count(self.options.batch);
        Build.xreadgroup_block_with(&self.group, &self.consumer, keys, wait, batch)
    }

    /// Adds an entry to the dead letters: its fields, and where it came from.
    pub(super) fn dead_letter(
        &self,
        key: usize,
        id: StreamId,
        deliveries: u64,
        fields: &[(Bytes, Bytes)],
    ) -> Command<StreamId> {
        let stream = match &self.options.exhausted {
            Exhausted::DeadLetters(stream) => stream.as_str(),
            Exhausted::HandOut => "",
        };
        let note =
            |name: &'static str, value: Vec<u8>| (Bytes::from_static(name.as_bytes()), Bytes::from(value));
        let mut all = fields.to_vec();
        all.extend([
            note("dead.stream", self.key(key).to_vec()),
            note("dead.group", self.group.clone()),
            note("dead.id", id.to_string().into_bytes()),
            note("dead.deliveries", deliveries.to_string().into_bytes()),
        ]);
        Build.xadd(stream, all)
    }

    /// Everything from `from` on.
    pub(super) fn from(from: StreamId) -> StreamRange {
        StreamRange::from(from..)
    }
}

fn bytes_of(argument: impl ToArg) -> Vec<u8> {
    let mut request = Request::unknown(&[]);
    request.push(argument);
    request.arguments().next().unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_or_several() {
        let keys =
            |setup: Setup| -> Vec<String> { setup.keys().iter().map(|key| key.name().to_owned()).collect() };
        assert_eq!(keys(Setup::new("a", "g", "c", ConsumerOptions::new())), ["a"]);
        let setup = Setup::new(["a", "b"], "g", "c", ConsumerOptions::new());
        assert_eq!((setup.number_of(b"b"), setup.number_of(b"c")), (Some(1), None));
        assert_eq!(keys(setup), ["a", "b"]);
        assert_eq!(keys(Setup::new((), "g", "c", ConsumerOptions::new())).len(), 0);
    }
}
