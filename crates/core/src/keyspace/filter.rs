//! Which channels bring what is wanted, and what their messages mean.

use bytes::Bytes;

use super::options::{Database, Keys};
use super::{KeyEvent, KeyspaceEvent, KeyspaceEvents, glob};
use crate::subscription::{Kind, Message};

/// Which channels bring what is wanted, and what their messages mean.
#[derive(Clone, Debug)]
pub struct Filter {
    names: Vec<Bytes>,
    kind: Kind,
    events: Vec<KeyEvent>,
    keys: Keys,
}

impl Filter {
    /// For a client whose database is `own`.
    #[must_use]
    pub fn new(wanted: &KeyspaceEvents, own: u32) -> Self {
        let database = match wanted.database {
            Database::Own => Some(own),
            Database::One(database) => Some(database),
            Database::All => None,
        };
        let by_key = by_key(wanted);
        let place = database.map_or_else(|| "*".to_owned(), |number| number.to_string());
        let name = |behind: &[u8]| {
            let sort = if by_key { "keyspace" } else { "keyevent" };
            Bytes::from([format!("__{sort}@{place}__:").as_bytes(), behind].concat())
        };
        let mut kind = if database.is_some() { Kind::Channel } else { Kind::Pattern };
        let names = match (&wanted.keys, by_key) {
            (Keys::One(key), true) if kind == Kind::Channel => vec![name(key)],
            (Keys::One(key), true) => vec![name(&glob::escaped(key))],
            (keys, true) => {
                kind = Kind::Pattern;
                vec![match keys {
                    Keys::Prefix(prefix) => name(&[&glob::escaped(prefix)[..], b"*"].concat()),
                    Keys::Pattern(pattern) => name(pattern),
                    Keys::All | Keys::One(_) => name(b"*"),
                }]
            }
            (_, false) if wanted.events.is_empty() => {
                kind = Kind::Pattern;
                vec![name(b"*")]
            }
            (_, false) if kind == Kind::Channel => {
                wanted.events.iter().map(|event| name(event.name().as_bytes())).collect()
            }
            (_, false) => {
                wanted.events.iter().map(|event| name(&glob::escaped(event.name().as_bytes()))).collect()
            }
        };
        Self { names, kind, events: wanted.events.clone(), keys: wanted.keys.clone() }
    }

    /// What to listen to.
    #[must_use]
    pub fn topics(&self) -> (Kind, &[Bytes]) {
        (self.kind, &self.names)
    }

    /// What a message means. `None`: nothing that was asked for.
    #[must_use]
    pub fn event(&self, message: &Message) -> Option<KeyspaceEvent> {
        let channel = &message.channel;
        let by_key = match channel.get(..11)? {
            b"__keyspace@" => true,
            b"__keyevent@" => false,
            _ => return None,
        };
        let digits = channel.iter().skip(11).take_while(|byte| byte.is_ascii_digit()).count();
        let database = std::str::from_utf8(channel.get(11..11 + digits)?).ok()?.parse().ok()?;
        let from = 11 + digits + 3;
        if channel.get(11 + digits..from)? != b"__:" {
            return None;
        }
        let behind = channel.slice(from..);
        let (key, name) =
            if by_key { (behind, &message.payload) } else { (message.payload.clone(), &behind) };
        let event = KeyEvent::named(&String::from_utf8_lossy(name));
        let wanted = (self.events.is_empty() || self.events.contains(&event)) && self.wants(&key);
        wanted.then_some(KeyspaceEvent { event, key, database })
    }

    fn wants(&self, key: &[u8]) -> bool {
        match &self.keys {
            Keys::All => true,
            Keys::Prefix(prefix) => key.starts_with(prefix),
            Keys::Pattern(pattern) => glob::matches(pattern, key),
            Keys::One(one) => key == one,
        }
    }
}

/// The channels named after keys bring it, not those named after events.
pub(super) fn by_key(wanted: &KeyspaceEvents) -> bool {
    match wanted.keys {
        Keys::All => false,
        Keys::One(_) => true,
        Keys::Prefix(_) | Keys::Pattern(_) => wanted.events.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(wanted: &KeyspaceEvents) -> (Kind, Vec<String>) {
        let filter = Filter::new(wanted, 3);
        let (kind, names) = filter.topics();
        (kind, names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    #[test]
    fn what_is_wanted_says_what_to_listen_to() {
        let all = KeyspaceEvents::new();
        let expired = KeyspaceEvents::new().event(KeyEvent::Expired);
        for (wanted, kind, names) in [
            (all.clone(), Kind::Pattern, vec!["__keyevent@3__:*"]),
            (all.clone().all_databases(), Kind::Pattern, vec!["__keyevent@*__:*"]),
            (all.clone().prefix("a*:"), Kind::Pattern, vec![r"__keyspace@3__:a\*:*"]),
            (all.clone().pattern("a?"), Kind::Pattern, vec!["__keyspace@3__:a?"]),
            (all.clone().pattern("ab"), Kind::Channel, vec!["__keyspace@3__:ab"]),
            (all.key("a*").all_databases(), Kind::Pattern, vec![r"__keyspace@*__:a\*"]),
            (expired.clone(), Kind::Channel, vec!["__keyevent@3__:expired"]),
            (expired.clone().prefix("a"), Kind::Channel, vec!["__keyevent@3__:expired"]),
            (
                expired.clone().database(1).event("set"),
                Kind::Channel,
                vec!["__keyevent@1__:expired", "__keyevent@1__:set"],
            ),
            (expired.clone().all_databases(), Kind::Pattern, vec!["__keyevent@*__:expired"]),
            (expired.key("k"), Kind::Channel, vec!["__keyspace@3__:k"]),
        ] {
            let names = names.into_iter().map(str::to_owned).collect();
            assert_eq!(topics(&wanted), (kind, names), "{wanted:?}");
        }
    }

    #[test]
    fn messages_mean_events_of_keys() {
        let read = |wanted: &KeyspaceEvents, channel: &'static str, payload: &'static str| {
            let (channel, payload) =
                (Bytes::from_static(channel.as_bytes()), Bytes::from_static(payload.as_bytes()));
            let message = Message { kind: Kind::Channel, pattern: None, channel, payload };
            let event = Filter::new(wanted, 0).event(&message)?;
            Some((event.event.name().to_owned(), event.key().into_owned(), event.database))
        };
        let said = |event: &str, key: &str, database| Some((event.to_owned(), key.to_owned(), database));
        let all = KeyspaceEvents::new();
        assert_eq!(read(&all, "__keyevent@12__:expired", "a__:b"), said("expired", "a__:b", 12));
        assert_eq!(read(&all, "__keyspace@0__:a:b", "xgroup-create"), said("xgroup-create", "a:b", 0));
        let some = KeyspaceEvents::new().event("set").prefix("a");
        assert_eq!(read(&some, "__keyevent@0__:set", "a1"), said("set", "a1", 0));
        assert_eq!(read(&some, "__keyevent@0__:set", "b1"), None);
        assert_eq!(read(&some.key("a"), "__keyspace@0__:a", "del"), None);
        for stranger in
            ["news", "__keyevent@__:x", "__keyevent@0_:x", "__keyevent@99999999999__:x", "__keyspace@"]
        {
            assert_eq!(read(&all, stranger, "k"), None, "{stranger}");
        }
    }
}
