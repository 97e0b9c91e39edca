//! RESP2 and RESP3, the wire protocols of Redis and Valkey, without I/O.
//!
//! # Layout
//!
//! - [`Framer`] finds where a frame ends in a growing buffer and never looks at a byte twice.
//! - [`Reader`] walks a finished frame, token by token, without building a tree.
//! - [`encode`] writes commands and replies in place at the end of a buffer.
//! - [`flatten`] rewrites the streamed types of RESP3 into counted ones, so that readers need not know them.
//! - [`inline`] splits the one-line form of a command that people type into telnet.
//! - [`Limits`] bounds what a peer may make us hold; [`ProtocolError`] says what was wrong with its bytes.
//!
//! Whoever owns the socket feeds a [`Framer`] and hands each finished slice to a [`Reader`]:
//!
//! ```
//! use carnelian_resp::{Framer, Limits, Reader, Token};
//!
//! let mut framer = Framer::new(Limits::default());
//! let mut received = b"$5\r\nhel".to_vec();
//! assert_eq!(framer.frame(&received)?, None); // not all there yet
//!
//! received.extend_from_slice(b"lo\r\n:1\r\n");
//! let frame = framer.frame(&received)?.expect("the frame is whole");
//! let mut reader = Reader::new(&received[..frame.end]);
//! assert_eq!(reader.token()?, Token::Bulk(b"hello"));
//! # Ok::<(), carnelian_resp::ProtocolError>(())
//! ```

pub mod encode;
mod error;
mod flatten;
mod framer;
pub mod inline;
mod limits;
mod number;
mod reader;
mod short;
mod token;

pub use error::ProtocolError;
pub use flatten::flatten;
pub use framer::{Framer, Span};
pub use limits::Limits;
pub use reader::Reader;
pub use token::Token;
