//! Owns [`TlsError`]: why TLS options can't be used.

use std::path::Path;

/// TLS options that can't be used. Its `Display` names the option and says what to do; it shows no key and no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(String);

impl TlsError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(crate) fn unreadable(option: &str, path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{option}: {} can't be read: {error}", path.display()))
    }
}
