//! carnelian-command.
