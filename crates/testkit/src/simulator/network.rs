//! The network and the server at its far end: bytes take their time, arrive in pieces, and sometimes not at all.
//!
//! ```text
//!   client ──write──► path to the server ──► session: scans, runs, answers ─┐
//!   client ◄─arrived─ path to the client ◄──────────────────────────────────┘
//! ```

use carnelian_core::connection::Micros;

use super::Event;
use super::fault::Fault;
use super::ledger::Ledger;
use super::random::Random;
use super::replies;
use super::request::Line;
use super::scanner::Scanner;
use super::schedule::Schedule;

/// One direction of a connection.
#[derive(Debug, Default)]
struct Path {
    /// When the last piece arrives: none overtakes another.
    last: Micros,
    passed: usize,
    dead: bool,
}

impl Path {
    /// How many of these bytes still pass, when the path ends after `most`.
    fn pass(&mut self, count: usize, most: Option<usize>) -> usize {
        let passing = if self.dead {
            0
        } else {
            most.map_or(count, |most| count.min(most.saturating_sub(self.passed)))
        };
        self.passed += passing;
        self.dead |= passing < count;
        passing
    }

    fn due(&mut self, now: Micros, delay: Micros) -> Micros {
        self.last = self.last.max(now + delay);
        self.last
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    fault: Fault,
    /// When it is silent, it takes nothing more either.
    chokes: bool,
    to_server: Path,
    to_client: Path,
    /// What the client's socket took, to know what was wholly sent.
    taken: Scanner,
    /// Commands that the client's socket took, and replies to them that arrived at the client.
    sent: usize,
    session: Scanner,
    /// The client's socket is between the beginning and the end of what runs as one.
    whole_taken: bool,
    /// What the server holds until the end.
    held: Option<Vec<usize>>,
    serving: bool,
    /// The server is at work on a command that waits.
    waits: bool,
    pub(super) arrived: Vec<u8>,
    /// The client has learnt that it is over.
    pub(super) broken: bool,
    /// When the client had the last sign of life, or the server was last at work on a command that waits.
    pub(super) heard: Micros,
}

/// What a socket did with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Took(usize),
    Blocked,
    Gone,
}

/// How quick everything is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) network: Micros,
    pub(super) server: Micros,
    /// A socket is full so many times in a hundred.
    pub(super) blocked: u64,
    pub(super) pushes: u64,
    /// The server knows no HELLO.
    pub(super) old: bool,
}

#[derive(Debug)]
pub(super) struct Network {
    connections: Vec<Connection>,
    pace: Pace,
}

impl Network {
    pub(super) const fn new(pace: Pace) -> Self {
        Self { connections: Vec::new(), pace }
    }

    pub(super) fn open(&mut self, fault: Fault, chokes: bool, now: Micros) -> usize {
        self.connections.push(Connection {
            fault,
            chokes,
            to_server: Path::default(),
            to_client: Path::default(),
            taken: Scanner::default(),
            sent: 0,
            session: Scanner::default(),
            whole_taken: false,
            held: None,
            serving: false,
            waits: false,
            arrived: Vec::new(),
            broken: false,
            heard: now,
        });
        self.connections.len() - 1
    }

    pub(super) fn connection(&mut self, number: usize) -> Option<&mut Connection> {
        self.connections.get_mut(number)
    }

    /// Nothing gets through any more, and the client can't know.
    pub(super) fn is_silenced(&self, number: usize) -> bool {
        self.connections.get(number).is_some_and(Connection::is_silenced)
    }

    /// The client closes a connection; what is on its way to the server still arrives.
    pub(super) fn hang_up(&mut self, number: usize) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.broken = true;
            connection.to_client.dead = true;
        }
    }

    /// The client's socket has taken no command that is not answered.
    pub(super) fn owes_nothing(&self, number: usize) -> bool {
        self.connections.get(number).is_some_and(|connection| {
            connection.sent == 0 && !connection.taken.is_inside() && connection.arrived.is_empty()
        })
    }

    /// The client's socket has taken a part of a command, or of what runs as one.
    pub(super) fn is_inside(&self, number: usize) -> bool {
        let connection = self.connections.get(number);
        connection.is_some_and(|connection| connection.taken.is_inside() || connection.whole_taken)
    }

    /// The far end takes again what it had not taken for a while.
    pub(super) fn stirred(&mut self, number: usize, now: Micros) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.heard = now;
        }
    }

    /// Replies have been taken by the client.
    pub(super) fn answered(&mut self, number: usize, replies: usize) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.sent = connection.sent.saturating_sub(replies);
        }
    }

    /// The client writes. `all`: as one who waits until all is taken.
    ///
    /// # Errors
    /// When what was written is no command.
    pub(super) fn write(
        &mut self,
        number: usize,
        bytes: &[u8],
        all: bool,
        (schedule, random, ledger): (&mut Schedule<Event>, &mut Random, &mut Ledger),
    ) -> Result<Written, String> {
        let pace = self.pace;
        let Some(connection) = self.connections.get_mut(number) else { return Ok(Written::Gone) };
        if connection.broken {
            return Ok(Written::Gone);
        }
        // The buffers before a silent peer fill up and stay so, or are large enough for what comes.
        let silenced = connection.is_silenced();
        if !all && (if silenced { connection.chokes } else { random.chance(pace.blocked) }) {
            if !silenced {
                schedule.after(random.of(1..=20_000), Event::Writable(number));
            }
            return Ok(Written::Blocked);
        }
        let most = if all || random.chance(50) { bytes.len() } else { random.count(1..=bytes.len().max(1)) };
        let bytes = bytes.get(..most).unwrap_or(bytes);
        connection.note_taken(bytes, ledger)?;
        let limit = match connection.fault {
            Fault::CutToServer(most) | Fault::Mute(most) => Some(most),
            _ => None,
        };
        let passing = connection.to_server.pass(bytes.len(), limit);
        if connection.to_server.dead {
            match connection.fault {
                Fault::Mute(_) => {
                    connection.to_client.dead = true;
                    if connection.waits {
                        connection.heard = schedule.now();
                    }
                }
                _ => schedule.after(random.of(0..=50_000), Event::Broken(number)),
            }
        }
        for piece in split(bytes.get(..passing).unwrap_or_default(), random) {
            let due = connection.to_server.due(schedule.now(), random.of(0..=pace.network));
            schedule.at(due, Event::ToServer(number, piece));
        }
        Ok(Written::Took(bytes.len()))
    }

    /// Bytes reach the server.
    pub(super) fn arrive(&mut self, number: usize, bytes: &[u8], schedule: &mut Schedule<Event>) {
        let Some(connection) = self.connections.get_mut(number) else { return };
        connection.session.push(bytes);
        if !std::mem::replace(&mut connection.serving, true) {
            schedule.after(0, Event::Serve(number));
        }
    }

    /// The server works on the next command of a connection.
    ///
    /// # Errors
    /// When it has got no command.
    pub(super) fn serve(
        &mut self,
        number: usize,
        (schedule, random): (&mut Schedule<Event>, &mut Random),
    ) -> Result<(), String> {
        let pace = self.pace;
        let Some(connection) = self.connections.get_mut(number) else { return Ok(()) };
        let Some(words) = connection.session.next()? else {
            connection.serving = false;
            return Ok(());
        };
        connection.waits = waits(&words);
        let took = if connection.waits { random.of(500_000..=7_000_000) } else { random.of(0..=pace.server) };
        schedule.after(took, Event::Answer(number, words));
        Ok(())
    }

    /// The server runs a command and answers it.
    pub(super) fn answer(
        &mut self,
        number: usize,
        words: &[Vec<u8>],
        (schedule, random, ledger): (&mut Schedule<Event>, &mut Random, &mut Ledger),
    ) {
        let pace = self.pace;
        let Some(connection) = self.connections.get_mut(number) else { return };
        if std::mem::take(&mut connection.waits) && !connection.to_client.dead {
            connection.heard = schedule.now();
        }
        let mut wire = Vec::new();
        if random.chance(pace.pushes) {
            wire.extend_from_slice(replies::PUSH);
        }
        wire.extend_from_slice(&connection.answer((number, words), pace, random, ledger));
        connection.send(number, &wire, pace, schedule, random);
        schedule.after(0, Event::Serve(number));
    }

    /// A reply comes that nobody has asked for.
    pub(super) fn stray(&mut self, number: usize, line: &[u8]) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.arrived.extend_from_slice(line);
        }
    }
}

impl Connection {
    fn is_silenced(&self) -> bool {
        matches!(self.fault, Fault::Mute(_) | Fault::Deaf(_)) && self.to_client.dead
    }

    fn note_taken(&mut self, bytes: &[u8], ledger: &mut Ledger) -> Result<(), String> {
        self.taken.push(bytes);
        while let Some(words) = self.taken.next()? {
            self.sent += 1;
            match Line::of(&words) {
                Line::Run(id) => ledger.written(id),
                Line::Begin => self.whole_taken = true,
                Line::Commit(ids) => {
                    self.whole_taken = false;
                    ids.into_iter().for_each(|id| ledger.written(id));
                }
                Line::Hold(_) | Line::Other => {}
            }
        }
        Ok(())
    }

    fn answer(
        &mut self,
        (number, words): (usize, &[Vec<u8>]),
        pace: Pace,
        random: &mut Random,
        ledger: &mut Ledger,
    ) -> Vec<u8> {
        let line = Line::of(words);
        if self.held.is_some() && !matches!(line, Line::Hold(_) | Line::Commit(_)) {
            ledger.complain(format!("{line:?} came in the midst of what is to run as one"));
        }
        match line {
            Line::Run(id) => {
                run(id, number, ledger);
                return replies::on_the_wire(id, random);
            }
            Line::Begin => {
                self.held = Some(Vec::new());
                return replies::BEGUN.to_vec();
            }
            Line::Hold(id) => {
                match &mut self.held {
                    Some(held) => held.push(id),
                    None => ledger.complain(format!("{id} is to be held, but nothing has begun")),
                }
                return replies::held(id);
            }
            Line::Commit(ids) => {
                let held = self.held.take();
                if held.as_ref() != Some(&ids) {
                    ledger.complain(format!("of {ids:?}, to run as one, {held:?} had come"));
                }
                ids.iter().for_each(|&id| run(id, number, ledger));
                return replies::committed(&ids);
            }
            Line::Other => {}
        }
        match words.first().map(Vec::as_slice) {
            Some(b"HELLO") if pace.old => b"-ERR unknown command `HELLO`\r\n".to_vec(),
            Some(b"HELLO") => b"%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n".to_vec(),
            Some(b"PING") if self.fault == Fault::Loading => b"-LOADING not yet\r\n".to_vec(),
            Some(b"PING") => b"+PONG\r\n".to_vec(),
            _ => b"+OK\r\n".to_vec(),
        }
    }

    /// Sends a reply on its way to the client.
    fn send(
        &mut self,
        number: usize,
        wire: &[u8],
        pace: Pace,
        schedule: &mut Schedule<Event>,
        random: &mut Random,
    ) {
        let mut wire = wire.to_vec();
        if let Fault::Garbage(after) = self.fault
            && self.to_client.passed >= after
        {
            self.fault = Fault::None;
            wire.splice(0..0, replies::garbage(random).iter().copied());
        }
        let limit = match self.fault {
            Fault::CutToClient(most) | Fault::Deaf(most) => Some(most),
            _ => None,
        };
        let was_dead = self.to_client.dead;
        let passing = self.to_client.pass(wire.len(), limit);
        for piece in split(wire.get(..passing).unwrap_or_default(), random) {
            let due = self.to_client.due(schedule.now(), random.of(0..=pace.network));
            schedule.at(due, Event::ToClient(number, piece));
        }
        if !was_dead && self.to_client.dead && matches!(self.fault, Fault::CutToClient(_)) {
            let due = self.to_client.due(schedule.now(), random.of(0..=pace.network));
            schedule.at(due, Event::Broken(number));
        }
    }
}

/// The server takes its time over it.
fn waits(words: &[Vec<u8>]) -> bool {
    matches!(words, [name, _, kind, ..] if name == b"SIM" && kind == b"waits")
}

fn run(id: usize, connection: usize, ledger: &mut Ledger) {
    if !replies::is_refused(id) {
        ledger.ran(id, connection);
    }
}

/// Bytes as the network delivers them.
fn split(bytes: &[u8], random: &mut Random) -> Vec<Vec<u8>> {
    let most = match random.of(0..=3) {
        0 => bytes.len() / 7 + 1,
        1 => bytes.len() / 2 + 1,
        _ => bytes.len().max(1),
    };
    bytes.chunks(most).map(<[u8]>::to_vec).collect()
}
