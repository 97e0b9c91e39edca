//! The handshake on a fresh stream, one wait at a time.

use std::io;
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
        match self.exchange(slice) {
            Err(error) => Err(self.broken(error, address)),
            Ok(Received::End) => Err(self.hung_up(address)),
            Ok(Received::Nothing) => Ok(ControlFlow::Continue(self)),
            Ok(Received::Bytes(_)) => match self.hear(address)? {
                None => Ok(ControlFlow::Continue(self)),
                Some(greeting) => {
                    let Self { stream, inbox, login_version, .. } = *self;
                    stream.let_reads_wait().map_err(|error| connect::broken(address, &error.to_string()))?;
                    Ok(ControlFlow::Break(Greeted { stream, inbox, greeting, login_version }))
                }
            },
        }
    }

    /// Sends, waits and reads.
    fn exchange(&mut self, slice: Duration) -> io::Result<Received> {
        let all_sent = match self.send() {
            Ok(all_sent) => all_sent,
            // Under TLS 1.3 a server turns clients away after the handshake: what it says then explains the failed write.
            Err(error) => {
                self.stream.read(&mut self.inbox, false)?;
                return Err(error);
            }
        };
        let what = if all_sent { For::Reading } else { For::Both };
        if self.stream.wait(what, slice)?.read {
            self.stream.read(&mut self.inbox, false)
        } else {
            Ok(Received::Nothing)
        }
    }

    fn hung_up(&self, address: &str) -> Error {
        if self.stream.is_plain() {
            connect::hung_up_in_the_clear(address)
        } else {
            connect::hung_up(address)
        }
    }

    fn broken(&self, error: io::Error, address: &str) -> Error {
        #[cfg(feature = "tls")]
        if error.get_ref().is_some_and(|cause| cause.is::<rustls::Error>()) {
            return crate::secure::not_secured(error, address);
        }
        match error.kind() {
            // A TLS server hangs up on a client that does not speak TLS, often with a reset.
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => self.hung_up(address),
            _ => connect::broken(address, &error.to_string()),
        }
    }

    /// Sends as much as goes. True: that was all.
    fn send(&mut self) -> io::Result<bool> {
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
