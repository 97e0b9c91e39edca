//! Which connections CLIENT LIST and CLIENT KILL are about.

use std::time::Duration;

use crate::{Command, FromReply};

/// What kind of peer a connection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientType {
    /// A client like any other.
    Normal,
    /// The primary that this server is a replica of.
    Primary,
    /// A replica of this server.
    Replica,
    /// A client that has subscribed to something.
    PubSub,
}

impl ClientType {
    /// Servers before Valkey 8.0 don't know `PRIMARY`; `MASTER` is known to all.
    const fn word(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Primary => "MASTER",
            Self::Replica => "REPLICA",
            Self::PubSub => "PUBSUB",
        }
    }
}

/// Something that a connection is or has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientBy {
    /// Its number. Several are taken together: any of them (to kill, Valkey 8.1).
    Id(u64),
    /// The kind of its peer.
    Type(ClientType),
    /// The user it has logged in as (Redis 6.0 to kill).
    User(String),
    /// The address of the other end.
    Addr(String),
    /// The address at the server's end (Redis 6.2 to kill).
    LocalAddr(String),
    /// The name it was given (Valkey 9.0).
    Name(String),
    /// Letters of [`ClientInfo::flags`](super::ClientInfo::flags), all of which it has (Valkey 9.0).
    Flags(String),
    /// The name of its client library (Valkey 9.0).
    LibName(String),
    /// The version of its client library (Valkey 9.0).
    LibVer(String),
    /// The database it has selected (Valkey 9.0).
    Db(u32),
    /// Letters of the capabilities it has announced (Valkey 9.0).
    Capa(String),
    /// The address of the other end without the port (Valkey 9.0).
    Ip(String),
}

impl ClientBy {
    const fn word(&self) -> &'static str {
        match self {
            Self::Id(_) => "ID",
            Self::Type(_) => "TYPE",
            Self::User(_) => "USER",
            Self::Addr(_) => "ADDR",
            Self::LocalAddr(_) => "LADDR",
            Self::Name(_) => "NAME",
            Self::Flags(_) => "FLAGS",
            Self::LibName(_) => "LIB-NAME",
            Self::LibVer(_) => "LIB-VER",
            Self::Db(_) => "DB",
            Self::Capa(_) => "CAPA",
            Self::Ip(_) => "IP",
        }
    }

    fn add_value<R: FromReply>(self, command: Command<R>) -> Command<R> {
        match self {
            Self::Id(id) => command.arg(id),
            Self::Type(kind) => command.arg(kind.word()),
            Self::Db(db) => command.arg(db),
            Self::User(text)
            | Self::Addr(text)
            | Self::LocalAddr(text)
            | Self::Name(text)
            | Self::Flags(text)
            | Self::LibName(text)
            | Self::LibVer(text)
            | Self::Capa(text)
            | Self::Ip(text) => command.arg(text),
        }
    }
}

/// Lets connections through that are all of what it says.
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::group::{ClientBy, ClientFilter, ClientType};
///
/// // Guests that have been connected for more than an hour.
/// let guests = ClientFilter::new().only(ClientBy::User("guest".into())).older_than(Duration::from_secs(3600));
/// // All but the replicas (Valkey 9.0).
/// let clients = ClientFilter::new().except(ClientBy::Type(ClientType::Replica));
/// # let _ = (guests, clients);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ClientFilter {
    only: Vec<ClientBy>,
    except: Vec<ClientBy>,
    older: Option<Duration>,
    idle: Option<Duration>,
    skip_me: Option<bool>,
}

impl ClientFilter {
    /// Lets all through. CLIENT KILL wants at least one thing said.
    pub const fn new() -> Self {
        Self { only: Vec::new(), except: Vec::new(), older: None, idle: None, skip_me: None }
    }

    /// Only those of which this is true.
    pub fn only(mut self, what: ClientBy) -> Self {
        self.only.push(what);
        self
    }

    /// Only those of which this is not true. Since Valkey 9.0, not in Redis.
    pub fn except(mut self, what: ClientBy) -> Self {
        self.except.push(what);
        self
    }

    /// Only those connected for at least this long, in whole seconds. Since Redis 7.4 and Valkey 8.0 to kill, Valkey
    /// 8.1 to list.
    pub const fn older_than(mut self, age: Duration) -> Self {
        self.older = Some(age);
        self
    }

    /// Only those silent for at least this long, in whole seconds. Since Valkey 9.0, not in Redis.
    pub const fn idle_for(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Whether the connection that this runs on is left out. CLIENT KILL leaves it out if nothing is said.
    pub const fn skip_me(mut self, skip: bool) -> Self {
        self.skip_me = Some(skip);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        if let Some(age) = self.older {
            command = command.arg("MAXAGE").arg(whole_seconds(age));
        }
        if let Some(idle) = self.idle {
            command = command.arg("IDLE").arg(whole_seconds(idle));
        }
        if let Some(skip) = self.skip_me {
            command = command.arg("SKIPME").arg(if skip { "yes" } else { "no" });
        }
        command = add_all(self.except, "NOT-", command);
        add_all(self.only, "", command)
    }
}

/// Rounded up, so that nobody is hit sooner than asked. The servers refuse 0.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// Adds the conditions, the numbers of connections together and last: CLIENT LIST takes all that follows ID for one.
fn add_all<R: FromReply>(all: Vec<ClientBy>, not: &str, mut command: Command<R>) -> Command<R> {
    let (ids, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|what| matches!(what, ClientBy::Id(_)));
    for what in others {
        command = command.arg(format!("{not}{}", what.word()));
        command = what.add_value(command);
    }
    if !ids.is_empty() {
        command = command.arg(format!("{not}ID"));
    }
    ids.into_iter().fold(command, |command, id| id.add_value(command))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    fn words(filter: ClientFilter) -> String {
        let command = filter.add_to(Command::<()>::new(&spec::CLIENT_LIST));
        let words: Vec<_> = command.request().arguments().skip(2).map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn everything_that_can_be_said() {
        let filter = ClientFilter::new()
            .only(ClientBy::Id(3))
            .only(ClientBy::Type(ClientType::Primary))
            .only(ClientBy::Id(4))
            .only(ClientBy::Db(2))
            .except(ClientBy::Id(5))
            .except(ClientBy::LibName("x".into()))
            .older_than(Duration::from_millis(1500))
            .idle_for(Duration::from_secs(7))
            .skip_me(false);
        assert_eq!(
            words(filter),
            "MAXAGE 2 IDLE 7 SKIPME no NOT-LIB-NAME x NOT-ID 5 TYPE MASTER DB 2 ID 3 4",
        );
        assert_eq!(words(ClientFilter::new()), "");
        assert_eq!(words(ClientFilter::new().idle_for(Duration::ZERO)), "IDLE 1");
    }

    #[test]
    fn every_condition_has_its_word() {
        let text = |make: fn(String) -> ClientBy| words(ClientFilter::new().only(make("v".into())));
        assert_eq!(text(ClientBy::User), "USER v");
        assert_eq!(text(ClientBy::Addr), "ADDR v");
        assert_eq!(text(ClientBy::LocalAddr), "LADDR v");
        assert_eq!(text(ClientBy::Name), "NAME v");
        assert_eq!(text(ClientBy::Flags), "FLAGS v");
        assert_eq!(text(ClientBy::LibVer), "LIB-VER v");
        assert_eq!(text(ClientBy::Capa), "CAPA v");
        assert_eq!(text(ClientBy::Ip), "IP v");
    }
}
