//! One argument kept for later: what an options struct holds until its command is built.
//!
//! Options stay free of type parameters and lifetimes that way, at the price of one small copy.

use std::fmt;

use crate::{ArgWriter, Request, ToArg};

/// The bytes of one argument.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Kept(Vec<u8>);

impl Kept {
    pub(super) fn new(argument: impl ToArg) -> Self {
        let mut request = Request::unknown(&[]);
        request.push(argument);
        Self(request.arguments().next().unwrap_or_default().to_vec())
    }
}

impl ToArg for Kept {
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(&self.0);
    }
}

/// It may be anybody's data, or a password.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_and_not_shown() {
        let kept = Kept::new("secret");
        let mut request = Request::unknown(&[]);
        request.push(&kept);
        assert_eq!(request.arguments().next(), Some(&b"secret"[..]));
        assert_eq!(format!("{kept:?}"), "<6 bytes>");
        assert_eq!(Kept::new(1.5), Kept::new("1.5"));
    }
}
