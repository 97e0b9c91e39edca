//! Entries that change hands: how XCLAIM, XAUTOCLAIM and XNACK take them from one consumer and give them to another.

use std::time::{Duration, SystemTime};

use carnelian_resp::Reader;

use super::entry::{open, present, skip};
use super::{StreamEntry, StreamId, idle};
use crate::{Command, DecodeError, FromReply};

/// The options of XCLAIM.
///
/// Without [`idle`](Self::idle) or [`time`](Self::time), which exclude each other so that the last one counts, an entry
/// begins to wait anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XclaimOptions {
    delivered: Option<Delivered>,
    retrycount: Option<u64>,
    force: bool,
    lastid: Option<StreamId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivered {
    Ago(Duration),
    At(SystemTime),
}

impl XclaimOptions {
    /// The entries count as handed out now, once more than before.
    pub const fn new() -> Self {
        Self { delivered: None, retrycount: None, force: false, lastid: None }
    }

    /// They count as handed out this long ago.
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.delivered = Some(Delivered::Ago(idle));
        self
    }

    /// They count as handed out at this time.
    pub const fn time(mut self, time: SystemTime) -> Self {
        self.delivered = Some(Delivered::At(time));
        self
    }

    /// They count as handed out so many times.
    pub const fn retrycount(mut self, deliveries: u64) -> Self {
        self.retrycount = Some(deliveries);
        self
    }

    /// Claims even what nobody has been handed out, if it is in the stream.
    pub const fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Moves the group's last ID on to this one, if that is greater: new entries are handed out from there on.
    pub const fn lastid(mut self, id: StreamId) -> Self {
        self.lastid = Some(id);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let mut command = match self.delivered {
            Some(Delivered::Ago(ago)) => command.arg("IDLE").arg(idle::millis(ago)),
            Some(Delivered::At(time)) => command.arg("TIME").arg(StreamId::at(time).millis),
            None => command,
        };
        if let Some(deliveries) = self.retrycount {
            command = command.arg("RETRYCOUNT").arg(deliveries);
        }
        command = command.word_if(self.force, "FORCE");
        match self.lastid {
            Some(id) => command.arg("LASTID").arg(id),
            None => command,
        }
    }
}

/// The options of XAUTOCLAIM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XautoclaimOptions {
    count: Option<u64>,
}

impl XautoclaimOptions {
    /// A page of the server's size: a hundred entries.
    pub const fn new() -> Self {
        Self { count: None }
    }

    /// A page of at most this many entries. The server looks at up to ten times as many to find them.
    pub const fn count(mut self, entries: u64) -> Self {
        self.count = Some(entries);
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        match self.count {
            Some(entries) => command.arg("COUNT").arg(entries),
            None => command,
        }
    }
}

/// A page of what XAUTOCLAIM has claimed. `E` is what an entry becomes, or [`StreamId`] for IDs alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutoclaimPage<E = StreamEntry> {
    /// Where the next page begins.
    pub next: StreamId,
    /// The entries, which now belong to the consumer that claimed them.
    pub entries: Vec<E>,
    /// The IDs of entries that somebody had been handed out and that are deleted meanwhile: nobody waits for them any
    /// more. Empty before Redis 7.0, where such entries stay as they are.
    pub deleted: Vec<StreamId>,
}

impl<E> AutoclaimPage<E> {
    /// True when all has been looked at: the next page would begin at the front again.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.next == StreamId::MIN
    }
}

impl<E: FromReply> FromReply for AutoclaimPage<E> {
    const SHARES: bool = E::SHARES;
    const TEXT: bool = E::TEXT;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = open(2, reader)?;
        let (next, entries) = (StreamId::from_reply(reader)?, present(reader)?);
        let deleted = if more > 0 { Vec::from_reply(reader)? } else { Vec::new() };
        skip(more.saturating_sub(1), reader)?;
        Ok(Self { next, entries, deleted })
    }
}

/// Why a consumer gives entries back unacknowledged: it decides how often they count as handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nack {
    /// It did not get to them, as when it shuts down: they count as never handed out to it (SILENT).
    Silent,
    /// It failed to process them; another may succeed (FAIL).
    Fail,
    /// Nobody will be able to process them: they count as handed out as often as can be counted (FATAL).
    Fatal,
}

impl Nack {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Silent => "SILENT",
            Self::Fail => "FAIL",
            Self::Fatal => "FATAL",
        }
    }
}

/// The options of XNACK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct XnackOptions {
    retrycount: Option<u64>,
    force: bool,
}

impl XnackOptions {
    /// The reason alone decides.
    pub const fn new() -> Self {
        Self { retrycount: None, force: false }
    }

    /// The entries count as handed out so many times, whatever the reason.
    pub const fn retrycount(mut self, deliveries: u64) -> Self {
        self.retrycount = Some(deliveries);
        self
    }

    /// Also makes entries wait for an acknowledgement that nobody has been handed out.
    pub const fn force(mut self) -> Self {
        self.force = true;
        self
    }

    pub(super) fn add_to<R: FromReply>(self, mut command: Command<R>) -> Command<R> {
        if let Some(deliveries) = self.retrycount {
            command = command.arg("RETRYCOUNT").arg(deliveries);
        }
        command.word_if(self.force, "FORCE")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;
    use crate::spec;

    const ENTRY: &str = "*2\r\n$3\r\n5-0\r\n*2\r\n+f\r\n+v\r\n";

    #[test]
    fn pages_of_old_and_new_servers() {
        let old = format!("*2\r\n$3\r\n7-0\r\n*2\r\n{ENTRY}*-1\r\n");
        let page: AutoclaimPage = read(&old).unwrap();
        assert_eq!((page.next, page.entries.len(), page.is_last()), (StreamId::new(7, 0), 1, false));
        assert_eq!(page.deleted, []);
        let new = format!("*3\r\n$3\r\n0-0\r\n*1\r\n{ENTRY}*1\r\n$3\r\n6-0\r\n");
        let page: AutoclaimPage = read(&new).unwrap();
        assert_eq!((page.is_last(), page.deleted), (true, vec![StreamId::new(6, 0)]));
        let ids = "*4\r\n$3\r\n0-0\r\n*1\r\n$3\r\n5-0\r\n*0\r\n:1\r\n";
        assert_eq!(read::<AutoclaimPage<StreamId>>(ids).unwrap().entries, [StreamId::new(5, 0)]);
        assert!(read::<AutoclaimPage>("*1\r\n$3\r\n0-0\r\n").is_err());
    }

    #[test]
    fn an_entry_was_handed_out_at_one_time() {
        let words = |options: XclaimOptions| -> Vec<String> {
            let command = options.add_to(Command::<()>::new(&spec::XCLAIM));
            let words = command.request().arguments().skip(1);
            words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
        };
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(5);
        let idle = Duration::from_millis(7);
        assert_eq!(words(XclaimOptions::new().idle(idle).time(time)), ["TIME", "5"]);
        assert_eq!(words(XclaimOptions::new().time(time).idle(idle)), ["IDLE", "7"]);
        assert_eq!(words(XclaimOptions::new().idle(Duration::ZERO)), ["IDLE", "0"]);
    }
}
