//! carnelian-tls.
