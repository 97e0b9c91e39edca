//! Which entries of a stream are meant: from one ID to another, each included, left out, or the stream's own end.

use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use std::time::SystemTime;

use super::StreamId;
use crate::{ArgWriter, Command, FromReply, ToArg};

/// One end of a range of entries.
///
/// There will be no other kinds of ends, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamBound {
    /// This ID, if there is such an entry.
    Inclusive(StreamId),
    /// Not this ID itself (Redis 6.2).
    Exclusive(StreamId),
    /// The first entry of the stream, `-`.
    Min,
    /// The last entry of the stream, `+`.
    Max,
}

impl StreamBound {
    /// The end of Rust's ranges; `open` is what no end means there.
    const fn of(bound: Bound<StreamId>, open: Self) -> Self {
        match bound {
            Bound::Included(id) => Self::Inclusive(id),
            Bound::Excluded(id) => Self::Exclusive(id),
            Bound::Unbounded => open,
        }
    }
}

impl From<StreamId> for StreamBound {
    fn from(id: StreamId) -> Self {
        Self::Inclusive(id)
    }
}

impl ToArg for StreamBound {
    fn write(&self, to: &mut ArgWriter<'_>) {
        match self {
            Self::Inclusive(id) => id.write(to),
            Self::Exclusive(id) => to.write(format!("({id}").as_bytes()),
            Self::Min => to.write(b"-"),
            Self::Max => to.write(b"+"),
        }
    }
}

/// A range of entries, from the oldest to the newest. Rust's own ranges of IDs are such ranges, and so is a single ID.
///
/// ```
/// use carnelian_command::group::{StreamBound, StreamId, StreamRange};
///
/// let (five, nine) = (StreamId::new(5, 0), StreamId::new(9, 0));
/// assert_eq!(StreamRange::from(five..nine), StreamRange::new(five, StreamBound::Exclusive(nine)));
/// assert_eq!(StreamRange::from(five..), StreamRange::new(five, StreamBound::Max));
/// assert_eq!(StreamRange::from(..), StreamRange::ALL);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StreamRange {
    /// The end at the oldest entry.
    pub min: StreamBound,
    /// The end at the newest entry.
    pub max: StreamBound,
}

impl StreamRange {
    /// The whole stream.
    pub const ALL: Self = Self { min: StreamBound::Min, max: StreamBound::Max };

    /// The entries between two ends.
    #[must_use]
    pub fn new(min: impl Into<StreamBound>, max: impl Into<StreamBound>) -> Self {
        Self { min: min.into(), max: max.into() }
    }

    /// The entries after this one: how to go on from the last entry of a page (Redis 6.2).
    #[must_use]
    pub const fn after(id: StreamId) -> Self {
        Self { min: StreamBound::Exclusive(id), max: StreamBound::Max }
    }

    /// The entries of a time, by whole milliseconds: all those of the last one too, if it is included.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use carnelian_command::group::{StreamBound, StreamId, StreamRange};
    ///
    /// let noon = SystemTime::UNIX_EPOCH + Duration::from_millis(1_526_919_030_000);
    /// let from_noon = StreamRange::times(noon..);
    /// assert_eq!(from_noon.min, StreamBound::Inclusive(StreamId::new(1_526_919_030_000, 0)));
    /// ```
    #[must_use]
    pub fn times(range: impl RangeBounds<SystemTime>) -> Self {
        let last_of = |time| StreamId::new(StreamId::at(time).millis, u64::MAX);
        let min = match range.start_bound() {
            Bound::Included(time) => StreamBound::Inclusive(StreamId::at(*time)),
            Bound::Excluded(time) => StreamBound::Exclusive(last_of(*time)),
            Bound::Unbounded => StreamBound::Min,
        };
        let max = match range.end_bound() {
            Bound::Included(time) => StreamBound::Inclusive(last_of(*time)),
            Bound::Excluded(time) => StreamBound::Exclusive(StreamId::at(*time)),
            Bound::Unbounded => StreamBound::Max,
        };
        Self { min, max }
    }

    fn between(min: Bound<StreamId>, max: Bound<StreamId>) -> Self {
        Self { min: StreamBound::of(min, StreamBound::Min), max: StreamBound::of(max, StreamBound::Max) }
    }

    /// Adds both ends, the older first.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        command.arg(self.min).arg(self.max)
    }

    /// Adds both ends, the newer first.
    pub(super) fn add_reversed_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        command.arg(self.max).arg(self.min)
    }
}

impl From<StreamId> for StreamRange {
    fn from(id: StreamId) -> Self {
        Self::new(id, id)
    }
}

impl From<RangeFull> for StreamRange {
    fn from(_: RangeFull) -> Self {
        Self::ALL
    }
}

impl From<Range<StreamId>> for StreamRange {
    fn from(range: Range<StreamId>) -> Self {
        Self::between(Bound::Included(range.start), Bound::Excluded(range.end))
    }
}

impl From<RangeInclusive<StreamId>> for StreamRange {
    fn from(range: RangeInclusive<StreamId>) -> Self {
        Self::between(Bound::Included(*range.start()), Bound::Included(*range.end()))
    }
}

impl From<RangeFrom<StreamId>> for StreamRange {
    fn from(range: RangeFrom<StreamId>) -> Self {
        Self::between(Bound::Included(range.start), Bound::Unbounded)
    }
}

impl From<RangeTo<StreamId>> for StreamRange {
    fn from(range: RangeTo<StreamId>) -> Self {
        Self::between(Bound::Unbounded, Bound::Excluded(range.end))
    }
}

impl From<RangeToInclusive<StreamId>> for StreamRange {
    fn from(range: RangeToInclusive<StreamId>) -> Self {
        Self::between(Bound::Unbounded, Bound::Included(range.end))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::spec;

    fn words(range: impl Into<StreamRange>) -> String {
        let command = range.into().add_to(Command::<()>::new(&spec::XRANGE));
        let words: Vec<_> = command.request().arguments().skip(1).map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn ranges_of_ids() {
        let (one, two) = (StreamId::new(1, 5), StreamId::new(2, 0));
        assert_eq!(words(..), "- +");
        assert_eq!(words(one..two), "1-5 (2-0");
        assert_eq!(words(one..=two), "1-5 2-0");
        assert_eq!(words(one..), "1-5 +");
        assert_eq!(words(..two), "- (2-0");
        assert_eq!(words(..=two), "- 2-0");
        assert_eq!(words(one), "1-5 1-5");
        assert_eq!(words(StreamRange::after(one)), "(1-5 +");
    }

    #[test]
    fn ranges_of_times() {
        let time = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let last = u64::MAX;
        assert_eq!(words(StreamRange::times(time(5)..time(9))), "5-0 (9-0");
        assert_eq!(words(StreamRange::times(time(5)..=time(9))), format!("5-0 9-{last}"));
        assert_eq!(words(StreamRange::times(..)), "- +");
        let between = (Bound::Excluded(time(5)), Bound::Unbounded);
        assert_eq!(words(StreamRange::times(between)), format!("(5-{last} +"));
    }
}
