//! One direction of one connection: bytes read but not yet written, and what the faults make of them.
//!
//! A reader thread puts pieces in, a writer thread asks what to do next. Between them a bounded queue, so that a delay
//! delays every byte by as much, instead of letting one piece at a time through.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::faults::{Board, Cut, Direction, Faults};

/// What the writer is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Write these bytes.
    Write(Vec<u8>),
    /// Write these bytes, then break the connection.
    Break(Vec<u8>, Cut),
    /// The source has ended and all it sent is written: pass the end on.
    End,
    /// The connection is over.
    Stop,
}

pub(super) struct Lane {
    direction: Direction,
    board: Arc<Board>,
    limit: usize,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    pieces: VecDeque<Piece>,
    bytes: usize,
    closed: bool,
    /// Bytes have been swallowed. What follows them must be swallowed too: TCP loses nothing in the middle.
    gap: bool,
    cut_number: u64,
    passed: u64,
    /// When the throttle lets the next piece go.
    next_slot: Option<Instant>,
    last_due: Option<Instant>,
}

struct Piece {
    due: Instant,
    /// Empty for the end of the source.
    bytes: Vec<u8>,
}

impl Lane {
    pub(super) fn new(direction: Direction, board: Arc<Board>, limit: usize) -> Self {
        Self { direction, board, limit, queue: Mutex::default(), changed: Condvar::new() }
    }

    /// Takes a piece, once there is room. False when the connection is over.
    pub(super) fn push(&self, bytes: Vec<u8>) -> bool {
        let mut queue = self.lock();
        while queue.bytes >= self.limit && !queue.closed {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let delay = self.board.faults(self.direction).delay.as_mut().map(|delay| delay.draw());
        let due = Instant::now() + delay.unwrap_or_default();
        // A shorter draw may not overtake a longer one.
        let due = queue.last_due.map_or(due, |last| last.max(due));
        queue.last_due = Some(due);
        queue.bytes += bytes.len();
        queue.pieces.push_back(Piece { due, bytes });
        self.changed.notify_all();
        !queue.closed
    }

    /// The source has ended.
    pub(super) fn push_end(&self) {
        self.push(Vec::new());
    }

    /// Nothing more goes this way.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Has the writer look again at the faults.
    pub(super) fn wake(&self) {
        // Under the lock: else the writer could have looked before the change and wait after this.
        let _queue = self.lock();
        self.changed.notify_all();
    }

    pub(super) fn count_forwarded(&self, bytes: usize) {
        self.board.count_forwarded(self.direction, bytes);
    }

    pub(super) fn count_swallowed(&self, bytes: usize) {
        self.board.count_swallowed(self.direction, bytes);
    }

    /// Waits for something to do.
    pub(super) fn next(&self) -> Step {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return Step::Stop;
            }
            let now = Instant::now();
            let verdict = {
                let mut faults = self.board.faults(self.direction);
                if faults.swallow || queue.gap {
                    let passes_end = !faults.swallow;
                    drop(faults);
                    self.swallow(&mut queue, passes_end)
                } else {
                    queue.judge(&mut faults, now)
                }
            };
            match verdict {
                Verdict::Do(step) => {
                    self.changed.notify_all();
                    return step;
                }
                Verdict::WaitUntil(due) => {
                    let wait = due.saturating_duration_since(now);
                    let woken = self.changed.wait_timeout(queue, wait);
                    queue = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
                Verdict::Wait => queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Throws away what is queued. The end of the source is lost as well while bytes are being swallowed, and passed
    /// on once they are not.
    fn swallow(&self, queue: &mut Queue, passes_end: bool) -> Verdict {
        if queue.bytes > 0 {
            queue.gap = true;
            self.count_swallowed(queue.bytes);
            queue.bytes = 0;
            queue.pieces.retain(|piece| piece.bytes.is_empty());
            self.changed.notify_all();
        }
        if passes_end && !queue.pieces.is_empty() { Verdict::Do(Step::End) } else { Verdict::Wait }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Verdict {
    Do(Step),
    WaitUntil(Instant),
    Wait,
}

impl Queue {
    /// What the faults make of the first piece.
    fn judge(&mut self, faults: &mut Faults, now: Instant) -> Verdict {
        let Some(piece) = self.pieces.front().filter(|_| !faults.hold) else { return Verdict::Wait };
        let delayed = faults.delay.is_some().then_some(piece.due);
        let throttled = faults.bytes_per_second.and(self.next_slot);
        if let Some(due) = delayed.max(throttled).filter(|due| *due > now) {
            return Verdict::WaitUntil(due);
        }
        if piece.bytes.is_empty() {
            return Verdict::Do(Step::End);
        }
        let mut count = piece.bytes.len();
        if let Some(rate) = faults.bytes_per_second {
            // In slices of about ten milliseconds' worth, so that it flows rather than bursts.
            count = count.min(usize::try_from(rate / 100).unwrap_or(usize::MAX).max(1));
            self.next_slot = Some(now + Duration::from_secs_f64(count as f64 / rate.max(1) as f64));
        }
        Verdict::Do(match self.cut_within(faults, count) {
            Some((count, cut)) => Step::Break(self.take(count), cut),
            None => {
                self.passed += count as u64;
                Step::Write(self.take(count))
            }
        })
    }

    /// Whether the connection breaks within the next `count` bytes, and after how many of them.
    fn cut_within(&mut self, faults: &mut Faults, count: usize) -> Option<(usize, Cut)> {
        let cut = faults.cut?;
        if self.cut_number != faults.cut_number {
            self.cut_number = faults.cut_number;
            self.passed = 0;
        }
        let room = usize::try_from(cut.after.saturating_sub(self.passed)).unwrap_or(usize::MAX);
        if room > count {
            return None;
        }
        if cut.once {
            faults.cut = None;
        }
        Some((room, cut))
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let Some(piece) = self.pieces.front_mut() else { return Vec::new() };
        self.bytes -= count;
        if count == piece.bytes.len() {
            return self.pieces.pop_front().map(|piece| piece.bytes).unwrap_or_default();
        }
        piece.bytes.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> (Arc<Board>, Lane) {
        let board = Arc::new(Board::default());
        (Arc::clone(&board), Lane::new(Direction::ToClient, board, 1024))
    }

    #[test]
    fn bytes_and_the_end_pass_in_order() {
        let (_, lane) = lane();
        assert!(lane.push(b"one".into()) && lane.push(b"two".into()));
        lane.push_end();
        assert_eq!(lane.next(), Step::Write(b"one".into()));
        assert_eq!(lane.next(), Step::Write(b"two".into()));
        assert_eq!(lane.next(), Step::End);
        lane.close();
        assert_eq!(lane.next(), Step::Stop);
        assert!(!lane.push(b"late".into()));
    }

    #[test]
    fn a_cut_counts_from_when_it_was_asked_for() {
        let (board, lane) = lane();
        lane.push(b"before".into());
        assert_eq!(lane.next(), Step::Write(b"before".into()));
        let cut = Cut::after(4).once();
        {
            let mut faults = board.faults(Direction::ToClient);
            faults.cut = Some(cut);
            faults.cut_number = 1;
        }
        lane.push(b"abc".into());
        lane.push(b"defg".into());
        assert_eq!(lane.next(), Step::Write(b"abc".into()));
        assert_eq!(lane.next(), Step::Break(b"d".into(), cut));
        assert_eq!(board.faults(Direction::ToClient).cut, None, "once");
    }

    #[test]
    fn after_a_gap_nothing_passes_but_the_end() {
        let (board, lane) = lane();
        board.faults(Direction::ToClient).swallow = true;
        lane.push(b"lost".into());
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| lane.next());
            while board.swallowed(Direction::ToClient) < 4 {
                std::thread::yield_now();
            }
            board.faults(Direction::ToClient).swallow = false;
            lane.push(b"lost too".into());
            lane.push_end();
            assert_eq!(writer.join().unwrap(), Step::End);
        });
        assert_eq!(board.swallowed(Direction::ToClient), 12);
    }

    #[test]
    fn a_throttle_slices() {
        let (board, lane) = lane();
        board.faults(Direction::ToClient).bytes_per_second = Some(1_000);
        lane.push(vec![0; 25]);
        let sizes: Vec<usize> = (0..3)
            .map(|_| match lane.next() {
                Step::Write(bytes) => bytes.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(sizes, [10, 10, 5]);
    }
}
