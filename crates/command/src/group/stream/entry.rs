//! Entries of streams as they come in replies.

use std::collections::HashMap;
use std::ops::Deref;
use std::time::Duration;

use carnelian_resp::{Reader, Token};

use super::{StreamId, idle};
use crate::{DecodeError, FromReply};

/// An entry of a stream: its ID and its fields with their values.
///
/// `V` is what the fields become: a map unless told otherwise; `Vec<(String, Bytes)>` keeps their order, and fields that
/// come twice.
///
/// ```
/// use carnelian_command::{Build, Command, group::{StreamCommands as _, StreamEntry}};
///
/// let all: Command<Vec<StreamEntry>> = Build.xrange("news", ..);
/// let in_order: Command<Vec<StreamEntry<Vec<(String, String)>>>> = Build.xrange("news", ..);
/// # let _ = (all, in_order);
/// ```
///
/// It will have no other parts, so it may be built and taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamEntry<V = HashMap<String, String>> {
    /// Its ID.
    pub id: StreamId,
    /// Its fields with their values.
    pub fields: V,
}

impl<V: FromReply> FromReply for StreamEntry<V> {
    const SHARES: bool = V::SHARES;
    const TEXT: bool = V::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = open(2, reader)?;
        let entry = Self { id: StreamId::from_reply(reader)?, fields: V::from_reply(reader)? };
        skip(more, reader)?;
        Ok(entry)
    }
}

/// Opens a list of `parts`; how many more there are, which a server of tomorrow may add.
pub(super) fn open(parts: usize, reader: &mut Reader<'_>) -> Result<usize, DecodeError> {
    match reader.token()? {
        Token::Array(count) => count.checked_sub(parts).ok_or_else(|| {
            DecodeError::invalid(format!("a list of {count} came where {parts} parts are known"))
        }),
        other => Err(DecodeError::mismatch("a list of parts", &other)),
    }
}

/// Passes over so many elements.
pub(super) fn skip(elements: usize, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    for _ in 0..elements {
        reader.skip()?;
    }
    Ok(())
}

/// A list without what is nil in it. Servers before 7.0 put nil for a claimed entry that has been deleted; later ones
/// leave it out.
pub(super) fn present<T: FromReply>(reader: &mut Reader<'_>) -> Result<Vec<T>, DecodeError> {
    Ok(Vec::<Option<T>>::from_reply(reader)?.into_iter().flatten().collect())
}

/// The entries that XCLAIM has claimed. Behaves as a slice, and gives itself up as an iterator or a `Vec`.
///
/// Entries that are deleted meanwhile are not among them, whatever the version of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntries<V = HashMap<String, String>> {
    entries: Vec<StreamEntry<V>>,
}

impl<V> StreamEntries<V> {
    /// The entries alone.
    #[must_use]
    pub fn into_vec(self) -> Vec<StreamEntry<V>> {
        self.entries
    }
}

impl<V> Deref for StreamEntries<V> {
    type Target = [StreamEntry<V>];

    fn deref(&self) -> &[StreamEntry<V>] {
        &self.entries
    }
}

impl<V> IntoIterator for StreamEntries<V> {
    type Item = StreamEntry<V>;
    type IntoIter = std::vec::IntoIter<StreamEntry<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, V> IntoIterator for &'a StreamEntries<V> {
    type Item = &'a StreamEntry<V>;
    type IntoIter = std::slice::Iter<'a, StreamEntry<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<V: FromReply> FromReply for StreamEntries<V> {
    const SHARES: bool = V::SHARES;
    const TEXT: bool = V::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        present(reader).map(|entries| Self { entries })
    }
}

/// An entry that XREADGROUP hands out where it also claims what others left lying (CLAIM).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StreamDelivery<V = HashMap<String, String>> {
    /// Its ID.
    pub id: StreamId,
    /// Its fields with their values.
    pub fields: V,
    /// How long it had been waiting for its acknowledgement; zero for a new entry.
    pub idle: Duration,
    /// How often it had been handed out before; 0 for a new entry.
    pub deliveries: u64,
}

impl<V: FromReply> FromReply for StreamDelivery<V> {
    const SHARES: bool = V::SHARES;
    const TEXT: bool = V::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = open(4, reader)?;
        let (id, fields) = (StreamId::from_reply(reader)?, V::from_reply(reader)?);
        let idle = idle::duration(i64::from_reply(reader)?).unwrap_or_default();
        let delivery = Self { id, fields, idle, deliveries: u64::from_reply(reader)? };
        skip(more, reader)?;
        Ok(delivery)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::reply::tests::read;

    const ONE: &str = "*2\r\n$3\r\n5-0\r\n*4\r\n$1\r\nf\r\n$1\r\n1\r\n$1\r\ng\r\n$1\r\n2\r\n";
    type Pairs = Vec<(String, Bytes)>;

    /// The fields are a flat list in both protocols.
    #[test]
    fn fields_become_what_is_asked_for() {
        let id = StreamId::new(5, 0);
        let map = HashMap::from([("f".to_owned(), "1".to_owned()), ("g".to_owned(), "2".to_owned())]);
        assert_eq!(read::<StreamEntry>(ONE), Ok(StreamEntry { id, fields: map }));
        let pairs = vec![("f".to_owned(), Bytes::from("1")), ("g".to_owned(), Bytes::from("2"))];
        assert_eq!(read::<StreamEntry<Pairs>>(ONE), Ok(StreamEntry { id, fields: pairs }));
        let one = read::<StreamEntry<(String, i64)>>("*2\r\n$3\r\n5-0\r\n*2\r\n+n\r\n$1\r\n7\r\n");
        assert_eq!(one, Ok(StreamEntry { id, fields: ("n".to_owned(), 7) }));
        assert!(read::<StreamEntry>("*1\r\n$3\r\n5-0\r\n").is_err());
    }

    #[test]
    fn a_deleted_entry_has_no_fields() {
        for reply in ["*2\r\n$3\r\n5-0\r\n*-1\r\n", "*2\r\n$3\r\n5-0\r\n_\r\n"] {
            let deleted = StreamEntry { id: StreamId::new(5, 0), fields: None };
            assert_eq!(read::<StreamEntry<Option<Pairs>>>(reply), Ok(deleted));
            assert!(read::<StreamEntry<Pairs>>(reply).unwrap_err().to_string().contains("Option"));
        }
    }

    /// Redis 6.2 puts nil in place of a claimed entry that is gone.
    #[test]
    fn claimed_entries_that_are_gone_are_left_out() {
        for nil in ["*-1\r\n", "$-1\r\n", "_\r\n"] {
            let claimed: StreamEntries = read(&format!("*2\r\n{nil}{ONE}")).unwrap();
            assert_eq!((claimed.len(), claimed[0].id), (1, StreamId::new(5, 0)));
            assert_eq!((&claimed).into_iter().count(), claimed.clone().into_vec().len());
            assert_eq!(claimed.into_iter().count(), 1);
        }
    }

    #[test]
    fn deliveries_and_parts_of_tomorrow() {
        let reply = "*5\r\n$3\r\n5-0\r\n*0\r\n:1500\r\n:3\r\n+more\r\n";
        let delivery: StreamDelivery<Pairs> = read(reply).unwrap();
        assert_eq!((delivery.idle, delivery.deliveries), (Duration::from_millis(1500), 3));
        let entry: StreamEntry<Pairs> = read(reply).unwrap();
        assert_eq!((entry.id, entry.fields), (delivery.id, vec![]));
    }
}
