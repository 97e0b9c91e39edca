//! Walking a finished frame without building a tree of values.

use bytes::Bytes;
use memchr::memchr;

use crate::number::{double, integer_line};
use crate::{ProtocolError, Token, short};

/// A place in a finished, counted frame (see [`flatten`](crate::flatten) for streamed ones).
///
/// A copy of a reader is a cheap way to look ahead.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// The shared buffer that `rest` lies in, when there is one: slices of it can be handed out without a copy.
    backing: Option<&'a Bytes>,
    /// What was not read yet when a text was read the last time, if the frame is known to be text as a whole: then so is
    /// every string in it. Else empty.
    text: &'a str,
}

impl<'a> Reader<'a> {
    /// Reads from the start of `frame`.
    #[must_use]
    pub const fn new(frame: &'a [u8]) -> Self {
        Self { rest: frame, backing: None, text: "" }
    }

    /// Reads from the start of a shared `frame`, so that [`share`](Self::share) needs no copy.
    #[must_use]
    pub fn shared(frame: &'a Bytes) -> Self {
        Self { rest: frame, backing: Some(frame), text: "" }
    }

    /// Reads from the start of `frame`, which will be read as text. Looking at all of a long frame at once is cheaper than
    /// looking at each string in it.
    #[must_use]
    pub fn textual(frame: &'a [u8]) -> Self {
        Self { text: core::str::from_utf8(frame).unwrap_or_default(), ..Self::new(frame) }
    }

    /// The next token when it is an everyday bulk string; else nothing happens.
    #[inline]
    pub fn short_bulk(&mut self) -> Option<&'a [u8]> {
        let (start, length) = short::header(self.rest)?;
        let end = start + length;
        let after = self.rest.get(end + 2..)?;
        let bulk = self.rest.get(start..end)?;
        self.rest = after;
        Some(bulk)
    }

    /// The next token as text, when it is an everyday bulk string and the frame is known to be text; else nothing happens.
    #[inline(always)]
    pub fn short_text(&mut self) -> Option<&'a str> {
        if self.text.len() != self.rest.len() {
            self.catch_up()?;
        }
        let (start, length) = short::header(self.text.as_bytes())?;
        let end = start + length;
        let (bulk, after) = self.text.split_at_checked(end + 2)?;
        let bulk = bulk.get(start..end)?;
        (self.rest, self.text) = (after.as_bytes(), after);
        Some(bulk)
    }

    /// Brings `text` to where `rest` is, after something else than text was read.
    #[inline(never)]
    fn catch_up(&mut self) -> Option<()> {
        let read = self.text.len().checked_sub(self.rest.len())?;
        self.text = self.text.get(read..)?;
        Some(())
    }

    /// Moves past an `OK`, if that comes next.
    #[inline]
    pub fn pass_ok(&mut self) -> bool {
        let behind = self.rest.strip_prefix(b"+OK\r\n");
        if let Some(behind) = behind {
            self.rest = behind;
        }
        behind.is_some()
    }

    /// True when the frame has been read to its end.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// `slice` (a part of this frame) as bytes of its own: without a copy when the frame is shared.
    #[inline]
    #[must_use]
    pub fn share(&self, slice: &'a [u8]) -> Bytes {
        match self.backing {
            // From anywhere, it may be.
            Some(_) if slice.is_empty() => Bytes::new(),
            Some(backing) => {
                // As `slice_ref` does it, but where it can become a part of the caller's loop.
                let start = slice.as_ptr().addr().wrapping_sub(backing.as_ptr().addr());
                backing.slice(start..start.wrapping_add(slice.len()))
            }
            // A box, unlike a vector, has no unused room that would have to be looked for.
            None => Bytes::from(Box::<[u8]>::from(slice)),
        }
    }

    /// The next token, attributes skipped.
    ///
    /// # Errors
    ///
    /// The frame ends too early or is malformed.
    #[inline]
    pub fn token(&mut self) -> Result<Token<'a>, ProtocolError> {
        loop {
            match self.any_token()? {
                Token::Attribute(pairs) => {
                    for _ in 0..pairs * 2 {
                        self.skip()?;
                    }
                }
                token => return Ok(token),
            }
        }
    }

    /// True when a null of either protocol comes next. Does not move on.
    #[inline]
    #[must_use]
    pub fn is_at_null(&self) -> bool {
        match self.rest {
            [b'_', ..] | [b'$' | b'*', b'-', ..] => true,
            // What an attribute is about stands behind it.
            [b'|', ..] => matches!(self.peek(), Ok(Token::Null)),
            _ => false,
        }
    }

    /// The next token, without moving on.
    ///
    /// # Errors
    ///
    /// Like [`token`](Self::token).
    #[inline]
    pub fn peek(&self) -> Result<Token<'a>, ProtocolError> {
        self.clone().token()
    }

    /// The next token, attributes included.
    ///
    /// # Errors
    ///
    /// Like [`token`](Self::token).
    #[inline]
    pub fn any_token(&mut self) -> Result<Token<'a>, ProtocolError> {
        let (&kind, rest) = self.rest.split_first().ok_or(ProtocolError::Truncated)?;
        match kind {
            b'$' | b'!' | b'=' => self.bulk(kind, rest),
            b':' => {
                let line = integer_line(rest)?.ok_or(ProtocolError::Truncated)?;
                self.advance(rest, line.used);
                Ok(Token::Integer(line.value))
            }
            b'*' | b'%' | b'~' | b'>' | b'|' => self.aggregate(kind, rest),
            b'+' | b'-' | b',' | b'(' | b'#' | b'_' => self.line(kind, rest),
            other => Err(ProtocolError::UnknownType(other)),
        }
    }

    /// Moves past one whole element with all that is in it.
    ///
    /// # Errors
    ///
    /// Like [`token`](Self::token).
    pub fn skip(&mut self) -> Result<(), ProtocolError> {
        let mut left: usize = 1;
        while left > 0 {
            left -= 1;
            left = left.saturating_add(match self.token()? {
                Token::Array(n) | Token::Set(n) | Token::Push(n) => n,
                Token::Map(n) => n.saturating_mul(2),
                _ => 0,
            });
        }
        Ok(())
    }

    /// The raw bytes of the next whole element, moving past it.
    ///
    /// # Errors
    ///
    /// Like [`token`](Self::token).
    pub fn element(&mut self) -> Result<Self, ProtocolError> {
        let before = self.rest;
        self.skip()?;
        let used = before.len() - self.rest.len();
        Ok(Self { rest: before.get(..used).unwrap_or_default(), backing: self.backing, text: "" })
    }

    #[inline]
    fn advance(&mut self, rest: &'a [u8], used: usize) {
        self.rest = rest.get(used..).unwrap_or_default();
    }

    #[inline]
    fn bulk(&mut self, kind: u8, rest: &'a [u8]) -> Result<Token<'a>, ProtocolError> {
        let line = integer_line(rest)?.ok_or(ProtocolError::Truncated)?;
        if line.value < 0 {
            self.advance(rest, line.used);
            return Ok(Token::Null);
        }
        let length = usize::try_from(line.value).map_err(|_| ProtocolError::BadNumber)?;
        let body = rest.get(line.used..).unwrap_or_default();
        let Some((content, after)) = body.split_at_checked(length) else {
            return Err(ProtocolError::Truncated);
        };
        self.rest = after.get(2..).ok_or(ProtocolError::Truncated)?;
        match kind {
            b'$' => Ok(Token::Bulk(content)),
            b'!' => Ok(Token::Error(content)),
            _ => match (content.get(..3), content.get(3), content.get(4..)) {
                (Some(format), Some(b':'), Some(text)) => Ok(Token::Verbatim { format, text }),
                _ => Err(ProtocolError::BadVerbatim),
            },
        }
    }

    #[inline]
    fn aggregate(&mut self, kind: u8, rest: &'a [u8]) -> Result<Token<'a>, ProtocolError> {
        let line = integer_line(rest)?.ok_or(ProtocolError::Truncated)?;
        self.advance(rest, line.used);
        if line.value < 0 {
            return Ok(Token::Null);
        }
        let count = usize::try_from(line.value).map_err(|_| ProtocolError::BadNumber)?;
        Ok(match kind {
            b'*' => Token::Array(count),
            b'%' => Token::Map(count),
            b'~' => Token::Set(count),
            b'>' => Token::Push(count),
            _ => Token::Attribute(count),
        })
    }

    fn line(&mut self, kind: u8, rest: &'a [u8]) -> Result<Token<'a>, ProtocolError> {
        let end = memchr(b'\r', rest).ok_or(ProtocolError::Truncated)?;
        let line = rest.get(..end).unwrap_or_default();
        self.rest = rest.get(end + 2..).ok_or(ProtocolError::Truncated)?;
        Ok(match kind {
            b'+' => Token::Simple(line),
            b'-' => Token::Error(line),
            b',' => Token::Double(double(line)?),
            b'(' => Token::BigNumber(line),
            b'#' => Token::Boolean(line == b"t"),
            _ => Token::Null,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_scalar() {
        let text = b"+OK\r\n-ERR x\r\n:-5\r\n$5\r\nhello\r\n$-1\r\n_\r\n,-inf\r\n#f\r\n(123\r\n!3\r\nERR\r\n=7\r\ntxt:abc\r\n";
        let mut reader = Reader::new(text);
        let want = [
            Token::Simple(b"OK"),
            Token::Error(b"ERR x"),
            Token::Integer(-5),
            Token::Bulk(b"hello"),
            Token::Null,
            Token::Null,
            Token::Double(f64::NEG_INFINITY),
            Token::Boolean(false),
            Token::BigNumber(b"123"),
            Token::Error(b"ERR"),
            Token::Verbatim { format: b"txt", text: b"abc" },
        ];
        for token in want {
            assert_eq!(reader.token().unwrap(), token);
        }
        assert!(reader.is_empty());
        assert_eq!(reader.token(), Err(ProtocolError::Truncated));
    }

    #[test]
    fn attributes_are_passed_over() {
        let mut reader = Reader::new(b"|1\r\n+ttl\r\n*1\r\n:9\r\n$2\r\nhi\r\n");
        assert_eq!(reader.peek().unwrap(), Token::Bulk(b"hi"));
        assert_eq!(reader.any_token().unwrap(), Token::Attribute(1));
    }

    #[test]
    fn skipping_takes_a_whole_element() {
        let mut reader = Reader::new(b"%1\r\n+a\r\n*2\r\n:1\r\n*0\r\n:7\r\n");
        assert_eq!(reader.element().unwrap().rest().len(), 20);
        assert_eq!(reader.token().unwrap(), Token::Integer(7));
    }

    #[test]
    fn strings_of_a_textual_frame_need_no_second_look() {
        let mut reader = Reader::textual("*2\r\n$3\r\naß\r\n$1\r\nb\r\n".as_bytes());
        reader.token().unwrap();
        assert_eq!(reader.short_text(), Some("aß"));
        assert_eq!(reader.rest(), b"$1\r\nb\r\n");
        // Not eight bytes are left to look at.
        assert_eq!(reader.short_text(), None);
        assert_eq!(reader.token(), Ok(Token::Bulk(b"b")));

        // The length cuts a character in two.
        let mut reader = Reader::textual("$2\r\naß\r\n".as_bytes());
        assert_eq!(reader.short_text(), None);
        let mut reader = Reader::textual(b"$2\r\n\xff\xff\r\n");
        assert_eq!(reader.short_text(), None);
        assert_eq!(reader.short_bulk(), Some(&b"\xff\xff"[..]));
    }

    #[test]
    fn shared_frames_are_sliced_and_not_copied() {
        let frame = Bytes::from_static(b"$5\r\nhello\r\n");
        let mut reader = Reader::shared(&frame);
        let Token::Bulk(text) = reader.token().unwrap() else { panic!("no bulk") };
        assert_eq!(reader.share(text).as_ptr(), text.as_ptr());
        assert_eq!(reader.share(&text[1..3]), "el");
        assert_eq!(reader.share(&[]), "");
    }
}
