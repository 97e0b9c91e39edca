//! What the housekeeper does for a lane that nobody drives: connects it, asks for a sign of life, sees that it is closed.

use std::task::Poll;

use carnelian_core::connection::liveness::Health;
use carnelian_core::connection::{Micros, NEVER, Phase};

use super::Lane;
use super::driver::Turn;
use super::guarded::Ending;

/// How long the housekeeper stays with a lane that can't be connected, before it looks after the others.
const STAY: Micros = 250_000;

impl Lane {
    /// Connects it, or asks an idle one for a sign of life. When to look again.
    pub(crate) fn tend(&self) -> Micros {
        let now = self.node.clock.now();
        let mut turn = Turn::new(self, now);
        let mut guarded = self.lock();
        if guarded.wheel.is_none() {
            // Whoever drives it sees what there is to see.
            return now.saturating_add(STAY);
        }
        guarded.look();
        match guarded.link.phase() {
            Phase::Closing | Phase::Closed => return NEVER,
            Phase::Connecting => {}
            Phase::Ready if guarded.broken.is_some() => {}
            Phase::Ready => match guarded.link.health(now, true) {
                Health::Good(next) => return next,
                Health::Dead { silence } => guarded.broken = Some(Ending::of_silence(silence)),
                Health::Probe => {
                    // Nothing happens here: a good moment to give memory back.
                    guarded.shrink();
                    guarded.link.probe();
                    let heard = guarded.heard;
                    turn.attend(&mut guarded, NEVER, |guarded, waker| {
                        if guarded.heard != heard || guarded.link.phase() != Phase::Ready {
                            return Poll::Ready(());
                        }
                        guarded.watchers.extend(waker.cloned());
                        Poll::Pending
                    });
                    return turn.now();
                }
            },
        }
        turn.attend(&mut guarded, now.saturating_add(STAY), |guarded, waker| {
            if guarded.link.phase() != Phase::Connecting && guarded.broken.is_none() {
                return Poll::Ready(());
            }
            guarded.watchers.extend(waker.cloned());
            Poll::Pending
        });
        turn.now()
    }
}
