//! What the scripted server answers: every reply names the command it answers, in all the shapes that replies have.

use super::random::{Random, mixed};

/// How a server answers one command. Fixed by the command's number, so that both ends know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Status,
    Number,
    Bulk,
    Middle,
    Huge,
    Nested,
    Streamed,
    Error,
}

const SHAPES: [Shape; 8] = [
    Shape::Status,
    Shape::Number,
    Shape::Bulk,
    Shape::Middle,
    Shape::Nested,
    Shape::Streamed,
    Shape::Error,
    Shape::Huge,
];

fn shape(id: usize) -> Shape {
    let bits = mixed(id as u64 + 77);
    // Huge ones are dear to make.
    let count = if bits.is_multiple_of(97) { 8 } else { 7 };
    usize::try_from(bits >> 32).ok().and_then(|bits| SHAPES.get(bits % count)).copied().unwrap_or(Shape::Bulk)
}

/// True for a command that the server refuses, and so does not execute.
pub(super) fn is_refused(id: usize) -> bool {
    shape(id) == Shape::Error
}

/// The reply as the caller is to see it.
pub(super) fn expected(id: usize) -> Vec<u8> {
    match shape(id) {
        Shape::Status => format!("+is {id}\r\n").into_bytes(),
        Shape::Number => format!(":{id}\r\n").into_bytes(),
        Shape::Error => format!("-ERR {id} is refused\r\n").into_bytes(),
        Shape::Bulk => bulk(id, 8),
        Shape::Middle => bulk(id, 300 + id % 5000),
        Shape::Huge => bulk(id, 70_000 + id % 50_000),
        Shape::Nested => [b"%1\r\n:1\r\n*3\r\n_\r\n#t\r\n".to_vec(), bulk(id, 20)].concat(),
        Shape::Streamed => bulk(id, 30),
    }
}

/// What the server says to the beginning of commands that run as one.
pub(super) const BEGUN: &[u8] = b"+begun\r\n";

/// What it says to each of them, until the end.
pub(super) fn held(id: usize) -> Vec<u8> {
    format!("+held {id}\r\n").into_bytes()
}

/// What it says to the end: all their replies in one.
pub(super) fn committed(ids: &[usize]) -> Vec<u8> {
    let mut all = format!("*{}\r\n", ids.len()).into_bytes();
    ids.iter().for_each(|id| all.extend_from_slice(&expected(*id)));
    all
}

/// The reply as it goes over the wire.
pub(super) fn on_the_wire(id: usize, random: &mut Random) -> Vec<u8> {
    let expected = expected(id);
    if shape(id) != Shape::Streamed {
        return expected;
    }
    let text = text(id, 30);
    let (first, rest) = text.split_at(random.count(1..=text.len() - 1));
    let mut wire = b"$?\r\n".to_vec();
    for part in [first, rest] {
        wire.extend_from_slice(format!(";{}\r\n", part.len()).as_bytes());
        wire.extend_from_slice(part);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b";0\r\n");
    wire
}

/// A message that answers no command.
pub(super) const PUSH: &[u8] = b">2\r\n+message\r\n:1\r\n";

/// Bytes that no server sends.
pub(super) fn garbage(random: &mut Random) -> &'static [u8] {
    random
        .pick(&[&b"\x00"[..], b"HTTP/1.1 400\r\n", b":x\r\n", b"$-7\r\n", b"*2\r\n!\r\n"])
        .unwrap_or(b"\x00")
}

fn bulk(id: usize, size: usize) -> Vec<u8> {
    let text = text(id, size);
    [format!("${}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat()
}

fn text(id: usize, size: usize) -> Vec<u8> {
    let mut text = format!("<{id}>").into_bytes();
    text.resize(size.max(text.len()), b'.');
    text
}
