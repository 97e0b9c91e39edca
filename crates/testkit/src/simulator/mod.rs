//! The simulator: the core's connection between callers and a server of its own, in a world without sockets, threads
//! or clocks.
//!
//! A seed decides everything: what the callers ask, when they lose patience, how the network splits and delays bytes,
//! when connections break, go silent or talk nonsense. Time is virtual, so that minutes pass in a millisecond, and a
//! seed that fails fails again. A ledger notes what truly happened to each command, and at the end holds it against
//! what its caller was told.
//!
//! ```text
//!   callers ──submit, redeem, abandon──► Link ◄──waves, deliver, expire, health── driver ◄──► network ◄──► server
//!      │                                                                            │                       │
//!      └────────── what they were told ──► ledger ◄── what was written ─────────────┘   what ran ───────────┘
//! ```
//!
//! It plays the part of a driver by itself, with the same rules as the real ones; what those do with real sockets is
//! tested elsewhere.

mod callers;
mod driver;
mod fault;
mod ledger;
mod network;
mod random;
mod replies;
mod request;
mod scanner;
mod schedule;
mod settings;
mod world;

use std::fmt;

use carnelian_core::connection::Micros;

use self::random::Random;
use self::settings::Settings;
use self::world::World;

/// What can happen in the simulated world.
#[derive(Debug)]
enum Event {
    /// A caller does something.
    Caller(usize),
    /// Whoever waits for that command looks whether it is there.
    Look(usize),
    /// The driver runs.
    Driver,
    /// The driver's alarm, if it is still set for that time.
    Alarm(Micros),
    /// The next try to connect is over.
    Connect,
    /// That connection should be ready by now.
    ConnectLimit(usize),
    ToServer(usize, Vec<u8>),
    ToClient(usize, Vec<u8>),
    /// The server is free for the next command of that connection.
    Serve(usize),
    /// The server is done with this command of that connection.
    Answer(usize, Vec<Vec<u8>>),
    /// The client learns that a connection is over.
    Broken(usize),
    /// A socket takes bytes again.
    Writable(usize),
    /// The server may say something nobody has asked for.
    Stray,
    /// The client is closed, or killed.
    End,
}

/// What a run looked like, to see that it was worth something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Commands that callers wanted to run.
    pub commands: usize,
    /// Of these, how many were sent with others, by one claim.
    pub batched: usize,
    /// Of these, how many got their reply.
    pub replied: usize,
    /// How many failed with a lost connection.
    pub lost: usize,
    /// How many timed out.
    pub timed_out: usize,
    /// How many were given up by their callers.
    pub abandoned: usize,
    /// How many were sent more than once.
    pub repeated: usize,
    /// Connections that were made.
    pub connections: usize,
    /// Of these, how many were found dead by their silence.
    pub found_dead: usize,
    /// Replies that nobody had asked for and that ended their connection.
    pub strays: usize,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Run it again with this.
    pub seed: u64,
    /// Which promise, and how.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "seed {}: {}", self.seed, self.what)
    }
}

/// Lives one seed's world to its end.
///
/// # Errors
/// The core broke a promise.
pub fn run(seed: u64) -> Result<Summary, Violation> {
    let mut random = Random::new(seed);
    let settings = Settings::draw(&mut random);
    let config = settings.config();
    World::new(&config, settings, random).live().map_err(|what| Violation { seed, what })
}
