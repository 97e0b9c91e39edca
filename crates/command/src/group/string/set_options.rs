//! The options of SET and of its many-key sibling MSETEX.

use std::time::{Duration, SystemTime};

use super::value_condition::ValueCondition;
use crate::group::expiry::Expiry;
use crate::{Command, FromReply, ToArg};

/// How SET sets: under which condition, and until when. A later call replaces an earlier one of its kind.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, group::{SetOptions, StringCommands as _}};
///
/// let lock = SetOptions::new().if_missing().ttl(Duration::from_secs(30));
/// let command = Build.set_with("lock:7", "token", lock);
/// assert_eq!(command.request().arguments().skip(3).collect::<Vec<_>>(), [&b"NX"[..], b"EX", b"30"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SetOptions {
    condition: Option<Condition>,
    expiry: Option<Expiry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Missing,
    Exists,
    Value(ValueCondition),
}

impl SetOptions {
    /// Sets in any case, for good.
    pub const fn new() -> Self {
        Self { condition: None, expiry: None }
    }

    /// Sets only if the key is missing (NX).
    pub fn if_missing(mut self) -> Self {
        self.condition = Some(Condition::Missing);
        self
    }

    /// Sets only if the key is there (XX).
    pub fn if_exists(mut self) -> Self {
        self.condition = Some(Condition::Exists);
        self
    }

    /// Sets only if the value is now this one: compare and set (IFEQ; Redis 8.4, Valkey 8.1).
    pub fn if_equals(self, value: impl ToArg) -> Self {
        self.if_value(ValueCondition::equals(value))
    }

    /// Sets only if this holds of the value that is there now (IFEQ: Redis 8.4, Valkey 8.1; the others Redis 8.4).
    pub fn if_value(mut self, condition: ValueCondition) -> Self {
        self.condition = Some(Condition::Value(condition));
        self
    }

    /// When the key expires. Without this it never will, whatever it did before.
    pub fn expiry(mut self, expiry: impl Into<Expiry>) -> Self {
        self.expiry = Some(expiry.into());
        self
    }

    /// The key expires this long from now. See [`Expiry`] for how it is rounded.
    pub fn ttl(self, ttl: Duration) -> Self {
        self.expiry(ttl)
    }

    /// The key expires at this time (Redis 6.2).
    pub fn expires_at(self, time: SystemTime) -> Self {
        self.expiry(time)
    }

    /// The key keeps the expiry it has (KEEPTTL; Redis 6.0).
    pub fn keep_ttl(self) -> Self {
        self.expiry(Expiry::KeepTtl)
    }

    /// Adds the options to `command`; `get` is SET's wish for the old value, which stands between them.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>, get: bool) -> Command<R> {
        let command = match self.condition {
            Some(Condition::Missing) => command.arg("NX"),
            Some(Condition::Exists) => command.arg("XX"),
            Some(Condition::Value(condition)) => condition.add_to(command),
            None => command,
        };
        Expiry::add_to(self.expiry, command.word_if(get, "GET"))
    }
}

/// How MSETEX sets all its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct MsetexOptions {
    condition: Option<&'static str>,
    expiry: Option<Expiry>,
}

impl MsetexOptions {
    /// Sets in any case, for good.
    pub const fn new() -> Self {
        Self { condition: None, expiry: None }
    }

    /// Sets only if all keys are missing (NX).
    pub const fn if_all_missing(mut self) -> Self {
        self.condition = Some("NX");
        self
    }

    /// Sets only if all keys are there (XX).
    pub const fn if_all_exist(mut self) -> Self {
        self.condition = Some("XX");
        self
    }

    /// When the keys expire. Without this they never will, whatever they did before.
    pub fn expiry(mut self, expiry: impl Into<Expiry>) -> Self {
        self.expiry = Some(expiry.into());
        self
    }

    /// The keys expire this long from now. See [`Expiry`] for how it is rounded.
    pub fn ttl(self, ttl: Duration) -> Self {
        self.expiry(ttl)
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        Expiry::add_to(self.expiry, command.optional(self.condition))
    }
}
