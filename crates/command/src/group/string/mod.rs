//! Strings and counters.

mod increx;
mod lcs;
mod set_options;
mod value_condition;

use std::time::Duration;

use super::expiry::{Expiry, ExpiryChange, Span, millis};
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, ToPairs, spec};

pub use increx::{Increment, IncrexOptions};
pub use lcs::{Lcs, LcsMatch};
pub use set_options::{MsetexOptions, SetOptions};
pub use value_condition::{Digest, ValueCondition};

/// Commands on strings: values, counters, many keys at once.
///
/// Where the bytes are your own, the reply becomes what you ask for: `Option<String>` for a key that may be missing,
/// `Vec<u8>` for anything, a number for a counter. The whole reply is that type, so MGET becomes a
/// `Vec<Option<String>>`.
///
/// ```
/// use carnelian_command::{Build, group::StringCommands as _};
///
/// let command = Build.get::<Option<String>>("user:1:name");
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"GET"[..], b"user:1:name"]);
/// ```
pub trait StringCommands: DataExecutor {
    /// Adds `value` at the end of the string at `key`, creating it; the new length.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "APPEND")]
    fn append(self, key: impl ToArg, value: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::APPEND).key(key).arg(value))
    }

    /// Takes 1 off the number at `key`, creating it at 0; the new value.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "DECR")]
    fn decr(self, key: impl ToArg) -> Self::Out<i64> {
        self.run(Command::new(&spec::DECR).key(key))
    }

    /// Takes `delta` off the number at `key`, creating it at 0; the new value.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "DECRBY")]
    fn decrby(self, key: impl ToArg, delta: i64) -> Self::Out<i64> {
        self.run(Command::new(&spec::DECRBY).key(key).arg(delta))
    }

    /// Deletes `key`, of whatever type; whether it was there.
    ///
    /// Since Redis 8.4, not in Valkey. O(1). Without a condition DEL does the same everywhere.
    #[doc(alias = "DELEX")]
    fn delex(self, key: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::DELEX).key(key))
    }

    /// Deletes the string at `key` if `condition` holds of it; whether it did.
    ///
    /// Since Redis 8.4, not in Valkey. O(1), O(n) in the length of the value for digests.
    #[doc(alias = "DELEX")]
    fn delex_if(self, key: impl ToArg, condition: ValueCondition) -> Self::Out<bool> {
        self.run(condition.add_to(Command::new(&spec::DELEX).key(key)))
    }

    /// Deletes the string at `key` if it is `value`; whether it did. The safe way to give a lock back.
    ///
    /// Since Valkey 9.0, not in Redis: there is [`delex_if`](Self::delex_if). O(1).
    #[doc(alias = "DELIFEQ")]
    fn delifeq(self, key: impl ToArg, value: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::DELIFEQ).key(key).arg(value))
    }

    /// The digest of the string at `key`, for conditions that need not send a large value; `None` for a missing key.
    ///
    /// Since Redis 8.4, not in Valkey. O(n) in the length of the value.
    #[doc(alias = "DIGEST")]
    fn digest(self, key: impl ToArg) -> Self::Out<Option<Digest>> {
        self.run(Command::new(&spec::DIGEST).key(key))
    }

    /// The value at `key`; nil for a missing key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "GET")]
    fn get<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::GET).key(key))
    }

    /// The value at `key`, which is deleted; nil for a missing key.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "GETDEL")]
    fn getdel<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::GETDEL).key(key))
    }

    /// The value at `key`, whose expiry is changed; nil for a missing key.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "GETEX")]
    fn getex<R: FromReply>(self, key: impl ToArg, expiry: impl Into<ExpiryChange>) -> Self::Out<R> {
        self.run(expiry.into().add_to(Command::new(&spec::GETEX).key(key)))
    }

    /// The bytes from `start` to `end`, both included; negative positions count from the end, -1 is the last byte.
    ///
    /// Since Redis 2.4, Valkey 7.2. O(n) in the bytes returned.
    #[doc(alias = "GETRANGE")]
    fn getrange<R: FromReply>(self, key: impl ToArg, start: i64, end: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::GETRANGE).key(key).arg(start).arg(end))
    }

    /// Sets `key` to `value`; the value before, nil if there was none. The key loses its expiry.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). Redis calls it deprecated since 6.2: [`set_get`](Self::set_get) does the same
    /// and more.
    #[doc(alias = "GETSET")]
    fn getset<R: FromReply>(self, key: impl ToArg, value: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::GETSET).key(key).arg(value))
    }

    /// Adds 1 to the number at `key`, creating it at 0; the new value.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "INCR")]
    fn incr(self, key: impl ToArg) -> Self::Out<i64> {
        self.run(Command::new(&spec::INCR).key(key))
    }

    /// Adds `delta` to the number at `key`, creating it at 0; the new value.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "INCRBY")]
    fn incrby(self, key: impl ToArg, delta: i64) -> Self::Out<i64> {
        self.run(Command::new(&spec::INCRBY).key(key).arg(delta))
    }

    /// Adds `delta` to the decimal number at `key`, creating it at 0; the new value.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1). The server counts with more digits than an `f64` has.
    #[doc(alias = "INCRBYFLOAT")]
    fn incrbyfloat(self, key: impl ToArg, delta: f64) -> Self::Out<f64> {
        self.run(Command::new(&spec::INCRBYFLOAT).key(key).arg(delta))
    }

    /// Adds `delta` to the number at `key` within bounds, and sets its expiry: a rate limit in one command.
    ///
    /// Since Redis 8.8, not in Valkey. O(1).
    #[doc(alias = "INCREX")]
    fn increx(self, key: impl ToArg, delta: i64, options: IncrexOptions<i64>) -> Self::Out<Increment<i64>> {
        self.run(options.add_to(Command::new(&spec::INCREX).key(key).arg("BYINT").arg(delta)))
    }

    /// Like [`increx`](Self::increx), for decimal numbers.
    ///
    /// Since Redis 8.8, not in Valkey. O(1).
    #[doc(alias = "INCREX")]
    fn increx_float(
        self,
        key: impl ToArg,
        delta: f64,
        options: IncrexOptions<f64>,
    ) -> Self::Out<Increment<f64>> {
        self.run(options.add_to(Command::new(&spec::INCREX).key(key).arg("BYFLOAT").arg(delta)))
    }

    /// The longest common subsequence of two strings; a missing key counts as empty.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n·m) in their lengths.
    #[doc(alias = "LCS")]
    fn lcs<R: FromReply>(self, first: impl ToArg, second: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::LCS).key(first).key(second))
    }

    /// Where the parts of the longest common subsequence are, leaving out those shorter than `min_match_len`.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n·m) in their lengths.
    #[doc(alias = "LCS")]
    fn lcs_idx(self, first: impl ToArg, second: impl ToArg, min_match_len: u64) -> Self::Out<Lcs> {
        let command = Command::new(&spec::LCS).key(first).key(second).arg("IDX");
        self.run(if min_match_len > 0 { command.arg("MINMATCHLEN").arg(min_match_len) } else { command })
    }

    /// How long the longest common subsequence is.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n·m) in their lengths.
    #[doc(alias = "LCS")]
    fn lcs_len(self, first: impl ToArg, second: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::LCS).key(first).key(second).arg("LEN"))
    }

    /// The values at all `keys`, in their order; nil for one that is missing or no string.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "MGET")]
    fn mget<R: FromReply>(self, keys: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::MGET).keys(keys))
    }

    /// Sets many keys at once, each to its own value. They lose their expiry.
    ///
    /// Since Redis 1.0.1, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "MSET")]
    fn mset(self, pairs: impl ToPairs) -> Self::Out<()> {
        self.run(Command::new(&spec::MSET).key_pairs(pairs))
    }

    /// Sets many keys at once, which expire together.
    ///
    /// Since Redis 8.4, Valkey 9.1. O(n) in the keys.
    #[doc(alias = "MSETEX")]
    fn msetex(self, pairs: impl ToPairs, expiry: impl Into<Expiry>) -> Self::Out<()> {
        let options = MsetexOptions::new().expiry(expiry);
        self.run(options.add_to(Command::new(&spec::MSETEX).arg(pairs.pairs()).key_pairs(pairs)))
    }

    /// Sets many keys at once, or none of them, as the options say; whether it did.
    ///
    /// Since Redis 8.4, Valkey 9.1. O(n) in the keys.
    #[doc(alias = "MSETEX")]
    fn msetex_with(self, pairs: impl ToPairs, options: MsetexOptions) -> Self::Out<bool> {
        self.run(options.add_to(Command::new(&spec::MSETEX).arg(pairs.pairs()).key_pairs(pairs)))
    }

    /// Sets many keys at once if all of them are missing; whether it did.
    ///
    /// Since Redis 1.0.1, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "MSETNX")]
    fn msetnx(self, pairs: impl ToPairs) -> Self::Out<bool> {
        self.run(Command::new(&spec::MSETNX).key_pairs(pairs))
    }

    /// Sets `key` to `value`, which expires after `ttl`. See [`Expiry`] for how it is rounded.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1). Redis calls it deprecated since 2.6.12: [`set_with`](Self::set_with) does the
    /// same and more.
    #[doc(alias = "PSETEX")]
    fn psetex(self, key: impl ToArg, ttl: Duration, value: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::PSETEX).key(key).arg(millis(ttl)).arg(value))
    }

    /// Sets `key` to `value`, whatever was there before. The key loses its expiry.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "SET")]
    fn set(self, key: impl ToArg, value: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::SET).key(key).arg(value))
    }

    /// Sets `key` to `value` as the options say; whether their condition held, so that it was set.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). The options say themselves if they are younger.
    #[doc(alias = "SET")]
    fn set_with(self, key: impl ToArg, value: impl ToArg, options: SetOptions) -> Self::Out<bool> {
        self.run(options.add_to(Command::new(&spec::SET).key(key).arg(value), false))
    }

    /// Sets `key` to `value` as the options say; the value before, `None` if there was none.
    ///
    /// Whether it was set does not show, unless the condition can be judged from the old value: missing, or equal.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). This form (SET … GET) is of Redis 6.2, with `if_missing` of Redis 7.0.
    #[doc(alias = "SET")]
    fn set_get<R: FromReply>(
        self,
        key: impl ToArg,
        value: impl ToArg,
        options: SetOptions,
    ) -> Self::Out<Option<R>> {
        self.run(options.add_to(Command::new(&spec::SET).key(key).arg(value), true))
    }

    /// Sets `key` to `value`, which expires after `ttl`: SETEX for whole seconds, PSETEX for anything finer.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1). Redis calls it deprecated since 2.6.12: [`set_with`](Self::set_with) does the
    /// same and more.
    #[doc(alias = "SETEX")]
    fn setex(self, key: impl ToArg, ttl: Duration, value: impl ToArg) -> Self::Out<()> {
        let (facts, number) = Span::of(ttl).choose(&spec::SETEX, &spec::PSETEX);
        self.run(Command::new(facts).key(key).arg(number).arg(value))
    }

    /// Sets `key` to `value` if it is missing; whether it did.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). Redis calls it deprecated since 2.6.12: [`set_with`](Self::set_with) does the
    /// same and more.
    #[doc(alias = "SETNX")]
    fn setnx(self, key: impl ToArg, value: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::SETNX).key(key).arg(value))
    }

    /// Overwrites the string at `key` from byte `offset` on, filling a gap with zero bytes; the new length.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(1), not counting the time to copy the value.
    #[doc(alias = "SETRANGE")]
    fn setrange(self, key: impl ToArg, offset: u64, value: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::SETRANGE).key(key).arg(offset).arg(value))
    }

    /// How many bytes the string at `key` has; 0 for a missing key.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(1).
    #[doc(alias = "STRLEN")]
    fn strlen(self, key: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::STRLEN).key(key))
    }

    /// The old name of [`getrange`](Self::getrange).
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the bytes returned. Redis calls it deprecated since 2.0.
    #[doc(alias = "SUBSTR")]
    fn substr<R: FromReply>(self, key: impl ToArg, start: i64, end: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::SUBSTR).key(key).arg(start).arg(end))
    }
}

impl<E: DataExecutor> StringCommands for E {}
