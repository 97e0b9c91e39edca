//! The types of values, as TYPE names them and SCAN … TYPE filters by them.

use carnelian_resp::Reader;

use crate::{ArgWriter, DecodeError, FromReply, ToArg};

/// The type of the value at a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// There is no such key.
    Missing,
    /// A string, also one that is used as a number or as bits.
    String,
    /// A list.
    List,
    /// A set.
    Set,
    /// A sorted set, also one that holds positions (`zset`).
    SortedSet,
    /// A hash.
    Hash,
    /// A stream.
    Stream,
    /// A vector set.
    VectorSet,
    /// A type of a module or of a later server, by its own name: `ReJSON-RL`, `TSDB-TYPE`.
    Other(Box<str>),
}

impl KeyType {
    /// The name the servers use.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Missing => "none",
            Self::String => "string",
            Self::List => "list",
            Self::Set => "set",
            Self::SortedSet => "zset",
            Self::Hash => "hash",
            Self::Stream => "stream",
            Self::VectorSet => "vectorset",
            Self::Other(name) => name,
        }
    }
}

/// From the name the servers use.
impl From<&str> for KeyType {
    fn from(name: &str) -> Self {
        match name {
            "none" => Self::Missing,
            "string" => Self::String,
            "list" => Self::List,
            "set" => Self::Set,
            "zset" => Self::SortedSet,
            "hash" => Self::Hash,
            "stream" => Self::Stream,
            "vectorset" => Self::VectorSet,
            other => Self::Other(other.into()),
        }
    }
}

impl FromReply for KeyType {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        String::from_reply(reader).map(|name| Self::from(name.as_str()))
    }
}

impl ToArg for KeyType {
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self.name().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn names_go_both_ways() {
        for name in ["none", "string", "list", "set", "zset", "hash", "stream", "vectorset", "ReJSON-RL"] {
            let read: KeyType = read(&format!("+{name}\r\n")).unwrap();
            assert_eq!(read.name(), name);
            assert_eq!(matches!(read, KeyType::Other(_)), name == "ReJSON-RL");
        }
    }
}
