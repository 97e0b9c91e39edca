//! The data every client works on, made by rule so that each reply can be checked without keeping a second copy of
//! what the server holds.

use std::collections::HashMap;

use bytes::Bytes;

use crate::{Control, Failure};

/// Small keys; a power of two, so that stepping through them is a mask.
const KEYS: usize = 4096;
/// Fields of the hash. Below the size at which servers change its encoding, so replies keep insertion order.
pub const HASH_FIELDS: usize = 100;
/// Items of the list.
pub const LIST_ITEMS: usize = 1000;
/// Bytes of the big value.
pub const BIG_BYTES: usize = 1 << 20;

/// Keys, values and the checks on replies.
#[derive(Debug)]
pub struct Dataset {
    pairs: Vec<(String, Bytes)>,
    big: Bytes,
    /// A few places of the list and of the hash and what must be there, made before the clock starts.
    items: [(usize, String); 3],
    fields: [(String, String); 2],
}

impl Dataset {
    /// The list's key.
    pub const LIST: &'static str = "list:00000000001";
    /// The hash's key.
    pub const HASH: &'static str = "hash:00000000001";
    /// The key of the big value that is read.
    pub const BIG: &'static str = "big:000000000001";
    /// The key of the big value that is written.
    pub const BIG_WRITTEN: &'static str = "big:000000000002";
    /// The channel.
    pub const CHANNEL: &'static str = "channel:00000001";
    /// The counter.
    pub const COUNTER: &'static str = "counter:00000001";

    /// Makes it; the same each time.
    pub fn new() -> Self {
        let pairs = (0..KEYS).map(|index| (key(index), Bytes::from(value(index)))).collect();
        let big = (0..BIG_BYTES).map(|at| b'a' + (at % 23) as u8).collect::<Vec<u8>>();
        Self {
            pairs,
            big: Bytes::from(big),
            items: [0, LIST_ITEMS / 2 + 3, LIST_ITEMS - 1].map(|at| (at, Self::item(at))),
            fields: [0, HASH_FIELDS - 1].map(Self::field),
        }
    }

    /// The pair after `turn` steps; wraps around, and neighbours in turn are far apart in the keyspace.
    #[expect(clippy::indexing_slicing, reason = "masked by KEYS - 1, and there are KEYS pairs")]
    pub fn pair(&self, turn: u64) -> (&str, &Bytes) {
        let index = (turn.wrapping_mul(2_654_435_761) >> 7) as usize & (KEYS - 1);
        let (key, value) = &self.pairs[index];
        (key, value)
    }

    /// The big value.
    pub fn big(&self) -> &Bytes {
        &self.big
    }

    /// Item `index` of the list: 16 to 32 bytes.
    pub fn item(index: usize) -> String {
        let width = 16 + index % 17;
        format!("item:{index:0>fill$}", fill = width - 5)
    }

    /// Field `index` of the hash and its value.
    pub fn field(index: usize) -> (String, String) {
        (format!("field:{index:06}"), format!("content:{index:0>16}"))
    }

    /// Whether `reply` is the big value, by its length and three of its bytes.
    pub fn is_big(&self, reply: &[u8]) -> bool {
        let probes = [0, BIG_BYTES / 2 + 1, BIG_BYTES - 1];
        reply.len() == BIG_BYTES && probes.iter().all(|&at| reply.get(at) == self.big.get(at))
    }

    /// Whether `reply` is the list, by its length and three of its items.
    pub fn is_list<T>(&self, reply: &[T], bytes: impl Fn(&T) -> &[u8]) -> bool {
        reply.len() == LIST_ITEMS
            && self
                .items
                .iter()
                .all(|(at, item)| reply.get(*at).is_some_and(|got| bytes(got) == item.as_bytes()))
    }

    /// Whether `reply` is the hash, by its size and two of its fields.
    pub fn is_hash(&self, reply: &HashMap<String, String>) -> bool {
        reply.len() == HASH_FIELDS
            && self.fields.iter().all(|(field, content)| reply.get(field) == Some(content))
    }

    /// Puts everything on the server, over whatever it holds.
    pub fn seed(&self, control: &mut Control) -> Result<(), Failure> {
        control.call(&[b"FLUSHALL"])?;
        for (key, value) in &self.pairs {
            control.call(&[b"SET", key.as_bytes(), value])?;
        }
        control.call(&[b"SET", Self::BIG.as_bytes(), &self.big])?;
        for index in 0..LIST_ITEMS {
            control.call(&[b"RPUSH", Self::LIST.as_bytes(), Self::item(index).as_bytes()])?;
        }
        for (field, content) in (0..HASH_FIELDS).map(Self::field) {
            control.call(&[b"HSET", Self::HASH.as_bytes(), field.as_bytes(), content.as_bytes()])?;
        }
        Ok(())
    }
}

impl Default for Dataset {
    fn default() -> Self {
        Self::new()
    }
}

/// 16 bytes, of the same form as the keys that redis-benchmark makes up, so that its GETs find them.
fn key(index: usize) -> String {
    format!("key:{index:012}")
}

/// 32 bytes that no other key has.
fn value(index: usize) -> String {
    format!("{}={:015}", key(index), index * 7919)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_stated() {
        let data = Dataset::new();
        for turn in 0..10_000 {
            let (key, value) = data.pair(turn);
            assert_eq!((key.len(), value.len()), (16, 32));
            assert!(value.starts_with(key.as_bytes()));
        }
        assert!((0..LIST_ITEMS).all(|index| (16..=32).contains(&Dataset::item(index).len())));
        assert_eq!(data.big().len(), BIG_BYTES);
    }

    #[test]
    fn turns_reach_most_keys() {
        let data = Dataset::new();
        let seen = (0..100_000).map(|turn| data.pair(turn).0).collect::<std::collections::HashSet<_>>();
        assert!(seen.len() > KEYS / 2, "{}", seen.len());
    }

    #[test]
    fn checks_refuse_what_is_not_theirs() {
        let data = Dataset::new();
        let mut list = (0..LIST_ITEMS).map(Dataset::item).collect::<Vec<_>>();
        assert!(data.is_list(&list, String::as_bytes));
        list.swap(0, 1);
        assert!(!data.is_list(&list, String::as_bytes));
        let mut hash = (0..HASH_FIELDS).map(Dataset::field).collect::<HashMap<_, _>>();
        assert!(data.is_hash(&hash));
        hash.remove("field:000000");
        assert!(!data.is_hash(&hash));
        assert!(data.is_big(data.big()));
        assert!(!data.is_big(&data.big()[1..]));
    }
}
