//! Why a reply did not become what was asked for.

use std::fmt;

use carnelian_resp::{ProtocolError, Token};

/// An error line of the server: a code such as `WRONGTYPE`, and a text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerError {
    line: Box<str>,
}

impl ServerError {
    /// The error of this line. Bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn new(line: &[u8]) -> Self {
        Self { line: String::from_utf8_lossy(line).into() }
    }

    /// The first word, when it is a code (upper case): `WRONGTYPE`, `MOVED`, …; else `ERR`.
    #[must_use]
    pub fn code(&self) -> &str {
        let word = self.line.split_ascii_whitespace().next().unwrap_or_default();
        let is_code = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        if is_code { word } else { "ERR" }
    }

    /// The text behind the code.
    #[must_use]
    pub fn text(&self) -> &str {
        self.line.strip_prefix(self.code()).unwrap_or(&self.line).trim_start()
    }

    /// The whole line.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerError({:?})", self.line)
    }
}

impl std::error::Error for ServerError {}

/// A reply is not of the kind that was asked for. The data itself is never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    reason: Box<Reason>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Mismatch { wanted: &'static str, got: &'static str },
    Invalid(String),
    Server(ServerError),
    Protocol(ProtocolError),
}

impl DecodeError {
    /// `token` came where a `wanted` was asked for. An error of the server stays one.
    #[must_use]
    #[cold]
    pub fn mismatch(wanted: &'static str, token: &Token<'_>) -> Self {
        if let Token::Error(line) = token {
            return Self::server(line);
        }
        let got = match token {
            Token::Simple(_) => "a status",
            Token::Integer(_) => "an integer",
            Token::Bulk(_) | Token::Verbatim { .. } => "a string",
            Token::Null => "nil",
            Token::Double(_) => "a double",
            Token::Boolean(_) => "a boolean",
            Token::BigNumber(_) => "a big number",
            Token::Map(_) => "a map",
            Token::Set(_) => "a set",
            Token::Push(_) => "a push",
            _ => "an array",
        };
        Self { reason: Box::new(Reason::Mismatch { wanted, got }) }
    }

    /// The reply is of the right kind, but its content is not: say what was wrong with it, without the content.
    #[must_use]
    #[cold]
    pub fn invalid(why: impl Into<String>) -> Self {
        Self { reason: Box::new(Reason::Invalid(why.into())) }
    }

    /// The element is an error line of the server.
    #[must_use]
    #[cold]
    pub fn server(line: &[u8]) -> Self {
        Self { reason: Box::new(Reason::Server(ServerError::new(line))) }
    }

    /// The error line of the server, when that is the reason.
    #[must_use]
    pub const fn server_error(&self) -> Option<&ServerError> {
        match &*self.reason {
            Reason::Server(error) => Some(error),
            _ => None,
        }
    }

    /// True when the bytes are no RESP at all, so that the connection can't be trusted.
    #[must_use]
    pub const fn is_protocol_error(&self) -> bool {
        matches!(&*self.reason, Reason::Protocol(_))
    }
}

impl From<ProtocolError> for DecodeError {
    #[cold]
    fn from(error: ProtocolError) -> Self {
        Self { reason: Box::new(Reason::Protocol(error)) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.reason {
            Reason::Mismatch { wanted, got: "nil" } => {
                write!(f, "the reply is nil where {wanted} was asked for; ask for an Option to allow it")
            }
            Reason::Mismatch { wanted, got } => write!(f, "the reply is {got} where {wanted} was asked for"),
            Reason::Invalid(why) => f.write_str(why),
            Reason::Server(error) => error.fmt(f),
            Reason::Protocol(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_texts() {
        let error = ServerError::new(b"WRONGTYPE Operation against a key");
        assert_eq!((error.code(), error.text()), ("WRONGTYPE", "Operation against a key"));
        let error = ServerError::new(b"something odd");
        assert_eq!((error.code(), error.text()), ("ERR", "something odd"));
        assert_eq!(ServerError::new(b"").code(), "ERR");
    }
}
