//! Transactions that watch keys: how far a try has come, and whether there is another one.
//!
//! ```text
//!               commit: MULTI … EXEC is sent              it ran
//!   Watching ─────────────────────────────► Sent ──────────────────────► Committed
//!      │                                     │ ├── a key had changed ──► Conflict ──► again
//!      │ the closure ends without            │ ├── the server refused ─► Refused      (again if its state did)
//!      ▼                                     │ └── it never left ──────► Unsent ────► again
//!   Unwatched                                └── no answer: stays Sent, for EXEC may have run
//! ```
//!
//! A try that ends without EXEC having been sent has changed nothing, so it may be made anew; one whose EXEC was sent and
//! not answered may not. The faces run the closure, send what is to be sent, and ask here what follows from it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use carnelian_command::Request;

use crate::config::Backoff;
use crate::connection::liveness::as_micros;
use crate::connection::{Micros, NEVER};
use crate::error::{Error, ErrorKind, Result};
use crate::route;

/// How often and for how long a transaction is tried while others change the keys that it watches.
///
/// ```
/// # use carnelian_core::transaction::TransactionOptions;
/// # use std::time::Duration;
/// let patient = TransactionOptions::new().attempts(100).timeout(Duration::from_secs(5));
/// let like_redis_py = TransactionOptions::new().watch_delay(Duration::from_millis(10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TransactionOptions {
    attempts: u32,
    backoff: Backoff,
    timeout: Option<Duration>,
}

impl TransactionOptions {
    /// 32 tries, with pauses that grow from some milliseconds to 200 ms and are spread at random, so that those who collide
    /// once don't collide again. No limit in time but that of each command.
    pub const fn new() -> Self {
        let (base, cap) = (Duration::from_millis(4), Duration::from_millis(200));
        Self { attempts: 32, backoff: Backoff::FullJitter { base, cap }, timeout: None }
    }

    /// Tries in all, the first one included; 0 counts as 1.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Always pauses this long before another try.
    pub const fn watch_delay(self, pause: Duration) -> Self {
        self.backoff(Backoff::Constant(pause))
    }

    /// The pauses before another try.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long all tries together may take, from the call on; waiting for a connection is included.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long all tries together may take, when that was said.
    #[must_use]
    pub const fn time_limit(&self) -> Option<Duration> {
        self.timeout
    }
}

impl Default for TransactionOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// How far a try has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The keys are watched; nothing was committed.
    Watching,
    /// EXEC was handed over, and there is no answer (yet).
    Sent,
    /// EXEC has run the commands.
    Committed,
    /// A watched key had changed; nothing was run.
    Conflict,
    /// The server refused the whole; nothing was run.
    Refused,
    /// EXEC never left.
    Unsent,
    /// Nothing was committed, and nothing is watched any more.
    Unwatched,
}

const STAGES: [Stage; 7] = [
    Stage::Watching,
    Stage::Sent,
    Stage::Committed,
    Stage::Conflict,
    Stage::Refused,
    Stage::Unsent,
    Stage::Unwatched,
];

/// One try. Shared by the closure, which runs commands and commits, and by who has called the closure.
#[derive(Debug, Default)]
pub struct Course {
    stage: AtomicU8,
    /// A command that may have changed something was run at once, outside of the transaction.
    wrote: AtomicBool,
}

impl Course {
    /// The keys are to be watched; nothing has happened yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How far it has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let stage = STAGES.get(usize::from(self.stage.load(Ordering::Acquire)));
        stage.copied().unwrap_or(Stage::Sent)
    }

    fn set(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    /// Notes a command that is run at once.
    pub fn note(&self, request: &Request) {
        if !route::is_repeatable(request) {
            self.wrote.store(true, Ordering::Relaxed);
        }
    }

    /// EXEC is about to be sent.
    ///
    /// # Errors
    ///
    /// There was one already: the keys are not watched any more, so another would be run whatever has changed since.
    pub fn begin_commit(&self) -> Result<()> {
        let (from, to) = (Stage::Watching as u8, Stage::Sent as u8);
        match self.stage.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(_) => Err(committed_before()),
        }
    }

    /// What came of EXEC: it ran (`true`), or a watched key had changed (`false`), or neither.
    pub fn end_commit(&self, outcome: Result<bool, &Error>) {
        self.set(match outcome {
            Ok(true) => Stage::Committed,
            Ok(false) => Stage::Conflict,
            Err(error) if error.may_have_run() => Stage::Sent,
            Err(error) if error.kind() == ErrorKind::Server => Stage::Refused,
            Err(_) => Stage::Unsent,
        });
    }

    /// The server has forgotten the watched keys without an EXEC.
    pub fn unwatched(&self) {
        self.set(Stage::Unwatched);
    }

    /// True when the connection is as it was before: nothing is watched, no transaction is open. After an error nobody knows
    /// that, so such a connection is closed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        matches!(self.stage(), Stage::Committed | Stage::Conflict | Stage::Unwatched)
    }
}

#[cold]
fn committed_before() -> Error {
    Error::new(
        ErrorKind::NotHere,
        "this transaction was committed already, and its keys are not watched any more: put all commands into one commit",
    )
}

/// All tries of one transaction.
#[derive(Debug)]
pub struct Tries {
    options: TransactionOptions,
    deadline: Micros,
    made: u32,
    pause: Duration,
}

/// What follows from a try.
#[derive(Debug)]
pub enum Verdict<V> {
    /// That was it.
    Done(Result<V>),
    /// There is another try after a pause; or, where that would be too late, this error.
    Again(Duration, Error),
}

impl Tries {
    /// None is made yet.
    #[must_use]
    pub fn new(options: TransactionOptions, now: Micros) -> Self {
        let deadline = options.timeout.map_or(NEVER, |timeout| now.saturating_add(as_micros(timeout)));
        Self { options, deadline, made: 0, pause: Duration::ZERO }
    }

    /// When all of them have to be over.
    #[must_use]
    pub const fn deadline(&self) -> Micros {
        self.deadline
    }

    /// What follows from what the closure gave. `lost`: its connection is gone.
    pub fn judge<V>(&mut self, result: Result<V>, course: &Course, lost: bool, random: u64) -> Verdict<V> {
        self.made += 1;
        let conflict = course.stage() == Stage::Conflict;
        let again = match &result {
            // The closure may have kept the conflict to itself: that does not make a success of it.
            Ok(_) => conflict,
            Err(error) if conflict => error.kind() == ErrorKind::Conflict,
            Err(error) => may_pass(error, course, lost),
        };
        if !again {
            return Verdict::Done(result);
        }
        let error = match result {
            Err(error) if !conflict => error,
            _ => Error::conflict_after(self.made),
        };
        if self.made >= self.options.attempts {
            return Verdict::Done(Err(error));
        }
        self.pause = self.options.backoff.delay(self.made, self.pause, random);
        Verdict::Again(self.pause, error)
    }
}

/// Nothing was run, and not because of what the closure asked for.
fn may_pass(error: &Error, course: &Course, lost: bool) -> bool {
    if course.wrote.load(Ordering::Relaxed) {
        return false;
    }
    match course.stage() {
        Stage::Watching | Stage::Unsent => {
            lost && matches!(error.kind(), ErrorKind::Connection | ErrorKind::Closed)
        }
        Stage::Refused => {
            !error.may_have_run() && error.server_code().is_some_and(crate::ServerCode::is_refusal)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use carnelian_command::group::StringCommands as _;
    use carnelian_command::{Build, ServerError, spec};

    use super::*;

    fn tries(attempts: u32) -> Tries {
        Tries::new(TransactionOptions::new().attempts(attempts), 0)
    }

    fn course(outcome: Result<bool, &Error>) -> Course {
        let course = Course::new();
        course.begin_commit().unwrap();
        course.end_commit(outcome);
        course
    }

    fn is_again<V>(verdict: &Verdict<V>) -> bool {
        matches!(verdict, Verdict::Again(..))
    }

    #[test]
    fn a_conflict_is_tried_again_even_if_the_closure_keeps_it_to_itself() {
        let mut tries = tries(3);
        assert!(is_again(&tries.judge::<i64>(Err(Error::conflict()), &course(Ok(false)), false, 0)));
        assert!(is_again(&tries.judge(Ok(5), &course(Ok(false)), false, 0)));
        let Verdict::Done(Err(error)) = tries.judge(Ok(5), &course(Ok(false)), false, 0) else {
            panic!("there were three tries");
        };
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("3 tries") && !error.may_have_run(), "{error}");
    }

    #[test]
    fn the_closures_own_word_counts() {
        let own = || Error::new(ErrorKind::Config, "no");
        for course in [course(Ok(false)), course(Ok(true)), Course::new()] {
            let verdict = tries(9).judge::<()>(Err(own()), &course, true, 0);
            assert!(matches!(verdict, Verdict::Done(Err(error)) if error.kind() == ErrorKind::Config));
        }
        // A conflict of another transaction, inside of this one.
        let verdict = tries(9).judge::<()>(Err(Error::conflict_after(3)), &course(Ok(true)), false, 0);
        assert!(!is_again(&verdict));
        assert!(matches!(tries(9).judge(Ok(7), &course(Ok(true)), false, 0), Verdict::Done(Ok(7))));
    }

    #[test]
    fn a_lost_connection_is_replaced_only_before_exec_was_sent() {
        let lost = |sent| Error::lost("reset", sent);
        assert!(is_again(&tries(2).judge::<()>(Err(lost(true)), &Course::new(), true, 0)), "a read was lost");
        let unsent = lost(false);
        assert!(is_again(&tries(2).judge::<()>(Err(unsent.clone()), &course(Err(&unsent)), true, 0)));
        let sent = lost(true);
        let verdict = tries(2).judge::<()>(Err(sent.clone()), &course(Err(&sent)), true, 0);
        assert!(matches!(verdict, Verdict::Done(Err(error)) if error.may_have_run()));
        // The connection of somebody else.
        assert!(!is_again(&tries(2).judge::<()>(Err(lost(true)), &Course::new(), false, 0)));
        // A write that was run at once may have run.
        let wrote = Course::new();
        wrote.note(Build.get::<String>("k").request());
        assert!(is_again(&tries(2).judge::<()>(Err(lost(true)), &wrote, true, 0)));
        wrote.note(Build.incr("k").request());
        assert!(!is_again(&tries(2).judge::<()>(Err(lost(true)), &wrote, true, 0)));
    }

    #[test]
    fn what_the_servers_state_refused_is_tried_again_and_what_is_wrong_is_not() {
        for (line, again) in [("READONLY no", true), ("ERR unknown command", false)] {
            let error = Error::not_queued(&spec::SET, ServerError::new(line.as_bytes()), 1, 2);
            let course = course(Err(&error));
            assert_eq!(course.stage(), Stage::Refused);
            assert!(!course.is_clean());
            assert_eq!(is_again(&tries(2).judge::<()>(Err(error), &course, false, 0)), again, "{line}");
        }
    }

    #[test]
    fn there_is_one_commit() {
        let course = course(Ok(true));
        assert_eq!(course.begin_commit().unwrap_err().kind(), ErrorKind::NotHere);
        assert!(course.is_clean());
        assert!(!Course::new().is_clean());
        let left = Course::new();
        left.unwatched();
        assert!(left.is_clean() && left.begin_commit().is_err());
    }

    #[test]
    fn pauses_are_bounded_and_time_ends() {
        let options = TransactionOptions::new().watch_delay(Duration::from_millis(7));
        let mut tries = Tries::new(options.timeout(Duration::from_millis(2)), 5);
        assert_eq!(tries.deadline(), 2_005);
        let verdict = tries.judge(Ok(()), &course(Ok(false)), false, 9);
        assert!(matches!(verdict, Verdict::Again(pause, _) if pause == Duration::from_millis(7)));
        assert_eq!(TransactionOptions::new().attempts(0), TransactionOptions::new().attempts(1));
    }
}
