//! What the user has said to do with replies, by the name of the command.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use carnelian_command::{DecodeError, Request, Value};

/// Changes a reply before it becomes a type.
pub type ReplyCallback = Arc<dyn Fn(Value) -> Result<Value, DecodeError> + Send + Sync>;

/// The callbacks of a client. Hardly anybody has one, so that is asked first and costs one load.
#[derive(Default)]
pub struct Callbacks {
    any: AtomicBool,
    by_name: RwLock<HashMap<String, ReplyCallback>>,
}

impl Callbacks {
    /// True when there are any.
    #[inline]
    #[must_use]
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// The callback for replies to this command.
    #[must_use]
    pub fn of(&self, request: &Request) -> Option<ReplyCallback> {
        self.named(&request.name())
    }

    /// The callback for replies to a command of this name, in capitals.
    #[must_use]
    pub fn named(&self, command: &str) -> Option<ReplyCallback> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(command).cloned()
    }

    /// Sends replies to `command` through `callback`.
    pub fn set(&self, command: &str, callback: ReplyCallback) {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.insert(command.to_uppercase(), callback);
        self.any.store(true, Ordering::Relaxed);
    }

    /// Leaves replies to `command` as they are again.
    pub fn remove(&self, command: &str) {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.remove(&command.to_uppercase());
        self.any.store(!by_name.is_empty(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").field("any", &self.any()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnelian_command::{Build, RawCommands as _};

    #[test]
    fn names_are_found_in_any_case() {
        let callbacks = Callbacks::default();
        let request = Build.command("EXISTS").key("k").run::<()>().into_request();
        assert!(!callbacks.any() && callbacks.of(&request).is_none());
        callbacks.set("exists", Arc::new(Ok));
        assert!(callbacks.any() && callbacks.of(&request).is_some());
        callbacks.remove("Exists");
        assert!(!callbacks.any() && callbacks.of(&request).is_none());
    }
}
