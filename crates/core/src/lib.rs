//! carnelian-core.
