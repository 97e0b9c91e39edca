//! Replies as maps: a map of RESP3, a flat list, or a list of pairs.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use carnelian_resp::{Reader, Token};

use super::{DecodeError, FromReply};

/// The pairs of a reply that is to become a map.
struct Pairs {
    count: usize,
    /// Each pair is a list of its own.
    nested: bool,
}

impl Pairs {
    #[inline]
    fn open(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.token()? {
            Token::Map(count) => Ok(Self { count, nested: false }),
            Token::Array(0) => Ok(Self { count: 0, nested: false }),
            Token::Array(count) if matches!(reader.peek()?, Token::Array(2)) => {
                Ok(Self { count, nested: true })
            }
            Token::Array(count) if count % 2 == 0 => Ok(Self { count: count / 2, nested: false }),
            Token::Array(count) => {
                Err(DecodeError::invalid(format!("a list of {count} is no list of pairs")))
            }
            other => Err(DecodeError::mismatch("a map", &other)),
        }
    }

    /// A count is the server's word: no more room than the reply could fill is taken before the pairs are seen.
    #[inline]
    fn room(&self, reader: &Reader<'_>) -> usize {
        // No pair is shorter than six bytes.
        self.count.min(reader.rest().len() / 6)
    }

    /// Reads the pairs one after the other into `insert`.
    #[inline]
    fn each<K: FromReply, V: FromReply>(
        self,
        reader: &mut Reader<'_>,
        mut insert: impl FnMut(K, V),
    ) -> Result<(), DecodeError> {
        for _ in 0..self.count {
            if self.nested {
                match reader.token()? {
                    Token::Array(2) => {}
                    other => return Err(DecodeError::mismatch("a pair", &other)),
                }
            }
            let key = K::from_reply(reader)?;
            insert(key, V::from_reply(reader)?);
        }
        Ok(())
    }
}

impl<K: FromReply + Eq + Hash, V: FromReply, S: BuildHasher + Default> FromReply for HashMap<K, V, S> {
    const SHARES: bool = K::SHARES || V::SHARES;
    const TEXT: bool = K::TEXT || V::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let pairs = Pairs::open(reader)?;
        let mut map = Self::with_capacity_and_hasher(pairs.room(reader), S::default());
        pairs.each(reader, |key, value| {
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
        Pairs::open(reader)?.each(reader, |key, value| {
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
