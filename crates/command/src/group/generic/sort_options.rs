//! The options of SORT and SORT_RO.

use crate::group::kept::Kept;
use crate::{Command, FromReply, ToArg};

/// What SORT sorts by, which part of the result it gives, and what it gives for each element.
///
/// Patterns name other keys, with `*` in the place of the element; `weight_*->field` means a field of a hash, `#` the
/// element itself. A cluster takes patterns only where all those keys are sure to be in the same slot.
///
/// ```
/// use carnelian_command::{Build, group::{GenericCommands as _, SortOptions}};
///
/// let top = SortOptions::new().by("score_*").descending().limit(0, 10).get("#").get("name_*");
/// let command = Build.sort_with::<Vec<(String, Option<String>)>>("players", top);
/// assert_eq!(command.request().len(), 12);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SortOptions {
    by: Option<Kept>,
    limit: Option<(i64, i64)>,
    get: Vec<Kept>,
    descending: bool,
    alpha: bool,
}

impl SortOptions {
    /// By the elements themselves, as numbers, the smallest first.
    pub const fn new() -> Self {
        Self { by: None, limit: None, get: Vec::new(), descending: false, alpha: false }
    }

    /// Sorts by what is at these keys.
    pub fn by(mut self, pattern: impl ToArg) -> Self {
        self.by = Some(Kept::new(pattern));
        self
    }

    /// Doesn't sort, only looks up what [`get`](Self::get) asks for.
    pub fn unsorted(self) -> Self {
        self.by("nosort")
    }

    /// Gives `count` elements from position `offset` on; a negative count gives all of them.
    pub const fn limit(mut self, offset: i64, count: i64) -> Self {
        self.limit = Some((offset, count));
        self
    }

    /// Gives what is at these keys instead of the elements; nil where a key is missing. Each further call gives one
    /// more value for each element.
    pub fn get(mut self, pattern: impl ToArg) -> Self {
        self.get.push(Kept::new(pattern));
        self
    }

    /// The largest first.
    pub const fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// Compares as text rather than as numbers.
    pub const fn alpha(mut self) -> Self {
        self.alpha = true;
        self
    }

    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        if let Some(pattern) = self.by {
            command = command.arg("BY").arg(pattern);
        }
        if let Some((offset, count)) = self.limit {
            command = command.arg("LIMIT").arg(offset).arg(count);
        }
        for pattern in self.get {
            command = command.arg("GET").arg(pattern);
        }
        command.word_if(self.descending, "DESC").word_if(self.alpha, "ALPHA")
    }
}
