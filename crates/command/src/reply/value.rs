//! A reply of any kind, as a tree: for work on the protocol itself, and where the kind isn't known before.

use std::fmt;

use bytes::Bytes;
use carnelian_resp::{Reader, Token, encode};

use super::{DecodeError, FromReply, ServerError};

/// A reply of any kind, just as the server sent it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A null of either protocol.
    Nil,
    /// A status such as `OK`.
    Status(String),
    /// A string of bytes.
    Bytes(Bytes),
    /// A whole number.
    Integer(i64),
    /// A floating-point number (RESP3).
    Double(f64),
    /// A boolean (RESP3).
    Boolean(bool),
    /// A whole number of any size, as digits (RESP3).
    BigNumber(String),
    /// Text with a three-letter format (RESP3).
    Verbatim {
        /// `txt`, `mkd`, …
        format: String,
        /// The text itself.
        text: Bytes,
    },
    /// An error line; only inside of a list, since an error alone is an `Err`.
    Error(ServerError),
    /// A list.
    Array(Vec<Self>),
    /// A set (RESP3).
    Set(Vec<Self>),
    /// A map (RESP3), in the server's order.
    Map(Vec<(Self, Self)>),
    /// A message that answers no command (RESP3).
    Push(Vec<Self>),
    /// A value with attributes (RESP3).
    Attributed {
        /// What is said about the value.
        attributes: Vec<(Self, Self)>,
        /// The value.
        value: Box<Self>,
    },
}

impl FromReply for Value {
    const SHARES: bool = true;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read(reader)
    }

    fn from_whole(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read(reader)?.without_error()
    }
}

/// Depth is bounded by the framer's limits before a reply gets here.
impl Value {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        Ok(match reader.any_token()? {
            Token::Null => Self::Nil,
            Token::Simple(line) => Self::Status(text(line)),
            Token::Bulk(bytes) => Self::Bytes(reader.share(bytes)),
            Token::Integer(number) => Self::Integer(number),
            Token::Double(number) => Self::Double(number),
            Token::Boolean(flag) => Self::Boolean(flag),
            Token::BigNumber(digits) => Self::BigNumber(text(digits)),
            Token::Verbatim { format, text: content } => {
                Self::Verbatim { format: text(format), text: reader.share(content) }
            }
            Token::Error(line) => Self::Error(ServerError::new(line)),
            Token::Array(count) => Self::Array(Self::list(count, reader)?),
            Token::Set(count) => Self::Set(Self::list(count, reader)?),
            Token::Push(count) => Self::Push(Self::list(count, reader)?),
            Token::Map(count) => Self::Map(Self::pairs(count, reader)?),
            Token::Attribute(count) => {
                let attributes = Self::attributes(count, reader)?;
                Self::Attributed { attributes, value: Box::new(Self::read(reader)?) }
            }
            other => return Err(DecodeError::mismatch("a known kind of reply", &other)),
        })
    }

    /// An error alone, with or without attributes, is no value.
    fn without_error(self) -> Result<Self, DecodeError> {
        match self {
            Self::Error(error) => Err(DecodeError::server(error.line().as_bytes())),
            Self::Attributed { attributes, value } => {
                let value = Box::new(value.without_error()?);
                Ok(Self::Attributed { attributes, value })
            }
            other => Ok(other),
        }
    }

    /// All that is said about one value. It may be said in any number of parts, which no limit on depth counts: so they
    /// become one, and not a value within a value for each.
    fn attributes(count: usize, reader: &mut Reader<'_>) -> Result<Vec<(Self, Self)>, DecodeError> {
        let mut attributes = Self::pairs(count, reader)?;
        loop {
            let mut ahead = reader.clone();
            let Token::Attribute(more) = ahead.any_token()? else { return Ok(attributes) };
            *reader = ahead;
            attributes.extend(Self::pairs(more, reader)?);
        }
    }

    fn list(count: usize, reader: &mut Reader<'_>) -> Result<Vec<Self>, DecodeError> {
        let mut list = Vec::with_capacity(count.min(reader.rest().len() / 3));
        for _ in 0..count {
            list.push(Self::read(reader)?);
        }
        Ok(list)
    }

    fn pairs(count: usize, reader: &mut Reader<'_>) -> Result<Vec<(Self, Self)>, DecodeError> {
        let mut pairs = Vec::with_capacity(count.min(reader.rest().len() / 6));
        for _ in 0..count {
            let key = Self::read(reader)?;
            pairs.push((key, Self::read(reader)?));
        }
        Ok(pairs)
    }

    /// Reads this value as a `T`, as if the server had just sent it.
    ///
    /// # Errors
    ///
    /// The value is of another kind, or is an error of the server.
    pub fn into_typed<T: FromReply>(self) -> Result<T, DecodeError> {
        let mut frame = Vec::new();
        self.write(&mut frame);
        let frame = Bytes::from(frame);
        T::from_whole(&mut Reader::shared(&frame))
    }

    /// Writes the value as RESP3.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nil => out.extend_from_slice(b"_\r\n"),
            Self::Status(line) => encode::line(out, b'+', line.as_bytes()),
            Self::Bytes(bytes) => encode::bulk(out, bytes),
            Self::Integer(number) => encode::integer(out, *number),
            Self::Double(number) => encode::double(out, *number),
            Self::Boolean(flag) => out.extend_from_slice(if *flag { b"#t\r\n" } else { b"#f\r\n" }),
            Self::BigNumber(digits) => encode::line(out, b'(', digits.as_bytes()),
            Self::Verbatim { format, text } => {
                encode::header(out, b'=', format.len() + 1 + text.len());
                out.extend_from_slice(format.as_bytes());
                out.push(b':');
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            Self::Error(error) => encode::line(out, b'-', error.line().as_bytes()),
            Self::Array(list) => Self::write_list(b'*', list, out),
            Self::Set(list) => Self::write_list(b'~', list, out),
            Self::Push(list) => Self::write_list(b'>', list, out),
            Self::Map(pairs) => Self::write_pairs(b'%', pairs, out),
            Self::Attributed { attributes, value } => {
                Self::write_pairs(b'|', attributes, out);
                value.write(out);
            }
        }
    }

    fn write_list(kind: u8, list: &[Self], out: &mut Vec<u8>) {
        encode::header(out, kind, list.len());
        for element in list {
            element.write(out);
        }
    }

    fn write_pairs(kind: u8, pairs: &[(Self, Self)], out: &mut Vec<u8>) {
        encode::header(out, kind, pairs.len());
        for (key, value) in pairs {
            key.write(out);
            value.write(out);
        }
    }
}

/// Bytes that are text are shown as text.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Status(line) => f.write_str(line),
            Self::Bytes(bytes) | Self::Verbatim { text: bytes, .. } => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "{text:?}"),
                Err(_) => write!(f, "{bytes:?}"),
            },
            Self::Integer(number) => number.fmt(f),
            Self::Double(number) => number.fmt(f),
            Self::Boolean(flag) => flag.fmt(f),
            Self::BigNumber(digits) => f.write_str(digits),
            Self::Error(error) => error.fmt(f),
            Self::Array(list) | Self::Set(list) | Self::Push(list) => list.fmt(f),
            Self::Map(pairs) => f.debug_map().entries(pairs.iter().map(|(key, value)| (key, value))).finish(),
            Self::Attributed { value, .. } => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    const ALL: &str = "*12\r\n+OK\r\n$2\r\nhi\r\n:1\r\n,1.5\r\n#t\r\n(12\r\n=6\r\ntxt:hi\r\n-ERR x\r\n_\r\n~1\r\n:1\r\n%1\r\n+k\r\n:1\r\n|1\r\n+a\r\n:9\r\n*0\r\n";

    #[test]
    fn every_kind_is_kept_and_written_back() {
        let value: Value = read(ALL).unwrap();
        let mut out = Vec::new();
        value.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), ALL);
    }

    #[test]
    fn an_error_alone_is_no_value() {
        let whole = |text: &str| Value::from_whole(&mut Reader::new(text.as_bytes()));
        for error in ["-ERR x\r\n", "!5\r\nERR x\r\n", "|1\r\n+a\r\n:1\r\n-ERR x\r\n"] {
            let said = whole(error).unwrap_err();
            assert_eq!(said.server_error().map(ServerError::line), Some("ERR x"));
            assert!(Option::<Box<Value>>::from_whole(&mut Reader::new(error.as_bytes())).is_err());
        }
        let list = whole("*2\r\n:1\r\n-ERR x\r\n").unwrap();
        assert_eq!(list, Value::Array(vec![Value::Integer(1), Value::Error(ServerError::new(b"ERR x"))]));
        assert!(Value::Error(ServerError::new(b"ERR x")).into_typed::<Value>().is_err());
    }

    /// However many parts there are, none of them may take room on the stack.
    #[test]
    fn attributes_in_parts_are_one() {
        let parts = format!("{}|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n:7\r\n", "|0\r\n".repeat(500_000));
        let Ok(Value::Attributed { attributes, value }) = read(&parts) else { panic!("no attributes") };
        assert_eq!((attributes.len(), *value), (2, Value::Integer(7)));
    }

    #[test]
    fn values_become_types() {
        let value = Value::Map(vec![(Value::Status("a".into()), Value::Integer(1))]);
        let map: std::collections::BTreeMap<String, i64> = value.into_typed().unwrap();
        assert_eq!(map["a"], 1);
        assert!(Value::Nil.into_typed::<String>().is_err());
    }
}
