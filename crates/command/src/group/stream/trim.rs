//! Which entries a stream may lose, and what becomes of them in the consumer groups that still wait for their acknowledgement.

use carnelian_resp::Reader;

use super::StreamId;
use crate::{Command, DecodeError, FromReply};

/// What becomes of the references to an entry that is deleted: consumer groups remember the entries that they have
/// handed out until these are acknowledged. Since Redis 8.2, not in Valkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamRefs {
    /// They stay, and point to an entry without content (KEEPREF). So it is where nothing is said.
    Keep,
    /// They go with the entry, from all groups (DELREF).
    Delete,
    /// The entry is deleted only when every group has had it and acknowledged it (ACKED).
    Acked,
}

impl StreamRefs {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Keep => "KEEPREF",
            Self::Delete => "DELREF",
            Self::Acked => "ACKED",
        }
    }
}

/// What XDELEX and XACKDEL did to one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamDelete {
    /// There is no such entry; for XACKDEL: none that the group waits for.
    Missing,
    /// It is deleted; by XACKDEL also acknowledged.
    Deleted,
    /// It stays, since some group has not acknowledged it yet ([`StreamRefs::Acked`]). XACKDEL did acknowledge it in
    /// its own group.
    Referenced,
}

impl FromReply for StreamDelete {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match i64::from_reply(reader)? {
            -1 => Ok(Self::Missing),
            1 => Ok(Self::Deleted),
            2 => Ok(Self::Referenced),
            other => {
                Err(DecodeError::invalid(format!("{other} is no answer about an entry that is known here")))
            }
        }
    }
}

/// What of a stream is to be kept: its newest entries by number, or those from an ID on.
///
/// ```
/// use carnelian_command::{Build, group::{StreamCommands as _, StreamId, Trim}};
///
/// // About a thousand, wherever the server finds it cheap to cut.
/// let command = Build.xtrim("news", Trim::maxlen(1000).approx());
/// assert_eq!(command.request().arguments().nth(3), Some(&b"~"[..]));
/// // Exactly those from this ID on.
/// Build.xtrim("news", Trim::minid(StreamId::new(1_526_919_030_474, 0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Trim {
    keep: Keep,
    exactness: Exactness,
    refs: Option<StreamRefs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Newest(u64),
    From(StreamId),
}

/// A limit only goes with an approximate cut: the servers refuse it else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exactness {
    Exact,
    Approx,
    Limited(u64),
}

impl Trim {
    /// Keeps this many of the newest entries (MAXLEN).
    pub const fn maxlen(entries: u64) -> Self {
        Self::exactly(Keep::Newest(entries))
    }

    /// Keeps the entries from this ID on (MINID). Since Redis 6.2.
    pub const fn minid(id: StreamId) -> Self {
        Self::exactly(Keep::From(id))
    }

    const fn exactly(keep: Keep) -> Self {
        Self { keep, exactness: Exactness::Exact, refs: None }
    }

    /// May keep some more entries (`~`), never less: the server then drops whole blocks only, which is much cheaper.
    pub const fn approx(mut self) -> Self {
        self.exactness = Exactness::Approx;
        self
    }

    /// Like [`approx`](Self::approx), deleting at most this many entries at once, so that others don't have to wait
    /// for it (LIMIT). 0 is no limit; without this word it is a hundred blocks. Since Redis 6.2.
    pub const fn limit(mut self, entries: u64) -> Self {
        self.exactness = Exactness::Limited(entries);
        self
    }

    /// What becomes of the references to what is deleted. Since Redis 8.2, not in Valkey.
    pub const fn refs(mut self, refs: StreamRefs) -> Self {
        self.refs = Some(refs);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = command.arg(match self.keep {
            Keep::Newest(_) => "MAXLEN",
            Keep::From(_) => "MINID",
        });
        let command = command.word_if(self.exactness != Exactness::Exact, "~");
        let command = match self.keep {
            Keep::Newest(entries) => command.arg(entries),
            Keep::From(id) => command.arg(id),
        };
        let command = match self.exactness {
            Exactness::Limited(entries) => command.arg("LIMIT").arg(entries),
            Exactness::Exact | Exactness::Approx => command,
        };
        command.optional(self.refs.map(StreamRefs::word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;
    use crate::spec;

    fn words(trim: Trim) -> String {
        let command = trim.add_to(Command::<()>::new(&spec::XTRIM));
        let words: Vec<_> = command.request().arguments().skip(1).map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn a_limit_is_only_sent_with_a_tilde() {
        assert_eq!(words(Trim::maxlen(5)), "MAXLEN 5");
        assert_eq!(words(Trim::minid(StreamId::new(5, 1)).approx()), "MINID ~ 5-1");
        assert_eq!(words(Trim::maxlen(5).limit(9)), "MAXLEN ~ 5 LIMIT 9");
        assert_eq!(words(Trim::maxlen(5).limit(9).approx().refs(StreamRefs::Acked)), "MAXLEN ~ 5 ACKED");
    }

    #[test]
    fn numbers_become_words() {
        assert_eq!(
            read::<Vec<StreamDelete>>("*3\r\n:-1\r\n:1\r\n:2\r\n"),
            Ok(vec![StreamDelete::Missing, StreamDelete::Deleted, StreamDelete::Referenced])
        );
        assert!(read::<StreamDelete>(":0\r\n").is_err());
    }
}
