//! What CLIENT LIST and CLIENT INFO say: one line of `name=value` for each connection.
//!
//! The line is kept as it came and looked into when asked, so that fields of tomorrow are there as well.

use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use carnelian_resp::Reader;

use crate::{DecodeError, FromReply};

/// What a server knows about one of its connections.
///
/// What a server doesn't say is `None`. What is not listed here can be had from [`field`](Self::field).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    id: u64,
    line: Box<str>,
}

impl ClientInfo {
    fn parse(line: &str) -> Result<Self, DecodeError> {
        let id = lookup(line, "id").and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| DecodeError::invalid("a line about a connection has no id"))?;
        Ok(Self { id, line: line.into() })
    }

    /// The number of the connection, which the server never gives to another.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// All fields with their values, in the server's order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.line)
    }

    /// The value of a field by the server's own name for it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        lookup(&self.line, name)
    }

    fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.field(name)?.parse().ok()
    }

    /// A field that is empty when there is nothing to say.
    fn text(&self, name: &str) -> Option<&str> {
        self.field(name).filter(|text| !text.is_empty())
    }

    /// The address of the other end, with the port.
    #[must_use]
    pub fn addr(&self) -> Option<&str> {
        self.text("addr")
    }

    /// The address at the server's end, with the port. Since Redis 6.2.
    #[must_use]
    pub fn local_addr(&self) -> Option<&str> {
        self.text("laddr")
    }

    /// The name that the connection was given.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The user it has logged in as. Since Redis 6.0.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.text("user")
    }

    /// How long it has been connected.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.number("age").map(Duration::from_secs)
    }

    /// How long it has sent nothing.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.number("idle").map(Duration::from_secs)
    }

    /// Letters that say what it is and does: `N` nothing special, `S` a replica, `M` the primary, `P` subscribed, `b`
    /// in a blocking command, `x` in a transaction, `O` in MONITOR, `t` tracking keys, and others by version.
    #[must_use]
    pub fn flags(&self) -> &str {
        self.field("flags").unwrap_or_default()
    }

    /// True when it waits in a blocking command.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.flags().contains('b')
    }

    /// True when it belongs to a replica of this server.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.flags().contains('S')
    }

    /// The database it has selected.
    #[must_use]
    pub fn db(&self) -> Option<u32> {
        self.number("db")
    }

    /// How many channels it has subscribed to.
    #[must_use]
    pub fn subscriptions(&self) -> Option<u64> {
        self.number("sub")
    }

    /// How many patterns it has subscribed to.
    #[must_use]
    pub fn pattern_subscriptions(&self) -> Option<u64> {
        self.number("psub")
    }

    /// How many shard channels it has subscribed to. Since Redis 7.0.3.
    #[must_use]
    pub fn shard_subscriptions(&self) -> Option<u64> {
        self.number("ssub")
    }

    /// How many bytes it has sent that the server has not worked off yet.
    #[must_use]
    pub fn query_buffer(&self) -> Option<u64> {
        self.number("qbuf")
    }

    /// How many bytes of replies lie ready for it beyond the fixed buffer: high when it doesn't read.
    #[must_use]
    pub fn output_memory(&self) -> Option<u64> {
        self.number("omem")
    }

    /// How many bytes it costs the server in all. Since Redis 6.2.
    #[must_use]
    pub fn total_memory(&self) -> Option<u64> {
        self.number("tot-mem")
    }

    /// Its last command, as in `client|list`; `None` before the first.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.text("cmd").filter(|command| *command != "NULL")
    }

    /// The version of the protocol: 2 or 3. Since Redis 7.0.
    #[must_use]
    pub fn protocol(&self) -> Option<u8> {
        self.number("resp")
    }

    /// The name of its client library. Since Redis 7.2.
    #[must_use]
    pub fn library_name(&self) -> Option<&str> {
        self.text("lib-name")
    }

    /// The version of its client library. Since Redis 7.2.
    #[must_use]
    pub fn library_version(&self) -> Option<&str> {
        self.text("lib-ver")
    }
}

/// A word without `=` is the rest of a value with a space in it: the path of a socket.
fn pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(' ').filter_map(|word| word.split_once('='))
}

fn lookup<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    pairs(line).find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Text in RESP2, text with a format in RESP3.
impl FromReply for ClientInfo {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::parse(String::from_reply(reader)?.trim_end())
    }
}

/// Connections of a server. Behaves as a slice, and gives itself up as an iterator or a `Vec`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientList {
    clients: Vec<ClientInfo>,
}

impl ClientList {
    /// The connection of this number.
    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<&ClientInfo> {
        self.iter().find(|client| client.id() == id)
    }
}

impl Deref for ClientList {
    type Target = [ClientInfo];

    fn deref(&self) -> &[ClientInfo] {
        &self.clients
    }
}

impl IntoIterator for ClientList {
    type Item = ClientInfo;
    type IntoIter = std::vec::IntoIter<ClientInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.clients.into_iter()
    }
}

impl<'a> IntoIterator for &'a ClientList {
    type Item = &'a ClientInfo;
    type IntoIter = std::slice::Iter<'a, ClientInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.clients.iter()
    }
}

impl From<ClientList> for Vec<ClientInfo> {
    fn from(list: ClientList) -> Self {
        list.clients
    }
}

impl FromReply for ClientList {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let text = String::from_reply(reader)?;
        let lines = text.lines().filter(|line| !line.is_empty());
        Ok(Self { clients: lines.map(ClientInfo::parse).collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    const REDIS: &str = "id=5 addr=127.0.0.1:52176 laddr=127.0.0.1:6379 fd=12 name= age=90 idle=3 flags=bP db=2 sub=1 \
        psub=0 ssub=4 multi=-1 watch=0 qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=0 oll=0 \
        omem=7 tot-mem=38170 events=r cmd=client|list user=default redir=-1 resp=3 lib-name=carnelian lib-ver=0.1 \
        io-thread=0 tot-net-in=26 tot-net-out=0 tot-cmds=0 of-tomorrow=a=b";
    const VALKEY: &str =
        "id=4 addr=/tmp/a b.sock:0 laddr=/tmp/a b.sock:0 fd=9 name=me flags=S capa=r cmd=NULL";

    #[test]
    fn the_fields_of_a_line() {
        let client = ClientInfo::parse(REDIS).unwrap();
        assert_eq!((client.id(), client.addr(), client.name()), (5, Some("127.0.0.1:52176"), None));
        assert_eq!(
            (client.age(), client.idle()),
            (Some(Duration::from_secs(90)), Some(Duration::from_secs(3)))
        );
        assert_eq!((client.is_blocked(), client.is_replica(), client.flags()), (true, false, "bP"));
        assert_eq!(
            (client.db(), client.protocol(), client.command()),
            (Some(2), Some(3), Some("client|list"))
        );
        assert_eq!((client.user(), client.library_name()), (Some("default"), Some("carnelian")));
        assert_eq!((client.local_addr(), client.library_version()), (Some("127.0.0.1:6379"), Some("0.1")));
        assert_eq!((client.subscriptions(), client.pattern_subscriptions()), (Some(1), Some(0)));
        assert_eq!((client.shard_subscriptions(), client.query_buffer()), (Some(4), Some(26)));
        assert_eq!((client.output_memory(), client.total_memory()), (Some(7), Some(38170)));
        assert_eq!(client.field("of-tomorrow"), Some("a=b"));
        assert_eq!(client.fields().next(), Some(("id", "5")));
    }

    #[test]
    fn what_is_not_said_is_none() {
        let client = ClientInfo::parse(VALKEY).unwrap();
        assert_eq!((client.name(), client.is_replica()), (Some("me"), true));
        assert_eq!((client.age(), client.command(), client.user()), (None, None, None));
    }

    #[test]
    fn lists_of_both_protocols() {
        let text = format!("{REDIS}\n{VALKEY}\n");
        for reply in
            [format!("${}\r\n{text}\r\n", text.len()), format!("={}\r\ntxt:{text}\r\n", text.len() + 4)]
        {
            let list: ClientList = read(&reply).unwrap();
            assert_eq!(list.iter().map(ClientInfo::id).collect::<Vec<_>>(), [5, 4]);
            assert_eq!(list.by_id(4).and_then(ClientInfo::name), Some("me"));
            assert_eq!((&list).into_iter().count(), list.clone().into_iter().count());
            assert_eq!(Vec::from(list).len(), 2);
        }
        let line = format!("={}\r\ntxt:{REDIS}\n\r\n", REDIS.len() + 5);
        assert_eq!(read::<ClientInfo>(&line).unwrap().id(), 5);
        assert_eq!(read::<ClientList>("$0\r\n\r\n").unwrap().len(), 0);
        assert!(read::<ClientList>("$6\r\nname=x\r\n").is_err());
    }
}
