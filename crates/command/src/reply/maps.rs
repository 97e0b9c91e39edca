//! Replies as maps: a map of RESP3, a flat list, or a list of pairs.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use carnelian_resp::{Reader, Token};

use super::{DecodeError, FromReply};

/// Reads the pairs of a map one after the other into `insert`.
#[inline]
fn each_pair<K: FromReply, V: FromReply>(
    reader: &mut Reader<'_>,
    mut insert: impl FnMut(usize, K, V),
) -> Result<(), DecodeError> {
    let (pairs, nested) = open(reader)?;
    // No pair is shorter than six bytes; more room than that the count may not claim.
    let room = pairs.min(reader.rest().len() / 6);
    for _ in 0..pairs {
        if nested {
            match reader.token()? {
                Token::Array(2) => {}
                other => return Err(DecodeError::mismatch("a pair", &other)),
            }
        }
        let key = K::from_reply(reader)?;
        insert(room, key, V::from_reply(reader)?);
    }
    Ok(())
}

/// How many pairs, and whether each is a list of its own.
#[inline]
fn open(reader: &mut Reader<'_>) -> Result<(usize, bool), DecodeError> {
    match reader.token()? {
        Token::Map(pairs) => Ok((pairs, false)),
        Token::Array(0) => Ok((0, false)),
        Token::Array(count) if matches!(reader.peek()?, Token::Array(2)) => Ok((count, true)),
        Token::Array(count) if count % 2 == 0 => Ok((count / 2, false)),
        Token::Array(count) => Err(DecodeError::invalid(format!("a list of {count} is no list of pairs"))),
        other => Err(DecodeError::mismatch("a map", &other)),
    }
}

impl<K: FromReply + Eq + Hash, V: FromReply, S: BuildHasher + Default> FromReply for HashMap<K, V, S> {
    const SHARES: bool = K::SHARES || V::SHARES;
    const TEXT: bool = K::TEXT || V::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = Self::default();
        each_pair(reader, |room, key, value| {
            if map.capacity() == 0 {
                map.reserve(room);
            }
            map.insert(key, value);
        })?;
        Ok(map)
    }
}

impl<K: FromReply + Ord, V: FromReply> FromReply for BTreeMap<K, V> {
    const SHARES: bool = K::SHARES || V::SHARES;
    const TEXT: bool = K::TEXT || V::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = Self::new();
        each_pair(reader, |_, key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn maps_of_both_protocols() {
        let want = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
        for reply in [
            "*4\r\n+a\r\n:1\r\n+b\r\n$1\r\n2\r\n",
            "%2\r\n+b\r\n:2\r\n+a\r\n:1\r\n",
            "*2\r\n*2\r\n+a\r\n:1\r\n*2\r\n+b\r\n:2\r\n",
        ] {
            assert_eq!(read::<BTreeMap<String, i64>>(reply), Ok(want.clone()));
            assert_eq!(read::<HashMap<String, i64>>(reply), Ok(want.clone().into_iter().collect()));
        }
        assert_eq!(read::<BTreeMap<String, i64>>("*0\r\n"), Ok(BTreeMap::new()));
        assert!(read::<BTreeMap<String, i64>>("*1\r\n+a\r\n").is_err());
    }

    #[test]
    fn maps_nest() {
        let map: BTreeMap<String, Vec<i64>> = read("%1\r\n+a\r\n*2\r\n:1\r\n:2\r\n").unwrap();
        assert_eq!(map["a"], [1, 2]);
    }
}
