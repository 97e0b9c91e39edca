//! The callers: they ask, wait until they are woken, lose patience, go away.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Wake, Waker};

use carnelian_core::connection::{
    Call, Delivery, Gathered, Micros, NEVER, PartOutcome, Refusal, Submitted, Ticket,
};

use super::Event;
use super::ledger::Ending;
use super::replies;
use super::request::{self, Asked, Shape};
use super::world::World;

/// What its caller waits for by one claim, kept by the number of the first command.
#[derive(Debug)]
pub(super) struct Wanted {
    /// All commands of the claim.
    ids: Vec<usize>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The link has it.
    Sent(Ticket, Shape),
    /// The queue is full; this is what will be sent.
    ForRoom { place: Option<u64>, asked: Asked, call: Call },
}

/// Commands by one claim at most.
const BATCH: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Caller {
    asked: usize,
    /// Its claims under way, each by its first command.
    wanted: Vec<usize>,
}

/// Those who have been woken and have not looked yet.
#[derive(Debug, Default)]
pub(super) struct Woken(Mutex<Vec<usize>>);

impl Woken {
    pub(super) fn take(&self) -> Vec<usize> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Bell {
    id: usize,
    woken: Arc<Woken>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.woken.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.id);
    }
}

impl World<'_> {
    /// A caller does the next thing it has in mind.
    pub(super) fn act(&mut self, number: usize) -> Result<(), String> {
        let Some(caller) = self.callers.get(number) else { return Ok(()) };
        let (under_way, asked) = (caller.wanted.len(), caller.asked);
        if under_way > 0 && self.random.chance(self.settings.abandons) {
            self.give_one_up(number)?;
        } else if asked < self.settings.commands && under_way < self.settings.at_once {
            self.ask(number)?;
        } else if under_way > 0 && self.random.chance(self.settings.impatience) {
            // Looks without having been woken, and leaves another waker: callers may.
            let one = self
                .random
                .pick(&self.callers.get(number).map_or_else(Vec::new, |caller| caller.wanted.clone()));
            if let Some(id) = one {
                self.look(id)?;
            }
        }
        let done = self
            .callers
            .get(number)
            .is_none_or(|caller| caller.wanted.is_empty() && caller.asked >= self.settings.commands);
        if !done {
            let asks = self.callers.get(number).is_some_and(|caller| {
                caller.wanted.len() < self.settings.at_once && caller.asked < self.settings.commands
            });
            // One that can only wait has little to do.
            let pause = self.random.of(1..=self.settings.pause) * if asks { 1 } else { 100 };
            self.schedule.after(pause, Event::Caller(number));
        }
        Ok(())
    }

    pub(super) fn all_done(&self) -> bool {
        self.callers.iter().all(|caller| caller.wanted.is_empty() && caller.asked >= self.settings.commands)
    }

    fn ask(&mut self, number: usize) -> Result<(), String> {
        let now = self.schedule.now();
        let mut call = Call::once();
        call.repeatable = self.random.chance(50);
        call.tries = if call.repeatable { u8::try_from(self.random.of(1..=3)).unwrap_or(1) } else { 1 };
        let together = self.random.chance(self.settings.batches);
        call.waits = !together && self.random.chance(self.settings.waiting_commands);
        if let Some((least, most)) = self.settings.deadlines.filter(|_| !call.waits) {
            call.deadline = if self.random.chance(80) { now + self.random.of(least..=most) } else { NEVER };
        }
        let count = if together { self.random.count(1..=BATCH) } else { 1 };
        let mut commands = Vec::with_capacity(count);
        for _ in 0..count {
            let id = self.ledger.open(number, call.repeatable, call.tries, call.deadline);
            let padding = match self.random.of(0..=40) {
                0 => self.random.count(16_000..=20_000),
                1..=4 => self.random.count(300..=3_000),
                _ => self.random.count(0..=20),
            };
            commands.push((id, padding));
        }
        let ids: Vec<_> = commands.iter().map(|(id, _)| *id).collect();
        let first = ids.first().copied().unwrap_or(0);
        if let Some(caller) = self.callers.get_mut(number) {
            caller.asked += count;
            caller.wanted.push(first);
        }
        let asked = match commands.first() {
            Some(&(id, padding)) if !together => Asked::One(Box::new(request::one(id, call.waits, padding))),
            _ if self.random.chance(40) => Asked::Whole(request::whole(&commands)),
            _ => Asked::Many(request::many(&commands)),
        };
        self.summary.batched += if together { count } else { 0 };
        self.submit(ids, asked, call, None)
    }

    fn submit(
        &mut self,
        ids: Vec<usize>,
        asked: Asked,
        call: Call,
        place: Option<u64>,
    ) -> Result<(), String> {
        let id = ids.first().copied().unwrap_or(0);
        let waker = self.waker(id);
        // A caller may leave its waker later, too.
        let first = (!self.random.chance(10)).then(|| waker.clone());
        let left = first.is_some();
        match self.link.submit_load(asked.load(), place, call, first) {
            Ok(submitted) => {
                ids.iter().for_each(|id| self.ledger.submitted(*id));
                let entries = asked.load().commands();
                let ticket = self.sent(submitted, entries)?;
                self.keep(ids, Stage::Sent(ticket, asked.shape()));
                if !left {
                    self.schedule.after(self.random.of(0..=2_000), Event::Look(id));
                }
                self.check_memory(entries)
            }
            Err(Refusal::Full) if self.settings.waits_for_room => {
                let mut place = place;
                self.link.await_room(&mut place, &waker);
                self.keep(ids, Stage::ForRoom { place, asked, call });
                if call.deadline < NEVER {
                    self.schedule.at(call.deadline, Event::Look(id));
                }
                Ok(())
            }
            Err(Refusal::Full) => self.all_ended(&ids, Ending::Refused),
            Err(Refusal::Closed) => self.all_ended(&ids, Ending::Closed),
        }
    }

    /// Writes a lone load at once, or sees that the driver does: as a lane does it.
    fn sent(&mut self, submitted: Submitted, entries: usize) -> Result<Ticket, String> {
        let Submitted { ticket, wake_driver } = submitted;
        let written = !wake_driver && !self.awake && self.link.is_lone(entries) && self.write_lone()?;
        if wake_driver || !(self.awake || written) {
            self.wake_driver();
        }
        Ok(ticket)
    }

    /// Whoever waits by a claim looks whether all is there.
    pub(super) fn look(&mut self, id: usize) -> Result<(), String> {
        let now = self.schedule.now();
        let Some(Wanted { ids, stage }) = self.wanted.get_mut(id).and_then(Option::take) else {
            return Ok(());
        };
        match stage {
            Stage::Sent(ticket, shape) => {
                let waker = self.waker(id);
                match (self.link.redeem(&ticket, Some(&waker)), shape) {
                    (Poll::Pending, _) => {
                        self.keep(ids, Stage::Sent(ticket, shape));
                        Ok(())
                    }
                    (Poll::Ready(delivery), Shape::One) => self.delivered(id, &delivery),
                    (Poll::Ready(Delivery::Gathered(gathered)), Shape::Many) => {
                        self.many_came(&ids, &gathered)
                    }
                    (Poll::Ready(Delivery::Gathered(gathered)), Shape::Whole) => {
                        self.whole_came(&ids, *gathered)
                    }
                    (Poll::Ready(other), _) => Err(format!("a batch came to {other:?}")),
                }
            }
            Stage::ForRoom { place, call, .. } if now >= call.deadline => {
                place.into_iter().for_each(|place| self.link.leave_room(place));
                self.all_ended(&ids, Ending::TimedOut { sent: false, at: now, inside: false })
            }
            Stage::ForRoom { place, asked, call } => self.submit(ids, asked, call, place),
        }
    }

    /// What came of several commands, each with its own fate.
    fn many_came(&mut self, ids: &[usize], gathered: &Gathered) -> Result<(), String> {
        let first = ids.first().copied().unwrap_or(0);
        for (number, &id) in ids.iter().enumerate() {
            let ending = match gathered.part(number) {
                Some(PartOutcome::Reply(frame)) => own_reply(id, frame, &replies::expected(id))?,
                Some(PartOutcome::Failed(failure)) => self.failure(first, failure)?,
                None => return Err(format!("nothing is known of command {id}")),
            };
            self.ended(id, ending)?;
        }
        Ok(())
    }

    /// What came of several commands that run as one.
    fn whole_came(&mut self, ids: &[usize], mut gathered: Gathered) -> Result<(), String> {
        let first = ids.first().copied().unwrap_or(0);
        if let Some(failure) = gathered.take_first_failure() {
            if !gathered.is_empty() {
                return Err(format!("of {ids:?}, which failed as one, replies are left"));
            }
            let ending = self.failure(first, &failure)?;
            return self.all_ended(ids, ending);
        }
        let held = ids.iter().map(|id| replies::held(*id));
        let expected: Vec<_> =
            std::iter::once(replies::BEGUN.to_vec()).chain(held).chain([replies::committed(ids)]).collect();
        if gathered.len() != expected.len() {
            return Err(format!("{} replies came where {} were due", gathered.len(), expected.len()));
        }
        for (number, expected) in expected.iter().enumerate() {
            own_reply(first, gathered.reply(number).unwrap_or_default(), expected)?;
        }
        self.all_ended(ids, Ending::Replied)
    }

    fn delivered(&mut self, id: usize, delivery: &Delivery) -> Result<(), String> {
        let ending = match delivery {
            Delivery::Reply(held) => own_reply(id, held.bytes(), &replies::expected(id))?,
            failure => self.failure(id, failure)?,
        };
        self.ended(id, ending)
    }

    /// How it ended for a command of the claim that begins with `first`.
    fn failure(&self, first: usize, failure: &Delivery) -> Result<Ending, String> {
        Ok(match failure {
            Delivery::Lost { sent } => Ending::Lost { sent: *sent },
            Delivery::TimedOut(report) => {
                let (at, inside) = self.timed_out_at.get(&first).copied().unwrap_or((0, false));
                Ending::TimedOut { sent: report.sent, at, inside }
            }
            Delivery::Closed => Ending::Closed,
            Delivery::Gathered(_) | Delivery::Reply(_) => {
                return Err(format!("command {first} got what it can't get: {failure:?}"));
            }
        })
    }

    fn give_one_up(&mut self, number: usize) -> Result<(), String> {
        let wanted = self.callers.get(number).map_or_else(Vec::new, |caller| caller.wanted.clone());
        let Some(id) = self.random.pick(&wanted) else { return Ok(()) };
        let Some(Wanted { ids, stage }) = self.wanted.get_mut(id).and_then(Option::take) else {
            return Err(format!("of the claim that begins with {id} nothing is known"));
        };
        match stage {
            Stage::Sent(ticket, _) => self.link.abandon(&ticket),
            Stage::ForRoom { place: Some(place), .. } => self.link.leave_room(place),
            Stage::ForRoom { place: None, .. } => {}
        }
        self.all_ended(&ids, Ending::Abandoned)
    }

    fn all_ended(&mut self, ids: &[usize], ending: Ending) -> Result<(), String> {
        ids.iter().try_for_each(|id| self.ended(*id, ending))
    }

    fn ended(&mut self, id: usize, ending: Ending) -> Result<(), String> {
        let caller = self.ledger.record(id).map(|record| record.caller);
        if let Some(caller) = caller.and_then(|caller| self.callers.get_mut(caller)) {
            caller.wanted.retain(|wanted| *wanted != id);
        }
        self.ledger.ended(id, ending)
    }

    fn keep(&mut self, ids: Vec<usize>, stage: Stage) {
        let Some(&id) = ids.first() else { return };
        if self.wanted.len() <= id {
            self.wanted.resize_with(id + 1, || None);
        }
        if let Some(slot) = self.wanted.get_mut(id) {
            *slot = Some(Wanted { ids, stage });
        }
    }

    fn waker(&self, id: usize) -> Waker {
        Arc::new(Bell { id, woken: Arc::clone(&self.woken) }).into()
    }

    /// A command whose deadline is over and whose caller has heard nothing.
    pub(super) fn overdue(&self, now: Micros, slack: Micros) -> Option<usize> {
        self.under_way().find(|id| {
            self.ledger.record(*id).is_some_and(|record| record.deadline.saturating_add(slack) < now)
        })
    }

    /// The first command of every claim that somebody waits by.
    pub(super) fn under_way(&self) -> impl Iterator<Item = usize> {
        self.callers.iter().flat_map(|caller| caller.wanted.iter().copied())
    }

    /// `added`: how many entries have just come, in one go.
    fn check_memory(&self, added: usize) -> Result<(), String> {
        // Beside what callers may queue there is at most one probe.
        let (entries, bytes) = (self.link.queued(), self.link.queued_bytes());
        let most = self.settings.max_entries + added;
        let within = entries <= most && bytes <= self.settings.max_bytes as u64 + 100;
        if within || entries <= added + 1 {
            return Ok(());
        }
        Err(format!("the queue holds {entries} commands of {bytes} bytes"))
    }
}

/// A reply is the one that is due.
fn own_reply(id: usize, got: &[u8], expected: &[u8]) -> Result<Ending, String> {
    if got == expected {
        return Ok(Ending::Replied);
    }
    let got = String::from_utf8_lossy(got).chars().take(40).collect::<String>();
    Err(format!("command {id} got a reply that is not its own: {got:?}"))
}
