//! What can be an argument of a command: text, bytes, numbers; lists of them; pairs of them.
//!
//! A single `u8` is no argument on purpose: else `Vec<u8>` could be one argument or a list of numbers, and a key
//! given as bytes could be taken for many.

mod lists;
mod pairs;
mod scalars;

pub use lists::ToArgs;
pub use pairs::ToPairs;
pub use scalars::ToArg;

use crate::Request;

/// Where a [`ToArg`] writes itself.
#[derive(Debug)]
pub struct ArgWriter<'a> {
    request: &'a mut Request,
}

impl<'a> ArgWriter<'a> {
    #[inline]
    pub(crate) const fn new(request: &'a mut Request) -> Self {
        ArgWriter { request }
    }

    /// Writes one argument.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) {
        self.request.push_bytes(bytes);
    }
}
