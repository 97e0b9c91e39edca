//! The driver's part: connects, writes waves, reads, delivers, lets deadlines fire, listens for silence.

use carnelian_core::Config;
use carnelian_core::connection::liveness::Health;
use carnelian_core::connection::{Chunk, Handshake, Inbox, Micros, NEVER, Phase, Spares, Step};

use super::Event;
use super::fault::Fault;
use super::network::Written;
use super::world::World;

/// How long a try to connect may take.
const CONNECT_LIMIT: Micros = 1_000_000;

/// How soon a dead peer is found.
const DEAD_WITHIN: Micros = 5_000_000;

/// The client's end of the line.
pub(super) enum Line<'c> {
    /// There is no connection.
    Down,
    /// The handshake is under way.
    Shaking {
        number: usize,
        handshake: Box<Handshake<&'c Config>>,
        inbox: Inbox,
    },
    Online(Online),
    /// The link is closed.
    Over,
}

pub(super) struct Online {
    number: usize,
    inbox: Inbox,
    /// What is being written, and how much of it is.
    wave: Option<(Chunk, usize)>,
    blocked: bool,
    /// The inbox may hold more whole replies.
    more: bool,
    health_at: Micros,
}

impl Line<'_> {
    pub(super) const fn online(&self) -> Option<usize> {
        match self {
            Self::Online(online) => Some(online.number),
            _ => None,
        }
    }

    pub(super) const fn holds_a_wave(&self) -> bool {
        matches!(self, Self::Online(Online { wave: Some(_), .. }))
    }

    /// Nothing is being written, and all that came is delivered.
    pub(super) const fn is_quiet(&self) -> bool {
        match self {
            Self::Online(online) => online.wave.is_none() && !online.more && online.inbox.unread() == 0,
            _ => false,
        }
    }

    const fn number(&self) -> Option<usize> {
        match self {
            Self::Shaking { number, .. } | Self::Online(Online { number, .. }) => Some(*number),
            _ => None,
        }
    }
}

/// What became of a run of the driver.
enum Run {
    /// There is more to do at once.
    Again,
    Sleep,
    /// The connection is over.
    Lost,
    Closed,
}

impl<'c> World<'c> {
    pub(super) fn wake_driver(&mut self) {
        self.awake = true;
        self.schedule.after(self.random.of(0..=100), Event::Driver);
    }

    /// The socket of a connection has news.
    pub(super) fn socket_stirs(&mut self, number: usize) {
        if self.line.number() == Some(number) {
            self.schedule.after(self.random.of(0..=100), Event::Driver);
        }
    }

    pub(super) fn connect(&mut self) {
        if !matches!(self.line, Line::Down) {
            return;
        }
        let faulty =
            self.summary.connections < self.settings.faulty && self.random.chance(self.settings.faults);
        let fault = if faulty { Fault::draw(&mut self.random, self.settings.health) } else { Fault::None };
        self.summary.connections += 1;
        let chokes = self.random.chance(50);
        let number = self.network.open(fault, chokes, self.schedule.now());
        let mut handshake = Box::new(Handshake::new(self.config, None));
        let first = handshake.start();
        self.line = Line::Shaking { number, handshake, inbox: Inbox::new(self.config.limits()) };
        self.say(number, &first);
        self.schedule.after(CONNECT_LIMIT, Event::ConnectLimit(number));
    }

    /// Writes what belongs to the handshake.
    fn say(&mut self, number: usize, bytes: &[u8]) {
        let world = (&mut self.schedule, &mut self.random, &mut self.ledger);
        // A connection that is gone is met again by reading.
        let _ = self.network.write(number, bytes, true, world);
    }

    pub(super) fn connect_limit(&mut self, number: usize) -> Result<(), String> {
        if matches!(self.line, Line::Shaking { number: shaking, .. } if shaking == number) {
            self.hang_up();
        }
        self.drive()
    }

    /// Gives a connection up and plans the next.
    fn hang_up(&mut self) {
        if let Some(number) = self.line.number() {
            self.network.hang_up(number);
        }
        self.line = Line::Down;
        self.schedule.after(self.random.of(0..=100_000), Event::Connect);
    }

    /// The driver runs.
    pub(super) fn drive(&mut self) -> Result<(), String> {
        let line = std::mem::replace(&mut self.line, Line::Over);
        let (line, run) = match line {
            Line::Over => (Line::Over, Run::Closed),
            Line::Down => {
                self.expire(0, None)?;
                (Line::Down, Run::Sleep)
            }
            Line::Shaking { number, handshake, inbox } => self.shake(number, handshake, inbox)?,
            Line::Online(mut online) => {
                let run = self.run_online(&mut online)?;
                let over = matches!(run, Run::Lost | Run::Closed);
                if let Some((wave, written)) = online.wave.take_if(|_| over) {
                    self.link.give_back(wave, written);
                }
                if over {
                    self.link.lost(&mut self.wakers);
                }
                (Line::Online(online), run)
            }
        };
        self.line = line;
        match run {
            _ if self.link.phase() == Phase::Closed => self.line = Line::Over,
            Run::Again => self.wake_driver(),
            Run::Sleep => self.set_alarm(),
            Run::Lost | Run::Closed => {
                self.hang_up();
                self.expire(0, None)?;
                self.set_alarm();
            }
        }
        Ok(())
    }

    /// Goes on with the handshake as far as replies have come.
    fn shake(
        &mut self,
        number: usize,
        mut handshake: Box<Handshake<&'c Config>>,
        mut inbox: Inbox,
    ) -> Result<(Line<'c>, Run), String> {
        self.expire(0, None)?;
        let mut broken = true;
        if let Some(connection) = self.network.connection(number) {
            broken = connection.broken;
            let count = connection.arrived.len();
            inbox.space().append(&mut connection.arrived);
            inbox.received(count);
        }
        let mut spares = Spares::new();
        let mut answers = 0;
        let done = loop {
            match inbox.take(&mut spares) {
                Ok(Some(reply)) => match handshake.reply(reply.bytes()) {
                    Ok(Step::Send(bytes)) => self.say(number, &bytes),
                    Ok(Step::Wait) => {}
                    Ok(Step::Done(_)) => break true,
                    Err(_) => return Ok((Line::Shaking { number, handshake, inbox }, Run::Lost)),
                },
                Ok(None) => break false,
                Err(_) => return Ok((Line::Shaking { number, handshake, inbox }, Run::Lost)),
            }
            answers += 1;
        };
        self.network.answered(number, answers + usize::from(done));
        if done {
            self.link.ready(self.schedule.now(), true, &mut Vec::new());
            let online = Online { number, inbox, wave: None, blocked: false, more: true, health_at: 0 };
            return Ok((Line::Online(online), Run::Again));
        }
        let run = if broken { Run::Lost } else { Run::Sleep };
        Ok((Line::Shaking { number, handshake, inbox }, run))
    }

    /// Everything a driver does when it is woken.
    fn run_online(&mut self, online: &mut Online) -> Result<Run, String> {
        let now = self.schedule.now();
        let hung_up = self.read(online);
        self.awake = true;
        if let Some((wave, written)) = online.wave.take_if(|(wave, written)| *written == wave.len()) {
            self.link.give_back(wave, written);
        }
        let most = self.random.pick(&[1, 2, 64]).unwrap_or(64);
        let Ok(delivered) = self.deliver(online, most) else { return Ok(Run::Lost) };
        online.more = delivered == most;
        if !online.more && now >= self.link.alarm() {
            if let Some((wave, written)) = online.wave.take() {
                self.link.give_back(wave, written);
            }
            self.expire(online.inbox.unread(), Some(online.number))?;
        }
        if online.wave.is_none() {
            online.wave = self.link.take_wave(now);
        }
        online.blocked &= online.wave.is_some();
        let was_blocked = online.blocked;
        let gone = !self.write(online)?;
        if self.link.phase() == Phase::Closed {
            return Ok(Run::Closed);
        }
        if (hung_up && !online.more) || gone {
            // What the server said before the end still counts.
            online.more = false;
            while !self.read(online) {}
            let _ = self.deliver(online, usize::MAX);
            return Ok(Run::Lost);
        }
        let looked = if now >= online.health_at { self.look_at_health(online)? } else { None };
        let in_hand = online.wave.as_ref().map_or(0, |(wave, written)| wave.len() - written);
        let behind = self.link.unsent() > in_hand as u64;
        let unread =
            self.network.connection(online.number).is_some_and(|connection| !connection.arrived.is_empty());
        let go_on = online.more || unread || (!online.blocked && (was_blocked || behind));
        Ok(match looked {
            Some(run) => run,
            None if go_on => Run::Again,
            None => {
                // While a write is blocked the socket will wake the driver, and callers need not.
                self.awake = online.blocked;
                Run::Sleep
            }
        })
    }

    /// Reads what has come, or a part of it. True: the far end has hung up, and all is read.
    fn read(&mut self, online: &mut Online) -> bool {
        let now = self.schedule.now();
        let Some(connection) = self.network.connection(online.number).filter(|_| !online.more) else {
            return false;
        };
        let most = if self.random.chance(30) { self.random.count(1..=50) } else { 100_000 };
        let count = most.min(connection.arrived.len());
        online.inbox.space().extend(connection.arrived.drain(..count));
        online.inbox.received(count);
        if count > 0 {
            self.link.heard(now);
        }
        connection.broken && connection.arrived.is_empty()
    }

    fn deliver(&mut self, online: &mut Online, most: usize) -> Result<usize, ()> {
        let before = self.link.replies();
        let delivered = self.link.deliver(&mut online.inbox, most, &mut self.wakers);
        let replies = usize::try_from(self.link.replies() - before).unwrap_or(0);
        self.network.answered(online.number, replies);
        delivered.map_err(drop)
    }

    /// Writes what the socket takes. False: the connection is gone.
    fn write(&mut self, online: &mut Online) -> Result<bool, String> {
        let now = self.schedule.now();
        let Some((wave, written)) = &mut online.wave else { return Ok(true) };
        while let Some(rest) = wave.get(*written..).filter(|rest| !rest.is_empty()) {
            let world = (&mut self.schedule, &mut self.random, &mut self.ledger);
            match self.network.write(online.number, rest, false, world)? {
                Written::Took(count) => {
                    *written += count;
                    if std::mem::take(&mut online.blocked) {
                        self.link.heard(now);
                        self.network.stirred(online.number, now);
                    }
                }
                Written::Blocked => {
                    online.blocked = true;
                    break;
                }
                Written::Gone => return Ok(false),
            }
        }
        Ok(true)
    }

    fn look_at_health(&mut self, online: &mut Online) -> Result<Option<Run>, String> {
        let now = self.schedule.now();
        let silenced = self.network.is_silenced(online.number);
        match self.link.health(now, !silenced) {
            Health::Good(next) if next <= now => {
                Err("the next look at the health lies in the past".to_owned())
            }
            Health::Good(next) => {
                online.health_at = next;
                Ok(None)
            }
            Health::Probe => {
                self.link.shrink();
                online.inbox.shrink();
                self.link.probe();
                online.health_at = now + 1;
                Ok(Some(Run::Again))
            }
            Health::Dead { .. } if !silenced => Err("a living peer was taken for dead".to_owned()),
            Health::Dead { .. } => {
                self.summary.found_dead += 1;
                let heard = self.network.connection(online.number).map_or(now, |connection| connection.heard);
                if now > heard + DEAD_WITHIN {
                    return Err(format!("a peer silent since {heard} was found dead only at {now}"));
                }
                Ok(Some(Run::Lost))
            }
        }
    }

    fn expire(&mut self, unread: usize, number: Option<usize>) -> Result<(), String> {
        let now = self.schedule.now();
        let inside = number.is_some_and(|number| self.network.is_inside(number));
        let late = |id: &usize| self.ledger.record(*id).is_some_and(|record| record.deadline <= now);
        for id in self.under_way().filter(late).collect::<Vec<_>>() {
            self.timed_out_at.entry(id).or_insert((now, inside));
        }
        self.link.expire(now, unread, &mut self.wakers);
        if self.link.alarm() <= now {
            return Err(format!(
                "the alarm stays at {} although it is {now}: a driver would spin",
                self.link.alarm()
            ));
        }
        Ok(())
    }

    fn set_alarm(&mut self) {
        if !matches!(self.line, Line::Online(_)) {
            self.awake = false;
        }
        let health = if let Line::Online(online) = &self.line { online.health_at } else { NEVER };
        let next = self.link.alarm().min(health);
        if next != self.alarm_set && next < NEVER {
            self.alarm_set = next;
            self.schedule.at(next, Event::Alarm(next));
        }
    }

    /// A lone caller writes by itself. False: the driver has to write the rest.
    pub(super) fn write_lone(&mut self) -> Result<bool, String> {
        let Line::Online(Online { number, .. }) = &self.line else { return Ok(false) };
        let (number, now) = (*number, self.schedule.now());
        let mut outcome = Ok(Written::Blocked);
        let (network, world) = (&mut self.network, (&mut self.schedule, &mut self.random, &mut self.ledger));
        let written = self.link.write_lone(now, |bytes| {
            outcome = network.write(number, bytes, false, world);
            if let Ok(Written::Took(count)) = outcome { count } else { 0 }
        });
        outcome.map(|_| written)
    }
}
