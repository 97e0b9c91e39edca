//! Streamed types as counted ones.
//!
//! RESP3 lets a sender start a string or an aggregate without knowing its size. No server of today does, but the
//! specification has it. Rewriting such a rare frame once keeps every reader free of the case.

use crate::number::integer_line;
use crate::{Framer, Limits, ProtocolError, encode};

/// Rewrites a whole frame so that every string and aggregate in it is counted.
///
/// # Errors
///
/// The frame is not whole or is malformed.
pub fn flatten(frame: &[u8]) -> Result<Vec<u8>, ProtocolError> {
    let mut out = Vec::with_capacity(frame.len());
    let mut rest = frame;
    while !rest.is_empty() {
        rest = element(rest, &mut out)?;
    }
    Ok(out)
}

/// Rewrites the first element of `from`; what is behind it is returned.
fn element<'a>(from: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    match from.get(..2) {
        Some(b"$?") => string(from.get(4..).unwrap_or_default(), out),
        Some(&[kind @ (b'*' | b'~' | b'%'), b'?']) => aggregate(kind, from.get(4..).unwrap_or_default(), out),
        Some(&[kind @ (b'*' | b'~' | b'%' | b'>' | b'|'), _]) => counted(kind, from, out),
        _ => scalar(from, out),
    }
}

fn string<'a>(mut from: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    let mut text = Vec::new();
    loop {
        let chunk = from.strip_prefix(b";").ok_or(ProtocolError::BadStream)?;
        let line = integer_line(chunk)?.ok_or(ProtocolError::Truncated)?;
        let length = usize::try_from(line.value).map_err(|_| ProtocolError::BadNumber)?;
        let body = chunk.get(line.used..).unwrap_or_default();
        if length == 0 {
            encode::bulk(out, &text);
            return Ok(body);
        }
        text.extend_from_slice(body.get(..length).ok_or(ProtocolError::Truncated)?);
        from = body.get(length + 2..).ok_or(ProtocolError::Truncated)?;
    }
}

fn aggregate<'a>(kind: u8, mut from: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    let mut elements = Vec::new();
    let mut count = 0;
    while from.first() != Some(&b'.') {
        // An attribute belongs to the element behind it and is no element itself.
        if from.first() != Some(&b'|') {
            count += 1;
        }
        from = element(from, &mut elements)?;
    }
    if kind == b'%' {
        if count % 2 != 0 {
            return Err(ProtocolError::BadStream);
        }
        count /= 2;
    }
    encode::header(out, kind, count);
    out.extend_from_slice(&elements);
    from.get(3..).ok_or(ProtocolError::Truncated)
}

fn counted<'a>(kind: u8, from: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    let line = integer_line(from.get(1..).unwrap_or_default())?.ok_or(ProtocolError::Truncated)?;
    let (head, mut rest) = from.split_at_checked(1 + line.used).ok_or(ProtocolError::Truncated)?;
    out.extend_from_slice(head);
    let mut left = u64::try_from(line.value.max(0)).map_err(|_| ProtocolError::BadNumber)?;
    if matches!(kind, b'%' | b'|') {
        left = left.checked_mul(2).ok_or(ProtocolError::BadNumber)?;
    }
    while left > 0 {
        if rest.first() != Some(&b'|') {
            left -= 1;
        }
        rest = element(rest, out)?;
    }
    Ok(rest)
}

fn scalar<'a>(from: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    let limits = Limits::new().bulk(usize::MAX).line(usize::MAX);
    let span = Framer::new(limits).frame(from)?.ok_or(ProtocolError::Truncated)?;
    let (head, rest) = from.split_at_checked(span.end).ok_or(ProtocolError::Truncated)?;
    out.extend_from_slice(head);
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streamed_becomes_counted() {
        let streamed = b"*?\r\n$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n%?\r\n+k\r\n~?\r\n.\r\n.\r\n|1\r\n+a\r\n:1\r\n:2\r\n.\r\n";
        let counted = b"*3\r\n$3\r\nabc\r\n%1\r\n+k\r\n~0\r\n|1\r\n+a\r\n:1\r\n:2\r\n";
        assert_eq!(flatten(streamed).unwrap(), counted);
    }

    #[test]
    fn counted_stays_as_it_is() {
        let counted = b"*3\r\n$3\r\nabc\r\n*-1\r\n=7\r\ntxt:abc\r\n";
        assert_eq!(flatten(counted).unwrap(), counted);
    }

    #[test]
    fn half_a_frame_is_an_error() {
        assert_eq!(flatten(b"$?\r\n;2\r\nab\r\n"), Err(ProtocolError::BadStream));
        assert!(flatten(b"*?\r\n:1\r\n").is_err());
    }
}
