//! The families of commands, under the names Redis gives them in its documentation.

/// The family that a command belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// Sparse arrays (`ARSET`, Redis 8.8).
    Array,
    /// Strings taken as bits.
    Bitmap,
    /// The state of a cluster, seen from one node.
    Cluster,
    /// The connection itself and the other clients of the server.
    Connection,
    /// Any key, whatever its type.
    Generic,
    /// Positions on the globe.
    Geo,
    /// Hashes.
    Hash,
    /// Cardinality estimates.
    HyperLogLog,
    /// Lists.
    List,
    /// Publish and subscribe.
    PubSub,
    /// Lua scripts and functions.
    Scripting,
    /// What a sentinel answers.
    Sentinel,
    /// Administration of one server.
    Server,
    /// Sets.
    Set,
    /// Sorted sets.
    SortedSet,
    /// Streams.
    Stream,
    /// Strings and counters.
    String,
    /// `MULTI`, `EXEC`, `WATCH`.
    Transactions,
    /// Bloom filters (`BF.*`).
    Bloom,
    /// Cuckoo filters (`CF.*`).
    Cuckoo,
    /// Count-min sketches (`CMS.*`).
    CountMinSketch,
    /// Search and query (`FT.*`).
    Search,
    /// JSON documents (`JSON.*`).
    Json,
    /// t-digests, estimates of quantiles (`TDIGEST.*`).
    TDigest,
    /// The most frequent elements (`TOPK.*`).
    TopK,
    /// Time series (`TS.*`).
    TimeSeries,
    /// Vector sets (`VADD`, Redis 8.0).
    VectorSet,
}
