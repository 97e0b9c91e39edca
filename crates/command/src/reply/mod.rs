//! What a reply can become.
//!
//! A type decodes itself straight from the bytes of the frame, with no tree of values between. The same type comes
//! out of RESP2 and RESP3: a map may arrive as a map or as a flat list, a number as a number or as text.

mod collections;
mod error;
mod maps;
mod numbers;
mod text;
mod tuples;
mod value;

use carnelian_resp::{Reader, Token};

pub use error::{DecodeError, ServerError};
pub use value::Value;

/// A type that a reply can become.
///
/// Implement it for your own types on top of one that has it:
///
/// ```
/// use carnelian_command::{DecodeError, FromReply};
/// use carnelian_resp::Reader;
///
/// struct Celsius(f64);
///
/// impl FromReply for Celsius {
///     fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
///         f64::from_reply(reader).map(Celsius)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a reply can't become a `{Self}`",
    note = "try `Value` (anything), `Option<T>` (a key that may be missing), `String`, `Vec<u8>`, a number, `Vec<T>` or a map; for your own types implement `FromReply`"
)]
pub trait FromReply: Sized {
    /// How many elements the type takes when it stands inside of a flat list: a pair takes two.
    #[doc(hidden)]
    const WIDTH: usize = 1;

    /// The type keeps slices of the reply, so it pays to hand it a shared buffer.
    #[doc(hidden)]
    const SHARES: bool = false;

    /// The type is made of text mostly, so it pays to check a long reply for being text as a whole.
    #[doc(hidden)]
    const TEXT: bool = false;

    /// Reads exactly one element off the front of `reader`.
    ///
    /// # Errors
    ///
    /// The element is of another kind, or is an error of the server.
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads `WIDTH` elements that stand side by side in a flat list.
    #[doc(hidden)]
    fn from_flat(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_reply(reader)
    }

    /// Reads the whole reply to a command. Only a type that holds errors as data must tell it from an element: there an
    /// error stands beside other replies, here it is all there is.
    #[doc(hidden)]
    #[inline]
    fn from_whole(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_reply(reader)
    }
}

/// Takes any reply that is no error: for commands whose `OK` says nothing more.
impl FromReply for () {
    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.pass_ok() {
            return Ok(());
        }
        match reader.peek()? {
            Token::Error(text) => Err(DecodeError::server(text)),
            _ => Ok(reader.skip()?),
        }
    }
}

/// `None` for every kind of null, and for an empty list where a tuple is asked for: ZPOPMIN of nothing.
impl<T: FromReply> FromReply for Option<T> {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    #[inline]
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.is_at_null() || (T::WIDTH > 1 && reader.peek()? == Token::Array(0)) {
            reader.token()?;
            return Ok(None);
        }
        T::from_reply(reader).map(Some)
    }

    #[inline]
    fn from_whole(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // The tuples, which take an empty list for nothing, hold no errors as data.
        if T::WIDTH > 1 || reader.is_at_null() {
            return Self::from_reply(reader);
        }
        T::from_whole(reader).map(Some)
    }
}

/// Keeps the errors of single elements apart, as in the reply of EXEC.
impl<T: FromReply> FromReply for Result<T, ServerError> {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if let Token::Error(text) = reader.peek()? {
            reader.token()?;
            return Ok(Err(ServerError::new(text)));
        }
        T::from_reply(reader).map(Ok)
    }
}

impl<T: FromReply> FromReply for Box<T> {
    const SHARES: bool = T::SHARES;
    const TEXT: bool = T::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::from_reply(reader).map(Self::new)
    }

    fn from_whole(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::from_whole(reader).map(Self::new)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn read<T: FromReply>(text: &str) -> Result<T, DecodeError> {
        let mut reader = Reader::new(text.as_bytes());
        let value = T::from_reply(&mut reader)?;
        assert!(reader.is_empty(), "not all of {text:?} was read");
        Ok(value)
    }

    #[test]
    fn nulls_of_both_protocols() {
        for null in ["$-1\r\n", "*-1\r\n", "_\r\n"] {
            assert_eq!(read::<Option<String>>(null), Ok(None));
        }
        assert!(read::<String>("$-1\r\n").unwrap_err().to_string().contains("Option"));
        assert_eq!(read::<Option<i64>>(":1\r\n"), Ok(Some(1)));
    }

    #[test]
    fn an_empty_list_is_no_tuple_but_still_a_list() {
        assert_eq!(read::<Option<(String, f64)>>("*0\r\n"), Ok(None));
        assert_eq!(read::<Option<(String, f64)>>("*2\r\n$1\r\na\r\n,1\r\n"), Ok(Some(("a".to_owned(), 1.0))));
        assert_eq!(read::<Option<Vec<i64>>>("*0\r\n"), Ok(Some(vec![])));
    }

    #[test]
    fn unit_takes_anything_but_errors() {
        assert_eq!(read::<()>("+OK\r\n"), Ok(()));
        assert_eq!(read::<()>("*2\r\n:1\r\n*1\r\n:2\r\n"), Ok(()));
        assert_eq!(read::<()>("-ERR no\r\n").unwrap_err().server_error().unwrap().to_string(), "ERR no");
    }

    #[test]
    fn errors_of_elements_stay_apart() {
        let read: Vec<Result<i64, ServerError>> = read("*2\r\n:1\r\n-WRONGTYPE x\r\n").unwrap();
        assert_eq!(read[0], Ok(1));
        assert_eq!(read[1].as_ref().unwrap_err().code(), "WRONGTYPE");
    }
}
