//! carnelian-core.

pub mod config;
