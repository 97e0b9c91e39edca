//! The one-line form of a command: words between blanks, as typed into telnet or a shell.

use crate::ProtocolError;

/// Splits a command line into its arguments, with the servers' quoting rules: `"…"` knows `\n \r \t \b \a \xHH` and
/// escapes of itself, `'…'` knows only `\'`; a closing quote must be followed by a blank or the end.
///
/// # Errors
///
/// A quote is not closed, or text follows a closing quote directly.
///
/// ```
/// # use carnelian_resp::inline;
/// assert_eq!(inline::split(br#"SET greeting "hello\x21 \"you\"""#)?, [&b"SET"[..], b"greeting", b"hello! \"you\""]);
/// # Ok::<(), carnelian_resp::ProtocolError>(())
/// ```
pub fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        let mut word = Vec::new();
        rest = read_word(rest, &mut word)?.trim_ascii_start();
        words.push(word);
    }
    Ok(words)
}

fn read_word<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'"' | b'\'' => {
                let after = quoted(byte, after, word)?;
                return match after.first() {
                    Some(next) if !next.is_ascii_whitespace() => Err(ProtocolError::UnbalancedQuotes),
                    _ => Ok(after),
                };
            }
            blank if blank.is_ascii_whitespace() => return Ok(rest),
            other => word.push(other),
        }
        rest = after;
    }
    Ok(rest)
}

fn quoted<'a>(quote: u8, mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match *rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [byte, ref after @ ..] if byte == quote => return Ok(after),
            [b'\\', b'x', high, low, ref after @ ..] if quote == b'"' && hex(high, low).is_some() => {
                word.extend(hex(high, low));
                after
            }
            [b'\\', byte, ref after @ ..] if quote == b'"' => {
                word.push(unescaped(byte));
                after
            }
            [b'\\', b'\'', ref after @ ..] => {
                word.push(b'\'');
                after
            }
            [byte, ref after @ ..] => {
                word.push(byte);
                after
            }
        };
    }
}

const fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(high)? * 16 + digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_quotes_and_escapes() {
        assert_eq!(split(b"  GET\tkey \r\n").unwrap(), [b"GET".to_vec(), b"key".to_vec()]);
        assert_eq!(split(br#"a "b c" 'd\'e' """#).unwrap(), [&b"a"[..], b"b c", b"d'e", b""]);
        assert_eq!(split(br#""\x00\n\xzz""#).unwrap(), [b"\x00\nxzz".to_vec()]);
        assert_eq!(split(b"").unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn open_quotes_are_errors() {
        for line in [&br#"a "b"#[..], b"'a", br#""a"b"#, br#""a\"#] {
            assert_eq!(split(line), Err(ProtocolError::UnbalancedQuotes), "{line:?}");
        }
    }
}
