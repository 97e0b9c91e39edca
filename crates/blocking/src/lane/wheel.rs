//! The wheel: what reading a connection needs, and making one. Only the thread that holds it touches it, so that nobody
//! locks anything while it waits for the network.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use carnelian_core::config::Config;
use carnelian_core::connection::{Inbox, Micros};

use crate::connect::Attempt;
use crate::patience::{Patience, Wait};
use crate::socket::{For, Received};
use crate::stream::Stream;

/// What only the thread that drives touches.
pub(crate) struct Wheel {
    inbox: Inbox,
    patience: Patience,
    /// The connection that its holder drives, or drove last.
    stream: Option<Arc<Stream>>,
    /// A connection being made.
    pub(super) attempt: Option<Attempt>,
    /// Tries to connect in a row that no command was answered after.
    pub(super) failures: u32,
    pub(super) pause: Duration,
    pub(super) next_try: Micros,
}

impl Wheel {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            inbox: Inbox::new(config.limits()),
            patience: Patience::new(config.liveness().silence_limit()),
            stream: None,
            attempt: None,
            failures: 0,
            pause: Duration::ZERO,
            next_try: 0,
        }
    }

    /// There is a connection. `inbox`: what has come over it.
    pub(super) fn start(&mut self, inbox: Inbox) {
        self.inbox = inbox;
        self.patience.forget();
        self.attempt = None;
    }

    /// Holds on to the connection in use. Most of the time it is the one it held before, and nothing is counted.
    #[inline]
    pub(super) fn follow(&mut self, current: Option<&Arc<Stream>>) -> Option<&Arc<Stream>> {
        let current = current?;
        if self.stream.as_ref().is_none_or(|mine| !Arc::ptr_eq(mine, current)) {
            self.stream = Some(Arc::clone(current));
        }
        self.stream.as_ref()
    }

    /// The connection that it held on to.
    #[inline]
    pub(super) const fn stream(&self) -> Option<&Arc<Stream>> {
        self.stream.as_ref()
    }

    /// The connection is over: it must not be held open from here.
    pub(super) fn let_go(&mut self) {
        self.stream = None;
    }

    pub(super) fn shrink(&mut self) {
        self.inbox.shrink();
    }

    /// Waits for something to read from the connection that it holds on to, for no longer than `left`.
    #[inline]
    pub(super) fn read_own(&mut self, left: Micros) -> io::Result<Received> {
        let Some(stream) = &self.stream else { return Ok(Received::Nothing) };
        match self.patience.plan(left) {
            Wait::Read => stream.read(&mut self.inbox, true),
            other => {
                let stream = Arc::clone(stream);
                self.read_as(&stream, other)
            }
        }
    }

    /// Waits for something to read, for no longer than `left`.
    #[inline]
    pub(super) fn read(&mut self, stream: &Stream, left: Micros) -> io::Result<Received> {
        match self.patience.plan(left) {
            Wait::Read => stream.read(&mut self.inbox, true),
            other => self.read_as(stream, other),
        }
    }

    /// The same after a read that came back with nothing: it may take longer now.
    #[cold]
    pub(super) fn read_on(&mut self, stream: &Stream, left: Micros) -> io::Result<Received> {
        self.read_as(stream, self.patience.step_for(left))
    }

    #[cold]
    fn read_as(&mut self, stream: &Stream, wait: Wait) -> io::Result<Received> {
        match wait {
            Wait::Read => stream.read(&mut self.inbox, true),
            Wait::Set(limit) => {
                stream.be_patient(limit)?;
                self.patience.has_set(limit);
                stream.read(&mut self.inbox, true)
            }
            Wait::Poll(limit) => {
                if stream.wait(For::Reading, limit)?.read {
                    stream.read(&mut self.inbox, false)
                } else {
                    Ok(Received::Nothing)
                }
            }
        }
    }

    /// What has been read.
    #[inline]
    pub(super) const fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    /// The bytes of a reply in the inbox.
    #[inline]
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.inbox.bytes(range)
    }
}
