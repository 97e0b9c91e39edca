//! A handler that did not do its work.

use std::any::Any;
use std::error::Error;
use std::fmt;

use super::KeyspaceEvent;

/// A handler of an event returned an error, or panicked. The listener goes on all the same.
#[derive(Debug)]
#[non_exhaustive]
pub struct HandlerFailure {
    /// What it was to handle.
    pub event: KeyspaceEvent,
    /// What it said.
    pub reason: Box<str>,
    /// It panicked; else it returned an error.
    pub panicked: bool,
}

impl HandlerFailure {
    /// It returned an error.
    #[must_use]
    pub fn returned(event: KeyspaceEvent, error: &(dyn Error + Send + Sync)) -> Self {
        Self { event, reason: error.to_string().into(), panicked: false }
    }

    /// It panicked with this.
    #[must_use]
    pub fn panicked(event: KeyspaceEvent, payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self { event, reason: text.unwrap_or("a panic without a message").into(), panicked: true }
    }
}

/// Names no key, for it goes to logs.
impl fmt::Display for HandlerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.panicked { "panicked" } else { "failed" };
        write!(f, "the handler of \"{}\" {what}: {}", self.event.event, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::super::KeyEvent;
    use super::*;
    use bytes::Bytes;

    #[test]
    fn panics_and_errors_are_told_apart() {
        let event =
            || KeyspaceEvent { event: KeyEvent::Expired, key: Bytes::from_static(b"secret:1"), database: 0 };
        let text = HandlerFailure::panicked(event(), &"oh no").to_string();
        assert_eq!(text, "the handler of \"expired\" panicked: oh no");
        assert_eq!(&*HandlerFailure::panicked(event(), &String::from("owned")).reason, "owned");
        let returned = HandlerFailure::returned(event(), &fmt::Error);
        assert!(!returned.panicked && !returned.to_string().contains("secret"), "{returned}");
    }
}
