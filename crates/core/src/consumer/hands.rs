//! What the user has been handed out and has not acknowledged: it must not be handed out once more while it is being worked
//! on, however often the server is asked for what is pending.
//!
//! ```text
//!                 ┌──── acknowledged ────► forgotten
//!   handed out ───┤
//!                 └──── let go ──────────► left to the server until it has been idle for long enough
//! ```

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use carnelian_command::group::{PendingEntry, StreamId};

/// Which entries are where, by the number of their key.
#[derive(Debug, Default)]
pub struct Hands {
    held: HashSet<(usize, StreamId)>,
    let_go: BTreeSet<(usize, StreamId)>,
    /// Acknowledged since the server was asked for what is pending: its answer may list them still.
    acknowledged: HashSet<(usize, StreamId)>,
    watching: bool,
}

impl Hands {
    /// Hands an entry out. False: the user has it, or is through with it.
    pub(super) fn take(&mut self, key: usize, id: StreamId) -> bool {
        if self.acknowledged.contains(&(key, id)) || !self.held.insert((key, id)) {
            return false;
        }
        self.let_go.remove(&(key, id));
        true
    }

    /// The user has acknowledged it.
    pub fn acknowledge(&mut self, key: usize, id: StreamId) {
        self.held.remove(&(key, id));
        self.let_go.remove(&(key, id));
        if self.watching {
            self.acknowledged.insert((key, id));
        }
    }

    /// The user has dropped it, acknowledged or not.
    pub fn release(&mut self, key: usize, id: StreamId) {
        if self.held.remove(&(key, id)) {
            self.let_go.insert((key, id));
        }
    }

    /// All of it was of streams or groups that are no more.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.let_go.clear();
        self.acknowledged.clear();
    }

    /// True when the user holds nothing.
    #[must_use]
    pub fn are_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// True while the user has it.
    pub(super) fn hold(&self, key: usize, id: StreamId) -> bool {
        self.held.contains(&(key, id))
    }

    /// What is acknowledged from now on is remembered: the server is asked for what is pending.
    pub(super) fn watch(&mut self) {
        self.watching = true;
    }

    /// All answers about what is pending are dealt with.
    pub(super) fn unwatch(&mut self) {
        self.watching = false;
        self.acknowledged.clear();
    }

    /// True for a pending entry of this consumer that should be handed out (again): nobody here has it, and what was let go
    /// has waited for as long as that of others has to.
    pub(super) fn lack(&self, key: usize, entry: &PendingEntry, claim_after: Option<Duration>) -> bool {
        let place = (key, entry.id);
        if self.held.contains(&place) || self.acknowledged.contains(&place) {
            return false;
        }
        !self.let_go.contains(&place)
            || claim_after.is_some_and(|limit| entry.idle.is_none_or(|idle| idle >= limit))
    }

    /// These are all entries from `from` to `to` that the server waits for: others that were let go are somebody else's.
    pub(super) fn forget_others(
        &mut self,
        key: usize,
        from: StreamId,
        to: StreamId,
        pending: &[PendingEntry],
    ) {
        let present: HashSet<StreamId> = pending.iter().map(|entry| entry.id).collect();
        let range = (key, from)..=(key, to);
        let gone: Vec<_> =
            self.let_go.range(range).filter(|(_, id)| !present.contains(id)).copied().collect();
        for place in gone {
            self.let_go.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use carnelian_command::FromReply as _;
    use carnelian_resp::Reader;

    use super::*;

    const A: StreamId = StreamId::new(1, 0);
    const B: StreamId = StreamId::new(2, 0);

    fn pending(id: StreamId, idle: u64) -> PendingEntry {
        let line = format!("*4\r\n+{id}\r\n+me\r\n:{idle}\r\n:1\r\n");
        PendingEntry::from_reply(&mut Reader::new(line.as_bytes())).unwrap()
    }

    #[test]
    fn what_the_user_has_is_not_handed_out_again() {
        let mut hands = Hands::default();
        let limit = Some(Duration::from_millis(100));
        assert!(hands.take(0, A) && !hands.take(0, A) && hands.take(1, A));
        assert!(!hands.lack(0, &pending(A, 999), limit) && hands.lack(0, &pending(B, 0), limit));
        hands.release(0, A);
        assert!(!hands.are_empty() && !hands.lack(0, &pending(A, 99), limit));
        assert!(!hands.lack(0, &pending(A, 999), None), "nothing is claimed, not even from oneself");
        assert!(hands.lack(0, &pending(A, 100), limit) && hands.take(0, A));
        hands.acknowledge(0, A);
        hands.release(0, A);
        hands.acknowledge(1, A);
        assert!(hands.are_empty() && hands.lack(0, &pending(A, 0), limit));
    }

    #[test]
    fn an_answer_may_be_older_than_an_acknowledgement() {
        let mut hands = Hands::default();
        assert!(hands.take(0, A));
        hands.watch();
        hands.acknowledge(0, A);
        assert!(!hands.lack(0, &pending(A, 0), None) && !hands.take(0, A));
        hands.unwatch();
        assert!(hands.take(0, A));
    }

    #[test]
    fn what_others_have_taken_over_is_forgotten() {
        let mut hands = Hands::default();
        for id in [A, B] {
            assert!(hands.take(0, id));
            hands.release(0, id);
        }
        hands.forget_others(0, StreamId::MIN, A, &[]);
        hands.forget_others(0, B, StreamId::MAX, &[pending(B, 0)]);
        hands.forget_others(1, StreamId::MIN, StreamId::MAX, &[]);
        assert_eq!(hands.let_go, BTreeSet::from([(0, B)]));
    }
}
