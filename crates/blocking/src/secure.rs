//! The TLS handshake on a fresh socket, one wait at a time.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use carnelian_core::config::{Config, TlsOptions};
use carnelian_core::{Error, ErrorKind, Result, connect};
use rustls::{ClientConfig, ClientConnection};
use socket2::Socket;

use crate::socket::{self, AtOnce, For};
use crate::stream::Stream;
use crate::tls::{Tls, invalid};

/// The TLS config of a client; `None`: it speaks in the clear.
pub(crate) fn client_config(config: &Config) -> Result<Option<Arc<ClientConfig>>> {
    let Some(options) = config.tls_options() else { return Ok(None) };
    carnelian_tls::client_config(options)
        .map(Some)
        .map_err(|error| Error::new(ErrorKind::Tls, error.to_string()).because(error))
}

/// Says why there is no TLS.
pub(crate) fn not_secured(error: io::Error, address: &str) -> Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    connect::not_secured(address, cause.map(carnelian_tls::explain), error)
}

/// A handshake under way.
#[derive(Debug)]
pub(crate) struct Secure {
    socket: Socket,
    session: ClientConnection,
}

impl Secure {
    pub(crate) fn begin(
        client: &Arc<ClientConfig>,
        options: &TlsOptions,
        host: &str,
        socket: Socket,
    ) -> Result<Self> {
        let name = carnelian_tls::server_name(options, host)
            .map_err(|error| Error::new(ErrorKind::Tls, error.to_string()).because(error))?;
        let session = ClientConnection::new(Arc::clone(client), name)
            .map_err(|error| Error::new(ErrorKind::Tls, carnelian_tls::explain(&error)).because(error))?;
        Ok(Self { socket, session })
    }

    /// Goes on for one wait of `slice` at most.
    pub(crate) fn step(
        mut self: Box<Self>,
        slice: Duration,
        address: &str,
    ) -> Result<ControlFlow<Stream, Box<Self>>> {
        match self.exchange(slice) {
            Ok(true) => {
                let Self { socket, session } = *self;
                Ok(ControlFlow::Break(Stream::secured(socket, Tls::new(session))))
            }
            Ok(false) => Ok(ControlFlow::Continue(self)),
            Err(error) => Err(not_secured(error, address)),
        }
    }

    /// True: the handshake is done.
    fn exchange(&mut self, slice: Duration) -> io::Result<bool> {
        let all_sent = self.send()?;
        if all_sent && !self.session.is_handshaking() {
            return Ok(true);
        }
        let what = if all_sent { For::Reading } else { For::Both };
        if !socket::wait(&self.socket, what, slice)?.read {
            return Ok(false);
        }
        let mut records = Vec::with_capacity(16 << 10);
        if let socket::Received::End = socket::read(&self.socket, &mut records, false)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut records = records.as_slice();
        while !records.is_empty() {
            self.session.read_tls(&mut records)?;
            if let Err(error) = self.session.process_new_packets() {
                // The alert that says why, for the server's log. The handshake has failed either way.
                let _ = self.send();
                return Err(invalid(error));
            }
        }
        Ok(self.send()? && !self.session.is_handshaking())
    }

    /// Sends as much as goes. True: that was all.
    fn send(&mut self) -> io::Result<bool> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut AtOnce(&self.socket)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
