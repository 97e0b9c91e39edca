//! What the commands on the expiry of single fields reply, as words.

use carnelian_resp::Reader;

use crate::{DecodeError, FromReply};

/// What HEXPIRE and its kin did to one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldExpire {
    /// There is no such field, or no such hash.
    Missing,
    /// The condition did not hold; the field is as it was.
    Unchanged,
    /// The field has its new expiry.
    Set,
    /// The time was past already, so the field is deleted.
    Deleted,
}

impl FromReply for FieldExpire {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match i64::from_reply(reader)? {
            -2 => Ok(Self::Missing),
            0 => Ok(Self::Unchanged),
            1 => Ok(Self::Set),
            2 => Ok(Self::Deleted),
            other => Err(unknown(other)),
        }
    }
}

/// What HPERSIST did to one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldPersist {
    /// There is no such field, or no such hash.
    Missing,
    /// The field had no expiry.
    Unchanged,
    /// The field expires no more.
    Persisted,
}

impl FromReply for FieldPersist {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match i64::from_reply(reader)? {
            -2 => Ok(Self::Missing),
            -1 => Ok(Self::Unchanged),
            1 => Ok(Self::Persisted),
            other => Err(unknown(other)),
        }
    }
}

fn unknown(reply: i64) -> DecodeError {
    DecodeError::invalid(format!("{reply} is no answer about a field that is known here"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn numbers_become_words() {
        assert_eq!(
            read::<Vec<FieldExpire>>("*4\r\n:-2\r\n:0\r\n:1\r\n:2\r\n"),
            Ok(vec![FieldExpire::Missing, FieldExpire::Unchanged, FieldExpire::Set, FieldExpire::Deleted])
        );
        assert_eq!(
            read::<Vec<FieldPersist>>("*3\r\n:-2\r\n:-1\r\n:1\r\n"),
            Ok(vec![FieldPersist::Missing, FieldPersist::Unchanged, FieldPersist::Persisted])
        );
        assert!(read::<FieldExpire>(":7\r\n").is_err() && read::<FieldPersist>(":0\r\n").is_err());
    }
}
