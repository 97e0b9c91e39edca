//! A pipeline on its way: cut into waves, so that one of any length needs a bounded part of the queue.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use carnelian_command::spec;

use super::replies::{Replies, Run, is_error};
use super::{Failure, Finished};
use crate::config::Retry;
use crate::connection::{Batch, Delivery, Gathered, Micros, NEVER, PartOutcome};
use crate::error::Error;
use crate::retry::{self, Tries};

/// Commands in a wave at most.
const COMMANDS: usize = 10_000;

/// Bytes in a wave at most, unless one command is larger.
const BYTES: usize = 1 << 20;

/// The waves of a pipeline, sent one after the other: take the [`next_wave`](Self::next_wave), send it, and say what
/// [`came`](Self::came) of it.
#[derive(Debug)]
pub struct Waves {
    finished: Finished,
    runs: Vec<Run>,
    failures: Vec<Failure>,
    /// The wave under way.
    wave: Range<usize>,
    tries: Tries,
    /// Others are under way behind it, so that nothing of it may run later.
    followed: bool,
}

impl Waves {
    /// Nothing is sent yet.
    #[must_use]
    pub const fn new(finished: Finished) -> Self {
        Self {
            finished,
            runs: Vec::new(),
            failures: Vec::new(),
            wave: 0..0,
            tries: Tries::none(),
            followed: false,
        }
    }

    /// Other commands are sent before what comes of these is known: nothing of them is tried again, or it would run after
    /// those.
    #[must_use]
    pub const fn followed(mut self) -> Self {
        self.followed = true;
        self
    }

    /// Fails all commands if one of them can't be run in a pipeline. True: there is something to send.
    pub fn begin(&mut self) -> bool {
        match self.finished.refused.take() {
            Some(error) => {
                self.failures = (0..self.batch().len()).map(|number| (number, error.clone())).collect();
                false
            }
            None => true,
        }
    }

    /// The commands.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.finished.batch
    }

    /// What is to be sent now.
    #[must_use]
    pub fn next_wave(&mut self) -> Option<Range<usize>> {
        if self.wave.end >= self.batch().len() {
            return None;
        }
        self.wave = self.batch().wave(self.wave.end, COMMANDS, BYTES);
        self.tries = Tries::none();
        Some(self.wave.clone())
    }

    /// What is to be sent once more, and the pause before it: the end of a wave that the server's state refused, or that was
    /// late where the user wants another try. Only an end: tried again, a command in the middle would run after those
    /// behind it.
    #[must_use]
    pub fn again(
        &mut self,
        gathered: &Gathered,
        policy: &Retry,
        elapsed: Duration,
        random: u64,
    ) -> Option<Again> {
        if self.followed {
            return None;
        }
        let from = to_repeat(gathered, self.wave.len(), policy)?;
        let pause = self.tries.again(policy, elapsed, random)?;
        let late =
            (from..self.wave.len()).any(|part| matches!(gathered.part(part), Some(PartOutcome::Failed(_))));
        Some(Again { parts: self.wave.start + from..self.wave.end, pause, late })
    }

    /// Keeps what has come up to the part that is sent again.
    pub fn keep(&mut self, mut gathered: Box<Gathered>, again: &Range<usize>) {
        gathered.keep_parts(again.start - self.wave.start);
        if again.start > self.wave.start {
            self.runs.push(Run { first: self.wave.start, gathered });
        }
        self.wave.start = again.start;
    }

    /// Notes what came of the wave.
    pub fn came(&mut self, mut gathered: Box<Gathered>, mut explain: impl FnMut(Delivery) -> Error) {
        let first = self.wave.start;
        for (number, failure) in gathered.take_failures() {
            let number = first + number as usize;
            let facts = self.batch().parts().get(number).map_or(&spec::UNKNOWN, |part| part.facts);
            self.failures.push((number, explain(failure).of_command(facts)));
        }
        self.runs.push(Run { first, gathered });
    }

    /// Notes that the wave was not taken.
    pub fn refused(&mut self, error: &Error) {
        let parts = self.finished.batch.parts().iter().enumerate();
        let wave = parts.skip(self.wave.start).take(self.wave.len());
        self.failures.extend(wave.map(|(number, part)| (number, error.clone().of_command(part.facts))));
    }

    /// The replies.
    #[must_use]
    pub fn replies(self, address: &Arc<str>) -> Replies {
        let Finished { pipeline, batch, .. } = self.finished;
        Replies::new((pipeline, batch), self.runs, self.failures, Arc::clone(address))
    }
}

/// Another try of the end of a wave.
#[derive(Debug)]
pub struct Again {
    /// What is sent once more.
    pub parts: Range<usize>,
    /// How long to wait before.
    pub pause: Duration,
    /// The time of the last try was up, so this one gets as much again.
    pub late: bool,
}

impl Again {
    /// Until when it may be made, if the last try had to be over by `deadline`.
    #[must_use]
    pub const fn until(&self, deadline: Micros) -> Micros {
        if self.late { NEVER } else { deadline }
    }
}

/// From which part on all were refused, or late.
fn to_repeat(gathered: &Gathered, parts: usize, policy: &Retry) -> Option<usize> {
    if policy.attempts <= 1 {
        return None;
    }
    let repeats = |part: &usize| match gathered.part(*part) {
        Some(PartOutcome::Reply(frame)) => is_error(frame) && retry::is_refusal(frame, policy),
        Some(PartOutcome::Failed(Delivery::TimedOut(_))) => policy.on_timeout,
        _ => false,
    };
    let count = (0..parts).rev().take_while(repeats).count();
    (count > 0).then(|| parts - count)
}
