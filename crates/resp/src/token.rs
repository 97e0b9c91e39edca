//! One element of a frame as it stands on the wire.

/// One element of a frame, borrowed from its bytes.
///
/// An aggregate is only its header: its elements are the tokens that follow.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Token<'a> {
    /// `+OK`
    Simple(&'a [u8]),
    /// `-ERR …`, or the bulk form `!…` of RESP3.
    Error(&'a [u8]),
    /// `:1`
    Integer(i64),
    /// `$5…`
    Bulk(&'a [u8]),
    /// `_`, `$-1` or `*-1`: all nulls of both protocols.
    Null,
    /// `,1.5`
    Double(f64),
    /// `#t`
    Boolean(bool),
    /// `(123…`, digits as text.
    BigNumber(&'a [u8]),
    /// `=15\r\ntxt:…`: the three-letter format and the text.
    Verbatim {
        /// `txt`, `mkd`, …
        format: &'a [u8],
        /// The text behind the colon.
        text: &'a [u8],
    },
    /// `*n`: n elements follow.
    Array(usize),
    /// `%n`: n keys, each followed by its value.
    Map(usize),
    /// `~n`: n elements follow.
    Set(usize),
    /// `>n`: n elements follow that answer no command.
    Push(usize),
    /// `|n`: n keys and values about the element that comes after them.
    Attribute(usize),
}
