//! What kind of world a seed makes.

use std::time::Duration;

use carnelian_core::Config;
use carnelian_core::config::WhenFull;
use carnelian_core::connection::Micros;

use super::network::Pace;
use super::random::Random;

/// How the client ends, if it does before its callers are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Never,
    Closed,
    Killed,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) callers: usize,
    /// Commands of each caller.
    pub(super) commands: usize,
    /// Commands that a caller has under way at most.
    pub(super) at_once: usize,
    pub(super) max_entries: usize,
    pub(super) max_bytes: usize,
    pub(super) waits_for_room: bool,
    /// The health check; without it nothing may go silent.
    pub(super) health: bool,
    /// Connections of which some go wrong; later ones are fine.
    pub(super) faulty: usize,
    /// Of those, so many in a hundred go wrong.
    pub(super) faults: u64,
    pub(super) deadlines: Option<(Micros, Micros)>,
    /// So many acts of a caller in a hundred give a command up.
    pub(super) abandons: u64,
    pub(super) waiting_commands: u64,
    /// So many acts of asking in a hundred ask for several commands at once.
    pub(super) batches: u64,
    /// Callers also look without having been woken, so many times in a hundred.
    pub(super) impatience: u64,
    pub(super) strays: bool,
    pub(super) pause: Micros,
    pub(super) ending: Ending,
    pub(super) pace: Pace,
}

impl Settings {
    pub(super) fn draw(random: &mut Random) -> Self {
        let small = random.chance(40);
        Self {
            callers: random.count(1..=6),
            commands: random.count(5..=30),
            at_once: random.count(1..=8),
            max_entries: if small { random.count(1..=20) } else { 1_000_000 },
            max_bytes: if random.chance(30) { random.count(100..=40_000) } else { 64 << 20 },
            waits_for_room: random.chance(70),
            health: random.chance(80),
            faulty: random.count(0..=5),
            faults: random.of(30..=100),
            deadlines: random.chance(60).then(|| (random.of(1_000..=50_000), random.of(50_000..=5_000_000))),
            abandons: if random.chance(50) { random.of(1..=12) } else { 0 },
            waiting_commands: if random.chance(15) { 5 } else { 0 },
            batches: random.pick(&[0, 20, 70]).unwrap_or(0),
            impatience: if random.chance(25) { 20 } else { 0 },
            strays: random.chance(30),
            pause: random.pick(&[100, 3_000, 50_000]).unwrap_or(100),
            ending: match random.of(0..=9) {
                0 | 1 => Ending::Closed,
                2 => Ending::Killed,
                _ => Ending::Never,
            },
            pace: Pace {
                network: random.pick(&[0, 500, 30_000]).unwrap_or(0),
                server: random.pick(&[0, 50, 5_000]).unwrap_or(0),
                blocked: random.pick(&[0, 5, 40]).unwrap_or(0),
                pushes: random.pick(&[0, 0, 10]).unwrap_or(0),
                old: random.chance(20),
            },
        }
    }

    pub(super) fn config(&self) -> Config {
        let health = self.health.then_some(Duration::from_secs(2));
        let when_full = if self.waits_for_room { WhenFull::Wait } else { WhenFull::Fail };
        Config::tcp("simulated", 1)
            .queue_max_entries(self.max_entries)
            .queue_max_bytes(self.max_bytes)
            .when_queue_full(when_full)
            .health_check_interval(health)
    }
}
