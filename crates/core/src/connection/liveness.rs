//! When silence means death.
//!
//! ```text
//!   bytes come                 interval of silence, nothing awaited
//!   ┌───────┐  ┌──────────────────────────────────────────► probe (PING)
//!   ▼       │  │                                               │
//!   alive ──┴──┴── limit of silence while something is owed ───┴──► dead
//! ```
//!
//! A command that waits by its nature (BLPOP) is silent for as long as it likes. Then what is known of the node from
//! other connections decides.

use std::time::Duration;

use super::entry::{Micros, NEVER};
use crate::config;

/// What to do about silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// All is well; look again at that time.
    Good(Micros),
    /// Send a PING, then look again.
    Probe,
    /// The peer is dead: close the connection.
    Dead {
        /// How long nothing came.
        silence: Duration,
    },
}

/// Watches the silence of one connection.
#[derive(Debug)]
pub struct Silence {
    interval: Micros,
    limit: Micros,
    since: Micros,
}

/// How often a connection that waits by its nature looks at what is known of its node.
const GLANCE: Micros = 200_000;

impl Silence {
    /// Watches by these options.
    #[must_use]
    pub fn new(options: &config::Liveness) -> Self {
        let micros = |duration: Option<Duration>| duration.map_or(NEVER, as_micros);
        Self {
            interval: micros(options.health_check_interval),
            limit: micros(options.silence_limit()),
            since: 0,
        }
    }

    /// Something came, or the peer took what it had not taken for a while: silence starts anew.
    #[inline]
    pub const fn broken(&mut self, now: Micros) {
        self.since = now;
    }

    /// Something is sent to a peer that owed nothing. Of the silence before it, which meant nothing, only as much counts as
    /// may pass until a probe is sent: so a peer that died meanwhile is found as soon as by a probe, and one that was left
    /// alone for an hour is not taken for dead.
    #[inline]
    pub const fn ends_idleness(&mut self, now: Micros) {
        let counts = if self.interval == NEVER { 0 } else { self.interval };
        let since = now.saturating_sub(counts);
        if self.since < since {
            self.since = since;
        }
    }

    /// How long nothing has come.
    #[must_use]
    pub const fn length(&self, now: Micros) -> Duration {
        Duration::from_micros(now.saturating_sub(self.since))
    }

    /// Nothing can be said of the peer now; look again as soon as if it had just been heard.
    #[must_use]
    pub const fn look_again(&self, now: Micros) -> Health {
        Health::Good(now.saturating_add(if self.interval < self.limit { self.interval } else { self.limit }))
    }

    /// Judges the silence. `awaits`: a reply is due. `waits`: the server may take its time for it.
    /// `node_alive`: other connections to the node are fine.
    #[must_use]
    pub fn judge(&self, now: Micros, awaits: bool, waits: bool, node_alive: bool) -> Health {
        let dead_at = self.since.saturating_add(self.limit);
        if awaits {
            if now < dead_at {
                // Before its time silence says nothing. What is owed may come meanwhile, and nothing more: then a probe is due
                // an interval later, not only when this silence would have meant death.
                return Health::Good(dead_at.min(now.saturating_add(self.interval)));
            }
            if waits && node_alive {
                return Health::Good(now + GLANCE);
            }
            return Health::Dead { silence: self.length(now) };
        }
        let probe_at = self.since.saturating_add(self.interval);
        if now >= probe_at { Health::Probe } else { Health::Good(probe_at) }
    }
}

/// A duration in microseconds; what doesn't fit is for ever.
#[must_use]
#[inline]
pub fn as_micros(duration: Duration) -> Micros {
    // In u64 rather than through `as_micros`, whose u128 costs more than the rest: this runs for every command.
    duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Micros = 1_000_000;

    fn silence() -> Silence {
        Silence::new(&config::Liveness::default())
    }

    #[test]
    fn an_idle_connection_is_probed_and_an_unanswered_probe_means_death() {
        let silence = silence();
        assert_eq!(silence.judge(SECOND, false, false, true), Health::Good(2 * SECOND));
        assert_eq!(silence.judge(2 * SECOND, false, false, true), Health::Probe);
        assert_eq!(silence.judge(3 * SECOND, true, false, true), Health::Good(4_500_000));
        assert_eq!(
            silence.judge(SECOND, true, false, true),
            Health::Good(3 * SECOND),
            "or it may be idle by then"
        );
        assert!(matches!(silence.judge(4_500_000, true, false, true), Health::Dead { .. }));
    }

    #[test]
    fn idleness_counts_only_until_the_probe_that_it_would_have_led_to() {
        let mut silence = silence();
        let dead_at =
            |silence: &Silence, at| matches!(silence.judge(at, true, false, true), Health::Dead { .. });
        silence.ends_idleness(SECOND);
        assert!(!dead_at(&silence, 4_499_999) && dead_at(&silence, 4_500_000));
        silence.ends_idleness(3600 * SECOND);
        assert!(!dead_at(&silence, 3_602_499_999) && dead_at(&silence, 3_602_500_000));
        let options = config::Liveness { health_check_interval: None, timeout: Some(Duration::from_secs(3)) };
        let mut silence = Silence::new(&options);
        silence.ends_idleness(9 * SECOND);
        assert_eq!(silence.judge(9 * SECOND, true, false, true), Health::Good(12 * SECOND));
    }

    #[test]
    fn a_connection_that_falls_idle_after_a_look_is_still_probed_in_time() {
        for waits in [false, true] {
            let mut silence = silence();
            assert_eq!(silence.judge(SECOND, true, waits, true), Health::Good(3 * SECOND));
            // The reply comes, and nothing more is asked.
            silence.broken(SECOND + 1);
            assert_eq!(silence.judge(3 * SECOND, false, false, true), Health::Good(3 * SECOND + 1));
            assert_eq!(silence.judge(3 * SECOND + 1, false, false, true), Health::Probe);
        }
    }

    #[test]
    fn a_waiting_command_may_be_silent_while_its_node_lives() {
        let silence = silence();
        assert_eq!(silence.judge(60 * SECOND, true, true, true), Health::Good(60 * SECOND + GLANCE));
        assert!(matches!(silence.judge(5 * SECOND, true, true, false), Health::Dead { .. }));
    }

    #[test]
    fn switched_off_it_stays_off() {
        let options = config::Liveness { health_check_interval: None, ..config::Liveness::default() };
        let silence = Silence::new(&options);
        assert_eq!(silence.judge(900 * SECOND, true, false, true), Health::Good(NEVER));
        assert_eq!(silence.judge(900 * SECOND, false, false, true), Health::Good(NEVER));
        assert_eq!(silence.judge(900 * SECOND, true, true, false), Health::Good(NEVER));
    }
}
