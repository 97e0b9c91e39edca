//! Small choices of the commands about the server.

use crate::{Command, FromReply};

/// When the memory of what is deleted is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlushMode {
    /// In the background: the reply comes at once.
    Async,
    /// Before the reply.
    Sync,
}

impl FlushMode {
    pub(in crate::group) const fn word(self) -> &'static str {
        match self {
            Self::Async => "ASYNC",
            Self::Sync => "SYNC",
        }
    }
}

/// Which commands COMMAND LIST names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandFilter {
    /// Those that a module brings.
    Module(String),
    /// Those of a category, without its `@`.
    AclCategory(String),
    /// Those whose names match a glob pattern.
    Pattern(String),
}

impl CommandFilter {
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let (word, value) = match self {
            Self::Module(name) => ("MODULE", name),
            Self::AclCategory(category) => ("ACLCAT", category),
            Self::Pattern(pattern) => ("PATTERN", pattern),
        };
        command.arg("FILTERBY").arg(word).arg(value)
    }
}
