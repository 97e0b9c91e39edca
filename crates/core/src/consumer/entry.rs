//! An entry on its way to the user.

use carnelian_command::group::StreamId;
use carnelian_command::{DecodeError, FromReply};
use carnelian_resp::Reader;

/// How an entry came to this consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody of the group has had it before.
    New,
    /// It was this consumer's already: from before a restart, or its delivery was lost on the wire.
    Pending,
    /// It was taken over from a consumer that had it for too long, maybe from this one itself.
    Claimed,
}

/// An entry to be handed out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry<V> {
    /// Which of the consumer's keys it is of.
    pub key: usize,
    /// Its ID.
    pub id: StreamId,
    /// Its fields, or why they can't become a `V`.
    pub fields: Result<V, DecodeError>,
    /// The how-manieth time it is handed out, as the server counts.
    pub deliveries: u64,
    /// How it came here.
    pub origin: Origin,
    /// It has been handed out more often than the user wants.
    pub exhausted: bool,
}

/// The fields of an entry, or why they can't become a `V`: one entry that nobody can read must not hide those beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<V>(pub Result<V, DecodeError>);

impl<V: FromReply> FromReply for Decoded<V> {
    const SHARES: bool = V::SHARES;
    const TEXT: bool = V::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut attempt = reader.clone();
        match V::from_reply(&mut attempt) {
            Ok(value) => {
                *reader = attempt;
                Ok(Self(Ok(value)))
            }
            Err(error) => {
                reader.skip()?;
                Ok(Self(Err(error)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_cannot_be_read_leaves_the_others_readable() {
        let mut reader = Reader::new(b"*3\r\n:1\r\n*1\r\n+x\r\n:3\r\n");
        let all = Vec::<Decoded<i64>>::from_reply(&mut reader).unwrap();
        assert!(reader.is_empty());
        assert_eq!(all.iter().map(|one| one.0.as_ref().ok()).collect::<Vec<_>>(), [Some(&1), None, Some(&3)]);
        assert!(Vec::<Decoded<i64>>::from_reply(&mut Reader::new(b"*1\r\n*2\r\n:1\r\n")).is_err());
    }
}
