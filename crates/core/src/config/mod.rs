//! Owns the configuration of a client: every option, its default, and where it may be set: by builder, URL, environment, `.env`
//! file or TOML profile. It connects nothing; drivers read [`Config`] through its groups.
//!
//! ```text
//! builder ─┐                                   ┌─ target, identity, credentials
//! url ─────┤                                   ├─ timeouts, tcp, liveness, tls
//! env ─────┼─► table (name ► value) ► settings ┼─ retry, reconnect, pool, queue
//! dotenv ──┤                                   └─ cache, limits
//! profiles ┘
//! ```

mod backoff;
mod builder;
mod cache;
mod cast;
mod check;
mod convert;
mod credentials;
mod dotenv;
mod env;
mod error;
mod identity;
mod liveness;
mod option;
mod pool;
#[cfg(feature = "toml")]
mod profiles;
mod queue;
mod retry;
mod secret;
mod settings;
mod sources;
mod stated;
mod table;
mod target;
mod tcp;
mod timeouts;
mod tls;
mod url;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use carnelian_resp::Limits;

pub use backoff::Backoff;
pub use cache::{CacheMode, CacheOptions};
pub use credentials::{
    ChangeListener, CredentialError, CredentialProvider, Credentials, PerConnect, Rotating,
};
pub use error::ConfigError;
pub use identity::{Identity, OnConnect, Protocol};
pub use liveness::Liveness;
pub use option::OptionSpec;
pub use pool::{PoolOptions, Wait};
pub use queue::{QueueLimits, WhenFull};
pub use retry::{Reconnect, Retry};
pub use secret::Secret;
pub use target::{DEFAULT_PORT, DEFAULT_SENTINEL_PORT, Node, Target};
pub use tcp::{Keepalive, TcpOptions};
pub use timeouts::Timeouts;
pub use tls::{Pem, PemSource, TlsOptions, TlsVersion, Verify};

use settings::Settings;
use stated::Stated;

/// Everything a client needs to know before it connects.
///
/// It starts from a URL ([`new`](Self::new)), an address ([`tcp`](Self::tcp), [`unix`](Self::unix)) or the environment
/// ([`from_env`](Self::from_env)); setters that take and return it by value change one option each; the groups
/// ([`timeouts`](Self::timeouts), [`pool`](Self::pool) …) are for reading.
///
/// **What the URL states wins**: host, user, password, database and query options given in a URL stay as they are, whether a setter
/// for the same option is called before or after. Leave out of the URL what the program shall decide.
#[derive(Clone)]
pub struct Config {
    settings: Settings,
    stated: Stated,
}

impl Config {
    fn of(settings: Settings) -> Self {
        Self { settings, stated: Stated::default() }
    }

    /// A server at this host and port over TCP.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::of(Settings { target: Target::Tcp { host: host.into(), port }, ..Settings::default() })
    }

    /// A server at this Unix socket.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::of(Settings { target: Target::Unix { path: path.into() }, ..Settings::default() })
    }

    /// Where the servers are.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.settings.target
    }

    /// What every new connection says first.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.settings.identity
    }

    /// The provider of credentials, where one is set. Most callers want [`login`](Self::login).
    #[must_use]
    pub fn credential_provider(&self) -> Option<&Arc<dyn CredentialProvider>> {
        self.settings.provider.as_ref().map(|shared| &shared.0)
    }

    /// The credentials for a connection being opened now: the provider's, else the user and password set; `None` sends no `AUTH`.
    ///
    /// # Errors
    ///
    /// The provider has none.
    pub fn login(&self) -> Result<Option<Credentials>, CredentialError> {
        if let Some(provider) = self.credential_provider() {
            return provider.credentials().map(Some);
        }
        let Identity { username, password, .. } = self.identity();
        if username.is_none() && password.is_none() {
            return Ok(None);
        }
        // A user without a password is one that the server lets in with any.
        Ok(Some(Credentials { username: username.clone(), password: password.clone().unwrap_or_default() }))
    }

    /// How long one step may take.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.settings.timeouts
    }

    /// What is asked of a TCP socket.
    #[must_use]
    pub fn tcp_options(&self) -> &TcpOptions {
        &self.settings.tcp
    }

    /// How a dead peer is found.
    #[must_use]
    pub fn liveness(&self) -> &Liveness {
        &self.settings.liveness
    }

    /// When failed commands are tried again.
    #[must_use]
    pub fn retry_policy(&self) -> &Retry {
        &self.settings.retry
    }

    /// How connections are opened again.
    #[must_use]
    pub fn reconnect_policy(&self) -> &Reconnect {
        &self.settings.reconnect
    }

    /// How many connections there may be.
    #[must_use]
    pub fn pool(&self) -> &PoolOptions {
        &self.settings.pool
    }

    /// How much may wait for one connection.
    #[must_use]
    pub fn queue(&self) -> &QueueLimits {
        &self.settings.queue
    }

    /// What a reply may at most claim to be.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.settings.limits
    }

    /// The TLS options; `None` speaks in the clear.
    #[must_use]
    pub fn tls_options(&self) -> Option<&TlsOptions> {
        self.settings.tls_on.then_some(&self.settings.tls)
    }

    /// The client-side cache; `None` caches nothing.
    #[must_use]
    pub fn cache_options(&self) -> Option<&CacheOptions> {
        self.settings.cache.as_ref()
    }

    /// Refuses what this version recognises but can't do yet. [`check`](Self::check) includes it.
    ///
    /// # Errors
    ///
    /// Names the missing feature.
    pub fn refuse_unbuilt(&self) -> Result<(), ConfigError> {
        check::unbuilt(&self.settings)
    }

    /// Refuses options that contradict each other, values no server takes, and what isn't built yet. Drivers ask before they connect.
    ///
    /// # Errors
    ///
    /// Names the option and what to do.
    pub fn check(&self) -> Result<(), ConfigError> {
        check::unbuilt(&self.settings)?;
        check::contradictions(&self.settings, self.tls_options())
    }
}

/// Equal when every option has the same value, however it was set.
impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

/// The same as `Config::tcp("localhost", 6379)`.
impl Default for Config {
    fn default() -> Self {
        Self::of(Settings::default())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        f.debug_struct("Config")
            .field("target", &settings.target)
            .field("identity", &settings.identity)
            .field("credentials", &settings.provider)
            .field("timeouts", &settings.timeouts)
            .field("tcp", &settings.tcp)
            .field("liveness", &settings.liveness)
            .field("retry", &settings.retry)
            .field("reconnect", &settings.reconnect)
            .field("pool", &settings.pool)
            .field("queue", &settings.queue)
            .field("limits", &settings.limits)
            .field("tls", &self.tls_options())
            .field("cache", &settings.cache)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    fn secrets() -> Config {
        Config::new("rediss://ada:hunter2@h?ssl_password=hunter2&on_connect=AUTH%20hunter2")
            .unwrap()
            .tls(TlsOptions::new().client_key(Pem::new("hunter2")).key_password("hunter2"))
            .credentials(Rotating::new(Credentials::password("hunter2")))
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?} {:#?}", secrets(), secrets());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("\"ada\"") && shown.contains("***"), "{shown}");
    }

    #[test]
    fn what_the_url_states_survives_every_setter() {
        let url = "rediss://ada:pw@h:1/3?socket_timeout=9&ssl_ca_certs=/url.pem&retry_attempts=7&cache_ttl=5";
        let config = Config::new(url)
            .unwrap()
            .host("other")
            .port(2)
            .db(4)
            .username("bob")
            .password("other")
            .command_timeout(None)
            .tls(TlsOptions::new().ca_file("/setter.pem").server_name("name"))
            .retry(Retry::none())
            .client_cache(CacheOptions::new().max_entries(3))
            .client_name("setter");
        assert_eq!(config.target().to_string(), "h:1");
        let login = config.login().unwrap().unwrap();
        assert_eq!((config.identity().db, login), (3, Credentials::user("ada", "pw")));
        assert_eq!(config.timeouts().command, Some(Duration::from_secs(9)));
        let tls = config.tls_options().unwrap();
        assert_eq!(
            (tls.ca_file.as_deref(), tls.server_name.as_deref()),
            (Some(Path::new("/url.pem")), Some("name"))
        );
        assert_eq!((config.retry_policy().attempts, config.retry_policy().backoff), (7, Backoff::None));
        let cache = config.cache_options().unwrap();
        assert_eq!((cache.ttl, cache.max_entries), (Some(Duration::from_secs(5)), 3));
        assert_eq!(config.identity().client_name.as_deref(), Some("setter"));
        for url in ["unix:///s", "mem://", "redis-cluster://a"] {
            let config = Config::new(url).unwrap();
            assert_eq!(config.clone().host("other").port(9).target(), config.target(), "{url}");
        }
        // What it leaves open, setters decide.
        assert_eq!(Config::new("redis://").unwrap().host("other").target().to_string(), "other:6379");
    }

    #[test]
    fn equal_is_what_has_the_same_values() {
        assert_eq!(Config::new("redis://h:1/3").unwrap(), Config::tcp("h", 1).db(3));
        assert_ne!(Config::new("redis://h:1/3").unwrap(), Config::tcp("h", 1));
        let rotating = Rotating::empty();
        let config = Config::default().credentials(rotating.clone());
        assert_eq!(config, config.clone());
        assert_ne!(config, Config::default().credentials(rotating));
    }

    #[test]
    fn login_asks_the_provider_first() {
        assert_eq!(Config::default().login(), Ok(None));
        let fixed = Config::default().username("ada");
        assert_eq!(fixed.login(), Ok(Some(Credentials::user("ada", ""))));
        let rotating = Rotating::empty();
        let config = fixed.password("fixed").credentials(rotating.clone());
        assert!(config.login().is_err());
        rotating.rotate(Credentials::password("token"));
        assert_eq!(config.login(), Ok(Some(Credentials::password("token"))));
    }

    #[test]
    fn zero_counts_as_one_where_nothing_would_work() {
        let config =
            Config::default().connections(0).max_connections(0).connect_attempts(0).queue_max_entries(0);
        assert_eq!((config.pool().connections, config.pool().max_connections), (1, 1));
        assert_eq!((config.reconnect_policy().first_attempts, config.queue().max_entries), (1, 1));
    }
}
