//! carnelian-testkit.
