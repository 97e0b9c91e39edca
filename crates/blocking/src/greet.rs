//! The handshake on a fresh stream, one wait at a time.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use carnelian_core::config::{Config, Credentials};
use carnelian_core::connect;
use carnelian_core::connection::{Greeting, Handshake, Inbox, Spares, Step};
use carnelian_core::{Error, Result};

use crate::socket::{For, Received};
use crate::stream::Stream;

/// A handshake under way.
#[derive(Debug)]
pub(crate) struct Greet {
    stream: Stream,
    inbox: Inbox,
    handshake: Handshake<Arc<Config>>,
    /// What is to be sent, and how much of it has been.
    unsent: Vec<u8>,
    sent: usize,
    login_version: u64,
}

/// A stream whose handshake is done.
#[derive(Debug)]
pub(crate) struct Greeted {
    pub(crate) stream: Stream,
    pub(crate) inbox: Inbox,
    pub(crate) greeting: Greeting,
    pub(crate) login_version: u64,
}

impl Greet {
    pub(crate) fn begin(
        config: &Arc<Config>,
        stream: Stream,
        login: Option<Credentials>,
        login_version: u64,
    ) -> Self {
        let mut handshake = Handshake::new(Arc::clone(config), login);
        let unsent = handshake.start();
        Self { stream, inbox: Inbox::new(config.limits()), handshake, unsent, sent: 0, login_version }
    }

    /// Goes on for one wait of `slice` at most.
    pub(crate) fn step(
        mut self: Box<Self>,
        slice: Duration,
        address: &str,
    ) -> Result<ControlFlow<Greeted, Box<Self>>> {
        let broken = |error: std::io::Error| connect::broken(address, &error.to_string());
        let what = if self.send().map_err(broken)? { For::Reading } else { For::Both };
        if !self.stream.wait(what, slice).map_err(broken)?.read {
            return Ok(ControlFlow::Continue(self));
        }
        match self.stream.read(&mut self.inbox, false).map_err(broken)? {
            Received::End => Err(connect::hung_up(address)),
            Received::Nothing => Ok(ControlFlow::Continue(self)),
            Received::Bytes(_) => match self.hear(address)? {
                None => Ok(ControlFlow::Continue(self)),
                Some(greeting) => {
                    let Self { stream, inbox, login_version, .. } = *self;
                    stream.let_reads_wait().map_err(broken)?;
                    Ok(ControlFlow::Break(Greeted { stream, inbox, greeting, login_version }))
                }
            },
        }
    }

    /// Sends as much as goes. True: that was all.
    fn send(&mut self) -> std::io::Result<bool> {
        while let Some(rest) = self.unsent.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest)? {
                0 => return Ok(false),
                count => self.sent += count,
            }
        }
        self.stream.flush()
    }

    /// Takes the replies that have come.
    fn hear(&mut self, address: &str) -> Result<Option<Greeting>> {
        let mut spares = Spares::new();
        let no_resp = |error: carnelian_resp::ProtocolError| connect::no_resp(address, &error.to_string());
        while let Some(reply) = self.inbox.take(&mut spares).map_err(no_resp)? {
            match self.handshake.reply(reply.bytes())? {
                Step::Done(greeting) => return Ok(Some(greeting)),
                Step::Wait => {}
                Step::Send(bytes) => (self.unsent, self.sent) = (bytes, 0),
            }
        }
        let nothing: Result<_, Error> = Ok(None);
        nothing
    }
}
