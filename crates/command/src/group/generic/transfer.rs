//! The options of the commands that copy and move whole keys: COPY, RESTORE, MIGRATE.

use std::time::{Duration, SystemTime};

use carnelian_resp::{Reader, Token};

use crate::group::expiry::{millis, millis_at};
use crate::group::kept::Kept;
use crate::{Command, DecodeError, FromReply, ToArg, ToArgs};

/// Where COPY puts the copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CopyOptions {
    db: Option<u32>,
    replace: bool,
}

impl CopyOptions {
    /// Into the same database, if there is no such key yet.
    pub const fn new() -> Self {
        Self { db: None, replace: false }
    }

    /// Into another database.
    pub const fn db(mut self, db: u32) -> Self {
        self.db = Some(db);
        self
    }

    /// Replaces the key if it is there.
    pub const fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        if let Some(db) = self.db {
            command = command.arg("DB").arg(db);
        }
        command.word_if(self.replace, "REPLACE")
    }
}

/// How RESTORE makes a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RestoreOptions {
    expiry: Option<RestoredExpiry>,
    replace: bool,
    eviction: Option<(&'static str, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RestoredExpiry {
    In(Duration),
    At(SystemTime),
}

impl RestoreOptions {
    /// For good, if there is no such key yet.
    pub const fn new() -> Self {
        Self { expiry: None, replace: false, eviction: None }
    }

    /// The key expires this long from now. See [`Expiry`](crate::group::Expiry) for how it is rounded.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.expiry = Some(RestoredExpiry::In(ttl));
        self
    }

    /// The key expires at this time (ABSTTL; Redis 5.0).
    pub const fn expires_at(mut self, time: SystemTime) -> Self {
        self.expiry = Some(RestoredExpiry::At(time));
        self
    }

    /// Replaces the key if it is there, which is an error otherwise.
    pub const fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// For how long nobody has used the key, in whole seconds, for a server that evicts by that (Redis 5.0).
    pub const fn idle_time(mut self, idle: Duration) -> Self {
        self.eviction = Some(("IDLETIME", idle.as_secs()));
        self
    }

    /// How often the key has been used, from 0 to 255 on the server's own scale, for a server that evicts by that
    /// (Redis 5.0).
    pub const fn frequency(mut self, frequency: u8) -> Self {
        self.eviction = Some(("FREQ", frequency as u64));
        self
    }

    /// Adds the time to live, the `serialized` value and the options.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>, serialized: impl ToArg) -> Command<R> {
        let (ttl, absolute) = match self.expiry {
            Some(RestoredExpiry::In(ttl)) => (millis(ttl), false),
            Some(RestoredExpiry::At(time)) => (millis_at(time), true),
            None => (0, false),
        };
        let command = command.arg(ttl).arg(serialized);
        let command = command.word_if(self.replace, "REPLACE").word_if(absolute, "ABSTTL");
        match self.eviction {
            Some((word, number)) => command.arg(word).arg(number),
            None => command,
        }
    }
}

/// How MIGRATE moves keys to another server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct MigrateOptions {
    db: u32,
    timeout: Duration,
    copy: bool,
    replace: bool,
    login: Option<Login>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Login {
    user: Option<Kept>,
    password: Kept,
}

impl Default for MigrateOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl MigrateOptions {
    /// Into database 0, away from here, if there is no such key there; no pause longer than a second.
    pub const fn new() -> Self {
        Self { db: 0, timeout: Duration::from_secs(1), copy: false, replace: false, login: None }
    }

    /// Into this database of the other server.
    pub const fn db(mut self, db: u32) -> Self {
        self.db = db;
        self
    }

    /// Gives up when the other server is silent for so long. After that the keys may be on both servers.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Keeps the keys here too (Redis 3.0).
    pub const fn copy(mut self) -> Self {
        self.copy = true;
        self
    }

    /// Replaces keys that are there, which is an error otherwise (Redis 3.0).
    pub const fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// The password of the other server's default user (AUTH; Redis 4.0.7).
    pub fn password(mut self, password: impl ToArg) -> Self {
        self.login = Some(Login { user: None, password: Kept::new(password) });
        self
    }

    /// A user of the other server and that user's password (AUTH2; Redis 6.0).
    pub fn login(mut self, user: impl ToArg, password: impl ToArg) -> Self {
        self.login = Some(Login { user: Some(Kept::new(user)), password: Kept::new(password) });
        self
    }

    /// Adds the keys and the options. A single key goes in front, where servers before 3.0 want it.
    pub(super) fn add_to<R: FromReply>(self, command: Command<R>, keys: impl ToArgs) -> Command<R> {
        let single = keys.count() == 1;
        let command = if single { command.keys(&keys) } else { command.arg("") };
        let command = command.arg(self.db).arg(millis(self.timeout));
        let command = command.word_if(self.copy, "COPY").word_if(self.replace, "REPLACE");
        let command = match self.login {
            Some(Login { user: Some(user), password }) => command.arg("AUTH2").arg(user).arg(password),
            Some(Login { user: None, password }) => command.arg("AUTH").arg(password),
            None => command,
        };
        if single { command } else { command.arg("KEYS").keys(keys) }
    }
}

/// What MIGRATE did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Migrated {
    /// The keys that were here are on the other server.
    Done,
    /// None of the keys was here.
    NoKey,
}

impl FromReply for Migrated {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.token()? {
            Token::Simple(b"OK") => Ok(Self::Done),
            Token::Simple(b"NOKEY") => Ok(Self::NoKey),
            other => Err(DecodeError::mismatch("OK or NOKEY", &other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn migrate_says_whether_there_was_a_key() {
        assert_eq!(read("+OK\r\n"), Ok(Migrated::Done));
        assert_eq!(read("+NOKEY\r\n"), Ok(Migrated::NoKey));
        assert!(read::<Migrated>(":1\r\n").is_err());
    }

    #[test]
    fn passwords_are_not_shown() {
        let options = MigrateOptions::new().login("ada", "hunter2");
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
