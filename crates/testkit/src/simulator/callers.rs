//! The callers: they ask, wait until they are woken, lose patience, go away.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Wake, Waker};

use carnelian_command::Request;
use carnelian_core::connection::{Call, Delivery, Load, Micros, NEVER, Refusal, Submitted, Ticket};

use super::Event;
use super::ledger::Ending;
use super::replies;
use super::world::World;

/// A command that its caller waits for.
#[derive(Debug)]
pub(super) enum Wanted {
    /// The link has it.
    Sent(Ticket),
    /// The queue is full; this is what will be sent.
    ForRoom { place: Option<u64>, request: Box<Request>, call: Call },
}

#[derive(Debug, Default)]
pub(super) struct Caller {
    asked: usize,
    /// Its commands under way.
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
        call.waits = self.random.chance(self.settings.waiting_commands);
        if let Some((least, most)) = self.settings.deadlines.filter(|_| !call.waits) {
            call.deadline = if self.random.chance(80) { now + self.random.of(least..=most) } else { NEVER };
        }
        let id = self.ledger.open(number, call.repeatable, call.tries, call.deadline);
        if let Some(caller) = self.callers.get_mut(number) {
            caller.asked += 1;
            caller.wanted.push(id);
        }
        let padding = match self.random.of(0..=40) {
            0 => self.random.count(16_000..=20_000),
            1..=4 => self.random.count(300..=3_000),
            _ => self.random.count(0..=20),
        };
        let kind: &[u8] = if call.waits { b"waits" } else { b"runs" };
        let request = Request::unknown(&[b"SIM", id.to_string().as_bytes(), kind, &vec![b'x'; padding]]);
        self.submit(id, Box::new(request), call, None)
    }

    fn submit(
        &mut self,
        id: usize,
        request: Box<Request>,
        call: Call,
        place: Option<u64>,
    ) -> Result<(), String> {
        let waker = self.waker(id);
        // A caller may leave its waker later, too.
        let first = (!self.random.chance(10)).then(|| waker.clone());
        let left = first.is_some();
        match self.link.submit_load(Load::Command(&request), place, call, first) {
            Ok(submitted) => {
                self.ledger.submitted(id);
                let ticket = self.sent(submitted)?;
                self.keep(id, Wanted::Sent(ticket));
                if !left {
                    self.schedule.after(self.random.of(0..=2_000), Event::Look(id));
                }
                self.check_memory()
            }
            Err(Refusal::Full) if self.settings.waits_for_room => {
                let mut place = place;
                self.link.await_room(&mut place, &waker);
                self.keep(id, Wanted::ForRoom { place, request, call });
                if call.deadline < NEVER {
                    self.schedule.at(call.deadline, Event::Look(id));
                }
                Ok(())
            }
            Err(Refusal::Full) => self.ended(id, Ending::Refused),
            Err(Refusal::Closed) => self.ended(id, Ending::Closed),
        }
    }

    /// Writes a lone command at once, or sees that the driver does: as a lane does it.
    fn sent(&mut self, submitted: Submitted) -> Result<Ticket, String> {
        let Submitted { ticket, wake_driver } = submitted;
        let written = !wake_driver && !self.awake && self.link.is_lone(1) && self.write_lone()?;
        if wake_driver || !(self.awake || written) {
            self.wake_driver();
        }
        Ok(ticket)
    }

    /// Whoever waits for a command looks whether it is there.
    pub(super) fn look(&mut self, id: usize) -> Result<(), String> {
        let now = self.schedule.now();
        match self.wanted.get_mut(id).and_then(Option::take) {
            None => Ok(()),
            Some(Wanted::Sent(ticket)) => {
                let waker = self.waker(id);
                match self.link.redeem(&ticket, Some(&waker)) {
                    Poll::Ready(delivery) => self.delivered(id, &delivery),
                    Poll::Pending => {
                        self.keep(id, Wanted::Sent(ticket));
                        Ok(())
                    }
                }
            }
            Some(Wanted::ForRoom { place, call, .. }) if now >= call.deadline => {
                place.into_iter().for_each(|place| self.link.leave_room(place));
                self.ended(id, Ending::TimedOut { sent: false, at: now, inside: false })
            }
            Some(Wanted::ForRoom { place, request, call }) => self.submit(id, request, call, place),
        }
    }

    fn delivered(&mut self, id: usize, delivery: &Delivery) -> Result<(), String> {
        let ending = match delivery {
            Delivery::Reply(held) => {
                let expected = replies::expected(id);
                if held.bytes() != expected {
                    let got = String::from_utf8_lossy(held.bytes()).chars().take(40).collect::<String>();
                    return Err(format!("command {id} got a reply that is not its own: {got:?}"));
                }
                Ending::Replied
            }
            Delivery::Lost { sent } => Ending::Lost { sent: *sent },
            Delivery::TimedOut(report) => {
                let (at, inside) = self.timed_out_at.get(&id).copied().unwrap_or((0, false));
                Ending::TimedOut { sent: report.sent, at, inside }
            }
            Delivery::Closed => Ending::Closed,
            Delivery::Gathered(_) => return Err(format!("command {id} got the replies to a batch")),
        };
        self.ended(id, ending)
    }

    fn give_one_up(&mut self, number: usize) -> Result<(), String> {
        let wanted = self.callers.get(number).map_or_else(Vec::new, |caller| caller.wanted.clone());
        let Some(id) = self.random.pick(&wanted) else { return Ok(()) };
        match self.wanted.get_mut(id).and_then(Option::take) {
            Some(Wanted::Sent(ticket)) => self.link.abandon(&ticket),
            Some(Wanted::ForRoom { place: Some(place), .. }) => self.link.leave_room(place),
            _ => {}
        }
        self.ended(id, Ending::Abandoned)
    }

    fn ended(&mut self, id: usize, ending: Ending) -> Result<(), String> {
        let caller = self.ledger.record(id).map(|record| record.caller);
        if let Some(caller) = caller.and_then(|caller| self.callers.get_mut(caller)) {
            caller.wanted.retain(|wanted| *wanted != id);
        }
        self.ledger.ended(id, ending)
    }

    fn keep(&mut self, id: usize, wanted: Wanted) {
        if self.wanted.len() <= id {
            self.wanted.resize_with(id + 1, || None);
        }
        if let Some(slot) = self.wanted.get_mut(id) {
            *slot = Some(wanted);
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

    /// All commands that somebody waits for.
    pub(super) fn under_way(&self) -> impl Iterator<Item = usize> {
        self.callers.iter().flat_map(|caller| caller.wanted.iter().copied())
    }

    fn check_memory(&self) -> Result<(), String> {
        // Beside what callers may queue there is at most one probe.
        let (entries, bytes) = (self.link.queued(), self.link.queued_bytes());
        let within =
            entries <= self.settings.max_entries + 1 && bytes <= self.settings.max_bytes as u64 + 100;
        if within || entries <= 2 {
            return Ok(());
        }
        Err(format!("the queue holds {entries} commands of {bytes} bytes"))
    }
}
