//! What the user has said to do with replies, by the name of the command.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use carnelian_command::{DecodeError, Request, Value};
use parking_lot::RwLock;

/// Changes a reply before it becomes a type.
pub type ReplyCallback = Arc<dyn Fn(Value) -> Result<Value, DecodeError> + Send + Sync>;

/// The callbacks of a client. Hardly anybody has one, so that is asked first and costs one load.
#[derive(Default)]
pub(crate) struct Callbacks {
    any: AtomicBool,
    by_name: RwLock<HashMap<String, ReplyCallback>>,
}

impl Callbacks {
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    pub(crate) fn of(&self, request: &Request) -> Option<ReplyCallback> {
        self.by_name.read().get(&request.name()).cloned()
    }

    pub(crate) fn set(&self, command: &str, callback: ReplyCallback) {
        let mut by_name = self.by_name.write();
        by_name.insert(command.to_uppercase(), callback);
        self.any.store(true, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, command: &str) {
        let mut by_name = self.by_name.write();
        by_name.remove(&command.to_uppercase());
        self.any.store(!by_name.is_empty(), Ordering::Relaxed);
    }
}
