//! Owns [`ConfigError`]: what is wrong with a setting, where it came from, and what to write instead. It never holds a secret: the
//! places that build one decide whether a value may be shown.

/// A setting that can't be used. Its `Display` says where it came from, what is wrong and what to write instead; it shows no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    message: String,
    option: Option<String>,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), option: None }
    }

    pub(crate) fn about(option: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), option: Some(option.to_owned()) }
    }

    /// A part of the product that is recognised but does not exist yet.
    pub(crate) fn unbuilt(feature: &str) -> Self {
        Self::new(format!("not built yet: {feature}"))
    }

    /// The same error, said of something further out.
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The option that is at fault, by its name in a URL, where it is one option.
    #[must_use]
    pub fn option(&self) -> Option<&str> {
        self.option.as_deref()
    }
}
