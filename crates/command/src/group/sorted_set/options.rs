//! The options of the commands on sorted sets, apart from those of ranges.

use super::Score;
use crate::{Command, FromReply};

/// Which members ZADD adds or changes.
///
/// Conditions that exclude each other can't both be had: the last one given stays.
///
/// ```
/// use carnelian_command::{Build, group::{SortedSetCommands as _, ZAddOptions}};
///
/// // Only raise the scores of members, and count those that were raised.
/// let command = Build.zadd_with("board", (7, "ada"), ZAddOptions::new().gt().ch());
/// assert_eq!(command.request().arguments().skip(2).collect::<Vec<_>>(), [&b"GT"[..], b"CH", b"7", b"ada"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ZAddOptions {
    which: Which,
    compared: Option<&'static str>,
    changed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Which {
    #[default]
    Any,
    New,
    Existing,
}

impl ZAddOptions {
    /// Adds and changes whatever is given.
    pub const fn new() -> Self {
        Self { which: Which::Any, compared: None, changed: false }
    }

    /// Only adds new members, changes none.
    pub const fn nx(self) -> Self {
        Self { which: Which::New, compared: None, ..self }
    }

    /// Only changes members that are there, adds none.
    pub const fn xx(self) -> Self {
        Self { which: Which::Existing, ..self }
    }

    /// Changes a member only to a greater score; new ones are added unless [`xx`](Self::xx). Since Redis 6.2.
    pub const fn gt(self) -> Self {
        self.compared("GT")
    }

    /// Changes a member only to a lower score; new ones are added unless [`xx`](Self::xx). Since Redis 6.2.
    pub const fn lt(self) -> Self {
        self.compared("LT")
    }

    /// Counts the changed members in the reply as well, not only the new ones.
    pub const fn ch(self) -> Self {
        Self { changed: true, ..self }
    }

    /// NX would leave nothing to compare, and the servers refuse the two together.
    const fn compared(self, word: &'static str) -> Self {
        let which = if matches!(self.which, Which::New) { Which::Any } else { self.which };
        Self { which, compared: Some(word), ..self }
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command = match self.which {
            Which::Any => command,
            Which::New => command.arg("NX"),
            Which::Existing => command.arg("XX"),
        };
        command.optional(self.compared).word_if(self.changed, "CH")
    }
}

/// From which end of a sorted set members are taken.
///
/// There will be no third end, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScoreEnd {
    /// Those with the lowest scores.
    Min,
    /// Those with the highest scores.
    Max,
}

impl ScoreEnd {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Min => "MIN",
            Self::Max => "MAX",
        }
    }
}

/// What becomes of the scores of a member that is in several sorted sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// The lowest.
    Min,
    /// The highest.
    Max,
    /// The number of sets it is in; the scores themselves don't count. Since Redis 8.8, not in Valkey.
    Count,
}

impl Aggregate {
    const fn word(self) -> &'static str {
        match self {
            Self::Sum => "SUM",
            Self::Min => "MIN",
            Self::Max => "MAX",
            Self::Count => "COUNT",
        }
    }
}

/// How the scores of several sorted sets become one.
///
/// ```
/// use carnelian_command::{Build, Command, group::{Aggregate, SortedSetCommands as _, ZCombineOptions}};
///
/// let options = ZCombineOptions::new().weights([1.0, 0.5]).aggregate(Aggregate::Max).with_scores();
/// let best: Command<Vec<(String, f64)>> = Build.zunion_with(["today", "yesterday"], options);
/// # let _ = best;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct ZCombineOptions {
    weights: Vec<f64>,
    aggregate: Option<Aggregate>,
    with_scores: bool,
}

impl ZCombineOptions {
    /// All sets count the same, scores are summed up.
    pub const fn new() -> Self {
        Self { weights: Vec::new(), aggregate: None, with_scores: false }
    }

    /// What the scores of each set are multiplied with: as many numbers as there are keys.
    pub fn weights(mut self, weights: impl IntoIterator<Item = impl Score>) -> Self {
        self.weights = weights.into_iter().map(Score::to_f64).collect();
        self
    }

    /// What becomes of the scores of a member that is in several sets.
    pub const fn aggregate(mut self, aggregate: Aggregate) -> Self {
        self.aggregate = Some(aggregate);
        self
    }

    /// Gives each member with its score. What is stored has its scores either way.
    pub const fn with_scores(mut self) -> Self {
        self.with_scores = true;
        self
    }

    /// For the commands that store.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let command =
            if self.weights.is_empty() { command } else { command.arg("WEIGHTS").args(self.weights) };
        match self.aggregate {
            Some(aggregate) => command.arg("AGGREGATE").arg(aggregate.word()),
            None => command,
        }
    }

    /// For the commands that reply with the members.
    pub(super) fn add_to_read<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let with_scores = self.with_scores;
        self.add_to(command).word_if(with_scores, "WITHSCORES")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    fn words(command: &Command<()>) -> Vec<String> {
        let words = command.request().arguments().skip(1);
        words.map(|word| String::from_utf8(word.to_vec()).unwrap()).collect()
    }

    fn zadd(options: ZAddOptions) -> Vec<String> {
        words(&options.add_to(Command::new(&spec::ZADD)))
    }

    #[test]
    fn conditions_that_exclude_each_other_are_never_both_sent() {
        assert_eq!(zadd(ZAddOptions::new()), [""; 0]);
        assert_eq!(zadd(ZAddOptions::new().nx().ch()), ["NX", "CH"]);
        assert_eq!(zadd(ZAddOptions::new().nx().xx()), ["XX"]);
        assert_eq!(zadd(ZAddOptions::new().nx().gt()), ["GT"]);
        assert_eq!(zadd(ZAddOptions::new().xx().gt().lt()), ["XX", "LT"]);
        assert_eq!(zadd(ZAddOptions::new().gt().xx().ch()), ["XX", "GT", "CH"]);
        assert_eq!(zadd(ZAddOptions::new().gt().nx()), ["NX"]);
    }

    #[test]
    fn scores_are_asked_for_only_where_they_come() {
        let options = ZCombineOptions::new().weights([2, 3]).aggregate(Aggregate::Count).with_scores();
        let read = words(&options.clone().add_to_read(Command::new(&spec::ZUNION)));
        assert_eq!(read.last().map(String::as_str), Some("WITHSCORES"));
        assert_eq!(words(&options.add_to(Command::new(&spec::ZUNIONSTORE))), read[..read.len() - 1]);
        assert_eq!((read[0].as_str(), read[3].as_str(), read[4].as_str()), ("WEIGHTS", "AGGREGATE", "COUNT"));
        assert_eq!(read[1].parse(), Ok(2.0));
    }
}
