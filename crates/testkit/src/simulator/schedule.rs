//! What happens when: the virtual clock. Nothing in a simulation waits; time jumps to the next event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use carnelian_core::connection::Micros;

/// Events in the order of their time; those of one moment in the order they were added.
#[derive(Debug)]
pub(super) struct Schedule<E> {
    now: Micros,
    added: u64,
    queue: BinaryHeap<Reverse<Planned<E>>>,
}

#[derive(Debug)]
struct Planned<E> {
    at: Micros,
    number: u64,
    event: E,
}

impl<E> Schedule<E> {
    pub(super) fn new() -> Self {
        Self { now: 0, added: 0, queue: BinaryHeap::new() }
    }

    pub(super) const fn now(&self) -> Micros {
        self.now
    }

    /// Plans an event; one in the past happens next.
    pub(super) fn at(&mut self, at: Micros, event: E) {
        self.added += 1;
        self.queue.push(Reverse(Planned { at: at.max(self.now), number: self.added, event }));
    }

    /// Plans an event so much later than now.
    pub(super) fn after(&mut self, pause: Micros, event: E) {
        self.at(self.now.saturating_add(pause), event);
    }

    /// Moves the clock to the next event.
    pub(super) fn next(&mut self) -> Option<E> {
        let Reverse(planned) = self.queue.pop()?;
        self.now = planned.at;
        Some(planned.event)
    }
}

impl<E> Planned<E> {
    const fn key(&self) -> (Micros, u64) {
        (self.at, self.number)
    }
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Planned<E> {}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Planned<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
