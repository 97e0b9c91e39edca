//! What the server is asked for over one connection, and has yet to take note of.
//!
//! It confirms wishes one by one, in the order of the wire, by pushes that look like messages; so they are matched with what
//! was asked for. It refuses a command as a whole, or what is left of it.

use std::collections::VecDeque;

use carnelian_command::spec::Facts;
use carnelian_command::{Request, spec};

use super::Kind;

/// What the server has yet to take note of, in the order of the wire.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    awaited: VecDeque<Awaited>,
}

/// What one listens to, or no longer.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) name: Box<[u8]>,
    /// Which it is of those for that name.
    pub(super) serial: u64,
}

/// A wish on its way.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) listens: bool,
    pub(super) kind: Kind,
    pub(super) wish: Wish,
}

/// A command that changes what the connection listens to.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) request: Request,
    /// How many confirmations it gets.
    pub(crate) names: u32,
}

const fn facts(kind: Kind, listens: bool) -> &'static Facts {
    match (kind, listens) {
        (Kind::Channel, true) => &spec::SUBSCRIBE,
        (Kind::Pattern, true) => &spec::PSUBSCRIBE,
        (Kind::Shard, true) => &spec::SSUBSCRIBE,
        (Kind::Channel, false) => &spec::UNSUBSCRIBE,
        (Kind::Pattern, false) => &spec::PUNSUBSCRIBE,
        (Kind::Shard, false) => &spec::SUNSUBSCRIBE,
    }
}

impl Wishes {
    /// Notes what the server will have to confirm, and makes the command.
    pub(super) fn ask(&mut self, listens: bool, kind: Kind, wishes: Vec<Wish>) -> Option<Change> {
        if wishes.is_empty() {
            return None;
        }
        let mut request = Request::new(facts(kind, listens));
        let names = u32::try_from(wishes.len()).ok()?;
        for wish in wishes {
            request.push(&*wish.name);
            self.awaited.push_back(Awaited { listens, kind, wish });
        }
        Some(Change { request, names })
    }

    /// The newest was not said after all.
    pub(super) fn take_back(&mut self, change: &Change) {
        let left = self.awaited.len().saturating_sub(change.names as usize);
        self.awaited.truncate(left);
    }

    /// There is no connection any more that could answer.
    pub(super) fn clear(&mut self) {
        self.awaited.clear();
    }

    /// The server confirms a wish: its serial number, if it is the one whose turn it is.
    pub(super) fn confirmed(&mut self, listens: bool, kind: Kind, name: &[u8]) -> Option<u64> {
        let front = self.awaited.front()?;
        let is_it = front.listens == listens && front.kind == kind && &*front.wish.name == name;
        if is_it { self.awaited.pop_front().map(|awaited| awaited.wish.serial) } else { None }
    }

    /// The server refuses a wish: the one whose turn it is.
    pub(super) fn refused(&mut self) -> Option<Awaited> {
        self.awaited.pop_front()
    }
}
