//! What a server tells about a stream, its groups and their consumers: XINFO.

use std::collections::HashMap;
use std::time::Duration;

use carnelian_resp::Reader;

use super::fields::Fields;
use super::{StreamEntry, StreamId, idle};
use crate::{DecodeError, FromReply};

/// What is known of a stream as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamTotals {
    /// How many entries it has.
    pub length: u64,
    /// How many blocks of entries it keeps.
    pub radix_tree_keys: u64,
    /// How many nodes the tree has that leads to them.
    pub radix_tree_nodes: u64,
    /// The greatest ID that it has ever had.
    pub last_generated_id: StreamId,
    /// The greatest ID that was ever deleted from it; [`StreamId::MIN`] if none was. Since Redis 7.0.
    pub max_deleted_entry_id: Option<StreamId>,
    /// How many entries were ever added to it. Since Redis 7.0.
    pub entries_added: Option<u64>,
    /// The ID of its first entry; [`StreamId::MIN`] if it is empty. Since Redis 7.0.
    pub recorded_first_entry_id: Option<StreamId>,
    /// What it remembers of its producers' messages. Since Redis 8.6, not in Valkey.
    pub idmp: Option<IdmpInfo>,
}

impl StreamTotals {
    pub(super) fn of(fields: &Fields<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            length: fields.required("length")?,
            radix_tree_keys: fields.required("radix-tree-keys")?,
            radix_tree_nodes: fields.required("radix-tree-nodes")?,
            last_generated_id: fields.required("last-generated-id")?,
            max_deleted_entry_id: fields.optional("max-deleted-entry-id")?,
            entries_added: fields.optional("entries-added")?,
            recorded_first_entry_id: fields.optional("recorded-first-entry-id")?,
            idmp: IdmpInfo::of(fields)?,
        })
    }
}

/// What a stream remembers of the messages that were added with [`XaddOptions::idmp`](super::XaddOptions::idmp).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdmpInfo {
    /// For how long.
    pub duration: Duration,
    /// How many of each producer.
    pub maxsize: u64,
    /// How many producers it remembers now.
    pub pids_tracked: u64,
    /// How many messages it remembers now.
    pub iids_tracked: u64,
    /// How many messages were added that way.
    pub iids_added: u64,
    /// How many were not added, since they had been already.
    pub iids_duplicates: u64,
}

impl IdmpInfo {
    fn of(fields: &Fields<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(seconds) = fields.optional("idmp-duration")? else { return Ok(None) };
        let number = |name| Ok::<_, DecodeError>(fields.optional(name)?.unwrap_or_default());
        Ok(Some(Self {
            duration: Duration::from_secs(seconds),
            maxsize: number("idmp-maxsize")?,
            pids_tracked: number("pids-tracked")?,
            iids_tracked: number("iids-tracked")?,
            iids_added: number("iids-added")?,
            iids_duplicates: number("iids-duplicates")?,
        }))
    }
}

/// What XINFO STREAM tells. What a younger server adds is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo<V = HashMap<String, String>> {
    /// The stream as a whole.
    pub totals: StreamTotals,
    /// How many consumer groups it has.
    pub groups: u64,
    /// Its oldest entry.
    pub first_entry: Option<StreamEntry<V>>,
    /// Its newest entry.
    pub last_entry: Option<StreamEntry<V>>,
}

impl<V: FromReply> FromReply for StreamInfo<V> {
    const SHARES: bool = V::SHARES;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader)?;
        Ok(Self {
            totals: StreamTotals::of(&fields)?,
            groups: fields.required("groups")?,
            first_entry: fields.optional("first-entry")?,
            last_entry: fields.optional("last-entry")?,
        })
    }
}

/// What XINFO GROUPS tells of a consumer group. What a younger server adds is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamGroupInfo {
    /// Its name.
    pub name: String,
    /// How many consumers it has.
    pub consumers: u64,
    /// How many entries it has handed out and waits for.
    pub pending: u64,
    /// The ID of the last entry that it has handed out as a new one.
    pub last_delivered_id: StreamId,
    /// How many of the stream's entries it has come past; `None` when the server can't tell. Since Redis 7.0.
    pub entries_read: Option<u64>,
    /// How many entries it has still before it; `None` when the server can't tell. Since Redis 7.0.
    pub lag: Option<u64>,
}

impl FromReply for StreamGroupInfo {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader)?;
        Ok(Self {
            name: fields.required("name")?,
            consumers: fields.required("consumers")?,
            pending: fields.required("pending")?,
            last_delivered_id: fields.required("last-delivered-id")?,
            entries_read: fields.optional("entries-read")?,
            lag: fields.optional("lag")?,
        })
    }
}

/// What XINFO CONSUMERS tells of a consumer. What a younger server adds is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamConsumerInfo {
    /// Its name.
    pub name: String,
    /// How many entries it has been handed out and has not acknowledged.
    pub pending: u64,
    /// How long ago it asked for entries last. Before Redis 7.2: and got any.
    pub idle: Duration,
    /// How long ago it got any; `None` for never, and before Redis 7.2.
    pub inactive: Option<Duration>,
}

impl FromReply for StreamConsumerInfo {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader)?;
        Ok(Self {
            name: fields.required("name")?,
            pending: fields.required("pending")?,
            idle: idle::duration(fields.required("idle")?).unwrap_or_default(),
            inactive: fields.optional("inactive")?.and_then(idle::duration),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    const OLD: &str = "*14\r\n+length\r\n:0\r\n+radix-tree-keys\r\n:0\r\n+radix-tree-nodes\r\n:1\r\n\
        +last-generated-id\r\n$3\r\n0-0\r\n+groups\r\n:1\r\n+first-entry\r\n*-1\r\n+last-entry\r\n$-1\r\n";
    const NEW: &str = "%16\r\n+length\r\n:1\r\n+radix-tree-keys\r\n:1\r\n+radix-tree-nodes\r\n:2\r\n\
        +last-generated-id\r\n$3\r\n5-0\r\n+max-deleted-entry-id\r\n$3\r\n0-0\r\n+entries-added\r\n:1\r\n\
        +recorded-first-entry-id\r\n$3\r\n5-0\r\n+idmp-duration\r\n:100\r\n+idmp-maxsize\r\n:10\r\n\
        +pids-tracked\r\n:1\r\n+iids-tracked\r\n:2\r\n+iids-added\r\n:3\r\n+of-tomorrow\r\n*1\r\n:1\r\n+groups\r\n:0\r\n\
        +first-entry\r\n*2\r\n$3\r\n5-0\r\n*2\r\n+f\r\n+v\r\n+last-entry\r\n*2\r\n$3\r\n5-0\r\n*2\r\n+f\r\n+v\r\n";

    #[test]
    fn streams_of_old_and_new_servers() {
        let old: StreamInfo = read(OLD).unwrap();
        assert_eq!((old.totals.length, old.groups, &old.first_entry, &old.last_entry), (0, 1, &None, &None));
        assert_eq!((old.totals.entries_added, old.totals.idmp), (None, None));
        let new: StreamInfo<Vec<(String, String)>> = read(NEW).unwrap();
        let idmp = new.totals.idmp.unwrap();
        assert_eq!((idmp.duration, idmp.maxsize), (Duration::from_secs(100), 10));
        assert_eq!(
            (idmp.pids_tracked, idmp.iids_tracked, idmp.iids_added, idmp.iids_duplicates),
            (1, 2, 3, 0)
        );
        assert_eq!(new.totals.recorded_first_entry_id, Some(StreamId::new(5, 0)));
        assert_eq!(new.first_entry, new.last_entry);
        assert!(read::<StreamInfo>("%1\r\n+length\r\n:1\r\n").is_err());
    }

    #[test]
    fn groups_and_consumers() {
        let reply = "*1\r\n%6\r\n+name\r\n+g\r\n+consumers\r\n:2\r\n+pending\r\n:3\r\n+last-delivered-id\r\n+5-0\r\n\
            +entries-read\r\n_\r\n+lag\r\n:1\r\n";
        let groups: Vec<StreamGroupInfo> = read(reply).unwrap();
        assert_eq!((groups[0].name.as_str(), groups[0].entries_read, groups[0].lag), ("g", None, Some(1)));
        let reply = "*2\r\n*6\r\n+name\r\n+a\r\n+pending\r\n:0\r\n+idle\r\n:5\r\n\
            *8\r\n+name\r\n+b\r\n+pending\r\n:0\r\n+idle\r\n:5\r\n+inactive\r\n:-1\r\n";
        let consumers: Vec<StreamConsumerInfo> = read(reply).unwrap();
        assert!(consumers.iter().all(|one| one.inactive.is_none() && one.idle == Duration::from_millis(5)));
    }
}
