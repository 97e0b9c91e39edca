//! Commands without end: pulled out of an iterator as they can be sent, so that a million of them need the memory of some
//! hundred.

use std::iter::Fuse;
use std::marker::PhantomData;

use carnelian_command::{Command, FromReply};

use super::{Finished, Pipeline, Replies, Ticket};
use crate::error::Result;

/// Commands in a wave at most.
const COMMANDS: usize = 1_000;

/// In the first wave: of how large replies are, nothing is known yet.
const FIRST: usize = 64;

/// A wave is to have no more bytes than this, and its replies neither.
const BYTES: usize = 256 << 10;

/// Commands with replies of one type, as waves: take the [`next_wave`](Self::next_wave), send it, and say what
/// [`came`](Self::came) of it.
#[derive(Debug)]
pub struct Flow<I: Iterator> {
    commands: Fuse<I>,
    /// A command that can't be run this way: it fails by itself, in its place.
    misfit: Option<Pipeline>,
    /// How many commands the next wave has.
    size: usize,
}

impl<R: FromReply, I: Iterator<Item = Command<R>>> Flow<I> {
    /// Nothing is taken yet.
    pub fn new(commands: impl IntoIterator<IntoIter = I>) -> Self {
        Self { commands: commands.into_iter().fuse(), misfit: None, size: FIRST }
    }

    /// What is to be sent next. `None`: the iterator is at its end.
    pub fn next_wave(&mut self) -> Option<Finished> {
        if let Some(misfit) = self.misfit.take() {
            return Some(misfit.finish());
        }
        let wave = Pipeline::new();
        while wave.len() < self.size && wave.bytes() < BYTES {
            let Some(command) = self.commands.next() else { break };
            if Pipeline::refusal(command.request()).is_some() {
                let misfit = Pipeline::new();
                misfit.add(command.request());
                if wave.is_empty() {
                    return Some(misfit.finish());
                }
                self.misfit = Some(misfit);
                break;
            }
            wave.add(command.request());
        }
        (!wave.is_empty()).then(|| wave.finish())
    }

    /// Notes how large replies are: where they are large, fewer at a time come.
    pub fn came(&mut self, replies: &Replies) {
        let bytes = replies.bytes();
        if bytes > BYTES {
            self.size = (self.size / 2).max(1);
        } else if bytes <= BYTES / 4 {
            self.size = (self.size * 2).min(COMMANDS);
        }
    }
}

/// The replies to a wave, one after the other.
#[derive(Debug)]
pub struct Results<R> {
    replies: Replies,
    next: usize,
    reply: PhantomData<fn() -> R>,
}

impl<R> Results<R> {
    /// Begins with the first.
    #[must_use]
    pub const fn new(replies: Replies) -> Self {
        Self { replies, next: 0, reply: PhantomData }
    }
}

impl<R: FromReply> Iterator for Results<R> {
    type Item = Result<R>;

    #[inline]
    fn next(&mut self) -> Option<Result<R>> {
        if self.next >= self.replies.len() {
            return None;
        }
        let ticket = Ticket::of(&self.replies, self.next);
        self.next += 1;
        Some(self.replies.take(ticket))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.replies.len() - self.next;
        (left, Some(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnelian_command::group::StringCommands as _;
    use carnelian_command::{Build, RawCommands as _};

    fn sizes(flow: &mut Flow<impl Iterator<Item = Command<i64>>>, waves: usize) -> Vec<usize> {
        (0..waves).filter_map(|_| flow.next_wave()).map(|wave| wave.batch.len()).collect()
    }

    #[test]
    fn nothing_is_pulled_before_it_is_needed() {
        let pulled = std::cell::Cell::new(0);
        let commands = (0..).map(|_| {
            pulled.set(pulled.get() + 1);
            Build.incr("n")
        });
        let mut flow = Flow::new(commands);
        assert_eq!(pulled.get(), 0);
        assert_eq!(sizes(&mut flow, 2), [FIRST, FIRST]);
        assert_eq!(pulled.get(), 2 * FIRST);
    }

    #[test]
    fn what_can_not_be_run_in_a_wave_is_one_by_itself() {
        let commands = (0..5).map(|number| match number {
            2 => Build.command("BLPOP").arg("list").arg(0).run(),
            _ => Build.incr("n"),
        });
        let mut flow = Flow::new(commands);
        let waves: Vec<_> = std::iter::from_fn(|| flow.next_wave()).collect();
        let told: Vec<_> = waves.iter().map(|wave| (wave.batch.len(), wave.refused.is_some())).collect();
        assert_eq!(told, [(2, false), (1, true), (2, false)]);
    }

    #[test]
    fn large_commands_make_waves_of_few() {
        let value = vec![b'x'; BYTES / 4];
        let mut flow = Flow::new((0..10).map(|_| Build.append("k", &value[..]).into_typed::<i64>()));
        assert_eq!(sizes(&mut flow, 10), [4, 4, 2]);
    }
}
