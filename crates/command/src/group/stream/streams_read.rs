//! The reply of XREAD and XREADGROUP: pairs of key and entries in RESP2, a map in RESP3, nil for nothing.

use std::ops::Deref;

use carnelian_resp::Reader;

use super::StreamEntry;
use crate::{DecodeError, FromReply};

/// What was read: for each stream that has something, its key and its entries. Empty where there was nothing to read, or
/// the time to wait for it was up.
///
/// Behaves as a slice of pairs. `E` is what an entry becomes, `K` what a key becomes.
///
/// ```
/// use carnelian_command::{Build, Command, group::{StreamCommands as _, StreamId, StreamsRead}};
///
/// let read: Command<StreamsRead> = Build.xread([("news", StreamId::MIN), ("mail", StreamId::MIN)]);
/// # let _ = read;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamsRead<E = StreamEntry, K = String> {
    streams: Vec<(K, Vec<E>)>,
}

impl<E, K> StreamsRead<E, K> {
    /// The entries of one stream; none, if it is not among those read.
    #[must_use]
    pub fn of<Q: ?Sized>(&self, key: &Q) -> &[E]
    where
        K: PartialEq<Q>,
    {
        self.streams.iter().find(|(name, _)| name == key).map_or(&[], |(_, entries)| entries)
    }

    /// The entries of all streams, one stream after the other.
    pub fn entries(&self) -> impl Iterator<Item = &E> {
        self.streams.iter().flat_map(|(_, entries)| entries)
    }

    /// The entries of all streams, one stream after the other: what is wanted where only one was read.
    #[must_use]
    pub fn into_entries(self) -> Vec<E> {
        self.streams.into_iter().flat_map(|(_, entries)| entries).collect()
    }

    /// The pairs alone.
    #[must_use]
    pub fn into_vec(self) -> Vec<(K, Vec<E>)> {
        self.streams
    }
}

impl<E, K> Default for StreamsRead<E, K> {
    fn default() -> Self {
        Self { streams: Vec::new() }
    }
}

/// As if it had been read: for tests of what becomes of it.
impl<E, K> From<Vec<(K, Vec<E>)>> for StreamsRead<E, K> {
    fn from(streams: Vec<(K, Vec<E>)>) -> Self {
        Self { streams }
    }
}

impl<E, K> Deref for StreamsRead<E, K> {
    type Target = [(K, Vec<E>)];

    fn deref(&self) -> &[(K, Vec<E>)] {
        &self.streams
    }
}

impl<E, K> IntoIterator for StreamsRead<E, K> {
    type Item = (K, Vec<E>);
    type IntoIter = std::vec::IntoIter<(K, Vec<E>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.streams.into_iter()
    }
}

impl<'a, E, K> IntoIterator for &'a StreamsRead<E, K> {
    type Item = &'a (K, Vec<E>);
    type IntoIter = std::slice::Iter<'a, (K, Vec<E>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.streams.iter()
    }
}

impl<E: FromReply, K: FromReply> FromReply for StreamsRead<E, K> {
    const SHARES: bool = E::SHARES || K::SHARES;
    const TEXT: bool = E::TEXT || K::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let streams = Option::<Vec<(K, Vec<E>)>>::from_reply(reader)?;
        Ok(Self { streams: streams.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::StreamId;
    use super::*;
    use crate::reply::tests::read;

    const ENTRIES: &str = "*1\r\n*2\r\n$3\r\n5-0\r\n*2\r\n+f\r\n+v\r\n";

    #[test]
    fn both_protocols_say_the_same() {
        let resp2 = format!("*2\r\n*2\r\n$1\r\na\r\n{ENTRIES}*2\r\n$1\r\nb\r\n{ENTRIES}");
        let resp3 = format!("%2\r\n$1\r\na\r\n{ENTRIES}$1\r\nb\r\n{ENTRIES}");
        let (one, other): (StreamsRead, StreamsRead) = (read(&resp2).unwrap(), read(&resp3).unwrap());
        assert_eq!(one, other);
        assert_eq!((one.len(), one.entries().count(), one.of("b").len(), one.of("c").len()), (2, 2, 1, 0));
        assert_eq!(one.of("a")[0].id, StreamId::new(5, 0));
        assert_eq!((&one).into_iter().count(), 2);
        assert_eq!(one.clone().into_entries().len(), one.clone().into_iter().count());
        assert_eq!(one.clone().into_vec()[1].0, "b");
        assert_eq!(StreamsRead::from(one.clone().into_vec()), one);
        let single = format!("*1\r\n*2\r\n$1\r\na\r\n{ENTRIES}");
        let single: StreamsRead<StreamEntry, Vec<u8>> = read(&single).unwrap();
        assert_eq!((single.len(), &single[0].0[..]), (1, &b"a"[..]));
    }

    #[test]
    fn nothing_is_empty() {
        for nil in ["*-1\r\n", "_\r\n", "*0\r\n", "%0\r\n"] {
            assert_eq!(read::<StreamsRead>(nil), Ok(StreamsRead::default()));
        }
    }
}
