//! Numbers as RESP writes them: the integers of headers and replies, and doubles.

use crate::ProtocolError;

/// A number read off the front of a slice: its value and the bytes it took, CR LF included.
pub(crate) struct Line {
    pub(crate) value: i64,
    pub(crate) used: usize,
}

/// Numbers of up to this many digits can't overflow.
const SAFE_DIGITS: usize = 18;

/// Reads `-123\r\n` off the front. `None`: the line is not all there yet.
///
/// Hand-written because every element of every reply passes here twice (framing and reading).
#[inline]
pub(crate) fn integer_line(bytes: &[u8]) -> Result<Option<Line>, ProtocolError> {
    let signed = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let mut value: i64 = 0;
    let mut at = signed;
    let end = loop {
        let Some(&byte) = bytes.get(at) else { return Ok(None) };
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break byte;
        }
        // Wraps only beyond the digits that are checked below.
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        at += 1;
    };
    let digits = at - signed;
    if end != b'\r' || digits == 0 {
        return Err(ProtocolError::BadNumber);
    }
    match bytes.get(at + 1) {
        None => return Ok(None),
        Some(b'\n') => {}
        Some(_) => return Err(ProtocolError::BadTerminator),
    }
    if digits > SAFE_DIGITS {
        value = long_integer(bytes.get(..at).unwrap_or_default())?;
    } else if bytes.first() == Some(&b'-') {
        value = -value;
    }
    Ok(Some(Line { value, used: at + 2 }))
}

/// A number so long that it may not fit.
#[cold]
fn long_integer(text: &[u8]) -> Result<i64, ProtocolError> {
    let text = core::str::from_utf8(text).map_err(|_| ProtocolError::BadNumber)?;
    text.parse().map_err(|_| ProtocolError::BadNumber)
}

/// Reads the text of a double: `1.5`, `1e3`, `inf`, `-inf`, `nan`.
pub(crate) fn double(text: &[u8]) -> Result<f64, ProtocolError> {
    let text = core::str::from_utf8(text).map_err(|_| ProtocolError::BadNumber)?;
    text.parse().map_err(|_| ProtocolError::BadNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_at_the_edges() {
        for (text, want) in [
            ("0\r\n", 0),
            ("-1\r\n", -1),
            ("+7\r\n", 7),
            ("9223372036854775807\r\n", i64::MAX),
            ("-9223372036854775808\r\n", i64::MIN),
        ] {
            let line = integer_line(text.as_bytes()).unwrap().unwrap();
            assert_eq!((line.value, line.used), (want, text.len()));
        }
    }

    #[test]
    fn integers_that_are_none() {
        for text in ["\r\n", "-\r\n", "1a\r\n", "9223372036854775808\r\n", "1\rx", "--1\r\n"] {
            assert!(integer_line(text.as_bytes()).is_err(), "{text:?}");
        }
        for text in ["", "-", "12", "12\r"] {
            assert!(integer_line(text.as_bytes()).unwrap().is_none(), "{text:?}");
        }
    }

    #[test]
    fn doubles() {
        assert_eq!(double(b"1.5"), Ok(1.5));
        assert_eq!(double(b"-inf"), Ok(f64::NEG_INFINITY));
        assert!(double(b"nan").unwrap().is_nan());
        assert!(double(b"one").is_err());
    }
}
