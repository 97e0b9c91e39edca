//! The options of SUNIONCARD.

use crate::{Command, FromReply};

/// How the members of a union are counted.
///
/// ```
/// use carnelian_command::group::UnionCardOptions;
///
/// let options = UnionCardOptions::new().approx().limit(1000);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct UnionCardOptions {
    approx: bool,
    limit: Option<u64>,
}

impl UnionCardOptions {
    /// All members, exactly.
    pub const fn new() -> Self {
        Self { approx: false, limit: None }
    }

    /// An estimate, which takes little memory however large the sets are.
    pub const fn approx(mut self) -> Self {
        self.approx = true;
        self
    }

    /// No further than this; 0 counts them all.
    pub const fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = command.word_if(self.approx, "APPROX");
        match self.limit {
            Some(limit) => command.arg("LIMIT").arg(limit),
            None => command,
        }
    }
}
