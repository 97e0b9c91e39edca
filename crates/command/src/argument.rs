//! What can be an argument of a command: text, bytes, numbers; lists of them; pairs of them.
//!
//! A single `u8` is no argument on purpose: else `Vec<u8>` could be one argument or a list of numbers, and a key
//! given as bytes could be taken for many.

mod lists;
mod pairs;
mod scalars;
mod tuples;

pub use lists::ToArgs;
pub use pairs::ToPairs;
pub use scalars::ToArg;

use crate::encoded::Encoded;

/// Where a [`ToArg`] writes itself.
#[derive(Debug)]
pub struct ArgWriter<'a> {
    encoded: &'a mut Encoded,
}

impl<'a> ArgWriter<'a> {
    #[inline]
    pub(crate) const fn new(encoded: &'a mut Encoded) -> Self {
        ArgWriter { encoded }
    }

    /// Writes one argument.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) {
        self.encoded.push(bytes);
    }
}
