//! The ID of an entry: when it came, and the how-manieth of its millisecond it is.
//!
//! A value of its own, not text, so that IDs compare as the server compares them (`9-0` is before `10-0`), and no typing
//! error travels to the server.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use carnelian_resp::{Reader, Token};

use crate::{ArgWriter, DecodeError, FromReply, ToArg, ToArgs};

/// The ID of a stream's entry, in the order of the stream.
///
/// ```
/// use carnelian_command::group::StreamId;
///
/// let id: StreamId = "1526919030474-55".parse()?;
/// assert_eq!(id, StreamId::new(1_526_919_030_474, 55));
/// assert_eq!(id.to_string(), "1526919030474-55");
/// assert!(StreamId::new(9, 0) < StreamId::new(10, 0));
/// # Ok::<(), carnelian_command::group::InvalidStreamId>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Milliseconds since 1970 by the server's clock, unless whoever added the entry chose otherwise.
    pub millis: u64,
    /// Counts the entries of the same millisecond from 0.
    pub sequence: u64,
}

impl StreamId {
    /// Before every entry; the server takes no entry with this ID.
    pub const MIN: Self = Self::new(0, 0);
    /// The greatest ID there can be.
    pub const MAX: Self = Self::new(u64::MAX, u64::MAX);

    /// The ID of these two parts.
    #[must_use]
    pub const fn new(millis: u64, sequence: u64) -> Self {
        Self { millis, sequence }
    }

    /// The first ID of the millisecond that `time` lies in; of 1970, if it lies before that.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), 0)
    }

    /// When that was; `None` for an ID so far away that the system has no such time.
    #[must_use]
    pub fn time(self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.millis))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}

/// A text is no ID of a stream's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "that is no ID of a stream entry: it must be two whole numbers with a dash between, such as 1526919030474-0"
)]
#[non_exhaustive]
pub struct InvalidStreamId;

/// `1526919030474-55`, or only the milliseconds for the first ID of them.
impl FromStr for StreamId {
    type Err = InvalidStreamId;

    fn from_str(text: &str) -> Result<Self, InvalidStreamId> {
        let (millis, sequence) = text.split_once('-').unwrap_or((text, "0"));
        Ok(Self::new(digits(millis)?, digits(sequence)?))
    }
}

/// Without the sign that Rust would allow and the server does not.
fn digits(text: &str) -> Result<u64, InvalidStreamId> {
    if text.starts_with('+') {
        return Err(InvalidStreamId);
    }
    text.parse().map_err(|_| InvalidStreamId)
}

impl ToArg for StreamId {
    fn write(&self, to: &mut ArgWriter<'_>) {
        let (mut millis, mut sequence) = (itoa::Buffer::new(), itoa::Buffer::new());
        let parts = [millis.format(self.millis), "-", sequence.format(self.sequence)];
        // Two numbers of up to twenty digits, and the dash.
        let (mut text, mut length) = ([0_u8; 41], 0);
        for part in parts {
            if let Some(room) = text.get_mut(length..length + part.len()) {
                room.copy_from_slice(part.as_bytes());
                length += part.len();
            }
        }
        to.write(text.get(..length).unwrap_or_default());
    }
}

/// One ID where a list of them is asked for.
impl ToArgs for StreamId {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl FromReply for StreamId {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.token()? {
            Token::Bulk(text) | Token::Simple(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| DecodeError::invalid("the reply is text that is no ID of a stream entry")),
            other => Err(DecodeError::mismatch("the ID of a stream entry", &other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::reply::tests::read;

    #[test]
    fn text_and_back() {
        for id in [StreamId::MIN, StreamId::MAX, StreamId::new(5, 0), StreamId::new(0, 7)] {
            assert_eq!(id.to_string().parse(), Ok(id));
            let mut request = Request::unknown(&[]);
            request.push(id);
            assert_eq!(request.arguments().next(), Some(id.to_string().as_bytes()));
        }
        assert_eq!("12".parse(), Ok(StreamId::new(12, 0)));
        for wrong in ["", "-", "1-", "-1", "+1-0", "1-+2", "1-2-3", "a-0", "1-*", "18446744073709551616-0"] {
            assert_eq!(wrong.parse::<StreamId>(), Err(InvalidStreamId), "{wrong}");
        }
    }

    #[test]
    fn they_are_ordered_as_the_stream_is() {
        let ordered = [StreamId::MIN, StreamId::new(9, 99), StreamId::new(10, 0), StreamId::new(10, 1)];
        assert!(ordered.is_sorted() && ordered[3] < StreamId::MAX);
    }

    #[test]
    fn times() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_500_999);
        assert_eq!(StreamId::at(time), StreamId::new(1500, 0));
        assert_eq!(StreamId::at(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), StreamId::MIN);
        let back = StreamId::new(1500, 9).time();
        assert_eq!(back, Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
    }

    #[test]
    fn replies() {
        assert_eq!(read("$3\r\n5-1\r\n"), Ok(StreamId::new(5, 1)));
        assert_eq!(read("+5-1\r\n"), Ok(StreamId::new(5, 1)));
        assert_eq!(read::<Option<StreamId>>("_\r\n"), Ok(None));
        assert!(read::<StreamId>("$1\r\nx\r\n").is_err() && read::<StreamId>(":5\r\n").is_err());
    }
}
