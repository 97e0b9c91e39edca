//! What truly happened to each command, and whether what its caller was told is true.

use std::collections::BTreeMap;

use carnelian_core::connection::{Micros, NEVER};

/// How a command ended for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its own reply came.
    Replied,
    Lost {
        sent: bool,
    },
    TimedOut {
        sent: bool,
        at: Micros,
        /// The socket had taken a part of a command, and may have taken this one's.
        inside: bool,
    },
    Closed,
    /// The link did not take it.
    Refused,
    /// The caller went away.
    Abandoned,
}

/// One command.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) caller: usize,
    pub(super) repeatable: bool,
    pub(super) tries: u8,
    pub(super) deadline: Micros,
    /// Its place in the order in which the link took commands.
    pub(super) submitted: Option<u64>,
    /// How often a socket took all of it.
    pub(super) written: u32,
    /// Over which connection the server ran it, and when, counted over all commands.
    pub(super) ran: Vec<(usize, u64)>,
    pub(super) ending: Option<Ending>,
}

/// All commands of a run.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    records: Vec<Record>,
    runs: u64,
    /// What the server saw that it never should.
    complaint: Option<String>,
    submits: u64,
}

impl Ledger {
    pub(super) fn open(&mut self, caller: usize, repeatable: bool, tries: u8, deadline: Micros) -> usize {
        self.records.push(Record {
            caller,
            repeatable,
            tries,
            deadline,
            submitted: None,
            written: 0,
            ran: Vec::new(),
            ending: None,
        });
        self.records.len() - 1
    }

    pub(super) fn record(&self, id: usize) -> Option<&Record> {
        self.records.get(id)
    }

    pub(super) const fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn submitted(&mut self, id: usize) {
        self.submits += 1;
        let number = self.submits;
        self.with(id, |record| record.submitted = Some(number));
    }

    pub(super) fn written(&mut self, id: usize) {
        self.with(id, |record| record.written += 1);
    }

    pub(super) fn ran(&mut self, id: usize, connection: usize) {
        self.runs += 1;
        let number = self.runs;
        self.with(id, |record| record.ran.push((connection, number)));
    }

    /// Notes something that must not happen, whatever becomes of the commands.
    pub(super) fn complain(&mut self, why: String) {
        self.complaint.get_or_insert(why);
    }

    /// # Errors
    /// When it has ended before.
    pub(super) fn ended(&mut self, id: usize, ending: Ending) -> Result<(), String> {
        let mut twice = None;
        self.with(id, |record| twice = record.ending.replace(ending));
        match twice {
            Some(before) => Err(format!("command {id} ended twice: {before:?}, then {ending:?}")),
            None => Ok(()),
        }
    }

    fn with(&mut self, id: usize, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.records.get_mut(id) {
            change(record);
        }
    }

    /// Holds every promise against what happened. `conservative`: the link was ended while a wave was being written, when
    /// "it may have run" is all that can be known.
    ///
    /// # Errors
    /// Says which promise was broken.
    pub(super) fn audit(
        &self,
        slack: Micros,
        conservative: bool,
        refused: fn(usize) -> bool,
    ) -> Result<(), String> {
        if let Some(why) = &self.complaint {
            return Err(why.clone());
        }
        for (id, record) in self.records.iter().enumerate() {
            record
                .audit(slack, conservative, refused(id))
                .map_err(|why| format!("command {id}: {why}: {record:?}"))?;
        }
        self.audit_order()
    }

    /// What one caller sent runs in its order: over each connection all of it, and through all connections what was
    /// answered. (What was lost with a connection may run later still, beside what goes over the next one.)
    fn audit_order(&self) -> Result<(), String> {
        let callers = self.records.iter().map(|record| record.caller + 1).max().unwrap_or(0);
        for caller in 0..callers {
            let mut answered = Vec::new();
            let mut by_connection = BTreeMap::<usize, Vec<_>>::new();
            for (id, record) in self.records.iter().enumerate().filter(|(_, record)| record.caller == caller)
            {
                let Some(submitted) = record.submitted else { continue };
                for &(connection, number) in &record.ran {
                    by_connection.entry(connection).or_default().push((submitted, (connection, number), id));
                }
                if record.ending == Some(Ending::Replied) {
                    answered.extend(record.ran.iter().max().map(|last| (submitted, *last, id)));
                }
            }
            for runs in by_connection.into_values().chain([answered]) {
                in_order(runs).map_err(|why| format!("caller {caller} {why}"))?;
            }
        }
        Ok(())
    }
}

/// Holds the order in which commands were submitted against the order in which they ran.
fn in_order(mut runs: Vec<(u64, (usize, u64), usize)>) -> Result<(), String> {
    runs.sort_unstable();
    for pair in runs.windows(2) {
        if let [(_, earlier, first), (_, later, second)] = pair
            && earlier > later
        {
            return Err(format!("sent {first} before {second}, but they ran the other way round"));
        }
    }
    Ok(())
}

impl Record {
    fn audit(&self, slack: Micros, conservative: bool, refused: bool) -> Result<(), String> {
        let ending = self.ending.ok_or("its caller was never told anything")?;
        if self.ran.len() > 1 && !self.repeatable {
            return Err("it ran twice and may not".to_owned());
        }
        if self.written > u32::from(self.tries.max(1)) {
            return Err("it was sent more often than allowed".to_owned());
        }
        match ending {
            Ending::Replied if self.ran.is_empty() && !refused => Err("a reply, but it never ran".to_owned()),
            Ending::Lost { sent } if !conservative && sent != (self.written > 0) => {
                Err("whether it may have run is told wrongly".to_owned())
            }
            Ending::TimedOut { sent: true, inside, .. } if !inside && self.written == 0 => {
                Err("it is said to have been sent, and was not".to_owned())
            }
            Ending::TimedOut { at, .. } if at < self.deadline || self.deadline == NEVER => {
                Err("its deadline fired early".to_owned())
            }
            Ending::TimedOut { at, .. } if at > self.deadline.saturating_add(slack) => {
                Err(format!("its deadline fired {} µs late", at - self.deadline))
            }
            Ending::Lost { sent: false }
            | Ending::TimedOut { sent: false, .. }
            | Ending::Closed
            | Ending::Refused
                if self.written > 0 || !self.ran.is_empty() =>
            {
                Err("it is said not to have run, but it was sent".to_owned())
            }
            _ => Ok(()),
        }
    }
}
