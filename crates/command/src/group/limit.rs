//! LIMIT: which part of an ordered result is wanted.

use std::ops::{Range, RangeFrom, RangeTo};

use crate::{Command, FromReply};

/// Which elements of an ordered result are wanted, counted from 0: `0..10`, `..10`, `20..`.
///
/// ```
/// use carnelian_command::group::Limit;
///
/// assert_eq!(Limit::from(20..30), Limit { offset: 20, count: Some(10) });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// How many to leave out first. The server walks over them, so paging far costs time.
    pub offset: u64,
    /// How many to give then; `None`: all the rest.
    pub count: Option<u64>,
}

impl From<Range<u64>> for Limit {
    fn from(range: Range<u64>) -> Self {
        Self { offset: range.start, count: Some(range.end.saturating_sub(range.start)) }
    }
}

impl From<RangeFrom<u64>> for Limit {
    fn from(range: RangeFrom<u64>) -> Self {
        Self { offset: range.start, count: None }
    }
}

impl From<RangeTo<u64>> for Limit {
    fn from(range: RangeTo<u64>) -> Self {
        Self { offset: 0, count: Some(range.end) }
    }
}

impl Limit {
    /// Adds `LIMIT offset count` to `command`.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = command.arg("LIMIT").arg(self.offset);
        match self.count {
            Some(count) => command.arg(count),
            None => command.arg(-1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    fn words(limit: impl Into<Limit>) -> Vec<String> {
        let command = limit.into().add_to(Command::<()>::new(&spec::ZRANGE));
        command.request().arguments().skip(1).map(|word| String::from_utf8(word.to_vec()).unwrap()).collect()
    }

    #[test]
    fn ranges_become_offset_and_count() {
        assert_eq!(words(20..30), ["LIMIT", "20", "10"]);
        assert_eq!(words(..10), ["LIMIT", "0", "10"]);
        assert_eq!(words(5..), ["LIMIT", "5", "-1"]);
        #[expect(clippy::reversed_empty_ranges, reason = "an empty page is no error")]
        let backwards = 30..20;
        assert_eq!(words(backwards), ["LIMIT", "30", "0"]);
    }
}
