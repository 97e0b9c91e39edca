//! Replies as text and bytes.

use std::sync::Arc;

use bytes::Bytes;
use carnelian_resp::{Reader, Token};

use super::{DecodeError, FromReply};

/// What a scalar looks like as text; numbers are written out.
enum Text<'a> {
    Borrowed(&'a [u8]),
    Owned(String),
}

#[inline]
fn text<'a>(wanted: &'static str, reader: &mut Reader<'a>) -> Result<Text<'a>, DecodeError> {
    match reader.token()? {
        Token::Bulk(text) | Token::Simple(text) | Token::BigNumber(text) | Token::Verbatim { text, .. } => {
            Ok(Text::Borrowed(text))
        }
        Token::Integer(number) => Ok(Text::Owned(itoa::Buffer::new().format(number).to_owned())),
        Token::Double(number) => Ok(Text::Owned(format_double(number))),
        Token::Boolean(flag) => Ok(Text::Owned(flag.to_string())),
        other => Err(DecodeError::mismatch(wanted, &other)),
    }
}

/// As the servers write doubles in RESP2, so that text is the same in both protocols.
fn format_double(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number}");
    }
    zmij::Buffer::new().format(number).to_owned()
}

impl FromReply for String {
    const TEXT: bool = true;

    #[inline(always)]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.short_text() {
            Some(text) => Ok(text.to_owned()),
            None => checked_text(reader),
        }
    }
}

/// Any scalar as text. Apart from the everyday case, so that this is small enough to stand in the loop over a list.
#[inline(never)]
fn checked_text(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    if let Some(bulk) = reader.short_bulk() {
        return utf8(bulk).map(str::to_owned);
    }
    match text("text", reader)? {
        Text::Borrowed(bytes) => utf8(bytes).map(str::to_owned),
        Text::Owned(text) => Ok(text),
    }
}

#[inline]
fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        DecodeError::invalid(format!(
            "the reply is no UTF-8 text (byte {at} is wrong); ask for Vec<u8> or Bytes"
        ))
    })
}

impl FromReply for Box<str> {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        String::from_reply(reader).map(Self::from)
    }
}

impl FromReply for Arc<str> {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        String::from_reply(reader).map(Self::from)
    }
}

impl FromReply for Vec<u8> {
    #[inline(always)]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.short_bulk() {
            Some(bulk) => Ok(bulk.to_vec()),
            None => any_bytes(reader),
        }
    }
}

#[inline(never)]
fn any_bytes(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    match text("bytes", reader)? {
        Text::Borrowed(bytes) => Ok(bytes.to_vec()),
        Text::Owned(text) => Ok(text.into_bytes()),
    }
}

/// Shares the buffer of the reply where that saves a copy: many values of one reply, or large ones.
impl FromReply for Bytes {
    const SHARES: bool = true;

    #[inline(always)]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.short_bulk() {
            Some(bulk) => Ok(reader.share(bulk)),
            None => any_shared(reader),
        }
    }
}

#[inline(never)]
fn any_shared(reader: &mut Reader<'_>) -> Result<Bytes, DecodeError> {
    match text("bytes", reader)? {
        Text::Borrowed(bytes) => Ok(reader.share(bytes)),
        Text::Owned(text) => Ok(Bytes::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn text_of_any_scalar() {
        for (reply, want) in [
            ("$2\r\nhi\r\n", "hi"),
            ("+OK\r\n", "OK"),
            (":-5\r\n", "-5"),
            (",1.5\r\n", "1.5"),
            (",3\r\n", "3"),
            (",inf\r\n", "inf"),
            ("#t\r\n", "true"),
            ("(123\r\n", "123"),
            ("=6\r\ntxt:hi\r\n", "hi"),
        ] {
            assert_eq!(read::<String>(reply).unwrap(), want);
            assert_eq!(read::<Vec<u8>>(reply).unwrap(), want.as_bytes());
            assert_eq!(read::<Bytes>(reply).unwrap(), want.as_bytes());
        }
    }

    #[test]
    fn bytes_that_are_no_text() {
        let mut reader = Reader::new(b"$1\r\n\xff\r\n");
        assert!(String::from_reply(&mut reader).unwrap_err().to_string().contains("UTF-8"));
        let error = read::<String>("*1\r\n:1\r\n").unwrap_err();
        assert_eq!(error.to_string(), "the reply is an array where text was asked for");
    }
}
