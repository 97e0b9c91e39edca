//! How one command differs from what the client's config says for all.

use std::time::Duration;

use carnelian_core::config::Retry;

/// How one command differs from the client's config.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// `Some(None)`: no deadline.
    pub(crate) timeout: Option<Option<Duration>>,
    pub(crate) retry: Option<Box<Retry>>,
    pub(crate) idempotent: bool,
}
