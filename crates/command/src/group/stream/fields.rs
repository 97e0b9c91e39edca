//! Replies of named fields: a map in RESP3, names and values in turn in RESP2. Which fields there are depends on the
//! server's version, so they are looked up by name, and unknown ones are passed over.

use carnelian_resp::{Reader, Token};

use crate::{DecodeError, FromReply};

/// The fields of one such reply, not decoded yet.
pub(super) struct Fields<'a>(Vec<(&'a [u8], Reader<'a>)>);

impl<'a> Fields<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let count = match reader.token()? {
            Token::Map(count) => count,
            Token::Array(count) if count.is_multiple_of(2) => count / 2,
            other => return Err(DecodeError::mismatch("names with values", &other)),
        };
        // No field is shorter than six bytes; more room than that the count may not claim.
        let mut fields = Vec::with_capacity(count.min(reader.rest().len() / 6));
        for _ in 0..count {
            let name = match reader.token()? {
                Token::Bulk(name) | Token::Simple(name) => name,
                other => return Err(DecodeError::mismatch("the name of a field", &other)),
            };
            fields.push((name, reader.element()?));
        }
        Ok(Self(fields))
    }

    /// A field that every version of the servers has.
    pub(super) fn required<T: FromReply>(&self, name: &'static str) -> Result<T, DecodeError> {
        match self.find(name) {
            Some(mut value) => T::from_reply(&mut value),
            None => Err(DecodeError::invalid(format!("the reply has no field {name}"))),
        }
    }

    /// A field of younger servers, or one that may be nil.
    pub(super) fn optional<T: FromReply>(&self, name: &'static str) -> Result<Option<T>, DecodeError> {
        self.find(name).map_or(Ok(None), |mut value| Option::from_reply(&mut value))
    }

    fn find(&self, wanted: &str) -> Option<Reader<'a>> {
        self.0.iter().find(|(name, _)| *name == wanted.as_bytes()).map(|(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_both_protocols() {
        for reply in ["*4\r\n+n\r\n:1\r\n+l\r\n*1\r\n:2\r\n", "%2\r\n+l\r\n*1\r\n:2\r\n+n\r\n:1\r\n"] {
            let mut reader = Reader::new(reply.as_bytes());
            let fields = Fields::read(&mut reader).unwrap();
            assert!(reader.is_empty());
            assert_eq!(fields.required::<i64>("n"), Ok(1));
            assert_eq!(fields.optional::<Vec<i64>>("l"), Ok(Some(vec![2])));
            assert_eq!(fields.optional::<i64>("none"), Ok(None));
            assert!(fields.required::<i64>("none").unwrap_err().to_string().contains("none"));
        }
        for wrong in ["*3\r\n+n\r\n:1\r\n+l\r\n", "%1\r\n:1\r\n:1\r\n", ":1\r\n"] {
            assert!(Fields::read(&mut Reader::new(wrong.as_bytes())).is_err());
        }
    }
}
