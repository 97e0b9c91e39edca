//! Owns [`Target`]: where the servers are, and in which arrangement. It carries no credentials, so it may be printed.

use std::fmt;
use std::path::PathBuf;

/// The port a Redis or Valkey server listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 6379;
/// The port a Sentinel listens on unless told otherwise.
pub const DEFAULT_SENTINEL_PORT: u16 = 26379;

/// A host name or address with a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// A name or an address; an IPv6 address stands here without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Node {
    /// A node from its two halves.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_address(f, &self.host, self.port)
    }
}

/// What a client connects to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// One server over TCP (`redis://`, `rediss://`).
    Tcp {
        /// A name or an address; an IPv6 address stands here without brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// One server over a Unix socket (`unix://`).
    Unix {
        /// The socket's path.
        path: PathBuf,
    },
    /// The engine inside this process (`mem://`).
    Mem,
    /// A primary found by asking Sentinels (`redis-sentinel://`).
    Sentinel {
        /// The Sentinels to ask.
        nodes: Vec<Node>,
        /// The name under which they know the primary.
        service: String,
    },
    /// A cluster (`redis-cluster://`).
    Cluster {
        /// The nodes to ask for the others.
        nodes: Vec<Node>,
    },
}

impl Target {
    /// The feature this target needs and this version does not have yet.
    pub(crate) fn unbuilt(&self) -> Option<&'static str> {
        match self {
            Self::Tcp { .. } | Self::Unix { .. } => None,
            Self::Mem => Some("the embedded engine (mem://)"),
            Self::Sentinel { .. } => Some("Sentinel (redis-sentinel://)"),
            Self::Cluster { .. } => Some("Cluster (redis-cluster://)"),
        }
    }
}

impl Default for Target {
    fn default() -> Self {
        Self::Tcp { host: "localhost".to_owned(), port: DEFAULT_PORT }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => write_address(f, host, *port),
            Self::Unix { path } => write!(f, "unix:{}", path.display()),
            Self::Mem => f.write_str("mem"),
            Self::Sentinel { nodes, service } => {
                write!(f, "sentinel {service} of ")?;
                write_nodes(f, nodes)
            }
            Self::Cluster { nodes } => {
                f.write_str("cluster of ")?;
                write_nodes(f, nodes)
            }
        }
    }
}

fn write_address(f: &mut fmt::Formatter<'_>, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
}

fn write_nodes(f: &mut fmt::Formatter<'_>, nodes: &[Node]) -> fmt::Result {
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        write!(f, "{node}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_itself_as_an_address() {
        assert_eq!(Target::default().to_string(), "localhost:6379");
        assert_eq!(Target::Tcp { host: "::1".into(), port: 1 }.to_string(), "[::1]:1");
        assert_eq!(Target::Unix { path: "/tmp/r.sock".into() }.to_string(), "unix:/tmp/r.sock");
        let nodes = vec![Node::new("a", 1), Node::new("::2", 2)];
        assert_eq!(Target::Cluster { nodes: nodes.clone() }.to_string(), "cluster of a:1,[::2]:2");
        assert_eq!(Target::Sentinel { nodes, service: "s".into() }.to_string(), "sentinel s of a:1,[::2]:2");
    }
}
