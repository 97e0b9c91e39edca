//! What a push frame says, read where it lies.

use carnelian_resp::{Reader, Token};

use super::Kind;

/// What a push frame says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Push<'a> {
    /// A message. `topic`: what one listens to, the channel or the pattern.
    Message { kind: Kind, topic: &'a [u8], channel: &'a [u8], payload: &'a [u8] },
    /// The server has taken note of a wish.
    Noted { listens: bool, kind: Kind, name: &'a [u8], count: i64 },
}

/// Reads a push frame, or the array that stands for one in RESP2. `None`: it is about something else.
#[inline]
pub(crate) fn parse(frame: &[u8]) -> Option<Push<'_>> {
    let mut reader = Reader::new(frame);
    let (Token::Push(_) | Token::Array(_)) = reader.token().ok()? else { return None };
    let kind = match text(&mut reader)? {
        b"message" => Kind::Channel,
        b"pmessage" => Kind::Pattern,
        b"smessage" => Kind::Shard,
        b"subscribe" => return noted(&mut reader, true, Kind::Channel),
        b"psubscribe" => return noted(&mut reader, true, Kind::Pattern),
        b"ssubscribe" => return noted(&mut reader, true, Kind::Shard),
        b"unsubscribe" => return noted(&mut reader, false, Kind::Channel),
        b"punsubscribe" => return noted(&mut reader, false, Kind::Pattern),
        b"sunsubscribe" => return noted(&mut reader, false, Kind::Shard),
        _ => return None,
    };
    let topic = text(&mut reader)?;
    let channel = if kind == Kind::Pattern { text(&mut reader)? } else { topic };
    let payload = text(&mut reader)?;
    Some(Push::Message { kind, topic, channel, payload })
}

/// The message that these bytes begin with, and how many of them it takes, if it is all there and written as servers write
/// it: found and read at one look. Anything else goes the long way. `arrays`: arrays may stand for pushes.
#[inline]
pub(crate) fn message(bytes: &[u8], arrays: bool) -> Option<(Push<'_>, usize)> {
    let behind = match bytes.split_first()? {
        (b'>', behind) => behind,
        (b'*', behind) if arrays => behind,
        _ => return None,
    };
    let (kind, rest) = if let Some(rest) = behind.strip_prefix(b"3\r\n$7\r\nmessage\r\n") {
        (Kind::Channel, rest)
    } else if let Some(rest) = behind.strip_prefix(b"4\r\n$8\r\npmessage\r\n") {
        (Kind::Pattern, rest)
    } else {
        (Kind::Shard, behind.strip_prefix(b"3\r\n$8\r\nsmessage\r\n")?)
    };
    let (topic, rest) = bulk(rest)?;
    let (channel, rest) = if kind == Kind::Pattern { bulk(rest)? } else { (topic, rest) };
    let (payload, rest) = bulk(rest)?;
    Some((Push::Message { kind, topic, channel, payload }, bytes.len() - rest.len()))
}

/// A bulk string of up to 9,999 bytes, and what is behind it.
#[inline]
fn bulk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes.strip_prefix(b"$")?;
    let mut length = 0;
    for digits in 0..=4 {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        if byte.is_ascii_digit() && (length > 0 || digits == 0) {
            length = length * 10 + usize::from(byte - b'0');
        } else if byte == b'\r' && digits > 0 {
            let (text, behind) = rest.strip_prefix(b"\n")?.split_at_checked(length)?;
            return Some((text, behind.strip_prefix(b"\r\n")?));
        } else {
            return None;
        }
    }
    None
}

#[inline]
fn text<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    if let Some(short) = reader.short_bulk() {
        return Some(short);
    }
    match reader.token().ok()? {
        Token::Bulk(text) | Token::Simple(text) => Some(text),
        _ => None,
    }
}

#[cold]
fn noted<'a>(reader: &mut Reader<'a>, listens: bool, kind: Kind) -> Option<Push<'a>> {
    let name = match reader.token().ok()? {
        Token::Bulk(name) => name,
        // Whoever listened to nothing and wants to listen to nothing.
        Token::Null => b"",
        _ => return None,
    };
    match reader.token().ok()? {
        Token::Integer(count) => Some(Push::Noted { listens, kind, name, count }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_protocols_say_the_same() {
        for first in ['>', '*'] {
            let frame = format!("{first}3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
            let message =
                Push::Message { kind: Kind::Channel, topic: b"news", channel: b"news", payload: b"hi" };
            assert_eq!(parse(frame.as_bytes()), Some(message));
            let frame = format!("{first}4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$0\r\n\r\n");
            let message = Push::Message { kind: Kind::Pattern, topic: b"n*", channel: b"news", payload: b"" };
            assert_eq!(parse(frame.as_bytes()), Some(message));
            let frame = format!("{first}3\r\n$12\r\nsunsubscribe\r\n$1\r\nc\r\n:0\r\n");
            let noted = Push::Noted { listens: false, kind: Kind::Shard, name: b"c", count: 0 };
            assert_eq!(parse(frame.as_bytes()), Some(noted));
        }
    }

    #[test]
    fn one_look_sees_what_the_long_way_does() {
        let mut found = 0;
        for first in ['>', '*'] {
            for length in [0, 1, 9, 10, 999, 9_999, 10_000, 70_000] {
                let payload = "x".repeat(length);
                for kind in ["message", "smessage", "pmessage"] {
                    let pattern = if kind == "pmessage" { "$2\r\nn*\r\n" } else { "" };
                    let parts = if kind == "pmessage" { 4 } else { 3 };
                    let frame = format!(
                        "{first}{parts}\r\n${}\r\n{kind}\r\n{pattern}$4\r\nnews\r\n${length}\r\n{payload}\r\n",
                        kind.len()
                    );
                    let more = format!("{frame}>3\r\n");
                    let Some((message, size)) = message(more.as_bytes(), true) else {
                        assert!(length > 9_999, "{frame}");
                        continue;
                    };
                    found += 1;
                    assert_eq!((Some(message), size), (parse(frame.as_bytes()), frame.len()));
                    assert_eq!(super::message(more.as_bytes(), false).is_some(), first == '>');
                    // What is not all there is left alone, wherever it is cut.
                    for end in 0..frame.len().min(60) {
                        assert_eq!(super::message(frame.get(..end).unwrap().as_bytes(), true), None);
                    }
                }
            }
        }
        assert_eq!(found, 2 * 6 * 3);
        for other in [
            ">3\r\n$7\r\nmessage\r\n$01\r\na\r\n$1\r\nb\r\n",
            ">3\r\n$7\r\nmessage\r\n$\r\na\r\n$1\r\nb\r\n",
            ">3\r\n$7\r\nmessage\r\n$1\r\nab\r\n$1\r\nb\r\n",
            ">3\r\n$7\r\nmessage\r\n$-1\r\n$1\r\nb\r\n",
            ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n",
            "+OK\r\n",
        ] {
            assert_eq!(message(other.as_bytes(), true), None, "{other}");
        }
    }

    #[test]
    fn other_frames_are_about_something_else() {
        for frame in [
            &b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"[..],
            b"*2\r\n$4\r\npong\r\n$0\r\n\r\n",
            b"+OK\r\n",
            b">3\r\n$7\r\nmessage\r\n",
            b">0\r\n",
        ] {
            assert_eq!(parse(frame), None, "{}", frame.escape_ascii());
        }
    }
}
