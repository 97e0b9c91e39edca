//! INFO: sections of `name:value` lines about how a server is doing.
//!
//! The text is kept as it came and looked into when asked, so that fields of tomorrow and of modules are there as
//! well.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use carnelian_resp::Reader;

use crate::{DecodeError, FromReply};

/// How a server is doing.
///
/// What a server doesn't say, or was not asked for, is `None`. What is not listed here can be had by its name:
///
/// ```
/// # use carnelian_command::{Value, group::Info};
/// # let reply = Value::Bytes("# Memory\r\nused_memory:1024\r\nmem_fragmentation_ratio:1.50\r\n".into());
/// # let info: Info = reply.into_typed().unwrap();
/// assert_eq!(info.used_memory(), Some(1024));
/// assert_eq!(info.number::<f64>("mem_fragmentation_ratio"), Some(1.5));
/// assert_eq!(info.section("memory").count(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Info {
    text: String,
}

impl Info {
    /// The text as the server sent it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the sections.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(title)
    }

    /// All fields of a section with their values. Upper and lower case are the same.
    pub fn section<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let lines = self.text.lines();
        let lines =
            lines.skip_while(move |line| !title(line).is_some_and(|title| title.eq_ignore_ascii_case(name)));
        lines.skip(1).take_while(|line| title(line).is_none()).filter_map(pair)
    }

    /// All fields of all sections with their values.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().filter_map(pair)
    }

    /// The value of a field by the server's own name for it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The value of a field as a number.
    #[must_use]
    pub fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.field(name)?.parse().ok()
    }

    /// The parts of a field that has several, as in `db0:keys=1,expires=0`.
    pub fn parts<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        parts(self.field(name).unwrap_or_default())
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.number(name)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.count(name).map(|flag| flag != 0)
    }

    /// What the server is: `redis`, `valkey`, ….
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.field("server_name").or_else(|| self.field("redis_version").map(|_| "redis"))
    }

    /// The version of the server itself. (Valkey also names the version of Redis that it is compatible with.)
    #[must_use]
    pub fn server_version(&self) -> Option<&str> {
        self.field("valkey_version").or_else(|| self.field("redis_version"))
    }

    /// `standalone`, `cluster` or `sentinel`.
    #[must_use]
    pub fn mode(&self) -> Option<&str> {
        self.field("redis_mode").or_else(|| self.field("server_mode"))
    }

    /// How long the server has been running.
    #[must_use]
    pub fn uptime(&self) -> Option<Duration> {
        self.number("uptime_in_seconds").map(Duration::from_secs)
    }

    /// How many clients are connected, replicas not counted.
    #[must_use]
    pub fn connected_clients(&self) -> Option<u64> {
        self.count("connected_clients")
    }

    /// How many clients wait in a blocking command.
    #[must_use]
    pub fn blocked_clients(&self) -> Option<u64> {
        self.count("blocked_clients")
    }

    /// How many bytes the data and all else take.
    #[must_use]
    pub fn used_memory(&self) -> Option<u64> {
        self.count("used_memory")
    }

    /// How many bytes the operating system counts for the server.
    #[must_use]
    pub fn used_memory_rss(&self) -> Option<u64> {
        self.count("used_memory_rss")
    }

    /// The most bytes that were ever taken.
    #[must_use]
    pub fn used_memory_peak(&self) -> Option<u64> {
        self.count("used_memory_peak")
    }

    /// How many bytes may be taken; `None` when there is no limit.
    #[must_use]
    pub fn max_memory(&self) -> Option<u64> {
        self.count("maxmemory").filter(|&most| most > 0)
    }

    /// True while the server is still reading its data in.
    #[must_use]
    pub fn is_loading(&self) -> Option<bool> {
        self.flag("loading")
    }

    /// How many commands the server has run.
    #[must_use]
    pub fn total_commands(&self) -> Option<u64> {
        self.count("total_commands_processed")
    }

    /// How many commands the server runs in a second just now.
    #[must_use]
    pub fn commands_per_second(&self) -> Option<u64> {
        self.count("instantaneous_ops_per_sec")
    }

    /// How many keys that were asked for were there.
    #[must_use]
    pub fn keyspace_hits(&self) -> Option<u64> {
        self.count("keyspace_hits")
    }

    /// How many keys that were asked for were not there.
    #[must_use]
    pub fn keyspace_misses(&self) -> Option<u64> {
        self.count("keyspace_misses")
    }

    /// Which part of the keys that were asked for were there, from 0 to 1; `None` before the first.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio is an estimate")]
    pub fn hit_rate(&self) -> Option<f64> {
        let (hits, misses) = (self.keyspace_hits()? as f64, self.keyspace_misses()? as f64);
        (hits + misses > 0.0).then(|| hits / (hits + misses))
    }

    /// How many keys were deleted because their time was over.
    #[must_use]
    pub fn expired_keys(&self) -> Option<u64> {
        self.count("expired_keys")
    }

    /// How many keys were deleted because memory ran short.
    #[must_use]
    pub fn evicted_keys(&self) -> Option<u64> {
        self.count("evicted_keys")
    }

    /// How many connections were refused because there were too many.
    #[must_use]
    pub fn rejected_connections(&self) -> Option<u64> {
        self.count("rejected_connections")
    }

    /// True for a primary, false for a replica.
    #[must_use]
    pub fn is_primary(&self) -> Option<bool> {
        self.field("role").map(|role| role == "master")
    }

    /// On a replica: whether it is connected with its primary.
    #[must_use]
    pub fn is_primary_link_up(&self) -> Option<bool> {
        self.field("master_link_status").map(|status| status == "up")
    }

    /// On a primary: its replicas.
    pub fn replicas(&self) -> impl Iterator<Item = InfoReplica> {
        let numbered = self.fields().filter(|(name, _)| number_behind(name, "slave").is_some());
        numbered.map(|(_, value)| InfoReplica::of(value))
    }

    /// True when the server is part of a cluster.
    #[must_use]
    pub fn is_cluster(&self) -> Option<bool> {
        self.flag("cluster_enabled")
    }

    /// The databases that have any keys.
    pub fn keyspace(&self) -> impl Iterator<Item = InfoKeyspace> {
        self.fields().filter_map(|(name, value)| Some(InfoKeyspace::of(number_behind(name, "db")?, value)))
    }
}

/// The name of a section, if the line is the title of one.
fn title(line: &str) -> Option<&str> {
    line.strip_prefix('#').map(str::trim)
}

fn pair(line: &str) -> Option<(&str, &str)> {
    line.split_once(':')
}

fn parts(value: &str) -> impl Iterator<Item = (&str, &str)> {
    value.split(',').filter_map(|part| part.split_once('='))
}

/// The number in names such as `db0`.
fn number_behind(name: &str, prefix: &str) -> Option<u32> {
    name.strip_prefix(prefix)?.parse().ok()
}

/// A replica, as its primary sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InfoReplica {
    /// Its address.
    pub ip: String,
    /// Its port.
    pub port: u16,
    /// `online`, or what it waits for.
    pub state: String,
    /// Up to where it has confirmed the stream of writes.
    pub offset: u64,
    /// How long ago it last did.
    pub lag: Option<Duration>,
}

impl InfoReplica {
    fn of(value: &str) -> Self {
        let mut replica = Self::default();
        for (name, value) in parts(value) {
            match name {
                "ip" => value.clone_into(&mut replica.ip),
                "port" => replica.port = value.parse().unwrap_or_default(),
                "state" => value.clone_into(&mut replica.state),
                "offset" => replica.offset = value.parse().unwrap_or_default(),
                "lag" => replica.lag = value.parse().ok().map(Duration::from_secs),
                _ => {}
            }
        }
        replica
    }
}

/// A database that has keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InfoKeyspace {
    /// Its number.
    pub db: u32,
    /// How many keys it has.
    pub keys: u64,
    /// How many of them expire one day.
    pub expires: u64,
    /// How long those have on average; `None` when the server has no idea yet.
    pub average_ttl: Option<Duration>,
}

impl InfoKeyspace {
    fn of(db: u32, value: &str) -> Self {
        let mut keyspace = Self { db, ..Self::default() };
        for (name, value) in parts(value) {
            let number = value.parse().unwrap_or_default();
            match name {
                "keys" => keyspace.keys = number,
                "expires" => keyspace.expires = number,
                "avg_ttl" => keyspace.average_ttl = (number > 0).then(|| Duration::from_millis(number)),
                _ => {}
            }
        }
        keyspace
    }
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields()).finish()
    }
}

/// Text in RESP2, text with a format in RESP3.
impl FromReply for Info {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { text: String::from_reply(reader)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    const TEXT: &str = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n\
        server_mode:standalone\r\nuptime_in_seconds:53\r\nlistener0:name=tcp,bind=127.0.0.1,port=6379\r\n\r\n\
        # Memory\r\nused_memory:100\r\nmaxmemory:0\r\nexecutable:/a:b\r\n\r\n# Stats\r\nkeyspace_hits:3\r\n\
        keyspace_misses:1\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:1\r\n\
        slave0:ip=127.0.0.1,port=6380,state=online,offset=14,lag=1,type=replica\r\nslave_expires_tracked_keys:0\r\n\r\n\
        # Hotkeys\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=1500\r\n\
        db12:keys=7,expires=0,avg_ttl=0,subexpiry=0\r\n";

    fn info() -> Info {
        read(&format!("={}\r\ntxt:{TEXT}\r\n", TEXT.len() + 4)).unwrap()
    }

    #[test]
    fn both_protocols_say_the_same() {
        assert_eq!(read::<Info>(&format!("${}\r\n{TEXT}\r\n", TEXT.len())), Ok(info()));
        assert_eq!(info().text(), TEXT);
    }

    #[test]
    fn sections_and_fields() {
        let info = info();
        let names = ["Server", "Memory", "Stats", "Replication", "Hotkeys", "Cluster", "Keyspace"];
        assert_eq!(info.sections().collect::<Vec<_>>(), names);
        let memory: Vec<_> = info.section("memory").collect();
        assert_eq!(memory, [("used_memory", "100"), ("maxmemory", "0"), ("executable", "/a:b")]);
        assert_eq!((info.section("hotkeys").count(), info.section("none").count()), (0, 0));
        assert_eq!(info.parts("listener0").nth(2), Some(("port", "6379")));
        assert_eq!(info.number::<u32>("of_tomorrow"), None);
    }

    #[test]
    fn typed_fields() {
        let info = info();
        assert_eq!((info.server_name(), info.server_version()), (Some("valkey"), Some("9.1.2")));
        assert_eq!((info.mode(), info.uptime()), (Some("standalone"), Some(Duration::from_secs(53))));
        assert_eq!((info.used_memory(), info.max_memory(), info.hit_rate()), (Some(100), None, Some(0.75)));
        assert_eq!(
            (info.is_primary(), info.is_cluster(), info.is_loading()),
            (Some(true), Some(false), None)
        );
        assert_eq!(info.is_primary_link_up(), None);
    }

    #[test]
    fn replicas_and_databases() {
        let replicas: Vec<_> = info().replicas().collect();
        let replica = InfoReplica {
            ip: "127.0.0.1".into(),
            port: 6380,
            state: "online".into(),
            offset: 14,
            lag: Some(Duration::from_secs(1)),
        };
        assert_eq!(replicas, [replica]);
        let databases: Vec<_> = info().keyspace().collect();
        let ttl = Some(Duration::from_millis(1500));
        assert_eq!(
            databases,
            [
                InfoKeyspace { db: 0, keys: 2, expires: 1, average_ttl: ttl },
                InfoKeyspace { db: 12, keys: 7, expires: 0, average_ttl: None },
            ]
        );
    }

    #[test]
    fn redis_names_itself_only_by_its_version() {
        let info: Info = read("$21\r\nredis_version:8.6.3\r\n\r\n").unwrap();
        assert_eq!((info.server_name(), info.server_version()), (Some("redis"), Some("8.6.3")));
        assert_eq!(info.hit_rate(), None);
    }
}
