//! What XREAD and XREADGROUP are asked: which streams from where on, and how much of them.
//!
//! From where a stream can be read differs by who reads, so each place has the type of what it takes: a read that does not
//! wait can't ask for what comes later, since it would never get anything.

use std::collections::{BTreeMap, HashMap};

use super::StreamId;
use crate::{ArgWriter, Command, FromReply, ToArg, ToArgs};

/// From where on XREAD reads a stream.
///
/// There will be no other places, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamStart {
    /// The entries after this ID; after [`StreamId::MIN`] they are all of them. Give the ID of the last entry to go on
    /// from there.
    After(StreamId),
    /// The last entry of the stream, `+`. Since Redis 7.4, Valkey 8.0.
    Last,
}

impl From<StreamId> for StreamStart {
    fn from(id: StreamId) -> Self {
        Self::After(id)
    }
}

impl ToArg for StreamStart {
    fn write(&self, to: &mut ArgWriter<'_>) {
        match self {
            Self::After(id) => id.write(to),
            Self::Last => to.write(b"+"),
        }
    }
}

/// From where on XREAD reads a stream when it may wait.
///
/// There will be no other places, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamWaitStart {
    /// The entries after this ID.
    After(StreamId),
    /// The last entry of the stream, `+`; the first that comes, if it is empty. Since Redis 7.4, Valkey 8.0.
    Last,
    /// What comes after the call, `$`. Use it for the first call only, and the ID of the last entry from then on: else what
    /// comes between two calls is missed.
    New,
}

impl From<StreamId> for StreamWaitStart {
    fn from(id: StreamId) -> Self {
        Self::After(id)
    }
}

impl From<StreamStart> for StreamWaitStart {
    fn from(start: StreamStart) -> Self {
        match start {
            StreamStart::After(id) => Self::After(id),
            StreamStart::Last => Self::Last,
        }
    }
}

impl ToArg for StreamWaitStart {
    fn write(&self, to: &mut ArgWriter<'_>) {
        match self {
            Self::After(id) => id.write(to),
            Self::Last => to.write(b"+"),
            Self::New => to.write(b"$"),
        }
    }
}

/// Streams to read, each with the place to begin at (a `P`): a tuple, a list of tuples, or a map, such as one of the
/// last IDs that were seen.
///
/// ```
/// use std::collections::HashMap;
/// use carnelian_command::{Build, group::{StreamCommands as _, StreamId, StreamStart}};
///
/// Build.xread::<HashMap<String, String>, String>(("news", StreamId::MIN));
/// Build.xread::<HashMap<String, String>, String>([("news", StreamStart::Last), ("mail", StreamStart::Last)]);
/// let seen = HashMap::from([("news", StreamId::new(5, 0)), ("mail", StreamId::MIN)]);
/// Build.xread::<HashMap<String, String>, String>(&seen);
/// ```
///
/// What comes later can only be waited for:
///
/// ```compile_fail,E0277
/// # use std::collections::HashMap;
/// # use carnelian_command::{Build, group::{StreamCommands as _, StreamWaitStart}};
/// Build.xread::<HashMap<String, String>, String>(("news", StreamWaitStart::New));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be streams to read from a `{P}` on",
    note = "a tuple `(key, id)`, an array, slice or `Vec` of tuples, or a map can; what comes later (`StreamWaitStart::New`) can only be waited for, with `xread_block`"
)]
pub trait ToStreams<P> {
    /// How many streams there are.
    fn streams(&self) -> usize;

    /// Writes the keys of them all.
    fn write_keys(&self, to: &mut ArgWriter<'_>);

    /// Writes for each key, in the same order, from where on.
    fn write_starts(&self, to: &mut ArgWriter<'_>);
}

fn write_keys<K: ToArg, S>(streams: impl IntoIterator<Item = (K, S)>, to: &mut ArgWriter<'_>) {
    for (key, _) in streams {
        key.write(to);
    }
}

fn write_starts<'a, K, P: ToArg, S: Copy + Into<P> + 'a>(
    streams: impl IntoIterator<Item = (K, &'a S)>,
    to: &mut ArgWriter<'_>,
) {
    for (_, start) in streams {
        let start: P = (*start).into();
        start.write(to);
    }
}

impl<P, T: ToStreams<P> + ?Sized> ToStreams<P> for &T {
    fn streams(&self) -> usize {
        (**self).streams()
    }

    fn write_keys(&self, to: &mut ArgWriter<'_>) {
        (**self).write_keys(to);
    }

    fn write_starts(&self, to: &mut ArgWriter<'_>) {
        (**self).write_starts(to);
    }
}

impl<K: ToArg, P: ToArg, S: Copy + Into<P>> ToStreams<P> for (K, S) {
    fn streams(&self) -> usize {
        1
    }

    fn write_keys(&self, to: &mut ArgWriter<'_>) {
        self.0.write(to);
    }

    fn write_starts(&self, to: &mut ArgWriter<'_>) {
        let start: P = self.1.into();
        start.write(to);
    }
}

impl<K: ToArg, P: ToArg, S: Copy + Into<P>> ToStreams<P> for [(K, S)] {
    fn streams(&self) -> usize {
        self.len()
    }

    fn write_keys(&self, to: &mut ArgWriter<'_>) {
        write_keys(self.iter().map(|(key, start)| (key, start)), to);
    }

    fn write_starts(&self, to: &mut ArgWriter<'_>) {
        write_starts::<_, P, S>(self.iter().map(|(key, start)| (key, start)), to);
    }
}

impl<K: ToArg, P: ToArg, S: Copy + Into<P>, const N: usize> ToStreams<P> for [(K, S); N] {
    fn streams(&self) -> usize {
        N
    }

    fn write_keys(&self, to: &mut ArgWriter<'_>) {
        ToStreams::<P>::write_keys(self.as_slice(), to);
    }

    fn write_starts(&self, to: &mut ArgWriter<'_>) {
        ToStreams::<P>::write_starts(self.as_slice(), to);
    }
}

impl<K: ToArg, P: ToArg, S: Copy + Into<P>> ToStreams<P> for Vec<(K, S)> {
    fn streams(&self) -> usize {
        self.len()
    }

    fn write_keys(&self, to: &mut ArgWriter<'_>) {
        ToStreams::<P>::write_keys(self.as_slice(), to);
    }

    fn write_starts(&self, to: &mut ArgWriter<'_>) {
        ToStreams::<P>::write_starts(self.as_slice(), to);
    }
}

impl<K: ToArg, P: ToArg, S: Copy + Into<P>, H> ToStreams<P> for HashMap<K, S, H> {
    fn streams(&self) -> usize {
        self.len()
    }

    fn write_keys(&self, to: &mut ArgWriter<'_>) {
        write_keys(self, to);
    }

    fn write_starts(&self, to: &mut ArgWriter<'_>) {
        write_starts::<_, P, S>(self, to);
    }
}

impl<K: ToArg, P: ToArg, S: Copy + Into<P>> ToStreams<P> for BTreeMap<K, S> {
    fn streams(&self) -> usize {
        self.len()
    }

    fn write_keys(&self, to: &mut ArgWriter<'_>) {
        write_keys(self, to);
    }

    fn write_starts(&self, to: &mut ArgWriter<'_>) {
        write_starts::<_, P, S>(self, to);
    }
}

/// The keys of streams as a list of arguments, and then their places as another: the command has all keys first.
struct Keys<'a, T, P>(&'a T, std::marker::PhantomData<P>);
struct Starts<'a, T, P>(&'a T, std::marker::PhantomData<P>);

impl<P, T: ToStreams<P>> ToArgs for Keys<'_, T, P> {
    fn count(&self) -> usize {
        self.0.streams()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.0.write_keys(to);
    }
}

impl<P, T: ToStreams<P>> ToArgs for Starts<'_, T, P> {
    fn count(&self) -> usize {
        self.0.streams()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.0.write_starts(to);
    }
}

/// Adds who reads.
pub(super) fn as_consumer<R: FromReply>(
    command: Command<R>,
    group: impl ToArg,
    consumer: impl ToArg,
) -> Command<R> {
    command.arg("GROUP").arg(group).arg(consumer)
}

/// Adds `STREAMS`, the keys, and from where on each is read.
pub(super) fn add_streams<R: FromReply, P>(command: Command<R>, streams: &impl ToStreams<P>) -> Command<R> {
    let (keys, starts) = (Keys(streams, std::marker::PhantomData), Starts(streams, std::marker::PhantomData));
    command.arg("STREAMS").keys(keys).args(starts)
}

/// Adds `STREAMS`, the keys, and for each that its new entries are wanted.
pub(super) fn add_new_of<R: FromReply>(command: Command<R>, keys: &impl ToArgs) -> Command<R> {
    command.arg("STREAMS").keys(keys).args(vec![">"; keys.count()])
}

/// How much XREAD gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XreadOptions {
    count: Option<u64>,
    maxcount: Option<u64>,
    maxsize: Option<u64>,
}

impl XreadOptions {
    /// All there is.
    pub const fn new() -> Self {
        Self { count: None, maxcount: None, maxsize: None }
    }

    /// At most this many entries of each stream.
    pub const fn count(mut self, entries: u64) -> Self {
        self.count = Some(entries);
        self
    }

    /// At most this many entries of all streams together, no less than [`count`](Self::count). The streams come first that
    /// are named first. Since Redis 8.10, not in Valkey.
    pub const fn maxcount(mut self, entries: u64) -> Self {
        self.maxcount = Some(entries);
        self
    }

    /// A reply of this many bytes at most, but one entry however large it is. Since Redis 8.10, not in Valkey.
    pub const fn maxsize(mut self, bytes: u64) -> Self {
        self.maxsize = Some(bytes);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        let limits = [("COUNT", self.count), ("MAXCOUNT", self.maxcount), ("MAXSIZE", self.maxsize)];
        for (word, limit) in limits {
            if let Some(limit) = limit {
                command = command.arg(word).arg(limit);
            }
        }
        command
    }
}

/// How much XREADGROUP hands out, and whether the group remembers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XreadgroupOptions {
    limits: XreadOptions,
    noack: bool,
}

impl XreadgroupOptions {
    /// All there is, to be acknowledged.
    pub const fn new() -> Self {
        Self { limits: XreadOptions::new(), noack: false }
    }

    /// At most this many entries of each stream.
    pub const fn count(mut self, entries: u64) -> Self {
        self.limits = self.limits.count(entries);
        self
    }

    /// At most this many entries of all streams together, no less than [`count`](Self::count). The streams come first that
    /// are named first. Since Redis 8.10, not in Valkey.
    pub const fn maxcount(mut self, entries: u64) -> Self {
        self.limits = self.limits.maxcount(entries);
        self
    }

    /// A reply of this many bytes at most, but one entry however large it is. Since Redis 8.10, not in Valkey.
    pub const fn maxsize(mut self, bytes: u64) -> Self {
        self.limits = self.limits.maxsize(bytes);
        self
    }

    /// What is handed out counts as acknowledged (NOACK): an entry is lost with the consumer that has it, or with the reply.
    pub const fn noack(mut self) -> Self {
        self.noack = true;
        self
    }

    /// Adds what stands before BLOCK and CLAIM.
    pub(super) fn add_limits_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        self.limits.add_to(command)
    }

    /// Adds what stands behind them.
    pub(super) fn add_noack_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        command.word_if(self.noack, "NOACK")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    fn words<P>(streams: impl ToStreams<P>) -> String {
        let command = add_streams(Command::<()>::new(&spec::XREAD), &streams);
        let words: Vec<_> = command.request().arguments().skip(1).map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn all_keys_come_first() {
        let (five, six) = (StreamId::new(5, 0), StreamId::new(6, 0));
        let both = [("a", five), ("b", six)];
        for line in [
            words::<StreamStart>(both),
            words::<StreamStart>(both.to_vec()),
            words::<StreamStart>(&both[..]),
            words::<StreamWaitStart>(BTreeMap::from(both)),
            words::<StreamId>(both),
        ] {
            assert_eq!(line, "STREAMS a b 5-0 6-0");
        }
        assert_eq!(words::<StreamWaitStart>(("a", StreamStart::Last)), "STREAMS a +");
        assert_eq!(words::<StreamWaitStart>(("a", StreamWaitStart::New)), "STREAMS a $");
        let map = HashMap::from(both);
        let line = words::<StreamStart>(&map);
        assert!(["STREAMS a b 5-0 6-0", "STREAMS b a 6-0 5-0"].contains(&line.as_str()), "{line}");
        let count: [usize; 3] = [
            ToStreams::<StreamId>::streams(&map),
            ToStreams::<StreamId>::streams(&("a", five)),
            ToStreams::<StreamId>::streams(&both),
        ];
        assert_eq!(count, [2, 1, 2]);
    }

    #[test]
    fn keys_are_marked() {
        let command = add_new_of(Command::<()>::new(&spec::XREADGROUP), &["a", "b"]);
        assert_eq!(command.request().key_bits(), 0b1100);
        assert_eq!(command.request().arguments().last(), Some(&b">"[..]));
    }
}
