//! Keys of any type: deleting, copying, naming, expiring, finding, sorting.

mod key_type;
mod sort_options;
mod transfer;
mod wait;

use std::time::{Duration, SystemTime};

use super::expiry::{ExpireCondition, Span, millis, millis_at};
use super::scan::{ScanOptions, ScanPage};
use super::ttl::{ExpiresAt, Ttl};
use crate::{Command, DataExecutor, FromReply, ToArg, ToArgs, spec};

pub use key_type::KeyType;
pub use sort_options::SortOptions;
pub use transfer::{CopyOptions, MigrateOptions, Migrated, RestoreOptions};
pub use wait::WaitCommands;

/// Commands on keys, whatever is at them.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Build, group::GenericCommands as _};
///
/// let command = Build.expire("session:7", Duration::from_secs(1800));
/// assert_eq!(command.request().arguments().collect::<Vec<_>>(), [&b"EXPIRE"[..], b"session:7", b"1800"]);
/// ```
pub trait GenericCommands: DataExecutor {
    /// Copies a key, if there is no such key yet; whether it did.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(n) in the size of the value.
    #[doc(alias = "COPY")]
    fn copy(self, source: impl ToArg, destination: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::COPY).key(source).key(destination))
    }

    /// Copies a key as the options say; whether it did.
    ///
    /// Since Redis 6.2, Valkey 7.2. O(n) in the size of the value.
    #[doc(alias = "COPY")]
    fn copy_with(self, source: impl ToArg, destination: impl ToArg, options: CopyOptions) -> Self::Out<bool> {
        self.run(options.add_to(Command::new(&spec::COPY).key(source).key(destination)))
    }

    /// Deletes keys; how many were there.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the keys and in the elements of large values;
    /// [`unlink`](Self::unlink) does not make others wait for these.
    #[doc(alias = "DEL")]
    fn del(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::DEL).keys(keys))
    }

    /// The value at `key` in the server's own binary form, for [`restore`](Self::restore); nil for a missing key.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(n) in the size of the value.
    #[doc(alias = "DUMP")]
    fn dump<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::DUMP).key(key))
    }

    /// How many of `keys` are there; one that is given twice counts twice.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in the keys. More than one key is of Redis 3.0.3.
    #[doc(alias = "EXISTS")]
    fn exists(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::EXISTS).keys(keys))
    }

    /// Lets `key` expire after `ttl`; false if there is no such key. EXPIRE for whole seconds, PEXPIRE for anything
    /// finer.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). See [`Expiry`](super::Expiry) for how it is rounded.
    #[doc(alias = "EXPIRE")]
    fn expire(self, key: impl ToArg, ttl: Duration) -> Self::Out<bool> {
        let (facts, number) = Span::of(ttl).choose(&spec::EXPIRE, &spec::PEXPIRE);
        self.run(Command::new(facts).key(key).arg(number))
    }

    /// Like [`expire`](Self::expire), if `condition` holds; false also if it does not.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). This form is of Redis 7.0.
    #[doc(alias = "EXPIRE")]
    fn expire_if(self, key: impl ToArg, ttl: Duration, condition: ExpireCondition) -> Self::Out<bool> {
        let (facts, number) = Span::of(ttl).choose(&spec::EXPIRE, &spec::PEXPIRE);
        self.run(Command::new(facts).key(key).arg(number).arg(condition.word()))
    }

    /// Lets `key` expire at `time`; false if there is no such key. EXPIREAT for whole seconds, PEXPIREAT for anything
    /// finer.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(1).
    #[doc(alias = "EXPIREAT")]
    fn expireat(self, key: impl ToArg, time: SystemTime) -> Self::Out<bool> {
        let (facts, number) = Span::at(time).choose(&spec::EXPIREAT, &spec::PEXPIREAT);
        self.run(Command::new(facts).key(key).arg(number))
    }

    /// Like [`expireat`](Self::expireat), if `condition` holds; false also if it does not.
    ///
    /// Since Redis 1.2, Valkey 7.2. O(1). This form is of Redis 7.0.
    #[doc(alias = "EXPIREAT")]
    fn expireat_if(self, key: impl ToArg, time: SystemTime, condition: ExpireCondition) -> Self::Out<bool> {
        let (facts, number) = Span::at(time).choose(&spec::EXPIREAT, &spec::PEXPIREAT);
        self.run(Command::new(facts).key(key).arg(number).arg(condition.word()))
    }

    /// At what time `key` expires, in whole seconds.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "EXPIRETIME")]
    fn expiretime(self, key: impl ToArg) -> Self::Out<ExpiresAt> {
        self.run(Command::new(&spec::EXPIRETIME).key(key))
    }

    /// The type of the value at `key`.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). Its own name, `type`, is a word of Rust.
    #[doc(alias = "TYPE")]
    fn key_type(self, key: impl ToArg) -> Self::Out<KeyType> {
        self.run(Command::new(&spec::TYPE).key(key))
    }

    /// All keys that match a glob pattern (`*`, `?`, `[a-z]`).
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n) in all keys of the database, and nobody else is served meanwhile:
    /// [`scan`](Self::scan) is for production.
    #[doc(alias = "KEYS")]
    fn keys<R: FromReply>(self, pattern: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::KEYS).arg(pattern))
    }

    /// Moves keys to the server at this host and port, all or none of them.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(n) in the size of the values, here and there. More than one key at once is of
    /// Redis 3.0.6.
    #[doc(alias = "MIGRATE")]
    fn migrate(
        self,
        host: impl ToArg,
        port: u16,
        keys: impl ToArgs,
        options: MigrateOptions,
    ) -> Self::Out<Migrated> {
        self.run(options.add_to(Command::new(&spec::MIGRATE).arg(host).arg(port), keys))
    }

    /// Moves `key` to another database of the same server, if there is no such key there; whether it did.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). Its own name, `move`, is a word of Rust.
    #[doc(alias = "MOVE")]
    fn move_key(self, key: impl ToArg, db: u32) -> Self::Out<bool> {
        self.run(Command::new(&spec::MOVE).key(key).arg(db))
    }

    /// How the server keeps the value, such as `listpack`; `None` for a missing key.
    ///
    /// Since Redis 2.2.3, Valkey 7.2. O(1).
    #[doc(alias = "OBJECT ENCODING")]
    fn object_encoding(self, key: impl ToArg) -> Self::Out<Option<String>> {
        self.run(Command::new(&spec::OBJECT_ENCODING).key(key))
    }

    /// How often `key` is used, from 0 to 255 on a logarithmic scale; `None` for a missing key. An error unless the
    /// server's `maxmemory-policy` is one of the `lfu` ones.
    ///
    /// Since Redis 4.0, Valkey 7.2. O(1).
    #[doc(alias = "OBJECT FREQ")]
    fn object_freq(self, key: impl ToArg) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::OBJECT_FREQ).key(key))
    }

    /// For how many seconds nobody has used `key`; `None` for a missing key. An error if the server's
    /// `maxmemory-policy` is one of the `lfu` ones.
    ///
    /// Since Redis 2.2.3, Valkey 7.2. O(1).
    #[doc(alias = "OBJECT IDLETIME")]
    fn object_idletime(self, key: impl ToArg) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::OBJECT_IDLETIME).key(key))
    }

    /// How many references the server holds to the value; `None` for a missing key.
    ///
    /// Since Redis 2.2.3, Valkey 7.2. O(1).
    #[doc(alias = "OBJECT REFCOUNT")]
    fn object_refcount(self, key: impl ToArg) -> Self::Out<Option<u64>> {
        self.run(Command::new(&spec::OBJECT_REFCOUNT).key(key))
    }

    /// Lets `key` live for good; false if there is no such key, or it had no expiry.
    ///
    /// Since Redis 2.2, Valkey 7.2. O(1).
    #[doc(alias = "PERSIST")]
    fn persist(self, key: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::PERSIST).key(key))
    }

    /// Lets `key` expire after `ttl`, in milliseconds, rounded up; false if there is no such key.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1).
    #[doc(alias = "PEXPIRE")]
    fn pexpire(self, key: impl ToArg, ttl: Duration) -> Self::Out<bool> {
        self.run(Command::new(&spec::PEXPIRE).key(key).arg(millis(ttl)))
    }

    /// Like [`pexpire`](Self::pexpire), if `condition` holds; false also if it does not.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1). This form is of Redis 7.0.
    #[doc(alias = "PEXPIRE")]
    fn pexpire_if(self, key: impl ToArg, ttl: Duration, condition: ExpireCondition) -> Self::Out<bool> {
        self.run(Command::new(&spec::PEXPIRE).key(key).arg(millis(ttl)).arg(condition.word()))
    }

    /// Lets `key` expire at `time`, in milliseconds, rounded up; false if there is no such key.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1).
    #[doc(alias = "PEXPIREAT")]
    fn pexpireat(self, key: impl ToArg, time: SystemTime) -> Self::Out<bool> {
        self.run(Command::new(&spec::PEXPIREAT).key(key).arg(millis_at(time)))
    }

    /// Like [`pexpireat`](Self::pexpireat), if `condition` holds; false also if it does not.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1). This form is of Redis 7.0.
    #[doc(alias = "PEXPIREAT")]
    fn pexpireat_if(self, key: impl ToArg, time: SystemTime, condition: ExpireCondition) -> Self::Out<bool> {
        self.run(Command::new(&spec::PEXPIREAT).key(key).arg(millis_at(time)).arg(condition.word()))
    }

    /// At what time `key` expires, to the millisecond.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(1).
    #[doc(alias = "PEXPIRETIME")]
    fn pexpiretime(self, key: impl ToArg) -> Self::Out<ExpiresAt<1>> {
        self.run(Command::new(&spec::PEXPIRETIME).key(key))
    }

    /// How long `key` still lives, to the millisecond.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(1).
    #[doc(alias = "PTTL")]
    fn pttl(self, key: impl ToArg) -> Self::Out<Ttl<1>> {
        self.run(Command::new(&spec::PTTL).key(key))
    }

    /// A random key; nil if there is none.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "RANDOMKEY")]
    fn randomkey<R: FromReply>(self) -> Self::Out<R> {
        self.run(Command::new(&spec::RANDOMKEY))
    }

    /// Gives a key another name; an error if there is no such key. What had that name before is gone.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1), not counting the time to delete a large value.
    #[doc(alias = "RENAME")]
    fn rename(self, key: impl ToArg, new: impl ToArg) -> Self::Out<()> {
        self.run(Command::new(&spec::RENAME).key(key).key(new))
    }

    /// Gives a key another name if no key has that; whether it did. An error if there is no such key.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1).
    #[doc(alias = "RENAMENX")]
    fn renamenx(self, key: impl ToArg, new: impl ToArg) -> Self::Out<bool> {
        self.run(Command::new(&spec::RENAMENX).key(key).key(new))
    }

    /// Makes a key of what [`dump`](Self::dump) gave, for good; an error if the key is there.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(n) in the size of the value.
    #[doc(alias = "RESTORE")]
    fn restore(self, key: impl ToArg, serialized: impl ToArg) -> Self::Out<()> {
        self.run(RestoreOptions::new().add_to(Command::new(&spec::RESTORE).key(key), serialized))
    }

    /// Like [`restore`](Self::restore), as the options say.
    ///
    /// Since Redis 2.6, Valkey 7.2. O(n) in the size of the value.
    #[doc(alias = "RESTORE")]
    fn restore_with(self, key: impl ToArg, serialized: impl ToArg, options: RestoreOptions) -> Self::Out<()> {
        self.run(options.add_to(Command::new(&spec::RESTORE).key(key), serialized))
    }

    /// One page of keys. Begins with cursor 0 and ends when 0 comes back.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) a page. In a cluster a cursor belongs to one node.
    #[doc(alias = "SCAN")]
    fn scan<T: FromReply>(self, cursor: u64) -> Self::Out<ScanPage<T>> {
        self.run(Command::new(&spec::SCAN).arg(cursor))
    }

    /// Like [`scan`](Self::scan), as the options say.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) a page.
    #[doc(alias = "SCAN")]
    fn scan_with<T: FromReply>(self, cursor: u64, options: ScanOptions) -> Self::Out<ScanPage<T>> {
        self.run(options.add_to(Command::new(&spec::SCAN).arg(cursor)))
    }

    /// Like [`scan_with`](Self::scan_with), only the keys with values of one type.
    ///
    /// Since Redis 2.8, Valkey 7.2. O(1) a page. This form is of Redis 6.0.
    #[doc(alias = "SCAN")]
    fn scan_type<T: FromReply>(
        self,
        cursor: u64,
        key_type: KeyType,
        options: ScanOptions,
    ) -> Self::Out<ScanPage<T>> {
        self.run(options.add_to(Command::new(&spec::SCAN).arg(cursor)).arg("TYPE").arg(key_type))
    }

    /// The elements of a list, set or sorted set, sorted as numbers.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n + m·log m) in all elements and in those returned.
    #[doc(alias = "SORT")]
    fn sort<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::SORT).key(key))
    }

    /// The elements of a list, set or sorted set, sorted and looked up as the options say.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n + m·log m) in all elements and in those returned.
    #[doc(alias = "SORT")]
    fn sort_with<R: FromReply>(self, key: impl ToArg, options: SortOptions) -> Self::Out<R> {
        self.run(options.add_to(Command::new(&spec::SORT).key(key)))
    }

    /// Like [`sort_with`](Self::sort_with), into a list at `destination`; how many elements it has.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(n + m·log m) in all elements and in those stored.
    #[doc(alias = "SORT")]
    fn sort_store(self, key: impl ToArg, destination: impl ToArg, options: SortOptions) -> Self::Out<u64> {
        self.run(options.add_to(Command::new(&spec::SORT).key(key)).arg("STORE").key(destination))
    }

    /// Like [`sort`](Self::sort), in a form that replicas answer too.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n + m·log m) in all elements and in those returned.
    #[doc(alias = "SORT_RO")]
    fn sort_ro<R: FromReply>(self, key: impl ToArg) -> Self::Out<R> {
        self.run(Command::new(&spec::SORT_RO).key(key))
    }

    /// Like [`sort_with`](Self::sort_with), in a form that replicas answer too.
    ///
    /// Since Redis 7.0, Valkey 7.2. O(n + m·log m) in all elements and in those returned.
    #[doc(alias = "SORT_RO")]
    fn sort_ro_with<R: FromReply>(self, key: impl ToArg, options: SortOptions) -> Self::Out<R> {
        self.run(options.add_to(Command::new(&spec::SORT_RO).key(key)))
    }

    /// Counts as a use of `keys`, for a server that evicts by that; how many are there.
    ///
    /// Since Redis 3.2.1, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "TOUCH")]
    fn touch(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::TOUCH).keys(keys))
    }

    /// How long `key` still lives, in seconds, rounded to the nearest: see [`pttl`](Self::pttl) for the last one.
    ///
    /// Since Redis 1.0, Valkey 7.2. O(1). Before Redis 2.8 a missing key seems to live forever.
    #[doc(alias = "TTL")]
    fn ttl(self, key: impl ToArg) -> Self::Out<Ttl> {
        self.run(Command::new(&spec::TTL).key(key))
    }

    /// Deletes keys like [`del`](Self::del), but takes large values apart in the background.
    ///
    /// Since Redis 4.0, Valkey 7.2. O(n) in the keys.
    #[doc(alias = "UNLINK")]
    fn unlink(self, keys: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::UNLINK).keys(keys))
    }
}

impl<E: DataExecutor> GenericCommands for E {}
