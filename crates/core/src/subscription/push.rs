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
