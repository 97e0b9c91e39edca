//! What a consumer group has handed out and waits for: the options and the replies of XPENDING.

use std::time::Duration;

use carnelian_resp::Reader;

use super::super::kept::Kept;
use super::entry::{open, skip};
use super::{StreamId, idle};
use crate::{DecodeError, FromReply, ToArg};

/// What a group waits for, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingSummary {
    /// How many entries have been handed out and not been acknowledged.
    pub count: u64,
    /// The smallest ID among them.
    pub min: Option<StreamId>,
    /// The greatest ID among them.
    pub max: Option<StreamId>,
    /// The consumers that have any, each with how many.
    pub consumers: Vec<(String, u64)>,
}

impl FromReply for PendingSummary {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = open(4, reader)?;
        let summary = Self {
            count: u64::from_reply(reader)?,
            min: Option::from_reply(reader)?,
            max: Option::from_reply(reader)?,
            consumers: Option::from_reply(reader)?.unwrap_or_default(),
        };
        skip(more, reader)?;
        Ok(summary)
    }
}

/// One entry that has been handed out and not been acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingEntry {
    /// Its ID.
    pub id: StreamId,
    /// Who has it; `None` when its consumer gave it back ([XNACK](super::StreamConsumerCommands::xnack)).
    pub consumer: Option<String>,
    /// How long ago it was handed out; `None` when it was given back.
    pub idle: Option<Duration>,
    /// How often it has been handed out.
    pub deliveries: u64,
}

impl FromReply for PendingEntry {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = open(4, reader)?;
        let entry = Self {
            id: StreamId::from_reply(reader)?,
            consumer: owner(reader)?,
            idle: idle::duration(i64::from_reply(reader)?),
            deliveries: u64::from_reply(reader)?,
        };
        skip(more, reader)?;
        Ok(entry)
    }
}

/// The name of a consumer; empty where nobody has the entry.
pub(super) fn owner(reader: &mut Reader<'_>) -> Result<Option<String>, DecodeError> {
    Ok(Option::<String>::from_reply(reader)?.filter(|name| !name.is_empty()))
}

/// Which entries XPENDING lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XpendingOptions {
    pub(super) idle: Option<Duration>,
    pub(super) consumer: Option<Kept>,
}

impl XpendingOptions {
    /// All of the group.
    pub const fn new() -> Self {
        Self { idle: None, consumer: None }
    }

    /// Those that were handed out at least this long ago. Since Redis 6.2.
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Those of this consumer.
    pub fn consumer(mut self, consumer: impl ToArg) -> Self {
        self.consumer = Some(Kept::new(consumer));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn summaries() {
        let reply =
            "*4\r\n:3\r\n$3\r\n5-0\r\n$3\r\n7-0\r\n*2\r\n*2\r\n+a\r\n$1\r\n1\r\n*2\r\n+b\r\n$1\r\n2\r\n";
        let summary: PendingSummary = read(reply).unwrap();
        assert_eq!(
            (summary.count, summary.min, summary.max),
            (3, Some(StreamId::new(5, 0)), Some(StreamId::new(7, 0)))
        );
        assert_eq!(summary.consumers, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        for none in ["*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n", "*4\r\n:0\r\n_\r\n_\r\n_\r\n"] {
            let summary: PendingSummary = read(none).unwrap();
            assert_eq!((summary.count, summary.min, summary.consumers.len()), (0, None, 0));
        }
    }

    #[test]
    fn entries_and_those_that_were_given_back() {
        let reply =
            "*2\r\n*4\r\n+5-0\r\n+a\r\n:7\r\n:2\r\n*4\r\n+6-0\r\n$0\r\n\r\n:-1\r\n:9223372036854775807\r\n";
        let entries: Vec<PendingEntry> = read(reply).unwrap();
        assert_eq!(entries[0].consumer.as_deref(), Some("a"));
        assert_eq!((entries[0].idle, entries[0].deliveries), (Some(Duration::from_millis(7)), 2));
        assert_eq!((&entries[1].consumer, entries[1].idle), (&None, None));
        assert_eq!(entries[1].deliveries, 9_223_372_036_854_775_807);
    }
}
