//! The options of HSETEX.

use std::time::Duration;

use crate::group::expiry::Expiry;
use crate::{Command, FromReply};

/// How HSETEX sets fields: under which conditions, and until when.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, group::{HashCommands as _, HsetexOptions}};
///
/// let fresh = HsetexOptions::new().if_fields_missing().ttl(Duration::from_secs(60));
/// let command = Build.hsetex_with("user:1", ("code", 1234), fresh);
/// assert_eq!(command.request().arguments().nth(2), Some(&b"FNX"[..]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct HsetexOptions {
    key: Option<&'static str>,
    fields: Option<&'static str>,
    expiry: Option<Expiry>,
}

impl HsetexOptions {
    /// Sets in any case, for good.
    pub const fn new() -> Self {
        Self { key: None, fields: None, expiry: None }
    }

    /// Sets only if none of the fields is there (FNX).
    pub const fn if_fields_missing(mut self) -> Self {
        self.fields = Some("FNX");
        self
    }

    /// Sets only if all of the fields are there (FXX).
    pub const fn if_fields_exist(mut self) -> Self {
        self.fields = Some("FXX");
        self
    }

    /// Sets only if there is no such hash yet (NX; Valkey only).
    pub const fn if_missing(mut self) -> Self {
        self.key = Some("NX");
        self
    }

    /// Sets only if the hash is there (XX; Valkey only).
    pub const fn if_exists(mut self) -> Self {
        self.key = Some("XX");
        self
    }

    /// When the fields expire. Without this they never will, whatever they did before.
    pub fn expiry(mut self, expiry: impl Into<Expiry>) -> Self {
        self.expiry = Some(expiry.into());
        self
    }

    /// The fields expire this long from now. See [`Expiry`] for how it is rounded.
    pub fn ttl(self, ttl: Duration) -> Self {
        self.expiry(ttl)
    }

    /// The fields keep the expiry they have (KEEPTTL).
    pub fn keep_ttl(self) -> Self {
        self.expiry(Expiry::KeepTtl)
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        Expiry::add_to(self.expiry, command.optional(self.key).optional(self.fields))
    }
}
