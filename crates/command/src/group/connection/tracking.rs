//! Tracking: the server remembers what a connection has read and tells when it changes.

use std::collections::BTreeMap;

use carnelian_resp::Reader;

use super::super::kept::Kept;
use crate::{Command, DecodeError, FromReply, ToArg, Value};

/// What is tracked for a connection, and who is told.
///
/// Ways of tracking that exclude each other can't both be had: the last one given stays.
///
/// ```
/// use carnelian_command::{Build, group::{ConnectionStateCommands as _, TrackingOptions}};
///
/// let command = Build.client_tracking_with(TrackingOptions::new().broadcast().prefix("user:").noloop());
/// assert_eq!(command.request().arguments().nth(2), Some(&b"ON"[..]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TrackingOptions {
    way: Way,
    prefixes: Vec<Kept>,
    redirect: Option<u64>,
    noloop: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Reads,
    Broadcast,
    OptIn,
    OptOut,
}

impl TrackingOptions {
    /// Tracks every key that the connection reads.
    pub const fn new() -> Self {
        Self { way: Way::Reads, prefixes: Vec::new(), redirect: None, noloop: false }
    }

    /// Tells of every change to any key, read or not; [`prefix`](Self::prefix) narrows it down.
    pub fn broadcast(mut self) -> Self {
        self.way = Way::Broadcast;
        self
    }

    /// Tells only of keys that begin so; several may be given. Implies [`broadcast`](Self::broadcast).
    pub fn prefix(mut self, prefix: impl ToArg) -> Self {
        self.prefixes.push(Kept::new(prefix));
        self.broadcast()
    }

    /// Tracks only what is read right after [`client_caching(true)`](super::ConnectionStateCommands::client_caching).
    pub fn optin(mut self) -> Self {
        self.way = Way::OptIn;
        self
    }

    /// Tracks all but what is read right after
    /// [`client_caching(false)`](super::ConnectionStateCommands::client_caching).
    pub fn optout(mut self) -> Self {
        self.way = Way::OptOut;
        self
    }

    /// Does not tell of changes that this connection made itself.
    pub const fn noloop(mut self) -> Self {
        self.noloop = true;
        self
    }

    /// Tells another connection, by its number. RESP2 needs this, with that connection subscribed to
    /// `__redis__:invalidate`.
    pub const fn redirect(mut self, id: u64) -> Self {
        self.redirect = Some(id);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let mut command = command;
        if let Some(id) = self.redirect {
            command = command.arg("REDIRECT").arg(id);
        }
        command = match self.way {
            Way::Reads => command,
            Way::OptIn => command.arg("OPTIN"),
            Way::OptOut => command.arg("OPTOUT"),
            Way::Broadcast => {
                let with = |command: Command<R>, prefix| command.arg("PREFIX").arg(prefix);
                self.prefixes.into_iter().fold(command, with).arg("BCAST")
            }
        };
        command.word_if(self.noloop, "NOLOOP")
    }
}

/// Where messages about changed keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackingRedirect {
    /// Nowhere: nothing is tracked.
    Off,
    /// To the connection itself.
    Own,
    /// To the connection of this number.
    To(u64),
}

impl FromReply for TrackingRedirect {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match i64::from_reply(reader)? {
            0 => Self::Own,
            id => u64::try_from(id).map_or(Self::Off, Self::To),
        })
    }
}

/// Whether and how a server tracks what a connection has read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackingInfo {
    /// Words such as `on`, `bcast`, `optin`, `noloop`, `broken_redirect`; `off` when nothing is tracked.
    pub flags: Vec<String>,
    /// Where the messages go.
    pub redirect: TrackingRedirect,
    /// The prefixes of keys that are told of.
    pub prefixes: Vec<String>,
}

impl TrackingInfo {
    /// True when keys are tracked.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.flags.iter().any(|flag| flag == "on")
    }
}

impl FromReply for TrackingInfo {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::<String, Value>::from_reply(reader)?;
        let mut field = |name| map.remove(name).unwrap_or(Value::Nil);
        let (flags, redirect, prefixes) = (field("flags"), field("redirect"), field("prefixes"));
        Ok(Self {
            flags: flags.into_typed()?,
            redirect: redirect.into_typed()?,
            prefixes: prefixes.into_typed::<Option<_>>()?.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;
    use crate::spec;

    fn words(options: TrackingOptions) -> String {
        let command = options.add_to(Command::<()>::new(&spec::CLIENT_TRACKING));
        let words: Vec<_> = command.request().arguments().skip(2).map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn ways_that_exclude_each_other_are_never_both_sent() {
        assert_eq!(words(TrackingOptions::new()), "");
        assert_eq!(words(TrackingOptions::new().optin().optout().noloop()), "OPTOUT NOLOOP");
        assert_eq!(words(TrackingOptions::new().optin().prefix("a").prefix("b")), "PREFIX a PREFIX b BCAST");
        assert_eq!(words(TrackingOptions::new().prefix("a").optin()), "OPTIN");
        assert_eq!(words(TrackingOptions::new().redirect(7).broadcast()), "REDIRECT 7 BCAST");
    }

    #[test]
    fn both_protocols_say_the_same() {
        let want = TrackingInfo {
            flags: vec!["on".into(), "bcast".into()],
            redirect: TrackingRedirect::Own,
            prefixes: vec!["a".into()],
        };
        assert!(want.is_on());
        let fields = |map: &str, set: &str| {
            format!(
                "{map}\r\n+flags\r\n{set}2\r\n+on\r\n+bcast\r\n+redirect\r\n:0\r\n+prefixes\r\n*1\r\n+a\r\n"
            )
        };
        assert_eq!(read::<TrackingInfo>(&fields("*6", "*")), Ok(want.clone()));
        assert_eq!(read::<TrackingInfo>(&fields("%3", "~")), Ok(want));
    }

    #[test]
    fn redirects() {
        assert_eq!(read::<TrackingRedirect>(":-1\r\n"), Ok(TrackingRedirect::Off));
        assert_eq!(read::<TrackingRedirect>(":0\r\n"), Ok(TrackingRedirect::Own));
        assert_eq!(read::<TrackingRedirect>(":12\r\n"), Ok(TrackingRedirect::To(12)));
    }
}
