//! Where a range of scores or of members ends: included, left out, or nowhere.
//!
//! The servers spell this with signs before the value (`(1.5`, `[a`, `+inf`, `-`). Here they are types, so that a
//! member that begins with `(` can't be taken for one.

use std::ops::{Bound, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use super::Score;
use crate::{ArgWriter, ToArg};

/// One end of a range of scores.
///
/// There will be no other kinds of ends, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScoreBound {
    /// This score and what lies beyond it in the direction of the range.
    Inclusive(f64),
    /// Not this score itself.
    Exclusive(f64),
    /// The lowest there is.
    NegInf,
    /// The highest there is.
    PosInf,
}

impl<S: Score> From<S> for ScoreBound {
    fn from(score: S) -> Self {
        Self::Inclusive(score.to_f64())
    }
}

impl ToArg for ScoreBound {
    fn write(&self, to: &mut ArgWriter<'_>) {
        match self {
            Self::Inclusive(score) => score.write(to),
            Self::Exclusive(score) if score.is_finite() => {
                to.write(format!("({}", zmij::Buffer::new().format_finite(*score)).as_bytes());
            }
            // `inf` and `nan` read the same in Rust and on the servers.
            Self::Exclusive(score) => to.write(format!("({score}").to_ascii_lowercase().as_bytes()),
            Self::NegInf => to.write(b"-inf"),
            Self::PosInf => to.write(b"+inf"),
        }
    }
}

/// A range of scores, from low to high. Rust's own ranges are such ranges.
///
/// ```
/// use carnelian_command::group::{ScoreBound, ScoreRange};
///
/// assert_eq!(ScoreRange::from(1..5), ScoreRange::new(1, ScoreBound::Exclusive(5.0)));
/// assert_eq!(ScoreRange::from(0.5..), ScoreRange::new(0.5, ScoreBound::PosInf));
/// assert_eq!(ScoreRange::from(..), ScoreRange::ALL);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ScoreRange {
    /// The lower end.
    pub min: ScoreBound,
    /// The upper end.
    pub max: ScoreBound,
}

impl ScoreRange {
    /// Every score.
    pub const ALL: Self = Self { min: ScoreBound::NegInf, max: ScoreBound::PosInf };

    /// The scores between two ends.
    #[must_use]
    pub fn new(min: impl Into<ScoreBound>, max: impl Into<ScoreBound>) -> Self {
        Self { min: min.into(), max: max.into() }
    }
}

impl From<RangeFull> for ScoreRange {
    fn from(_: RangeFull) -> Self {
        Self::ALL
    }
}

impl<S: Score> From<Range<S>> for ScoreRange {
    fn from(range: Range<S>) -> Self {
        Self::new(range.start, ScoreBound::Exclusive(range.end.to_f64()))
    }
}

impl<S: Score> From<RangeInclusive<S>> for ScoreRange {
    fn from(range: RangeInclusive<S>) -> Self {
        Self::new(*range.start(), *range.end())
    }
}

impl<S: Score> From<RangeFrom<S>> for ScoreRange {
    fn from(range: RangeFrom<S>) -> Self {
        Self::new(range.start, ScoreBound::PosInf)
    }
}

impl<S: Score> From<RangeTo<S>> for ScoreRange {
    fn from(range: RangeTo<S>) -> Self {
        Self::new(ScoreBound::NegInf, ScoreBound::Exclusive(range.end.to_f64()))
    }
}

impl<S: Score> From<RangeToInclusive<S>> for ScoreRange {
    fn from(range: RangeToInclusive<S>) -> Self {
        Self::new(ScoreBound::NegInf, range.end)
    }
}

/// One end of a range of members, which are compared byte by byte.
///
/// There will be no other kinds of ends, so this may be matched exhaustively.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LexBound {
    /// This member, if it is there.
    Inclusive(Vec<u8>),
    /// Not this member itself.
    Exclusive(Vec<u8>),
    /// Before the first member.
    Min,
    /// Behind the last member.
    Max,
}

impl LexBound {
    /// The end of Rust's ranges; `open` is what no end means there.
    fn of(bound: Bound<impl AsRef<[u8]>>, open: Self) -> Self {
        match bound {
            Bound::Included(member) => Self::Inclusive(member.as_ref().to_vec()),
            Bound::Excluded(member) => Self::Exclusive(member.as_ref().to_vec()),
            Bound::Unbounded => open,
        }
    }
}

impl ToArg for LexBound {
    fn write(&self, to: &mut ArgWriter<'_>) {
        match self {
            Self::Inclusive(member) => to.write(&[b"[", &member[..]].concat()),
            Self::Exclusive(member) => to.write(&[b"(", &member[..]].concat()),
            Self::Min => to.write(b"-"),
            Self::Max => to.write(b"+"),
        }
    }
}

/// A range of members that all have the same score, from low to high. Rust's own ranges of text or bytes are such
/// ranges.
///
/// ```
/// use carnelian_command::group::{LexBound, LexRange};
///
/// assert_eq!(LexRange::from("a".."c").max, LexBound::Exclusive(b"c".to_vec()));
/// assert_eq!(LexRange::from(..), LexRange::new(LexBound::Min, LexBound::Max));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LexRange {
    /// The lower end.
    pub min: LexBound,
    /// The upper end.
    pub max: LexBound,
}

impl LexRange {
    /// The members between two ends.
    #[must_use]
    pub const fn new(min: LexBound, max: LexBound) -> Self {
        Self { min, max }
    }

    fn between<T: AsRef<[u8]>>(min: Bound<T>, max: Bound<T>) -> Self {
        Self { min: LexBound::of(min, LexBound::Min), max: LexBound::of(max, LexBound::Max) }
    }
}

impl From<RangeFull> for LexRange {
    fn from(_: RangeFull) -> Self {
        Self::new(LexBound::Min, LexBound::Max)
    }
}

impl<T: AsRef<[u8]>> From<Range<T>> for LexRange {
    fn from(range: Range<T>) -> Self {
        Self::between(Bound::Included(range.start), Bound::Excluded(range.end))
    }
}

impl<T: AsRef<[u8]>> From<RangeInclusive<T>> for LexRange {
    fn from(range: RangeInclusive<T>) -> Self {
        let (start, end) = range.into_inner();
        Self::between(Bound::Included(start), Bound::Included(end))
    }
}

impl<T: AsRef<[u8]>> From<RangeFrom<T>> for LexRange {
    fn from(range: RangeFrom<T>) -> Self {
        Self::between(Bound::Included(range.start), Bound::Unbounded)
    }
}

impl<T: AsRef<[u8]>> From<RangeTo<T>> for LexRange {
    fn from(range: RangeTo<T>) -> Self {
        Self::between(Bound::Unbounded, Bound::Excluded(range.end))
    }
}

impl<T: AsRef<[u8]>> From<RangeToInclusive<T>> for LexRange {
    fn from(range: RangeToInclusive<T>) -> Self {
        Self::between(Bound::Unbounded, Bound::Included(range.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    fn texts(min: impl ToArg, max: impl ToArg) -> [String; 2] {
        let mut request = Request::unknown(&[]);
        request.push(min);
        request.push(max);
        let texts: Vec<_> =
            request.arguments().map(|argument| String::from_utf8(argument.to_vec()).unwrap()).collect();
        texts.try_into().unwrap()
    }

    fn scores(range: impl Into<ScoreRange>) -> [String; 2] {
        let range = range.into();
        texts(range.min, range.max)
    }

    fn members(range: impl Into<LexRange>) -> [String; 2] {
        let range = range.into();
        texts(range.min, range.max)
    }

    #[test]
    fn scores_of_all_ranges() {
        let number = |text: &str| text.parse::<f64>().unwrap();
        assert_eq!(scores(..), ["-inf", "+inf"]);
        let [min, max] = scores(1..5);
        assert_eq!((number(&min), max.strip_prefix('(').map(number)), (1.0, Some(5.0)));
        let [min, max] = scores(-0.5..=2.5);
        assert_eq!((min.as_str(), max.as_str()), ("-0.5", "2.5"));
        assert_eq!(scores(0.25..), ["0.25", "+inf"]);
        assert_eq!(scores(..0.25), ["-inf", "(0.25"]);
        assert_eq!(scores(..=0.25), ["-inf", "0.25"]);
        assert_eq!(scores(f64::NEG_INFINITY..f64::INFINITY), ["-inf", "(inf"]);
        let [min, _] = scores(ScoreRange::new(ScoreBound::Exclusive(f64::NAN), 1));
        assert_eq!(min, "(nan");
    }

    #[test]
    fn members_of_all_ranges() {
        assert_eq!(members(..), ["-", "+"]);
        assert_eq!(members("a".."c"), ["[a", "(c"]);
        assert_eq!(members("a".."(c"), ["[a", "((c"]);
        assert_eq!(members("a"..="c"), ["[a", "[c"]);
        assert_eq!(members(String::from("a")..), ["[a", "+"]);
        assert_eq!(members(..b"a".to_vec()), ["-", "(a"]);
        assert_eq!(members(..="a"), ["-", "[a"]);
        assert_eq!(members(LexRange::new(LexBound::Exclusive(b"a".to_vec()), LexBound::Max)), ["(a", "+"]);
    }
}
