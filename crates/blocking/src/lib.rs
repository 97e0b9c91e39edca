//! carnelian-blocking.
