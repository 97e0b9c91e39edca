//! carnelian-carnelian.
