//! What can happen to a key, and which letter of `notify-keyspace-events` switches it on.
//!
//! | letter | events | in `A` |
//! |---|---|---|
//! | `g` | of all types: del, expire, persist, rename_from … | yes |
//! | `$` `l` `s` `h` `z` `t` | of strings, lists, sets, hashes, sorted sets, streams | yes |
//! | `d` | of modules' own types | yes |
//! | `x` `e` | expired, evicted | yes |
//! | `m` `n` | a key that was read is missing; a key is new | no |
//! | `o` `c` | a value was replaced; by one of another type (since Redis 8.2) | no |
//!
//! Beside them stand `K` and `E`: by channels named after keys, by channels named after events.

use std::fmt;

/// Events that are switched on together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventClass {
    /// Of keys of all types: del, expire, rename_from, rename_to, copy_to, persist, restore … (`g`).
    Generic,
    /// Of strings (`$`).
    String,
    /// Of lists (`l`).
    List,
    /// Of sets (`s`).
    Set,
    /// Of hashes (`h`).
    Hash,
    /// Of sorted sets (`z`).
    SortedSet,
    /// Of streams (`t`).
    Stream,
    /// Of the types of modules (`d`).
    Module,
    /// A key's time was up (`x`).
    Expired,
    /// A key had to go for want of memory (`e`).
    Evicted,
    /// A key that was read does not exist (`m`).
    Miss,
    /// A key was made that was not there before (`n`).
    New,
    /// A value was replaced as a whole (`o`, since Redis 8.2).
    Overwritten,
    /// A value was replaced by one of another type (`c`, since Redis 8.2).
    TypeChanged,
}

impl EventClass {
    /// Its letter in `notify-keyspace-events`.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Generic => 'g',
            Self::String => '$',
            Self::List => 'l',
            Self::Set => 's',
            Self::Hash => 'h',
            Self::SortedSet => 'z',
            Self::Stream => 't',
            Self::Module => 'd',
            Self::Expired => 'x',
            Self::Evicted => 'e',
            Self::Miss => 'm',
            Self::New => 'n',
            Self::Overwritten => 'o',
            Self::TypeChanged => 'c',
        }
    }
}

/// What happened to a key. The server's name for it is [`name`](Self::name); what has no variant here is an
/// [`Other`](Self::Other).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyEvent {
    /// Its value was set (SET and its kin).
    Set,
    /// It was deleted, by whatever command.
    Del,
    /// It was given a time to live.
    Expire,
    /// Its time was up, and it is gone. Servers tell this when they delete it, which may be later than its time.
    Expired,
    /// It had to go for want of memory.
    Evicted,
    /// Its time to live was taken away.
    Persist,
    /// It was made, and was not there before.
    New,
    /// It was read and does not exist.
    Miss,
    /// Its value was replaced as a whole (since Redis 8.2).
    Overwritten,
    /// Its value was replaced by one of another type (since Redis 8.2).
    TypeChanged,
    /// It was renamed to another.
    RenameFrom,
    /// Another was renamed to it.
    RenameTo,
    /// It was moved to another database.
    MoveFrom,
    /// It came from another database.
    MoveTo,
    /// Another was copied to it.
    CopyTo,
    /// It was restored from a dump.
    Restore,
    /// Something was appended to the string.
    Append,
    /// The string was changed in the middle.
    SetRange,
    /// The number in the string was changed.
    IncrBy,
    /// The number in the string was changed by a fraction.
    IncrByFloat,
    /// Elements were added in front of the list.
    LPush,
    /// Elements were added behind the list.
    RPush,
    /// The first elements of the list were taken.
    LPop,
    /// The last elements of the list were taken.
    RPop,
    /// Members were added to the set.
    SAdd,
    /// Members were removed from the set.
    SRem,
    /// Members were taken from the set at random.
    SPop,
    /// Fields of the hash were set.
    HSet,
    /// Fields of the hash were deleted.
    HDel,
    /// The number in a field of the hash was changed.
    HIncrBy,
    /// Fields of the hash were given a time to live.
    HExpire,
    /// The time of fields of the hash was up.
    HExpired,
    /// Members were added to the sorted set, or their scores changed.
    ZAdd,
    /// The score of a member was changed.
    ZIncr,
    /// Members were removed from the sorted set.
    ZRem,
    /// An entry was added to the stream.
    XAdd,
    /// Entries were deleted from the stream.
    XDel,
    /// The stream was trimmed.
    XTrim,
    /// Another event, by the server's name for it.
    Other(Box<str>),
}

/// The server's names, and what switches each on.
const NAMES: &[(KeyEvent, &str, EventClass)] = &[
    (KeyEvent::Set, "set", EventClass::String),
    (KeyEvent::Del, "del", EventClass::Generic),
    (KeyEvent::Expire, "expire", EventClass::Generic),
    (KeyEvent::Expired, "expired", EventClass::Expired),
    (KeyEvent::Evicted, "evicted", EventClass::Evicted),
    (KeyEvent::Persist, "persist", EventClass::Generic),
    (KeyEvent::New, "new", EventClass::New),
    (KeyEvent::Miss, "keymiss", EventClass::Miss),
    (KeyEvent::Overwritten, "overwritten", EventClass::Overwritten),
    (KeyEvent::TypeChanged, "type_changed", EventClass::TypeChanged),
    (KeyEvent::RenameFrom, "rename_from", EventClass::Generic),
    (KeyEvent::RenameTo, "rename_to", EventClass::Generic),
    (KeyEvent::MoveFrom, "move_from", EventClass::Generic),
    (KeyEvent::MoveTo, "move_to", EventClass::Generic),
    (KeyEvent::CopyTo, "copy_to", EventClass::Generic),
    (KeyEvent::Restore, "restore", EventClass::Generic),
    (KeyEvent::Append, "append", EventClass::String),
    (KeyEvent::SetRange, "setrange", EventClass::String),
    (KeyEvent::IncrBy, "incrby", EventClass::String),
    (KeyEvent::IncrByFloat, "incrbyfloat", EventClass::String),
    (KeyEvent::LPush, "lpush", EventClass::List),
    (KeyEvent::RPush, "rpush", EventClass::List),
    (KeyEvent::LPop, "lpop", EventClass::List),
    (KeyEvent::RPop, "rpop", EventClass::List),
    (KeyEvent::SAdd, "sadd", EventClass::Set),
    (KeyEvent::SRem, "srem", EventClass::Set),
    (KeyEvent::SPop, "spop", EventClass::Set),
    (KeyEvent::HSet, "hset", EventClass::Hash),
    (KeyEvent::HDel, "hdel", EventClass::Hash),
    (KeyEvent::HIncrBy, "hincrby", EventClass::Hash),
    (KeyEvent::HExpire, "hexpire", EventClass::Hash),
    (KeyEvent::HExpired, "hexpired", EventClass::Hash),
    (KeyEvent::ZAdd, "zadd", EventClass::SortedSet),
    (KeyEvent::ZIncr, "zincr", EventClass::SortedSet),
    (KeyEvent::ZRem, "zrem", EventClass::SortedSet),
    (KeyEvent::XAdd, "xadd", EventClass::Stream),
    (KeyEvent::XDel, "xdel", EventClass::Stream),
    (KeyEvent::XTrim, "xtrim", EventClass::Stream),
];

impl KeyEvent {
    /// The event of this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let known = NAMES.iter().find(|(_, known, _)| *known == name);
        known.map_or_else(|| Self::Other(name.into()), |(event, ..)| event.clone())
    }

    /// The server's name for it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => NAMES.iter().find(|(event, ..)| event == known).map_or("", |(_, name, _)| name),
        }
    }

    /// What switches it on. `None`: nobody knows here.
    #[must_use]
    pub fn class(&self) -> Option<EventClass> {
        NAMES.iter().find(|(event, ..)| event == self).map(|(.., class)| *class)
    }
}

impl From<&str> for KeyEvent {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

impl fmt::Display for KeyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (event, name, class) in NAMES {
            assert_eq!((event.name(), &KeyEvent::named(name), event.class()), (*name, event, Some(*class)));
        }
        let other = KeyEvent::from("json.set");
        assert_eq!((other.name(), other.class()), ("json.set", None));
    }
}
