//! The ends and places of a list, and how many elements move between two: words where Redis has positions or flags.

use carnelian_resp::Reader;

use crate::{ArgWriter, Command, DecodeError, FromReply, ToArg};

/// One end of a list.
///
/// A list has two, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListEnd {
    /// The head, where index 0 is.
    Left,
    /// The tail, where index -1 is.
    Right,
}

impl ToArg for ListEnd {
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(match self {
            Self::Left => b"LEFT",
            Self::Right => b"RIGHT",
        });
    }
}

/// Where LINSERT puts an element: beside the first element from the head that equals the pivot.
///
/// There are two sides, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsertAt<P> {
    /// Nearer to the head.
    Before(P),
    /// Nearer to the tail.
    After(P),
}

impl<P: ToArg> InsertAt<P> {
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        match self {
            Self::Before(pivot) => command.arg("BEFORE").arg(pivot),
            Self::After(pivot) => command.arg("AFTER").arg(pivot),
        }
    }
}

/// What LINSERT did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Inserted {
    /// The element is in; the list has this length now.
    Length(u64),
    /// No element equals the pivot.
    NoPivot,
    /// There is no such list.
    NoList,
}

impl FromReply for Inserted {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match i64::from_reply(reader)? {
            -1 => Ok(Self::NoPivot),
            0 => Ok(Self::NoList),
            length => match u64::try_from(length) {
                Ok(length) => Ok(Self::Length(length)),
                Err(_) => Err(DecodeError::invalid(format!("{length} is no length of a list"))),
            },
        }
    }
}

/// How many elements LMOVEM moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MoveCount {
    /// So many, or all if there are fewer.
    UpTo(u64),
    /// So many, or none if there are fewer.
    Exactly(u64),
}

/// In which order LMOVEM puts several elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MoveOrder {
    /// One after the other, so that moving from one end to the same end turns them around.
    OneByOne,
    /// All together, in the order they had.
    Bulk,
}

impl MoveCount {
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>, order: MoveOrder) -> Command<R> {
        let command = match self {
            Self::UpTo(count) => command.arg("COUNT").arg(count),
            Self::Exactly(count) => command.arg("EXACTLY").arg(count),
        };
        command.arg(match order {
            MoveOrder::OneByOne => "OBO",
            MoveOrder::Bulk => "BULK",
        })
    }
}

/// Where LPOS looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct LposOptions {
    rank: Option<i64>,
    max_len: Option<u64>,
}

impl LposOptions {
    /// From the head to the tail.
    pub const fn new() -> Self {
        Self { rank: None, max_len: None }
    }

    /// Begins with the n-th match: 1 is the first from the head, -1 the first from the tail, from where it then looks
    /// towards the head. The server refuses 0.
    pub const fn rank(mut self, rank: i64) -> Self {
        self.rank = Some(rank);
        self
    }

    /// Compares no more elements than this; 0 is no bound.
    pub const fn max_len(mut self, elements: u64) -> Self {
        self.max_len = Some(elements);
        self
    }

    /// Adds the options, with `count` at the place where it has always stood.
    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>, count: Option<u64>) -> Command<R> {
        if let Some(rank) = self.rank {
            command = command.arg("RANK").arg(rank);
        }
        if let Some(count) = count {
            command = command.arg("COUNT").arg(count);
        }
        if let Some(elements) = self.max_len {
            command = command.arg("MAXLEN").arg(elements);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn linsert_says_what_was_missing() {
        assert_eq!(read(":3\r\n"), Ok(Inserted::Length(3)));
        assert_eq!(read(":-1\r\n"), Ok(Inserted::NoPivot));
        assert_eq!(read(":0\r\n"), Ok(Inserted::NoList));
        assert!(read::<Inserted>(":-2\r\n").is_err());
    }
}
