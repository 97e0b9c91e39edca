//! Owns [`Settings`]: every option's value, gathered. The table of options writes them by name, the builder by method; what may
//! overwrite what is decided by those who call, not here.

use super::cache::CacheOptions;
use super::credentials::SharedProvider;
use super::identity::Identity;
use super::liveness::Liveness;
use super::pool::PoolOptions;
use super::queue::QueueLimits;
use super::retry::{Reconnect, Retry};
use super::target::{DEFAULT_PORT, Target};
use super::tcp::TcpOptions;
use super::timeouts::Timeouts;
use super::tls::TlsOptions;

/// The values of all options.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) identity: Identity,
    pub(crate) provider: Option<SharedProvider>,
    pub(crate) timeouts: Timeouts,
    pub(crate) tcp: TcpOptions,
    pub(crate) liveness: Liveness,
    pub(crate) retry: Retry,
    pub(crate) reconnect: Reconnect,
    pub(crate) pool: PoolOptions,
    pub(crate) queue: QueueLimits,
    pub(crate) limits: carnelian_resp::Limits,
    pub(crate) tls_on: bool,
    pub(crate) tls: TlsOptions,
    pub(crate) cache: Option<CacheOptions>,
}

impl Settings {
    /// Points to this host; anything but a TCP target becomes one.
    pub(crate) fn set_host(&mut self, host: String) {
        let port = match self.target {
            Target::Tcp { port, .. } => port,
            _ => DEFAULT_PORT,
        };
        self.target = Target::Tcp { host, port };
    }

    /// Points to this port; anything but a TCP target becomes one.
    pub(crate) fn set_port(&mut self, port: u16) {
        match &mut self.target {
            Target::Tcp { port: old, .. } => *old = port,
            other => *other = Target::Tcp { host: "localhost".to_owned(), port },
        }
    }
}
