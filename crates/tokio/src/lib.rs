//! carnelian-tokio.
