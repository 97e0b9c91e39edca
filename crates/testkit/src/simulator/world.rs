//! The world: everything there is, and the loop that lives it from event to event.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;

use carnelian_core::Config;
use carnelian_core::connection::{Delivery, Link, Micros, NEVER, Phase};

use super::callers::{Caller, Wanted, Woken};
use super::driver::Line;
use super::ledger::{self, Ledger};
use super::network::Network;
use super::random::Random;
use super::replies;
use super::schedule::Schedule;
use super::settings::{Ending, Settings};
use super::{Event, Summary};

/// No world lasts longer: with all faults behind it and the longest deadline, a command has long ended by then.
const END_OF_TIME: Micros = 900_000_000;

/// Events of a world that runs in circles.
const MOST_EVENTS: u64 = 2_000_000;

/// So that the world goes on beside them.
const MOST_STRAYS: usize = 3;

/// How late a deadline may fire: virtual time passes only between events, so next to nothing.
const SLACK: Micros = 1_000;

pub(super) struct World<'c> {
    pub(super) config: &'c Config,
    pub(super) settings: Settings,
    pub(super) random: Random,
    pub(super) schedule: Schedule<Event>,
    pub(super) link: Link,
    pub(super) line: Line<'c>,
    pub(super) network: Network,
    pub(super) ledger: Ledger,
    pub(super) callers: Vec<Caller>,
    /// What callers wait for, by the number of the command.
    pub(super) wanted: Vec<Option<Wanted>>,
    pub(super) woken: Arc<Woken>,
    /// When each command's deadline fired, and whether the socket had then taken a part of a command.
    pub(super) timed_out_at: HashMap<usize, (Micros, bool)>,
    /// Wakers that the link has given out.
    pub(super) wakers: Vec<Waker>,
    /// The driver runs, or will run without being woken.
    pub(super) awake: bool,
    pub(super) alarm_set: Micros,
    /// The link was ended from outside while the driver held a wave.
    pub(super) conservative: bool,
    pub(super) summary: Summary,
}

impl<'c> World<'c> {
    pub(super) fn new(config: &'c Config, settings: Settings, random: Random) -> Self {
        Self {
            config,
            random,
            schedule: Schedule::new(),
            link: Link::new(config),
            line: Line::Down,
            network: Network::new(settings.pace),
            ledger: Ledger::default(),
            callers: (0..settings.callers).map(|_| Caller::default()).collect(),
            wanted: Vec::new(),
            woken: Arc::default(),
            timed_out_at: HashMap::new(),
            wakers: Vec::new(),
            awake: true,
            alarm_set: NEVER,
            conservative: false,
            summary: Summary::default(),
            settings,
        }
    }

    /// Lives it to its end.
    pub(super) fn live(mut self) -> Result<Summary, String> {
        self.schedule.after(self.random.of(0..=10_000), Event::Connect);
        for caller in 0..self.settings.callers {
            self.schedule.after(self.random.of(0..=self.settings.pause), Event::Caller(caller));
        }
        if self.settings.ending != Ending::Never {
            let most = self.random.pick(&[5_000, 100_000, 3_000_000]).unwrap_or(0);
            self.schedule.after(self.random.of(0..=most), Event::End);
        }
        if self.settings.strays {
            self.schedule.after(self.random.of(0..=2_000_000), Event::Stray);
        }
        let mut events = 0;
        while !self.all_done() {
            let Some(event) = self.schedule.next() else {
                return Err(self.stuck("nothing happens any more"));
            };
            events += 1;
            if self.schedule.now() > END_OF_TIME || events > MOST_EVENTS {
                return Err(self.stuck("it does not come to an end"));
            }
            self.happen(event)?;
            self.wake_the_woken();
            if let Some(id) = self.overdue(self.schedule.now(), SLACK) {
                return Err(format!(
                    "command {id} waits on behind its deadline: {:?}",
                    self.ledger.record(id)
                ));
            }
        }
        self.let_the_server_finish()?;
        self.ledger.audit(SLACK, self.conservative, replies::is_refused)?;
        Ok(self.summed_up())
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Caller(number) => {
                self.act(number)?;
                // Also when there is a command to take the reply for its own, were it not unsent yet.
                if self.settings.strays && self.link.unsent() > 0 { self.stray() } else { Ok(()) }
            }
            Event::Look(id) => self.look(id),
            Event::Driver => self.drive(),
            Event::Alarm(at) if at == self.alarm_set => {
                self.alarm_set = NEVER;
                self.drive()
            }
            Event::Alarm(_) => Ok(()),
            Event::Connect => {
                self.connect();
                Ok(())
            }
            Event::ConnectLimit(number) => self.connect_limit(number),
            Event::ToServer(number, bytes) => {
                self.network.arrive(number, &bytes, &mut self.schedule);
                Ok(())
            }
            Event::Serve(number) => self.network.serve(number, (&mut self.schedule, &mut self.random)),
            Event::Answer(number, words) => {
                let world = (&mut self.schedule, &mut self.random, &mut self.ledger);
                self.network.answer(number, &words, world);
                Ok(())
            }
            Event::ToClient(number, bytes) => {
                let now = self.schedule.now();
                if let Some(connection) =
                    self.network.connection(number).filter(|connection| !connection.broken)
                {
                    connection.arrived.extend_from_slice(&bytes);
                    connection.heard = now;
                    self.socket_stirs(number);
                }
                Ok(())
            }
            Event::Broken(number) => {
                if let Some(connection) = self.network.connection(number) {
                    connection.broken = true;
                    self.socket_stirs(number);
                }
                Ok(())
            }
            Event::Writable(number) => {
                self.socket_stirs(number);
                Ok(())
            }
            Event::Stray => {
                self.schedule.after(self.random.of(1..=500_000), Event::Stray);
                self.stray()
            }
            Event::End => {
                self.end();
                Ok(())
            }
        }
    }

    /// Wakes whoever the link has named. They look a little later, as tasks do.
    fn wake_the_woken(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
        for id in self.woken.take() {
            self.schedule.after(self.random.of(0..=300), Event::Look(id));
        }
    }

    /// Closes the client, or ends it as when its runtime goes.
    fn end(&mut self) {
        if self.settings.ending == Ending::Closed {
            self.link.close(&mut self.wakers);
        } else {
            self.conservative = self.line.holds_a_wave();
            self.link.fail(&mut self.wakers, |sent| Delivery::Lost { sent });
        }
        self.wake_driver();
    }

    /// A reply comes that nobody asked for, at a moment when no command can have caused it.
    fn stray(&mut self) -> Result<(), String> {
        let quiet = self.link.phase() == Phase::Ready && self.line.is_quiet();
        let silent = |number: &usize| self.network.owes_nothing(*number);
        let Some(number) = self.line.online().filter(|number| quiet && silent(number)) else { return Ok(()) };
        if self.summary.strays >= MOST_STRAYS {
            return Ok(());
        }
        let lines = [&b"+stray\r\n"[..], b"+OK\r\n", b":7\r\n"];
        let line = self.random.pick(&lines).unwrap_or(b"+OK\r\n");
        self.network.stray(number, line);
        for _ in 0..3 {
            self.drive()?;
        }
        if self.line.online() == Some(number) {
            return Err("a reply that nobody asked for was taken as if it was nothing".to_owned());
        }
        self.summary.strays += 1;
        Ok(())
    }

    /// What was sent may run although nobody waits any more; then everything has happened that ever will.
    fn let_the_server_finish(&mut self) -> Result<(), String> {
        while let Some(event) = self.schedule.next() {
            if matches!(event, Event::ToServer(..) | Event::Serve(_) | Event::Answer(..)) {
                self.happen(event)?;
            }
        }
        Ok(())
    }

    fn stuck(&self, why: &str) -> String {
        let waiting: Vec<_> =
            self.under_way().take(5).filter_map(|id| Some((id, self.ledger.record(id)?))).collect();
        format!(
            "{why} at {} µs; the link is {:?} with {} queued; waiting: {waiting:?}",
            self.schedule.now(),
            self.link.phase(),
            self.link.queued()
        )
    }

    fn summed_up(mut self) -> Summary {
        self.summary.commands = self.ledger.len();
        for record in (0..self.ledger.len()).filter_map(|id| self.ledger.record(id)) {
            match record.ending {
                Some(ledger::Ending::Replied) => self.summary.replied += 1,
                Some(ledger::Ending::Lost { .. }) => self.summary.lost += 1,
                Some(ledger::Ending::TimedOut { .. }) => self.summary.timed_out += 1,
                Some(ledger::Ending::Abandoned) => self.summary.abandoned += 1,
                _ => {}
            }
            self.summary.repeated += usize::from(record.written > 1);
        }
        self.summary
    }
}
