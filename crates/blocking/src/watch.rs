//! What users can see of a client's connection: its state as a value, its history as events.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use carnelian_core::{Event, State};
use parking_lot::{Condvar, Mutex};

/// Events kept for a listener that is slow; it misses those beyond.
const EVENTS: usize = 256;

/// The state of a client's connection, to be looked at or waited on.
#[derive(Clone, Debug)]
pub struct StateWatch {
    cell: Arc<StateCell>,
}

impl StateWatch {
    pub(crate) const fn of(cell: Arc<StateCell>) -> Self {
        Self { cell }
    }

    /// The state now.
    #[must_use]
    pub fn current(&self) -> State {
        *self.cell.state.lock()
    }

    /// Waits until the state is `wanted`. False: it was not within `timeout`, or the client was closed meanwhile.
    #[must_use]
    pub fn wait_for(&self, wanted: State, timeout: Duration) -> bool {
        let until = Instant::now().checked_add(timeout);
        let mut state = self.cell.state.lock();
        loop {
            if *state == wanted || *state == State::Closed {
                return *state == wanted;
            }
            match until {
                Some(until) if self.cell.changed.wait_until(&mut state, until).timed_out() => {
                    return *state == wanted;
                }
                Some(_) => {}
                None => self.cell.changed.wait(&mut state),
            }
        }
    }
}

/// Where the state is kept.
#[derive(Debug)]
pub(crate) struct StateCell {
    state: Mutex<State>,
    changed: Condvar,
}

impl StateCell {
    pub(crate) const fn new() -> Self {
        Self { state: Mutex::new(State::Disconnected), changed: Condvar::new() }
    }

    /// Closed is for good. True: it was another before.
    pub(crate) fn set(&self, state: State) -> bool {
        let mut current = self.state.lock();
        let changes = *current != state && *current != State::Closed;
        if changes {
            *current = state;
            self.changed.notify_all();
        }
        changes
    }
}

/// What happens to the connections of a client. As an iterator it waits for the next event, and ends with the client.
#[derive(Debug)]
pub struct Events {
    receiver: Receiver<Event>,
}

impl Events {
    /// The next event, if one has happened already.
    #[must_use]
    pub fn next_now(&self) -> Option<Event> {
        self.receiver.try_recv().ok()
    }

    /// The next event, if one happens within `timeout`.
    #[must_use]
    pub fn next_within(&self, timeout: Duration) -> Option<Event> {
        self.receiver.recv_timeout(timeout).ok()
    }
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.receiver.recv().ok()
    }
}

/// Those who listen to events.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    senders: Mutex<Vec<SyncSender<Event>>>,
}

impl Listeners {
    pub(crate) fn listen(&self) -> Events {
        let (sender, receiver) = sync_channel(EVENTS);
        self.senders.lock().push(sender);
        Events { receiver }
    }

    /// Tells everybody, and waits for nobody.
    pub(crate) fn tell(&self, event: &Event) {
        self.senders
            .lock()
            .retain(|sender| !matches!(sender.try_send(event.clone()), Err(TrySendError::Disconnected(_))));
    }

    /// Nothing more will happen.
    pub(crate) fn close(&self) {
        self.senders.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_listener_holds_nobody_up_and_a_gone_one_is_forgotten() {
        let listeners = Listeners::default();
        let events = listeners.listen();
        for failures in 0..=u32::try_from(EVENTS).unwrap() {
            listeners.tell(&Event::Connecting { failures });
        }
        listeners.close();
        assert_eq!(events.count(), EVENTS);
        drop(listeners.listen());
        listeners.tell(&Event::Closed);
        assert!(listeners.senders.lock().is_empty());
    }

    #[test]
    fn closed_is_for_good_and_ends_every_wait() {
        let cell = Arc::new(StateCell::new());
        let watch = StateWatch::of(Arc::clone(&cell));
        assert!(!watch.wait_for(State::Connected, Duration::from_millis(1)));
        assert!(cell.set(State::Closed) && !cell.set(State::Connected));
        assert!(!watch.wait_for(State::Connected, Duration::from_secs(60)));
        assert_eq!(watch.current(), State::Closed);
    }
}
