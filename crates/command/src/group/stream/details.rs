//! The long form of what a server tells about a stream: XINFO STREAM FULL.

use std::collections::HashMap;
use std::time::SystemTime;

use carnelian_resp::Reader;

use super::entry::{open, skip};
use super::fields::Fields;
use super::info::StreamTotals;
use super::pending::owner;
use super::{StreamEntry, StreamId, idle};
use crate::{DecodeError, FromReply};

/// What XINFO STREAM FULL tells: the stream with its entries, its groups, their consumers, and what is pending. What a
/// younger server adds is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamDetails<V = HashMap<String, String>> {
    /// The stream as a whole.
    pub totals: StreamTotals,
    /// Its oldest entries, as many as were asked for.
    pub entries: Vec<StreamEntry<V>>,
    /// Its consumer groups.
    pub groups: Vec<StreamGroupDetails>,
}

impl<V: FromReply> FromReply for StreamDetails<V> {
    const SHARES: bool = V::SHARES;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader)?;
        Ok(Self {
            totals: StreamTotals::of(&fields)?,
            entries: fields.required("entries")?,
            groups: fields.required("groups")?,
        })
    }
}

/// A consumer group within [`StreamDetails`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamGroupDetails {
    /// Its name.
    pub name: String,
    /// The ID of the last entry that it has handed out as a new one.
    pub last_delivered_id: StreamId,
    /// How many of the stream's entries it has come past; `None` when the server can't tell. Since Redis 7.0.
    pub entries_read: Option<u64>,
    /// How many entries it has still before it; `None` when the server can't tell. Since Redis 7.0.
    pub lag: Option<u64>,
    /// How many entries it has handed out and waits for.
    pub pel_count: u64,
    /// The first of these, as many as were asked for.
    pub pending: Vec<GroupPending>,
    /// Its consumers.
    pub consumers: Vec<StreamConsumerDetails>,
}

impl FromReply for StreamGroupDetails {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader)?;
        Ok(Self {
            name: fields.required("name")?,
            last_delivered_id: fields.required("last-delivered-id")?,
            entries_read: fields.optional("entries-read")?,
            lag: fields.optional("lag")?,
            pel_count: fields.required("pel-count")?,
            pending: fields.required("pending")?,
            consumers: fields.required("consumers")?,
        })
    }
}

/// A consumer within [`StreamGroupDetails`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamConsumerDetails {
    /// Its name.
    pub name: String,
    /// When it asked for entries last. Before Redis 7.2: and got any.
    pub seen_time: Option<SystemTime>,
    /// When it got any; `None` for never, and before Redis 7.2.
    pub active_time: Option<SystemTime>,
    /// How many entries it has been handed out and has not acknowledged.
    pub pel_count: u64,
    /// The first of these, as many as were asked for.
    pub pending: Vec<ConsumerPending>,
}

impl FromReply for StreamConsumerDetails {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader)?;
        Ok(Self {
            name: fields.required("name")?,
            seen_time: idle::time(fields.required("seen-time")?),
            active_time: fields.optional("active-time")?.and_then(idle::time),
            pel_count: fields.required("pel-count")?,
            pending: fields.required("pending")?,
        })
    }
}

/// An entry that a group has handed out, within [`StreamGroupDetails`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupPending {
    /// Its ID.
    pub id: StreamId,
    /// Who has it; `None` when its consumer gave it back.
    pub consumer: Option<String>,
    /// When it was handed out.
    pub delivered: Option<SystemTime>,
    /// How often it has been handed out.
    pub deliveries: u64,
}

impl FromReply for GroupPending {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = open(4, reader)?;
        let pending = Self {
            id: StreamId::from_reply(reader)?,
            consumer: owner(reader)?,
            delivered: idle::time(i64::from_reply(reader)?),
            deliveries: u64::from_reply(reader)?,
        };
        skip(more, reader)?;
        Ok(pending)
    }
}

/// An entry that a consumer has been handed out, within [`StreamConsumerDetails`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerPending {
    /// Its ID.
    pub id: StreamId,
    /// When it was handed out.
    pub delivered: Option<SystemTime>,
    /// How often it has been handed out.
    pub deliveries: u64,
}

impl FromReply for ConsumerPending {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = open(3, reader)?;
        let pending = Self {
            id: StreamId::from_reply(reader)?,
            delivered: idle::time(i64::from_reply(reader)?),
            deliveries: u64::from_reply(reader)?,
        };
        skip(more, reader)?;
        Ok(pending)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::reply::tests::read;

    /// A list of names and values as either protocol has it.
    fn map(resp3: bool, parts: &[(&str, &str)]) -> String {
        let head = if resp3 { format!("%{}\r\n", parts.len()) } else { format!("*{}\r\n", parts.len() * 2) };
        let body: String = parts.iter().map(|(name, value)| format!("+{name}\r\n{value}")).collect();
        head + &body
    }

    fn reply(resp3: bool) -> String {
        let consumer = map(
            resp3,
            &[
                ("name", "+c\r\n"),
                ("seen-time", ":1500\r\n"),
                ("active-time", ":-1\r\n"),
                ("pel-count", ":1\r\n"),
                ("pending", "*1\r\n*3\r\n+5-0\r\n:1500\r\n:2\r\n"),
            ],
        );
        let group = map(
            resp3,
            &[
                ("name", "+g\r\n"),
                ("last-delivered-id", "+5-0\r\n"),
                ("pel-count", ":1\r\n"),
                ("pending", "*1\r\n*4\r\n+5-0\r\n+c\r\n:1500\r\n:2\r\n"),
                ("consumers", &format!("*1\r\n{consumer}")),
            ],
        );
        let stream = [
            ("length", ":1\r\n"),
            ("radix-tree-keys", ":1\r\n"),
            ("radix-tree-nodes", ":2\r\n"),
            ("last-generated-id", "+5-0\r\n"),
            ("entries", "*1\r\n*2\r\n+5-0\r\n*2\r\n+f\r\n+v\r\n"),
            ("groups", &format!("*1\r\n{group}")),
        ];
        map(resp3, &stream)
    }

    #[test]
    fn both_protocols_say_the_same() {
        let (one, other): (StreamDetails, StreamDetails) =
            (read(&reply(false)).unwrap(), read(&reply(true)).unwrap());
        assert_eq!(one, other);
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        let group = &one.groups[0];
        assert_eq!((one.entries.len(), group.pel_count, group.lag), (1, 1, None));
        assert_eq!((group.pending[0].consumer.as_deref(), group.pending[0].delivered), (Some("c"), Some(at)));
        let consumer = &group.consumers[0];
        assert_eq!((consumer.seen_time, consumer.active_time), (Some(at), None));
        assert_eq!((consumer.pending[0].id, consumer.pending[0].deliveries), (StreamId::new(5, 0), 2));
    }
}
