//! The reply of LCS … IDX: where the common parts of two strings are.

use carnelian_resp::{Reader, Token};

use crate::{DecodeError, FromReply};

/// The longest common subsequence of two strings, as the runs of bytes it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lcs {
    /// The runs, the last one first, as the server finds them.
    pub matches: Vec<LcsMatch>,
    /// How long the whole subsequence is, with the runs that were too short to be listed.
    pub len: u64,
}

/// One run of bytes that both strings have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LcsMatch {
    /// The position of its first byte in the first string.
    pub first: u64,
    /// The position of its first byte in the second string.
    pub second: u64,
    /// How many bytes it has.
    pub len: u64,
}

impl FromReply for Lcs {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = match reader.token()? {
            Token::Map(pairs) => pairs,
            Token::Array(parts) if parts % 2 == 0 => parts / 2,
            other => return Err(DecodeError::mismatch("a map", &other)),
        };
        let mut lcs = Self::default();
        for _ in 0..fields {
            match String::from_reply(reader)?.as_str() {
                "matches" => lcs.matches = FromReply::from_reply(reader)?,
                "len" => lcs.len = FromReply::from_reply(reader)?,
                // A field of a later server.
                _ => reader.skip()?,
            }
        }
        Ok(lcs)
    }
}

impl FromReply for LcsMatch {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // A third part, the length, comes with WITHMATCHLEN; the ranges tell it anyway.
        let parts = match reader.token()? {
            Token::Array(parts @ 2..) => parts,
            other => return Err(DecodeError::mismatch("two ranges", &other)),
        };
        let (first, last) = <(u64, u64)>::from_reply(reader)?;
        let (second, _) = <(u64, u64)>::from_reply(reader)?;
        for _ in 2..parts {
            reader.skip()?;
        }
        match last.checked_sub(first) {
            Some(span) => Ok(Self { first, second, len: span.saturating_add(1) }),
            None => Err(DecodeError::invalid("a range ends before it begins")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn both_protocols_say_the_same() {
        // The second match has its length too, as with WITHMATCHLEN.
        let first = "*2\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n";
        let second = "*3\r\n*2\r\n:2\r\n:3\r\n*2\r\n:0\r\n:1\r\n:2\r\n";
        let matches = format!("*2\r\n{first}{second}");
        let want = Lcs {
            matches: vec![LcsMatch { first: 4, second: 5, len: 4 }, LcsMatch { first: 2, second: 0, len: 2 }],
            len: 6,
        };
        assert_eq!(
            read::<Lcs>(&format!("*4\r\n$7\r\nmatches\r\n{matches}$3\r\nlen\r\n:6\r\n")),
            Ok(want.clone())
        );
        assert_eq!(read::<Lcs>(&format!("%2\r\n$7\r\nmatches\r\n{matches}$3\r\nlen\r\n:6\r\n")), Ok(want));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(read::<Lcs>("$1\r\nx\r\n").is_err());
        assert!(read::<LcsMatch>("*2\r\n*2\r\n:3\r\n:2\r\n*2\r\n:0\r\n:1\r\n").is_err());
        assert!(read::<LcsMatch>("*0\r\n").is_err());
    }
}
