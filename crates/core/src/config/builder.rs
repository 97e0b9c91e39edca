//! Owns the setters of [`Config`]: one method per option, taking and returning the config by value.
//!
//! Each goes through `change`, so that what a URL states stays as the URL states it.

use std::sync::Arc;
use std::time::Duration;

use carnelian_resp::Limits;

use super::Config;
use super::cache::CacheOptions;
use super::credentials::{CredentialProvider, SharedProvider};
use super::identity::Protocol;
use super::pool::Wait;
use super::queue::WhenFull;
use super::retry::{Reconnect, Retry};
use super::secret::Secret;
use super::settings::Settings;
use super::tcp::Keepalive;
use super::tls::TlsOptions;

/// # Setters
///
/// What the URL states wins over these, whenever they are called; see [`Config`].
impl Config {
    fn change(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self.stated.reassert(&mut self.settings);
        self
    }

    /// Connects to this host over TCP.
    #[must_use]
    pub fn host(self, host: impl Into<String>) -> Self {
        self.change(|settings| settings.set_host(host.into()))
    }

    /// Connects to this TCP port.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.change(|settings| settings.set_port(port))
    }

    /// Selects this database on every connection.
    #[must_use]
    pub fn db(self, db: u32) -> Self {
        self.change(|settings| settings.identity.db = db)
    }

    /// Logs in as this ACL user.
    #[must_use]
    pub fn username(self, username: impl Into<String>) -> Self {
        self.change(|settings| settings.identity.username = Some(username.into()))
    }

    /// Logs in with this password.
    #[must_use]
    pub fn password(self, password: impl Into<Secret>) -> Self {
        self.change(|settings| settings.identity.password = Some(password.into()))
    }

    /// Asks this provider for the user and password of every new connection; it then takes the place of
    /// [`username`](Self::username) and [`password`](Self::password).
    #[must_use]
    pub fn credentials(self, provider: impl CredentialProvider + 'static) -> Self {
        self.change(|settings| settings.provider = Some(SharedProvider(Arc::new(provider))))
    }

    /// Chooses the protocol version.
    #[must_use]
    pub fn protocol(self, protocol: Protocol) -> Self {
        self.change(|settings| settings.identity.protocol = protocol)
    }

    /// Names every connection in `CLIENT LIST`. The server refuses spaces and line breaks in it.
    #[must_use]
    pub fn client_name(self, name: impl Into<String>) -> Self {
        self.change(|settings| settings.identity.client_name = Some(name.into()))
    }

    /// Sets the library's name in `CLIENT LIST`.
    #[must_use]
    pub fn lib_name(self, name: impl Into<String>) -> Self {
        self.change(|settings| settings.identity.lib_name = Some(name.into()))
    }

    /// Sets the library's version in `CLIENT LIST`.
    #[must_use]
    pub fn lib_version(self, version: impl Into<String>) -> Self {
        self.change(|settings| settings.identity.lib_version = Some(version.into()))
    }

    /// Tells the server neither the library's name nor its version.
    #[must_use]
    pub fn without_lib_info(self) -> Self {
        self.change(|settings| {
            settings.identity.lib_name = None;
            settings.identity.lib_version = None;
        })
    }

    /// Adds a command to send on every new connection right after the handshake, given as its words.
    #[must_use]
    pub fn on_connect<A: Into<Vec<u8>>>(self, words: impl IntoIterator<Item = A>) -> Self {
        self.change(|settings| settings.identity.on_connect.push(words))
    }

    /// Bounds one try to connect, handshake included.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.change(|settings| settings.timeouts.connect = timeout)
    }

    /// Bounds one command from call to reply; `None` lets it wait for ever. The reference's `socket_timeout`.
    #[must_use]
    pub fn command_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.change(|settings| settings.timeouts.command = timeout.into())
    }

    /// Sets `TCP_NODELAY`.
    #[must_use]
    pub fn tcp_nodelay(self, on: bool) -> Self {
        self.change(|settings| settings.tcp.nodelay = on)
    }

    /// Sets the operating system's probes of a silent peer; `None` switches them off.
    #[must_use]
    pub fn keepalive(self, keepalive: impl Into<Option<Keepalive>>) -> Self {
        self.change(|settings| settings.tcp.keepalive = keepalive.into())
    }

    /// Sets `TCP_USER_TIMEOUT`; `None` leaves it to the system.
    #[must_use]
    pub fn tcp_user_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.change(|settings| settings.tcp.user_timeout = timeout.into())
    }

    /// Sets how long one address gets before the next is tried beside it.
    #[must_use]
    pub fn happy_eyeballs_delay(self, delay: Duration) -> Self {
        self.change(|settings| settings.tcp.happy_eyeballs_delay = delay)
    }

    /// Sets the silence after which a connection is sent a `PING`; `None` sends none.
    #[must_use]
    pub fn health_check_interval(self, interval: impl Into<Option<Duration>>) -> Self {
        self.change(|settings| settings.liveness.health_check_interval = interval.into())
    }

    /// Sets the total silence that means a dead peer; `None` derives it from the health-check interval.
    #[must_use]
    pub fn liveness_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.change(|settings| settings.liveness.timeout = timeout.into())
    }

    /// Sets when failed commands are tried again.
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        self.change(|settings| settings.retry = retry)
    }

    /// Sets how connections are opened again.
    #[must_use]
    pub fn reconnect(self, reconnect: Reconnect) -> Self {
        self.change(|settings| settings.reconnect = reconnect)
    }

    /// Sets the tries to open the very first connection; 0 counts as 1.
    #[must_use]
    pub fn connect_attempts(self, attempts: u32) -> Self {
        self.change(|settings| settings.reconnect.first_attempts = attempts.max(1))
    }

    /// Sets how many connections all ordinary commands share; 0 counts as 1.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        self.change(|settings| settings.pool.connections = connections.max(1))
    }

    /// Keeps the client to one single connection.
    #[must_use]
    pub fn single_connection(self, single: bool) -> Self {
        self.change(|settings| settings.pool.single_connection = single)
    }

    /// Bounds the dedicated connections open at one time; 0 counts as 1.
    #[must_use]
    pub fn max_connections(self, connections: usize) -> Self {
        self.change(|settings| settings.pool.max_connections = connections.max(1))
    }

    /// Sets how many idle dedicated connections are kept ready.
    #[must_use]
    pub fn min_idle(self, connections: usize) -> Self {
        self.change(|settings| settings.pool.min_idle = connections)
    }

    /// Sets what to do when all dedicated connections are out.
    #[must_use]
    pub fn pool_wait(self, wait: Wait) -> Self {
        self.change(|settings| settings.pool.wait = wait)
    }

    /// Closes dedicated connections that were idle for this long; `None` keeps them.
    #[must_use]
    pub fn idle_limit(self, limit: impl Into<Option<Duration>>) -> Self {
        self.change(|settings| settings.pool.idle_limit = limit.into())
    }

    /// Closes dedicated connections that are this old; `None` keeps them.
    #[must_use]
    pub fn lifetime_limit(self, limit: impl Into<Option<Duration>>) -> Self {
        self.change(|settings| settings.pool.lifetime_limit = limit.into())
    }

    /// Bounds the bytes that may wait to be written on one connection.
    #[must_use]
    pub fn queue_max_bytes(self, bytes: usize) -> Self {
        self.change(|settings| settings.queue.max_bytes = bytes)
    }

    /// Bounds the commands without a reply on one connection; 0 counts as 1.
    #[must_use]
    pub fn queue_max_entries(self, entries: usize) -> Self {
        self.change(|settings| settings.queue.max_entries = entries.max(1))
    }

    /// Sets what a command does that finds the queue full.
    #[must_use]
    pub fn when_queue_full(self, when_full: WhenFull) -> Self {
        self.change(|settings| settings.queue.when_full = when_full)
    }

    /// Bounds what a reply may claim to be.
    #[must_use]
    pub fn frame_limits(self, limits: Limits) -> Self {
        self.change(|settings| settings.limits = limits)
    }

    /// Speaks TLS, with these options.
    #[must_use]
    pub fn tls(self, options: TlsOptions) -> Self {
        self.change(|settings| {
            settings.tls_on = true;
            settings.tls = options;
        })
    }

    /// Caches replies in this process.
    #[must_use]
    pub fn client_cache(self, options: CacheOptions) -> Self {
        self.change(|settings| settings.cache = Some(options))
    }
}
