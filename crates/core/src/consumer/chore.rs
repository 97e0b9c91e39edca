//! What a reader still has to do before it reads new entries, each one command.

use bytes::Bytes;
use carnelian_command::group::{
    GroupStart, StreamCommands as _, StreamConsumerCommands as _, StreamGroupCommands as _, StreamId, Trim,
    XautoclaimOptions, XgroupCreateOptions, XpendingOptions, XreadOptions,
};
use carnelian_command::{Build, FromReply};

use super::entry::Decoded;
use super::setup::Setup;
use super::task::Task;
use carnelian_command::group::StreamEntry;

/// How many pending entries are looked at in one go: only their IDs come, so this may be more than a batch.
pub(super) const PAGE: u64 = 100;

/// One thing to do about the stream of a key.
#[derive(Debug)]
pub(super) enum Chore<V> {
    /// Create the group.
    Create { key: usize, start: GroupStart },
    /// Look for entries of this consumer's own, from this ID on.
    Look { key: usize, from: StreamId },
    /// Fetch those found, which have been handed out so often before, and what lies between them: `span` entries in all.
    Fetch { key: usize, found: Vec<(StreamId, u64)>, span: u64 },
    /// Take over a page of stale entries, from this ID on.
    Claim { key: usize, from: StreamId },
    /// Ask how often those taken over have been handed out, from this ID on.
    Tally { key: usize, entries: Vec<StreamEntry<Decoded<V>>>, counted: Vec<(StreamId, u64)>, from: StreamId },
    /// As `Claim`, on servers before 6.2: look for stale entries …
    Stale { key: usize, from: StreamId },
    /// … and take them over, those of them that are stale still.
    ClaimThese { key: usize, found: Vec<(StreamId, u64)> },
    /// Acknowledge entries that have been deleted.
    Forget { key: usize, ids: Vec<StreamId> },
    /// Read an entry as it is that goes to the dead letters.
    Exhume { key: usize, id: StreamId, deliveries: u64 },
    /// Add it to the dead letters.
    Bury { key: usize, id: StreamId, deliveries: u64, fields: Vec<(Bytes, Bytes)> },
    /// Acknowledge what has been added to the dead letters.
    Buried { key: usize, id: StreamId },
    /// Find out what all groups are through with …
    Groups { key: usize },
    /// … by the oldest entry that each waits for; `floor` is the oldest so far.
    Oldest { key: usize, groups: Vec<(String, StreamId)>, floor: StreamId },
    /// Trim.
    Trim { key: usize, trim: Trim },
    /// Read new entries.
    Read { wait: std::time::Duration },
}

impl<V: FromReply> Chore<V> {
    /// The command for it.
    pub(super) fn task(&self, setup: &Setup) -> Task<V> {
        let Setup { group, consumer, options, .. } = setup;
        match self {
            Self::Create { key, start } => {
                let create = XgroupCreateOptions::new().mkstream();
                Task::Done(Build.xgroup_create_with(setup.key(*key), group, *start, create))
            }
            Self::Look { key, from } | Self::Tally { key, from, .. } => {
                let own = XpendingOptions::new().consumer(consumer);
                let range = Setup::from(*from);
                Task::Pending(Build.xpending_range_with(setup.key(*key), group, range, PAGE, own))
            }
            Self::Fetch { key, found, span } => {
                let first = found.first().map_or(StreamId::MIN, |(id, _)| before(*id));
                let limit = XreadOptions::new().count(*span);
                let streams = (setup.key(*key), first);
                Task::History(Build.xreadgroup_pending_with(group, consumer, streams, limit))
            }
            Self::Claim { key, from } => {
                let (idle, page) = (setup.claim_after(), XautoclaimOptions::new().count(options.batch));
                let key = setup.key(*key);
                Task::Claim(Build.xautoclaim_with(key, group, consumer, idle, *from, page))
            }
            Self::Stale { key, from } => {
                Task::Pending(Build.xpending_range(setup.key(*key), group, Setup::from(*from), PAGE))
            }
            Self::ClaimThese { key, found } => {
                let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
                let idle = setup.claim_after();
                Task::ClaimThese(Build.xclaim(setup.key(*key), group, consumer, idle, ids))
            }
            Self::Forget { key, ids } => Task::Count(setup.ack(*key, ids)),
            Self::Buried { key, id } => Task::Count(setup.ack(*key, &[*id])),
            Self::Exhume { key, id, .. } => Task::Plain(Build.xrange(setup.key(*key), *id)),
            Self::Bury { key, id, deliveries, fields } => {
                Task::Add(setup.dead_letter(*key, *id, *deliveries, fields))
            }
            Self::Groups { key } => Task::Groups(Build.xinfo_groups(setup.key(*key))),
            Self::Oldest { key, groups, .. } => {
                let name = groups.last().map_or("", |(name, _)| name);
                Task::Summary(Build.xpending(setup.key(*key), name))
            }
            Self::Trim { key, trim } => Task::Count(Build.xtrim(setup.key(*key), *trim)),
            Self::Read { wait } => Task::Read(setup.read(*wait), *wait),
        }
    }
}

/// The greatest ID before this one.
pub(super) const fn before(id: StreamId) -> StreamId {
    match (id.sequence.checked_sub(1), id.millis.checked_sub(1)) {
        (Some(sequence), _) => StreamId::new(id.millis, sequence),
        (None, Some(millis)) => StreamId::new(millis, u64::MAX),
        (None, None) => StreamId::MIN,
    }
}

/// The least ID behind this one.
pub(super) const fn after(id: StreamId) -> StreamId {
    match (id.sequence.checked_add(1), id.millis.checked_add(1)) {
        (Some(sequence), _) => StreamId::new(id.millis, sequence),
        (None, Some(millis)) => StreamId::new(millis, 0),
        (None, None) => StreamId::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours() {
        for (id, previous, next) in [
            (StreamId::new(5, 5), StreamId::new(5, 4), StreamId::new(5, 6)),
            (StreamId::new(5, 0), StreamId::new(4, u64::MAX), StreamId::new(5, 1)),
            (StreamId::new(5, u64::MAX), StreamId::new(5, u64::MAX - 1), StreamId::new(6, 0)),
            (StreamId::MIN, StreamId::MIN, StreamId::new(0, 1)),
            (StreamId::MAX, StreamId::new(u64::MAX, u64::MAX - 1), StreamId::MAX),
        ] {
            assert_eq!((before(id), after(id)), (previous, next), "{id}");
        }
    }
}
