//! The typed methods, one file per group of commands, under Redis's own names.
//!
//! Each is a trait on top of an executor marker, so that a method written here once serves every client.

mod block_for;
mod connection;
mod expiry;
mod generic;
mod hash;
mod kept;
mod limit;
mod list;
mod pubsub;
mod scan;
mod scripting;
mod server;
mod set;
mod sorted_set;
mod stream;
mod string;
mod transactions;
mod ttl;

pub use block_for::BlockFor;
pub use connection::{
    ClientBy, ClientFilter, ClientInfo, ClientList, ClientType, ConnectionCommands, ConnectionStateCommands,
    HelloOptions, OwnConnectionCommands, ReplyMode, ServerHello, ServerModule, TrackingInfo, TrackingOptions,
    TrackingRedirect,
};
pub use expiry::{ExpireCondition, Expiry, ExpiryChange};
pub use generic::{
    CopyOptions, GenericCommands, KeyType, MigrateOptions, Migrated, RestoreOptions, SortOptions,
    WaitCommands,
};
pub use hash::{FieldExpire, FieldPersist, HashCommands, HashImportCommands, HsetexOptions};
pub use limit::Limit;
pub use list::{
    BlockingListCommands, InsertAt, Inserted, ListCommands, ListEnd, LposOptions, MoveCount, MoveOrder,
};
pub use pubsub::PubSubCommands;
pub use scan::{ScanOptions, ScanPage};
pub use scripting::{
    FunctionCommands, FunctionInfo, FunctionListOptions, FunctionRestore, FunctionStats, Library,
    LibraryError, LibraryInfo, RunningFunction, Script, ScriptCall, ScriptDebug, ScriptDebugCommands,
    ScriptEngine, ScriptingCommands,
};
pub use server::{
    AclCommands, CommandFilter, FlushMode, Info, InfoKeyspace, InfoReplica, Role, RoleReplica,
    ServerCommands, ShutdownCommands, ShutdownOptions, SlowlogEntry,
};
pub use set::{SetCommands, UnionCardOptions};
pub use sorted_set::{
    Aggregate, BlockingSortedSetCommands, LexBound, LexRange, RankRange, Score, ScoreBound, ScoreEnd,
    ScoreRange, SortedSetCommands, SortedSetRangeCommands, ToScores, ZAddOptions, ZCombineOptions, ZRange,
    ZRangeBy, ZRangeByScoreOptions, ZRangeLimited, ZRangeScored,
};
pub use stream::{
    AutoclaimPage, BlockingStreamCommands, ConsumerPending, GroupPending, GroupStart, IdmpInfo, IdmpLimits,
    InvalidStreamId, Nack, PendingEntry, PendingSummary, StreamBound, StreamCommands, StreamConsumerCommands,
    StreamConsumerDetails, StreamConsumerInfo, StreamDelete, StreamDelivery, StreamDetails, StreamEntries,
    StreamEntry, StreamGroupCommands, StreamGroupDetails, StreamGroupInfo, StreamId, StreamInfo, StreamRange,
    StreamRefs, StreamStart, StreamTotals, StreamWaitStart, StreamsRead, ToStreams, Trim, XaddOptions,
    XautoclaimOptions, XclaimOptions, XgroupCreateOptions, XnackOptions, XpendingOptions, XreadOptions,
    XreadgroupOptions, XsetidOptions,
};
pub use string::{
    Digest, Increment, IncrexOptions, Lcs, LcsMatch, MsetexOptions, SetOptions, StringCommands,
    ValueCondition,
};
pub use transactions::TransactionCommands;
pub use ttl::{ExpiresAt, Ttl};
