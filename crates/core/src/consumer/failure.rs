//! What an error means to a consumer: that reading goes on after it, that the group is gone, or that somebody has to act.

use crate::{Error, ErrorKind, ServerCode};

/// What an error means to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may pass by itself.
    Passing,
    /// The stream or its group is not there.
    NoGroup,
    /// The client was closed.
    Closed,
    /// It stays until somebody does something about it.
    Lasting,
}

impl Failure {
    pub(super) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::QueueFull | ErrorKind::PoolExhausted => {
                Self::Passing
            }
            ErrorKind::Closed => Self::Closed,
            ErrorKind::Server => match error.server_code() {
                Some(ServerCode::NoGroup) => Self::NoGroup,
                // The stream was deleted while the read waited for more of it.
                Some(ServerCode::Unblocked) => Self::Passing,
                Some(code) if code.may_pass() => Self::Passing,
                _ => Self::Lasting,
            },
            _ => Self::Lasting,
        }
    }
}

/// True when the server has never heard of the command.
#[must_use]
pub fn is_unknown_command(error: &Error) -> bool {
    error.server_error().is_some_and(|error| error.line().contains("unknown command"))
}

#[cfg(test)]
mod tests {
    use carnelian_command::{ServerError, spec};

    use super::*;

    #[test]
    fn lines_of_servers() {
        for (line, want) in [
            (
                "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
                Failure::NoGroup,
            ),
            ("UNBLOCKED the stream key no longer exists", Failure::Passing),
            ("LOADING Redis is loading the dataset in memory", Failure::Passing),
            ("READONLY You can't write against a read only replica.", Failure::Passing),
            ("WRONGTYPE Operation against a key", Failure::Lasting),
            ("NOPERM this user has no permissions", Failure::Lasting),
        ] {
            let error = Error::server(&spec::XREADGROUP, ServerError::new(line.as_bytes()));
            assert_eq!(Failure::of(&error), want, "{line}");
            assert!(!is_unknown_command(&error));
        }
        assert_eq!(Failure::of(&Error::closed()), Failure::Closed);
        assert_eq!(Failure::of(&Error::lost("", true)), Failure::Passing);
        let line = b"ERR unknown command `XAUTOCLAIM`, with args beginning with: `s`, ";
        assert!(is_unknown_command(&Error::server(&spec::XAUTOCLAIM, ServerError::new(line))));
    }
}
