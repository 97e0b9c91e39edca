//! The source of a script or a library, which is cheap to clone: it stands in the program, or it is shared.

use std::borrow::Cow;
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Source {
    InProgram(&'static str),
    Shared(Arc<str>),
}

impl Source {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::InProgram(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<Cow<'static, str>> for Source {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::InProgram(text),
            Cow::Owned(text) => Self::Shared(text.into()),
        }
    }
}
