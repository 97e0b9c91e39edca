//! Replies as numbers and booleans. Servers give a number as an integer, a double, or text, by command and protocol.

use carnelian_resp::{Reader, Token};

use super::{DecodeError, FromReply};

/// A whole number of any width.
#[inline]
fn whole<T>(wanted: &'static str, reader: &mut Reader<'_>) -> Result<T, DecodeError>
where
    T: TryFrom<i64> + std::str::FromStr,
{
    let parse = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    let number = match reader.token()? {
        Token::Integer(number) => T::try_from(number).ok(),
        Token::Bulk(text) | Token::Simple(text) | Token::BigNumber(text) => parse(text),
        #[expect(clippy::cast_possible_truncation, reason = "a whole double in the range of i64")]
        Token::Double(number) if number.fract() == 0.0 && number.abs() < 9e18 => {
            T::try_from(number as i64).ok()
        }
        Token::Boolean(flag) => T::try_from(i64::from(flag)).ok(),
        other => return Err(DecodeError::mismatch(wanted, &other)),
    };
    number.ok_or_else(|| DecodeError::invalid(format!("the reply is no number that fits into {wanted}")))
}

impl FromReply for i64 {
    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("an i64", reader)
    }
}

impl FromReply for u64 {
    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("a u64", reader)
    }
}

impl FromReply for i32 {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("an i32", reader)
    }
}

impl FromReply for u32 {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("a u32", reader)
    }
}

impl FromReply for i16 {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("an i16", reader)
    }
}

impl FromReply for u16 {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("a u16", reader)
    }
}

impl FromReply for i128 {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("an i128", reader)
    }
}

impl FromReply for u128 {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("a u128", reader)
    }
}

impl FromReply for isize {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("an isize", reader)
    }
}

impl FromReply for usize {
    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        whole("a usize", reader)
    }
}

impl FromReply for f64 {
    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.token()? {
            Token::Double(number) => Ok(number),
            #[expect(clippy::cast_precision_loss, reason = "a double was asked for")]
            Token::Integer(number) => Ok(number as Self),
            Token::Bulk(text) | Token::Simple(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| DecodeError::invalid("the reply is text that is no number")),
            other => Err(DecodeError::mismatch("a number", &other)),
        }
    }
}

impl FromReply for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a narrow float was asked for")]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        f64::from_reply(reader).map(|number| number as Self)
    }
}

/// `true` for 1, true and OK; `false` for 0, false and nil (the condition of a SET did not hold).
impl FromReply for bool {
    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.token()? {
            Token::Integer(1) | Token::Boolean(true) | Token::Simple(b"OK") | Token::Bulk(b"1" | b"OK") => {
                Ok(true)
            }
            Token::Integer(0) | Token::Boolean(false) | Token::Null | Token::Bulk(b"0") => Ok(false),
            Token::Bulk(text) if text.eq_ignore_ascii_case(b"true") => Ok(true),
            Token::Bulk(text) if text.eq_ignore_ascii_case(b"false") => Ok(false),
            Token::Integer(_) | Token::Bulk(_) | Token::Simple(_) => {
                Err(DecodeError::invalid("the reply is neither true nor false"))
            }
            other => Err(DecodeError::mismatch("a boolean", &other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn numbers_in_every_dress() {
        for reply in [":5\r\n", "$1\r\n5\r\n", "+5\r\n", "(5\r\n", ",5\r\n"] {
            assert_eq!(read::<i64>(reply), Ok(5), "{reply:?}");
            assert_eq!(read::<u16>(reply), Ok(5), "{reply:?}");
        }
        for reply in [",1.5\r\n", "$3\r\n1.5\r\n"] {
            assert_eq!(read::<f64>(reply), Ok(1.5));
        }
        assert_eq!(read::<f64>("$4\r\n-inf\r\n"), Ok(f64::NEG_INFINITY));
        assert!(read::<f64>("$3\r\nnan\r\n").unwrap().is_nan());
        assert_eq!(read::<u64>("$20\r\n18446744073709551615\r\n"), Ok(u64::MAX));
    }

    #[test]
    fn numbers_that_do_not_fit() {
        assert!(read::<u64>(":-1\r\n").unwrap_err().to_string().contains("u64"));
        assert!(read::<i16>(":70000\r\n").is_err());
        assert!(read::<i64>(",1.5\r\n").is_err());
        assert!(read::<i64>("$1\r\nx\r\n").is_err());
    }

    #[test]
    fn booleans() {
        for (reply, want) in [
            (":1\r\n", true),
            ("#t\r\n", true),
            ("+OK\r\n", true),
            (":0\r\n", false),
            ("#f\r\n", false),
            ("_\r\n", false),
        ] {
            assert_eq!(read::<bool>(reply), Ok(want));
        }
        assert!(read::<bool>(":2\r\n").is_err());
    }
}
