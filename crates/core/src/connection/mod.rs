//! The life of commands on one connection, without the connection.
//!
//! - [`Link`]: the queue of one connection, which outlives it; what the callers and the driver both touch.
//! - [`Handshake`]: what is said first on a fresh connection.
//! - [`Inbox`]: received bytes cut into replies.
//! - [`Liveness`](liveness): when silence means death.
//!
//! Nothing here reads a clock or a socket. Time is told as microseconds since a moment that the driver chose.

mod batch;
mod dispatch;
mod entry;
mod gathered;
mod handshake;
mod held;
mod inbox;
mod inflight;
mod link;
pub mod liveness;
mod outbox;
mod slots;

pub use batch::{Batch, Part, Slice};
pub use entry::{Call, Micros, NEVER};
pub use gathered::{Gathered, PartOutcome};
pub use handshake::{Greeting, Handshake, Step};
pub use held::{Held, Spares};
pub use inbox::Inbox;
pub use link::{Anomaly, Link, Load, Phase, Refusal, Submitted};
pub use outbox::Chunk;
pub use slots::{Delivery, Ticket};
