//! Scores as arguments: what may be one, and how scores go with members.

use crate::{ToArg, ToPairs};

/// A number that can be a score. The servers keep scores as doubles, so whole numbers above 2⁵³ lose digits there.
///
/// Implement it for your own types beside [`ToArg`]; both must say the same number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a score",
    note = "scores are numbers and come first, as in Redis: `(1.5, \"ada\")`, not `(\"ada\", 1.5)`"
)]
pub trait Score: ToArg + Copy {
    /// The score as the servers keep it.
    fn to_f64(self) -> f64;
}

impl Score for f64 {
    fn to_f64(self) -> f64 {
        self
    }
}

impl Score for i32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Score for u32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Score for i64 {
    #[expect(clippy::cast_precision_loss, reason = "the server does the same")]
    fn to_f64(self) -> f64 {
        self as f64
    }
}

impl Score for u64 {
    #[expect(clippy::cast_precision_loss, reason = "the server does the same")]
    fn to_f64(self) -> f64 {
        self as f64
    }
}

impl Score for usize {
    #[expect(clippy::cast_precision_loss, reason = "the server does the same")]
    fn to_f64(self) -> f64 {
        self as f64
    }
}

/// Members with their scores, score first as in Redis: a tuple, or an array, slice or `Vec` of tuples.
///
/// A score can only be a number, so that pairs the wrong way round don't compile:
///
/// ```
/// use carnelian_command::{Build, group::SortedSetCommands as _};
///
/// Build.zadd("board", (1.5, "ada"));
/// Build.zadd("board", [(3, "ada"), (4, "grace")]);
/// Build.zadd("board", vec![(1_700_000_000_u64, String::from("ada"))]);
/// ```
///
/// ```compile_fail
/// use carnelian_command::{Build, group::SortedSetCommands as _};
///
/// Build.zadd("board", ("ada", 1.5));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be scores with members",
    note = "give a tuple with the score first, `(1.5, \"ada\")`, or an array, slice or `Vec` of such tuples"
)]
pub trait ToScores: ToPairs {}

impl<T: ToScores + ?Sized> ToScores for &T {}
impl<S: Score, M: ToArg> ToScores for (S, M) {}
impl<S: Score, M: ToArg> ToScores for [(S, M)] {}
impl<S: Score, M: ToArg, const N: usize> ToScores for [(S, M); N] {}
impl<S: Score, M: ToArg> ToScores for Vec<(S, M)> {}
