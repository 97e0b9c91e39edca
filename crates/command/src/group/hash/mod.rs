//! Hashes: fields and values under one key, and the expiry of single fields.

mod field_reply;
mod hsetex_options;
mod import;

use std::time::{Duration, SystemTime};

use super::expiry::{ExpireCondition, Expiry, ExpiryChange, Span, millis, millis_at};
use super::scan::{ScanOptions, ScanPage};
use super::ttl::{ExpiresAt, Ttl};
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, ToPairs, spec};

pub use field_reply::{FieldExpire, FieldPersist};
pub use hsetex_options::HsetexOptions;
pub use import::HashImportCommands;

/// Commands on hashes.
///
/// Where the bytes are your own, the whole reply becomes the type you ask for: HGETALL a `HashMap<String, String>` or a
/// `Vec<(String, Vec<u8>)>`, HMGET a `Vec<Option<String>>`.
///
/// ```
/// use std::collections::HashMap;
/// use carnelian_command::{Build, group::HashCommands as _};
///
/// let command = Build.hgetall::<HashMap<String, String>>("user:1");
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"HGETALL"[..], b"user:1"]);
/// ```
pub trait HashCommands: DataExecutor {
    /// Deletes `fields`; how many were there. A hash without fields is gone.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the fields.
    #[doc(alias = "HDEL")]
    fn hdel(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::HDEL).key(key).args(fields))
    }

    /// Whether the hash has `field`.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "HEXISTS")]
    fn hexists(self, key: impl ToArg, field: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::HEXISTS).key(key).arg(field))
    }

    /// Lets `fields` expire after `ttl`; what became of each. HEXPIRE for whole seconds, HPEXPIRE for anything finer.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HEXPIRE")]
    fn hexpire(self, key: impl ToArg, ttl: Duration, fields: impl ToArgs) -> Self::Out<Vec<FieldExpire>> {
        let (facts, number) = Span::of(ttl).choose(&spec::HEXPIRE, &spec::HPEXPIRE);
        self.run(with_fields(Command::new(facts).key(key).arg(number), fields))
    }

    /// Like [`hexpire`](Self::hexpire), for the fields of which `condition` holds.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HEXPIRE")]
    fn hexpire_if(
        self,
        key: impl ToArg,
        ttl: Duration,
        condition: ExpireCondition,
        fields: impl ToArgs,
    ) -> Self::Out<Vec<FieldExpire>> {
        let (facts, number) = Span::of(ttl).choose(&spec::HEXPIRE, &spec::HPEXPIRE);
        self.run(with_fields(Command::new(facts).key(key).arg(number).arg(condition.word()), fields))
    }

    /// Lets `fields` expire at `time`; what became of each. HEXPIREAT for whole seconds, HPEXPIREAT for anything finer.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HEXPIREAT")]
    fn hexpireat(
        self,
        key: impl ToArg,
        time: SystemTime,
        fields: impl ToArgs,
    ) -> Self::Out<Vec<FieldExpire>> {
        let (facts, number) = Span::at(time).choose(&spec::HEXPIREAT, &spec::HPEXPIREAT);
        self.run(with_fields(Command::new(facts).key(key).arg(number), fields))
    }

    /// Like [`hexpireat`](Self::hexpireat), for the fields of which `condition` holds.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HEXPIREAT")]
    fn hexpireat_if(
        self,
        key: impl ToArg,
        time: SystemTime,
        condition: ExpireCondition,
        fields: impl ToArgs,
    ) -> Self::Out<Vec<FieldExpire>> {
        let (facts, number) = Span::at(time).choose(&spec::HEXPIREAT, &spec::HPEXPIREAT);
        self.run(with_fields(Command::new(facts).key(key).arg(number).arg(condition.word()), fields))
    }

    /// At what time each of `fields` expires, in whole seconds.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HEXPIRETIME")]
    fn hexpiretime(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<Vec<ExpiresAt>> {
        self.run(with_fields(Command::new(&spec::HEXPIRETIME).key(key), fields))
    }

    /// The value of `field`; nil if there is none.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "HGET")]
    fn hget<R: FromReply>(self, key: impl ToArg, field: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::HGET).key(key).arg(field))
    }

    /// All fields and values, in no order. Nothing for a missing key.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the size of the hash; [`hscan`](Self::hscan) takes large ones in pages.
    #[doc(alias = "HGETALL")]
    fn hgetall<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::HGETALL).key(key))
    }

    /// The values of `fields`, which are deleted; nil for each that is not there.
    ///
    /// Since Redis 8.0, Valkey 9.1. O(n) in the fields.
    #[doc(alias = "HGETDEL")]
    fn hgetdel<R: FromReply>(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<R> {
        self.run(with_fields(Command::new(&spec::HGETDEL).key(key), fields))
    }

    /// The values of `fields`, whose expiry is changed; nil for each that is not there.
    ///
    /// Since Redis 8.0, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HGETEX")]
    fn hgetex<R: FromReply>(
        self,
        key: impl ToArg,
        expiry: impl Into<ExpiryChange>,
        fields: impl ToArgs,
    ) -> Self::Out<R> {
        self.run(with_fields(expiry.into().add_to(Command::new(&spec::HGETEX).key(key)), fields))
    }

    /// Adds `delta` to the number in `field`, creating it at 0; the new value.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "HINCRBY")]
    fn hincrby(self, key: impl ToArg, field: impl ToArg, delta: i64) -> Self::Out<i64> {
        self.run(Command::new(&spec::HINCRBY).key(key).arg(field).arg(delta))
    }

    /// Adds `delta` to the decimal number in `field`, creating it at 0; the new value.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1).
    #[doc(alias = "HINCRBYFLOAT")]
    fn hincrbyfloat(self, key: impl ToArg, field: impl ToArg, delta: f64) -> Self::Out<f64> {
        self.run(Command::new(&spec::HINCRBYFLOAT).key(key).arg(field).arg(delta))
    }

    /// All fields, in no order.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the size of the hash.
    #[doc(alias = "HKEYS")]
    fn hkeys<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::HKEYS).key(key))
    }

    /// How many fields there are; 0 for a missing key.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "HLEN")]
    fn hlen(self, key: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::HLEN).key(key))
    }

    /// The values of `fields`, in their order; nil for each that is not there.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the fields.
    #[doc(alias = "HMGET")]
    fn hmget<R: FromReply>(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<R> {
        self.run(Command::new(&spec::HMGET).key(key).args(fields))
    }

    /// Sets fields to values.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the fields. Redis calls it deprecated since 4.0: [`hset`](Self::hset) does
    /// the same and tells how many fields are new.
    #[doc(alias = "HMSET")]
    fn hmset(self, key: impl ToArg, pairs: impl ToPairs) -> Self::Out<()> {
        self.run(Command::new(&spec::HMSET).key(key).pairs(pairs))
    }

    /// Lets `fields` live for good; what became of each.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HPERSIST")]
    fn hpersist(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<Vec<FieldPersist>> {
        self.run(with_fields(Command::new(&spec::HPERSIST).key(key), fields))
    }

    /// Lets `fields` expire after `ttl`, in milliseconds, rounded up; what became of each.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HPEXPIRE")]
    fn hpexpire(self, key: impl ToArg, ttl: Duration, fields: impl ToArgs) -> Self::Out<Vec<FieldExpire>> {
        self.run(with_fields(Command::new(&spec::HPEXPIRE).key(key).arg(millis(ttl)), fields))
    }

    /// Like [`hpexpire`](Self::hpexpire), for the fields of which `condition` holds.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HPEXPIRE")]
    fn hpexpire_if(
        self,
        key: impl ToArg,
        ttl: Duration,
        condition: ExpireCondition,
        fields: impl ToArgs,
    ) -> Self::Out<Vec<FieldExpire>> {
        let command = Command::new(&spec::HPEXPIRE).key(key).arg(millis(ttl)).arg(condition.word());
        self.run(with_fields(command, fields))
    }

    /// Lets `fields` expire at `time`, in milliseconds, rounded up; what became of each.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HPEXPIREAT")]
    fn hpexpireat(
        self,
        key: impl ToArg,
        time: SystemTime,
        fields: impl ToArgs,
    ) -> Self::Out<Vec<FieldExpire>> {
        self.run(with_fields(Command::new(&spec::HPEXPIREAT).key(key).arg(millis_at(time)), fields))
    }

    /// Like [`hpexpireat`](Self::hpexpireat), for the fields of which `condition` holds.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HPEXPIREAT")]
    fn hpexpireat_if(
        self,
        key: impl ToArg,
        time: SystemTime,
        condition: ExpireCondition,
        fields: impl ToArgs,
    ) -> Self::Out<Vec<FieldExpire>> {
        let command = Command::new(&spec::HPEXPIREAT).key(key).arg(millis_at(time)).arg(condition.word());
        self.run(with_fields(command, fields))
    }

    /// At what time each of `fields` expires, to the millisecond.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HPEXPIRETIME")]
    fn hpexpiretime(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<Vec<ExpiresAt<1>>> {
        self.run(with_fields(Command::new(&spec::HPEXPIRETIME).key(key), fields))
    }

    /// How long each of `fields` still lives, to the millisecond.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HPTTL")]
    fn hpttl(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<Vec<Ttl<1>>> {
        self.run(with_fields(Command::new(&spec::HPTTL).key(key), fields))
    }

    /// A random field; nil for a missing key.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(1).
    #[doc(alias = "HRANDFIELD")]
    fn hrandfield<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::HRANDFIELD).key(key))
    }

    /// Random fields: up to `count` different ones, or with a negative `count` exactly that many, which may repeat.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(n) in the count.
    #[doc(alias = "HRANDFIELD")]
    fn hrandfield_count<R: FromReply>(self, key: impl ToArg, count: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::HRANDFIELD).key(key).arg(count))
    }

    /// Like [`hrandfield_count`](Self::hrandfield_count), with their values: pairs, as in `Vec<(String, String)>`.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(n) in the count.
    #[doc(alias = "HRANDFIELD")]
    fn hrandfield_withvalues<R: FromReply>(self, key: impl ToArg, count: i64) -> Self::Out<R> {
        self.run(Command::new(&spec::HRANDFIELD).key(key).arg(count).arg("WITHVALUES"))
    }

    /// One page of fields with their values; `T` is a pair. Begins with cursor 0 and ends when 0 comes back.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) a page.
    #[doc(alias = "HSCAN")]
    fn hscan<T: FromReply>(self, key: impl ToArg, cursor: u64) -> Self::Out<ScanPage<T>> {
        self.run(Command::new(&spec::HSCAN).key(key).arg(cursor))
    }

    /// Like [`hscan`](Self::hscan), as the options say.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) a page.
    #[doc(alias = "HSCAN")]
    fn hscan_with<T: FromReply>(
        self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Self::Out<ScanPage<T>> {
        self.run(options.add_to(Command::new(&spec::HSCAN).key(key).arg(cursor)))
    }

    /// Like [`hscan_with`](Self::hscan_with), without the values; `T` is a field.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) a page. This form (NOVALUES) is of Redis 7.4 and Valkey 8.0.
    #[doc(alias = "HSCAN")]
    fn hscan_novalues<T: FromReply>(
        self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Self::Out<ScanPage<T>> {
        self.run(options.add_to(Command::new(&spec::HSCAN).key(key).arg(cursor)).arg("NOVALUES"))
    }

    /// Sets fields to values; how many fields are new. Their expiry is taken away.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the fields. More than one field at once is of Redis 4.0.
    #[doc(alias = "HSET")]
    fn hset(self, key: impl ToArg, pairs: impl ToPairs) -> Self::Out<u64> {
        self.run(Command::new(&spec::HSET).key(key).pairs(pairs))
    }

    /// Sets fields to values, which expire together.
    ///
    /// Since Redis 8.0, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HSETEX")]
    fn hsetex(self, key: impl ToArg, pairs: impl ToPairs, expiry: impl Into<Expiry>) -> Self::Out<()> {
        let options = HsetexOptions::new().expiry(expiry);
        self.run(with_pairs(options.add_to(Command::new(&spec::HSETEX).key(key)), pairs))
    }

    /// Sets all of the fields or none of them, as the options say; whether it did.
    ///
    /// Since Redis 8.0, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HSETEX")]
    fn hsetex_with(self, key: impl ToArg, pairs: impl ToPairs, options: HsetexOptions) -> Self::Out<bool> {
        self.run(with_pairs(options.add_to(Command::new(&spec::HSETEX).key(key)), pairs))
    }

    /// Sets `field` to `value` if the hash does not have it; whether it did.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(1).
    #[doc(alias = "HSETNX")]
    fn hsetnx(self, key: impl ToArg, field: impl ToArg, value: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::HSETNX).key(key).arg(field).arg(value))
    }

    /// How many bytes the value of `field` has; 0 if there is none.
    ///
    /// Since Redis 3.2, Valkey 7.2. O(1).
    #[doc(alias = "HSTRLEN")]
    fn hstrlen(self, key: impl ToArg, field: impl ToArg) -> Self::Out<u64> {
        self.run(Command::new(&spec::HSTRLEN).key(key).arg(field))
    }

    /// How long each of `fields` still lives, in whole seconds.
    ///
    /// Since Redis 7.4, Valkey 9.0. O(n) in the fields.
    #[doc(alias = "HTTL")]
    fn httl(self, key: impl ToArg, fields: impl ToArgs) -> Self::Out<Vec<Ttl>> {
        self.run(with_fields(Command::new(&spec::HTTL).key(key), fields))
    }

    /// All values, in no order.
    ///
    /// Since Redis 2.0, Valkey 7.2. O(n) in the size of the hash.
    #[doc(alias = "HVALS")]
    fn hvals<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::HVALS).key(key))
    }
}

impl<E: DataExecutor> HashCommands for E {}

/// Adds the fields with their number in front, as the younger commands want them.
fn with_fields<R: FromReply>(command: Command<R>, fields: impl ToArgs) -> Command<R> {
    command.arg("FIELDS").arg(fields.count()).args(fields)
}

fn with_pairs<R: FromReply>(command: Command<R>, pairs: impl ToPairs) -> Command<R> {
    command.arg("FIELDS").arg(pairs.pairs()).pairs(pairs)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::reply::tests::read;

    type Pairs = Vec<(String, String)>;

    /// HGETALL: flat in RESP2, a map in RESP3.
    #[test]
    fn hgetall_is_the_same_in_both_protocols() {
        let want = BTreeMap::from([("f".to_owned(), "v".to_owned())]);
        for reply in ["*2\r\n$1\r\nf\r\n$1\r\nv\r\n", "%1\r\n$1\r\nf\r\n$1\r\nv\r\n"] {
            assert_eq!(read(reply), Ok(want.clone()));
            assert_eq!(read::<Pairs>(reply), Ok(want.clone().into_iter().collect()));
        }
        for missing in ["*0\r\n", "%0\r\n"] {
            assert_eq!(read::<Pairs>(missing), Ok(vec![]));
        }
    }

    /// HRANDFIELD WITHVALUES: flat in RESP2, pairs in RESP3. One pair is the awkward case: two elements either way.
    #[test]
    fn hrandfield_withvalues_is_the_same_in_both_protocols() {
        for reply in ["*2\r\n$1\r\nf\r\n$1\r\nv\r\n", "*1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"] {
            assert_eq!(read::<Pairs>(reply), Ok(vec![("f".to_owned(), "v".to_owned())]));
        }
        for missing in ["$-1\r\n", "_\r\n"] {
            assert_eq!(read::<Option<String>>(missing), Ok(None));
        }
    }

    /// HGETEX and HGETDEL: a missing key is a list of nils, of either protocol.
    #[test]
    fn missing_fields_are_nil() {
        for reply in ["*2\r\n$1\r\nv\r\n$-1\r\n", "*2\r\n$1\r\nv\r\n_\r\n"] {
            assert_eq!(read::<Vec<Option<String>>>(reply), Ok(vec![Some("v".to_owned()), None]));
        }
    }
}
