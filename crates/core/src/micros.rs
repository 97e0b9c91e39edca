//! Time as the core counts it: whoever drives the core brings the clock.

/// Microseconds since a moment that the driver chose.
pub type Micros = u64;

/// No deadline.
pub const NEVER: Micros = Micros::MAX;
