//! The tips by which a server tells a cluster client where a command goes and how its replies become one.
//!
//! The words are Redis's. What to do about each of them is decided in the core.

/// Which nodes of a cluster have to run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestPolicy {
    /// The node that owns the first key; any one node when there is no key.
    Default,
    /// Every node, replicas included.
    AllNodes,
    /// Every primary.
    AllShards,
    /// The keys are split by slot; each owner runs its share.
    MultiShard,
    /// No general rule: each such command needs code of its own.
    Special,
}

/// How the replies of several nodes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponsePolicy {
    /// With keys: in the order of the keys. Without: all the replies' elements, in any order.
    Default,
    /// One success is enough.
    OneSucceeded,
    /// All must succeed; the first error is the reply otherwise.
    AllSucceeded,
    /// Numbers: element-wise and.
    AggLogicalAnd,
    /// Numbers: the smallest.
    AggMin,
    /// Numbers: the sum.
    AggSum,
    /// No general rule: each such command needs code of its own.
    Special,
}
