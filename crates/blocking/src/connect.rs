//! Making a connection: addresses, socket options, TLS, handshake. All of it within one deadline.
//!
//! An attempt never blocks for longer than whoever drives it has time. What is not finished then stays as it is, and the
//! next caller, or the housekeeper, goes on where the last one stopped: else a client whose callers are in a hurry would
//! never be connected to a server that takes its time.
//!
//! ```text
//!   Resolving ──► Opening ──► Securing (TLS) ──► Greeting ──► connected
//!   a thread      sockets that connect, each
//!   for names     with a head start over the next
//! ```

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use carnelian_core::config::{Config, Credentials, Target};
use carnelian_core::connect;
use carnelian_core::{Error, ErrorKind, Result};
use socket2::Socket;

use crate::greet::{Greet, Greeted};
use crate::open::{Open, Resolve};
#[cfg(feature = "tls")]
use crate::secure::Secure;
use crate::stream::Stream;

/// How long an attempt waits before it looks whether anybody wants it still.
const SLICE: Duration = Duration::from_millis(50);

/// Everything a connection needs that does not change from one to the next.
pub(crate) struct Connector {
    config: Arc<Config>,
    #[cfg(feature = "tls")]
    tls: Option<Arc<rustls::ClientConfig>>,
}

/// A connection being made.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// When it is given up.
    limit: Instant,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Resolving(Resolve),
    Opening(Box<Open>),
    #[cfg(feature = "tls")]
    Securing(Box<Secure>),
    Greeting(Box<Greet>),
    Over,
}

impl Connector {
    /// Checks the config as far as that goes without a connection.
    pub(crate) fn new(config: &Arc<Config>) -> Result<Self> {
        config.check()?;
        if !matches!(config.target(), Target::Tcp { .. } | Target::Unix { .. }) {
            return Err(connect::no_socket(&config.target().to_string()));
        }
        #[cfg(not(feature = "tls"))]
        if config.tls_options().is_some() {
            return Err(connect::no_tls());
        }
        Ok(Self {
            config: Arc::clone(config),
            #[cfg(feature = "tls")]
            tls: crate::secure::client_config(config)?,
        })
    }

    /// Starts an attempt.
    pub(crate) fn begin(&self) -> Attempt {
        let limit = Instant::now() + self.config.timeouts().connect;
        Attempt { limit, stage: Stage::Resolving(Resolve::begin(self.config.target())) }
    }

    /// Makes a whole attempt right here, until `deadline` at the latest.
    pub(crate) fn connect(&self, deadline: Option<Instant>, stop: &AtomicBool) -> Result<Greeted> {
        let mut attempt = self.begin();
        if let Some(deadline) = deadline {
            attempt.limit = attempt.limit.min(deadline);
        }
        let until = attempt.limit;
        loop {
            if let Some(result) = self.advance(&mut attempt, until, stop) {
                return result;
            }
        }
    }

    /// Goes on with an attempt until it comes to something. `None`: it has not by `until`.
    pub(crate) fn advance(
        &self,
        attempt: &mut Attempt,
        until: Instant,
        stop: &AtomicBool,
    ) -> Option<Result<Greeted>> {
        loop {
            let now = Instant::now();
            if stop.load(Ordering::Relaxed) {
                return Some(Err(Error::closed()));
            }
            if now >= attempt.limit {
                return Some(Err(self.too_slow(attempt)));
            }
            if now >= until {
                return None;
            }
            let slice = until.min(attempt.limit).min(now + SLICE) - now;
            let stage = std::mem::replace(&mut attempt.stage, Stage::Over);
            match self.step(stage, slice) {
                Ok(ControlFlow::Continue(stage)) => attempt.stage = stage,
                Ok(ControlFlow::Break(greeted)) => return Some(Ok(*greeted)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn too_slow(&self, attempt: &Attempt) -> Error {
        let (address, limit) = (self.config.target().to_string(), self.config.timeouts().connect);
        match attempt.stage {
            #[cfg(feature = "tls")]
            Stage::Securing(_) => connect::tls_too_slow(&address, limit),
            _ => connect::too_slow(&address, limit),
        }
    }

    /// One wait at most.
    fn step(&self, stage: Stage, slice: Duration) -> Result<ControlFlow<Box<Greeted>, Stage>> {
        let address = || self.config.target().to_string();
        Ok(ControlFlow::Continue(match stage {
            Stage::Resolving(mut resolving) => match resolving.step(slice) {
                None => Stage::Resolving(resolving),
                Some(Ok(addresses)) => {
                    Stage::Opening(Box::new(Open::new(addresses, self.config.tcp_options())))
                }
                Some(Err(error)) => return Err(connect::unreachable(&address(), error)),
            },
            Stage::Opening(mut opening) => match opening.step(slice) {
                None => Stage::Opening(opening),
                Some(Ok(socket)) => self.opened(socket)?,
                Some(Err(error)) => return Err(connect::unreachable(&address(), error)),
            },
            #[cfg(feature = "tls")]
            Stage::Securing(securing) => match securing.step(slice, &address())? {
                ControlFlow::Continue(securing) => Stage::Securing(securing),
                ControlFlow::Break(stream) => self.greet(stream)?,
            },
            Stage::Greeting(greeting) => match greeting.step(slice, &address())? {
                ControlFlow::Continue(greeting) => Stage::Greeting(greeting),
                ControlFlow::Break(greeted) => return Ok(ControlFlow::Break(Box::new(greeted))),
            },
            Stage::Over => return Err(Error::closed()),
        }))
    }

    #[cfg(not(feature = "tls"))]
    fn opened(&self, socket: Socket) -> Result<Stage> {
        self.greet(Stream::plain(socket))
    }

    #[cfg(feature = "tls")]
    fn opened(&self, socket: Socket) -> Result<Stage> {
        let (Some(client), Some(options), Target::Tcp { host, .. }) =
            (&self.tls, self.config.tls_options(), self.config.target())
        else {
            return self.greet(Stream::plain(socket));
        };
        Ok(Stage::Securing(Box::new(Secure::begin(client, options, host, socket)?)))
    }

    fn greet(&self, stream: Stream) -> Result<Stage> {
        let provider = self.config.credential_provider();
        let version = provider.map_or(0, |provider| provider.version());
        let login = self.login()?;
        Ok(Stage::Greeting(Box::new(Greet::begin(&self.config, stream, login, version))))
    }

    /// The provider is the user's code: if it panics, that is an attempt that failed, and nobody's lock is left behind.
    fn login(&self) -> Result<Option<Credentials>> {
        match catch_unwind(AssertUnwindSafe(|| self.config.login())) {
            Ok(login) => login.map_err(connect::no_credentials),
            Err(_) => Err(Error::new(ErrorKind::Authentication, "the provider of credentials panicked")),
        }
    }
}

impl Attempt {
    /// Nobody has driven it for so long that what became of it says nothing about the server.
    pub(crate) fn is_overdue(&self) -> bool {
        Instant::now() >= self.limit
    }
}
