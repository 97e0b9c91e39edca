//! How an entry is added: under which ID, and how a producer makes sure that trying again adds nothing twice.

use std::time::Duration;

use super::super::kept::Kept;
use super::{StreamId, Trim};
use crate::{Command, FromReply, ToArg};

/// The options of XADD.
///
/// An entry has one ID, so of [`id`](Self::id), [`id_at`](Self::id_at), [`idmp`](Self::idmp) and
/// [`idmpauto`](Self::idmpauto) the last one counts: the server takes none of them together.
///
/// ```
/// use carnelian_command::{Build, group::{StreamCommands as _, Trim, XaddOptions}};
///
/// let capped = XaddOptions::new().trim(Trim::maxlen(10_000).approx());
/// let command = Build.xadd_with("news", ("title", "Rust 1.88"), capped);
/// assert_eq!(command.request().arguments().nth(2), Some(&b"MAXLEN"[..]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XaddOptions {
    id: NewId,
    trim: Option<Trim>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum NewId {
    #[default]
    Auto,
    Exactly(StreamId),
    At(u64),
    Idempotent(Kept, Kept),
    IdempotentByContent(Kept),
}

impl XaddOptions {
    /// The server chooses the ID, and nothing is deleted.
    pub const fn new() -> Self {
        Self { id: NewId::Auto, trim: None }
    }

    /// The entry gets this ID. The server refuses one that is not greater than all that the stream has had.
    pub fn id(mut self, id: StreamId) -> Self {
        self.id = NewId::Exactly(id);
        self
    }

    /// The entry gets the next free ID of this millisecond. Since Redis 7.0.
    pub fn id_at(mut self, millis: u64) -> Self {
        self.id = NewId::At(millis);
        self
    }

    /// Adds the entry only if this producer has not added one under the same `message` yet, and else replies the ID of
    /// that one (IDMP): trying again adds nothing twice, for as long as the stream remembers it (see
    /// [`xcfgset`](super::StreamCommands::xcfgset)). Since Redis 8.6, not in Valkey.
    pub fn idmp(mut self, producer: impl ToArg, message: impl ToArg) -> Self {
        self.id = NewId::Idempotent(Kept::new(producer), Kept::new(message));
        self
    }

    /// Like [`idmp`](Self::idmp), where the fields themselves say which message it is (IDMPAUTO). Since Redis 8.6, not in
    /// Valkey.
    pub fn idmpauto(mut self, producer: impl ToArg) -> Self {
        self.id = NewId::IdempotentByContent(Kept::new(producer));
        self
    }

    /// Deletes old entries while it is at it.
    pub const fn trim(mut self, trim: Trim) -> Self {
        self.trim = Some(trim);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = match self.trim {
            Some(trim) => trim.add_to(command),
            None => command,
        };
        match self.id {
            NewId::Auto => command.arg("*"),
            NewId::Exactly(id) => command.arg(id),
            NewId::At(millis) => command.arg(format!("{millis}-*")),
            NewId::Idempotent(producer, message) => command.arg("IDMP").arg(producer).arg(message).arg("*"),
            NewId::IdempotentByContent(producer) => command.arg("IDMPAUTO").arg(producer).arg("*"),
        }
    }
}

/// How long, and how many of them for each producer, a stream remembers the messages of
/// [`XaddOptions::idmp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct IdmpLimits {
    duration: Option<Duration>,
    maxsize: Option<u64>,
}

impl IdmpLimits {
    /// For this long, in whole seconds, rounded up (IDMP-DURATION). At most a day; a hundred seconds unless set.
    pub const fn duration(duration: Duration) -> Self {
        Self { duration: Some(duration), maxsize: None }
    }

    /// The last so many of each producer (IDMP-MAXSIZE). At most 10,000; a hundred unless set.
    pub const fn maxsize(messages: u64) -> Self {
        Self { duration: None, maxsize: Some(messages) }
    }

    /// Both limits.
    pub const fn both(duration: Duration, messages: u64) -> Self {
        Self { duration: Some(duration), maxsize: Some(messages) }
    }

    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        if let Some(duration) = self.duration {
            let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
            command = command.arg("IDMP-DURATION").arg(seconds);
        }
        match self.maxsize {
            Some(messages) => command.arg("IDMP-MAXSIZE").arg(messages),
            None => command,
        }
    }
}

/// The options of XSETID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XsetidOptions {
    entries_added: Option<u64>,
    max_deleted: Option<StreamId>,
}

impl XsetidOptions {
    /// Sets the last ID only.
    pub const fn new() -> Self {
        Self { entries_added: None, max_deleted: None }
    }

    /// How many entries the stream has had in all its life (ENTRIESADDED). Since Redis 7.0.
    pub const fn entries_added(mut self, entries: u64) -> Self {
        self.entries_added = Some(entries);
        self
    }

    /// The greatest ID that was ever deleted from the stream (MAXDELETEDID). Since Redis 7.0.
    pub const fn max_deleted(mut self, id: StreamId) -> Self {
        self.max_deleted = Some(id);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        if let Some(entries) = self.entries_added {
            command = command.arg("ENTRIESADDED").arg(entries);
        }
        match self.max_deleted {
            Some(id) => command.arg("MAXDELETEDID").arg(id),
            None => command,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    fn words(options: XaddOptions) -> String {
        let command = options.add_to(Command::<()>::new(&spec::XADD));
        let words: Vec<_> = command.request().arguments().skip(1).map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn an_entry_has_one_id() {
        let id = StreamId::new(5, 1);
        assert_eq!(words(XaddOptions::new()), "*");
        assert_eq!(words(XaddOptions::new().idmp("p", 1).id(id)), "5-1");
        assert_eq!(words(XaddOptions::new().id(id).id_at(7)), "7-*");
        assert_eq!(words(XaddOptions::new().id(id).idmp("p", 1)), "IDMP p 1 *");
        assert_eq!(words(XaddOptions::new().idmpauto("p").trim(Trim::maxlen(9))), "MAXLEN 9 IDMPAUTO p *");
    }

    #[test]
    fn a_limit_is_never_rounded_to_nothing() {
        let limits = IdmpLimits::both(Duration::from_millis(1), 5);
        let command = limits.add_to(Command::<()>::new(&spec::XCFGSET));
        assert_eq!(command.request().arguments().nth(2), Some(&b"1"[..]));
    }
}
