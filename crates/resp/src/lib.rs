//! carnelian-resp.
