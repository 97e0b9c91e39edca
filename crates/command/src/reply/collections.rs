//! Replies as lists and sets.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

use carnelian_resp::{Reader, Token};

use super::{DecodeError, FromReply};

/// The elements of an aggregate that are to become `T`s.
///
/// A wide `T` (a pair) takes its parts from a map, from nested lists, or from a flat list, whichever the protocol
/// and the command chose.
struct Elements {
    left: usize,
    flat: bool,
}

impl Elements {
    #[inline]
    fn open<T: FromReply>(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.token()? {
            Token::Array(count) | Token::Set(count) | Token::Push(count) => Self::listed::<T>(count, reader),
            Token::Map(count) if T::WIDTH == 2 => Ok(Self { left: count, flat: true }),
            Token::Map(count) if T::WIDTH == 1 => Ok(Self { left: count.saturating_mul(2), flat: false }),
            other => Err(DecodeError::mismatch("a list", &other)),
        }
    }

    #[inline]
    fn listed<T: FromReply>(count: usize, reader: &Reader<'_>) -> Result<Self, DecodeError> {
        if T::WIDTH == 1 || count == 0 || is_aggregate(&reader.peek()?) {
            return Ok(Self { left: count, flat: false });
        }
        if !count.is_multiple_of(T::WIDTH) {
            return Err(DecodeError::invalid(format!(
                "a list of {count} is no list of groups of {}",
                T::WIDTH
            )));
        }
        Ok(Self { left: count / T::WIDTH, flat: true })
    }

    /// A count is the server's word: no more room than the reply could fill is taken before the elements are seen.
    #[inline]
    fn room(&self, reader: &Reader<'_>) -> usize {
        // No element is shorter than three bytes: a type, and a line end.
        self.left.min(reader.rest().len() / 3)
    }

    #[inline]
    fn next<T: FromReply>(&mut self, reader: &mut Reader<'_>) -> Option<Result<T, DecodeError>> {
        self.left = self.left.checked_sub(1)?;
        Some(if T::WIDTH > 1 && self.flat { T::from_flat(reader) } else { T::from_reply(reader) })
    }
}

const fn is_aggregate(token: &Token<'_>) -> bool {
    matches!(token, Token::Array(_) | Token::Map(_) | Token::Set(_))
}

impl<T: FromReply> FromReply for Vec<T> {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut elements = Elements::open::<T>(reader)?;
        let mut list = Self::with_capacity(elements.room(reader));
        while let Some(element) = elements.next(reader) {
            list.push(element?);
        }
        Ok(list)
    }
}

impl<T: FromReply> FromReply for VecDeque<T> {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Vec::from_reply(reader).map(Self::from)
    }
}

impl<T: FromReply, const N: usize> FromReply for [T; N] {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let list = Vec::from_reply(reader)?;
        let got = list.len();
        Self::try_from(list)
            .map_err(|_| DecodeError::invalid(format!("a list of {got} came where {N} were asked for")))
    }
}

impl<T: FromReply + Eq + Hash, S: BuildHasher + Default> FromReply for HashSet<T, S> {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut elements = Elements::open::<T>(reader)?;
        let mut set = Self::with_capacity_and_hasher(elements.room(reader), S::default());
        while let Some(element) = elements.next(reader) {
            set.insert(element?);
        }
        Ok(set)
    }
}

impl<T: FromReply + Ord> FromReply for BTreeSet<T> {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut elements = Elements::open::<T>(reader)?;
        std::iter::from_fn(|| elements.next(reader)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn lists_and_sets() {
        assert_eq!(read::<Vec<i64>>("*2\r\n:1\r\n$1\r\n2\r\n"), Ok(vec![1, 2]));
        assert_eq!(read::<Vec<String>>("*0\r\n"), Ok(vec![]));
        assert_eq!(read::<BTreeSet<i64>>("~2\r\n:2\r\n:1\r\n"), Ok(BTreeSet::from([1, 2])));
        assert_eq!(read::<HashSet<String>>("*1\r\n+a\r\n"), Ok(HashSet::from(["a".to_owned()])));
        assert_eq!(read::<[i64; 2]>("*2\r\n:1\r\n:2\r\n"), Ok([1, 2]));
        assert!(read::<[i64; 3]>("*2\r\n:1\r\n:2\r\n").is_err());
        assert_eq!(read::<Vec<Vec<i64>>>("*2\r\n*1\r\n:1\r\n*0\r\n"), Ok(vec![vec![1], vec![]]));
    }

    #[test]
    fn pairs_nested_flat_and_as_a_map_are_the_same() {
        let want = vec![("a".to_owned(), 1.5), ("b".to_owned(), 2.0)];
        for reply in [
            "*4\r\n+a\r\n$3\r\n1.5\r\n+b\r\n$1\r\n2\r\n",
            "*2\r\n*2\r\n+a\r\n,1.5\r\n*2\r\n+b\r\n,2\r\n",
            "%2\r\n+a\r\n,1.5\r\n+b\r\n,2\r\n",
        ] {
            assert_eq!(read::<Vec<(String, f64)>>(reply), Ok(want.clone()), "{reply:?}");
        }
        assert!(read::<Vec<(String, f64)>>("*3\r\n+a\r\n:1\r\n+b\r\n").is_err());
    }

    #[test]
    fn a_lying_count_takes_no_memory() {
        assert!(read::<Vec<i64>>("*1000000000\r\n:1\r\n").is_err());
    }
}
