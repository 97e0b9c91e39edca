//! What can be wrong with a peer's bytes.

use thiserror::Error;

/// The peer sent bytes that are no RESP, or that go over a [limit](crate::Limits).
///
/// After it nothing on that connection can be trusted: close it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The first byte of an element names no type.
    #[error(
        "byte 0x{0:02x} starts no RESP type; is this port a Redis or Valkey server (and not TLS or HTTP)?"
    )]
    UnknownType(u8),
    /// A number in a header or an integer reply is not one.
    #[error("a number in the reply is malformed")]
    BadNumber,
    /// A boolean that is neither `t` nor `f`, or a null with something in it.
    #[error("a boolean or null in the reply is malformed")]
    BadConstant,
    /// A line or a bulk string does not end in CR LF where it should.
    #[error("an element of the reply does not end where its length says")]
    BadTerminator,
    /// A verbatim string without its three-letter format.
    #[error("a verbatim string in the reply has no format")]
    BadVerbatim,
    /// A piece of a streamed type stands where none may.
    #[error("a piece of a streamed type stands outside of one")]
    BadStream,
    /// A bulk string longer than allowed.
    #[error(
        "a bulk string of {length} bytes is over the limit of {limit}; raise the limit if the server is right"
    )]
    BulkTooLong {
        /// The length announced.
        length: u64,
        /// The limit in force.
        limit: usize,
    },
    /// An aggregate with more elements than allowed.
    #[error(
        "an aggregate of {count} elements is over the limit of {limit}; raise the limit if the server is right"
    )]
    TooManyElements {
        /// The count announced.
        count: u64,
        /// The limit in force.
        limit: usize,
    },
    /// Aggregates nested deeper than allowed.
    #[error("aggregates nest deeper than the limit of {limit} levels")]
    TooDeep {
        /// The limit in force.
        limit: usize,
    },
    /// A line longer than allowed.
    #[error("a line is longer than the limit of {limit} bytes")]
    LineTooLong {
        /// The limit in force.
        limit: usize,
    },
    /// The frame ends in the middle of an element.
    #[error("the reply ends in the middle of an element")]
    Truncated,
    /// A quote of an inline command is not closed, or is followed by text.
    #[error("unbalanced quotes in the command line")]
    UnbalancedQuotes,
}
