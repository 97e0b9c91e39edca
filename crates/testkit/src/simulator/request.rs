//! What callers send: commands by their number, alone, several with one claim, or several that run as one.

use carnelian_command::Request;
use carnelian_core::connection::{Batch, Load};

/// What one claim is for.
#[derive(Debug)]
pub(super) enum Asked {
    /// One command.
    One(Box<Request>),
    /// Several, each of which has its own fate.
    Many(Batch),
    /// Several that run wholly or not at all, with a reply for the beginning and one for each that is held till the end.
    Whole(Batch),
}

impl Asked {
    pub(super) fn load(&self) -> Load<'_> {
        match self {
            Self::One(request) => Load::Command(request),
            Self::Many(batch) | Self::Whole(batch) => Load::Batch(batch.slice(0..batch.len())),
        }
    }

    pub(super) const fn shape(&self) -> Shape {
        match self {
            Self::One(_) => Shape::One,
            Self::Many(_) => Shape::Many,
            Self::Whole(_) => Shape::Whole,
        }
    }
}

/// How a claim is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    Many,
    Whole,
}

/// One command alone.
pub(super) fn one(id: usize, waits: bool, padding: usize) -> Request {
    let kind: &[u8] = if waits { b"waits" } else { b"runs" };
    Request::unknown(&[b"SIM", id.to_string().as_bytes(), kind, &vec![b'x'; padding]])
}

/// Several commands, each with so much padding.
pub(super) fn many(commands: &[(usize, usize)]) -> Batch {
    let mut batch = Batch::new();
    commands.iter().for_each(|&(id, padding)| batch.push(&one(id, false, padding)));
    batch
}

/// Several commands as one.
pub(super) fn whole(commands: &[(usize, usize)]) -> Batch {
    let mut batch = Batch::new();
    for &(id, padding) in commands {
        batch.push(&Request::unknown(&[b"HOLD", id.to_string().as_bytes(), &vec![b'x'; padding]]));
    }
    let names: Vec<_> = commands.iter().map(|(id, _)| id.to_string()).collect();
    let names: Vec<_> = std::iter::once("COMMIT").chain(names.iter().map(String::as_str)).collect();
    let names: Vec<_> = names.iter().map(|name| name.as_bytes()).collect();
    batch.enclosed(&Request::unknown(&[b"BEGIN"]), &Request::unknown(&names))
}

/// What a command says to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Run(usize),
    Begin,
    Hold(usize),
    Commit(Vec<usize>),
    /// The client's own.
    Other,
}

impl Line {
    pub(super) fn of(words: &[Vec<u8>]) -> Self {
        let number = |word: &Vec<u8>| std::str::from_utf8(word).ok()?.parse::<usize>().ok();
        match words {
            [name, id, ..] if name == b"SIM" => number(id).map_or(Self::Other, Self::Run),
            [name, id, ..] if name == b"HOLD" => number(id).map_or(Self::Other, Self::Hold),
            [name] if name == b"BEGIN" => Self::Begin,
            [name, ids @ ..] if name == b"COMMIT" => Self::Commit(ids.iter().filter_map(number).collect()),
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scanner::Scanner;
    use super::*;

    #[test]
    fn the_server_understands_what_callers_send() {
        let Load::Batch(_) = Asked::Whole(whole(&[(7, 0), (8, 3)])).load() else {
            panic!("one claim for all")
        };
        let mut scanner = Scanner::default();
        for request in [
            Request::unknown(&[b"BEGIN"]),
            Request::unknown(&[b"HOLD", b"7", b""]),
            Request::unknown(&[b"COMMIT", b"7", b"8"]),
            one(9, false, 2),
        ] {
            let mut bytes = Vec::new();
            request.write(&mut bytes);
            scanner.push(&bytes);
        }
        let lines: Vec<_> =
            std::iter::from_fn(|| scanner.next().unwrap()).map(|words| Line::of(&words)).collect();
        assert_eq!(lines, [Line::Begin, Line::Hold(7), Line::Commit(vec![7, 8]), Line::Run(9)]);
    }
}
