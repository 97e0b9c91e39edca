//! Conditions on the value that a key has now, and digests of values: SET and DELEX share them.

use std::fmt;

use carnelian_resp::Reader;

use crate::group::kept::Kept;
use crate::{ArgWriter, Command, DecodeError, FromReply, ToArg};

/// What must hold of the value that a key has now: compare-and-set and compare-and-delete without a script.
///
/// A key that is missing equals nothing: it passes the `not_` conditions only. A key of another type than string is
/// an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueCondition {
    word: &'static str,
    operand: Kept,
}

impl ValueCondition {
    /// The value is this one (IFEQ; Redis 8.4, for SET also Valkey 8.1).
    #[must_use]
    pub fn equals(value: impl ToArg) -> Self {
        Self { word: "IFEQ", operand: Kept::new(value) }
    }

    /// The value is another than this one (IFNE; Redis 8.4).
    #[must_use]
    pub fn not_equals(value: impl ToArg) -> Self {
        Self { word: "IFNE", operand: Kept::new(value) }
    }

    /// The digest of the value is this one, so that a large value need not be sent to be compared (IFDEQ; Redis 8.4).
    #[must_use]
    pub fn digest_equals(digest: Digest) -> Self {
        Self { word: "IFDEQ", operand: Kept::new(digest) }
    }

    /// The digest of the value is another than this one (IFDNE; Redis 8.4).
    #[must_use]
    pub fn digest_not_equals(digest: Digest) -> Self {
        Self { word: "IFDNE", operand: Kept::new(digest) }
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        command.arg(self.word).arg(self.operand)
    }
}

/// The digest of a string value: XXH3 with 64 bits, as the DIGEST command gives it.
///
/// It is a number here because the servers want exactly sixteen hexadecimal digits, which a text made by hand may
/// lack. One that was computed elsewhere becomes a digest by `Digest::from(hash)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(u64);

impl From<u64> for Digest {
    fn from(hash: u64) -> Self {
        Self(hash)
    }
}

impl From<Digest> for u64 {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl ToArg for Digest {
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self.to_string().as_bytes());
    }
}

impl FromReply for Digest {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let text = String::from_reply(reader)?;
        match u64::from_str_radix(&text, 16) {
            Ok(hash) => Ok(Self(hash)),
            Err(_) => Err(DecodeError::invalid("the reply is no digest of hexadecimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn digests_have_sixteen_digits() {
        assert_eq!(read::<Digest>("$16\r\nb6acb9d84a38ff74\r\n"), Ok(Digest(0xb6ac_b9d8_4a38_ff74)));
        assert_eq!(Digest::from(0x1f).to_string(), "000000000000001f");
        assert_eq!(read::<Option<Digest>>("$-1\r\n"), Ok(None));
        assert_eq!(read::<Option<Digest>>("_\r\n"), Ok(None));
        assert!(read::<Digest>("$2\r\nzz\r\n").is_err());
    }

    #[test]
    fn debug_shows_no_value() {
        let condition = ValueCondition::equals("secret");
        assert_eq!(format!("{condition:?}"), r#"ValueCondition { word: "IFEQ", operand: <6 bytes> }"#);
    }
}
