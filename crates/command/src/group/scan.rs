//! What the SCAN family shares: a page of elements with the cursor of the next, and the options to all of them.

use carnelian_resp::Reader;

use super::kept::Kept;
use crate::{Command, DecodeError, FromReply, ToArg};

/// One page of a SCAN, HSCAN, SSCAN or ZSCAN.
///
/// A page may be empty before the last one. An element that was there all the time comes at least once, and perhaps
/// more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanPage<T> {
    /// Where the next page begins; 0 after the last page.
    pub cursor: u64,
    /// The elements of this page.
    pub items: Vec<T>,
}

impl<T> ScanPage<T> {
    /// True when there is no page after this one.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.cursor == 0
    }
}

impl<T: FromReply> FromReply for ScanPage<T> {
    const SHARES: bool = T::SHARES;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (cursor, items) = FromReply::from_reply(reader)?;
        Ok(Self { cursor, items })
    }
}

/// What a SCAN, HSCAN, SSCAN or ZSCAN looks at.
///
/// ```
/// use carnelian_command::group::ScanOptions;
///
/// let options = ScanOptions::new().matching("user:*").count(1000);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ScanOptions {
    matching: Option<Kept>,
    count: Option<u64>,
}

impl ScanOptions {
    /// Everything, in pages of the server's own size.
    pub const fn new() -> Self {
        Self { matching: None, count: None }
    }

    /// Only what matches a glob pattern: `*`, `?`, `[a-z]`, `\` before a character that stands for itself. The server
    /// filters after it has picked a page, so pages get emptier, not slower.
    pub fn matching(mut self, pattern: impl ToArg) -> Self {
        self.matching = Some(Kept::new(pattern));
        self
    }

    /// About how much work one page may be; the server's own idea is 10 elements.
    pub const fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Adds the options to `command`.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = match self.matching {
            Some(pattern) => command.arg("MATCH").arg(pattern),
            None => command,
        };
        match self.count {
            Some(count) => command.arg("COUNT").arg(count),
            None => command,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let mut reader = Reader::new(b"*2\r\n$2\r\n17\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
        let page = ScanPage::<String>::from_reply(&mut reader).unwrap();
        assert_eq!((page.cursor, page.is_last()), (17, false));
        assert_eq!(page.items, ["a", "b"]);
        // The scores of ZSCAN stay text in a flat list, even in RESP3.
        let mut reader = Reader::new(b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$3\r\n1.5\r\n");
        let page = ScanPage::<(String, f64)>::from_reply(&mut reader).unwrap();
        assert!(page.is_last());
        assert_eq!(page.items, [("a".to_owned(), 1.5)]);
    }
}
