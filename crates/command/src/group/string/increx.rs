//! The options and the reply of INCREX, which counts within bounds and sets an expiry in one step.

use std::time::Duration;

use carnelian_resp::Reader;

use crate::group::expiry::ExpiryChange;
use crate::{Command, DecodeError, FromReply, ToArg};

/// How INCREX counts. `N` is the kind of number: `i64` for `increx`, `f64` for `increx_float`.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, group::{IncrexOptions, StringCommands as _}};
///
/// // A rate limit of 100 per minute: the window begins with the first count and is not extended by later ones.
/// let window = IncrexOptions::new().at_most(100).ttl_if_none(Duration::from_secs(60));
/// let command = Build.increx("limit:ada", 1, window);
/// assert_eq!(command.request().len(), 9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct IncrexOptions<N> {
    lowest: Option<N>,
    highest: Option<N>,
    saturate: bool,
    expiry: Option<ExpiryChange>,
    only_new_expiry: bool,
}

impl<N> Default for IncrexOptions<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<N> IncrexOptions<N> {
    /// Counts within what the kind of number can hold, and leaves the expiry as it is.
    pub const fn new() -> Self {
        Self { lowest: None, highest: None, saturate: false, expiry: None, only_new_expiry: false }
    }

    /// A count that would fall below this is not made (LBOUND).
    pub fn at_least(mut self, lowest: N) -> Self {
        self.lowest = Some(lowest);
        self
    }

    /// A count that would rise above this is not made (UBOUND).
    pub fn at_most(mut self, highest: N) -> Self {
        self.highest = Some(highest);
        self
    }

    /// A count that would leave the bounds stops at the bound, where otherwise it is not made at all.
    pub fn saturate(mut self) -> Self {
        self.saturate = true;
        self
    }

    /// What becomes of the key's expiry, whenever a count is made.
    pub fn expiry(mut self, expiry: impl Into<ExpiryChange>) -> Self {
        self.expiry = Some(expiry.into());
        self.only_new_expiry = false;
        self
    }

    /// The key expires this long from now, unless it has an expiry already (ENX): the window of a rate limit.
    pub fn ttl_if_none(mut self, ttl: Duration) -> Self {
        self.expiry = Some(ExpiryChange::In(ttl));
        self.only_new_expiry = true;
        self
    }
}

impl<N: ToArg> IncrexOptions<N> {
    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        if let Some(lowest) = self.lowest {
            command = command.arg("LBOUND").arg(lowest);
        }
        if let Some(highest) = self.highest {
            command = command.arg("UBOUND").arg(highest);
        }
        command = command.word_if(self.saturate, "SATURATE");
        if let Some(expiry) = self.expiry {
            command = expiry.add_to(command);
        }
        command.word_if(self.only_new_expiry, "ENX")
    }
}

/// What INCREX did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Increment<N> {
    /// The value after it.
    pub value: N,
    /// What was really added: 0 when the count would have left the bounds, less than asked for when it saturated.
    pub applied: N,
}

impl<N: FromReply> FromReply for Increment<N> {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (value, applied) = FromReply::from_reply(reader)?;
        Ok(Self { value, applied })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn both_protocols_say_the_same() {
        assert_eq!(read("*2\r\n:100\r\n:1\r\n"), Ok(Increment { value: 100_i64, applied: 1 }));
        let want = Increment { value: 1.75, applied: 0.25 };
        assert_eq!(read("*2\r\n$4\r\n1.75\r\n$4\r\n0.25\r\n"), Ok(want));
        assert_eq!(read("*2\r\n,1.75\r\n,0.25\r\n"), Ok(want));
    }
}
