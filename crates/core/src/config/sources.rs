//! Owns where a [`Config`] can be read from: a URL, the environment, a `.env` file, a TOML profile. Each constructor here only names
//! its sources and their order; the reading is done next door.

use std::path::Path;

use super::option::OptionSpec;
#[cfg(feature = "toml")]
use super::profiles;
use super::settings::Settings;
use super::stated::Stated;
use super::{Config, ConfigError, dotenv, env, table, url};

/// # Sources
impl Config {
    /// The server or servers of a URL.
    ///
    /// `redis://[user[:password]@][host][:port][/db][?option=value…]` over TCP, `rediss://` the same with TLS,
    /// `unix://[user[:password]@]/path/to.sock[?…]` over a Unix socket; `redis-sentinel://host1,host2/service/db`,
    /// `redis-cluster://host1,host2` (with `rediss-` for TLS) and `mem://`; `valkey://` and `valkeys://` mean the same as `redis://`
    /// and `rediss://`. Without host or port it is `localhost:6379`. User, password, host, path and values are percent-decoded.
    /// [`options`](Self::options) lists the options.
    ///
    /// ```
    /// use carnelian_core::config::Config;
    ///
    /// let config = Config::new("rediss://ada:s%2Fcret@example.com/3?socket_timeout=2.5")?;
    /// assert_eq!(config.target().to_string(), "example.com:6379");
    /// assert_eq!(config.identity().db, 3);
    /// assert!(config.tls_options().is_some());
    /// # Ok::<(), carnelian_core::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The URL has another form, an unknown option, or a value that the option can't have; the error says which and shows no secret.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let mut settings = Settings::default();
        let stated = url::apply(&mut settings, url)?;
        Ok(Self { settings, stated })
    }

    /// What the environment says: `REDIS_URL`, or single variables such as `REDIS_HOST`, `REDIS_PORT`, `REDIS_DB`, `REDIS_USER`,
    /// `REDIS_PASSWORD`, `REDIS_MAX_CONNECTIONS`, or both.
    ///
    /// Any option of [`options`](Self::options) is `REDIS_` and its name in capitals. What `REDIS_URL` states wins over single
    /// variables, these win over the defaults; setters called afterwards win over single variables. An empty variable counts as
    /// not set. With nothing set it is `localhost:6379`; [`is_configured`](Self::is_configured) tells.
    ///
    /// # Errors
    ///
    /// A variable's value doesn't fit, or a host or port is still the placeholder of a template.
    pub fn from_env() -> Result<Self, ConfigError> {
        env::read(&[&env::ProcessEnvironment]).map(Self::read)
    }

    /// As [`from_env`](Self::from_env), with `lookup` for the environment.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        env::read(&[&env::Lookup(lookup)]).map(Self::read)
    }

    /// As [`from_env`](Self::from_env), with the variables of a `.env` file beneath the environment: what the environment sets wins,
    /// variable by variable. A file that isn't there is no error, since in production there usually is none.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env); or the file can't be read, or a line of it isn't `NAME=value`.
    pub fn from_dotenv(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let file = dotenv::DotEnv::read(path.as_ref())?;
        env::read(&[&file, &env::ProcessEnvironment]).map(Self::read)
    }

    /// As [`from_dotenv`](Self::from_dotenv), with `lookup` for the environment.
    ///
    /// # Errors
    ///
    /// As [`from_dotenv`](Self::from_dotenv).
    pub fn from_dotenv_and_lookup(
        path: impl AsRef<Path>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file = dotenv::DotEnv::read(path.as_ref())?;
        env::read(&[&file, &env::Lookup(lookup)]).map(Self::read)
    }

    /// A profile of a TOML file; `None` takes the one that the file's `default` names.
    ///
    /// ```toml
    /// default = "dev"
    ///
    /// [profiles.dev]
    /// url = "redis://localhost"
    /// socket_timeout = 2.5
    /// ```
    ///
    /// # Errors
    ///
    /// The file can't be read, is no TOML, lacks the profile, or has an option or value that doesn't fit; the error names the line.
    #[cfg(feature = "toml")]
    pub fn from_toml(path: impl AsRef<Path>, profile: Option<&str>) -> Result<Self, ConfigError> {
        profiles::read(path.as_ref(), profile).map(Self::read)
    }

    /// As [`from_toml`](Self::from_toml), from a text.
    ///
    /// # Errors
    ///
    /// As [`from_toml`](Self::from_toml).
    #[cfg(feature = "toml")]
    pub fn from_toml_str(text: &str, profile: Option<&str>) -> Result<Self, ConfigError> {
        profiles::parse(text, "the TOML text", profile).map(Self::read)
    }

    pub(super) fn read((settings, stated): (Settings, Stated)) -> Self {
        Self { settings, stated }
    }

    /// Whether the environment says where a server is: by a `REDIS_URL` or a `REDIS_HOST` that is no leftover placeholder of a
    /// template such as `YOUR_REDIS_HOST`, `<host>` or `changeme`.
    #[must_use]
    pub fn is_configured() -> bool {
        // A variable that is not UTF-8 is set: reading the config then says what is wrong with it.
        env::is_configured(&[&env::ProcessEnvironment]).unwrap_or(true)
    }

    /// As [`is_configured`](Self::is_configured), with `lookup` for the environment.
    #[must_use]
    pub fn is_configured_by(lookup: impl Fn(&str) -> Option<String>) -> bool {
        env::is_configured(&[&env::Lookup(lookup)]).unwrap_or(true)
    }

    /// As [`is_configured`](Self::is_configured), with the variables of a `.env` file beneath the environment.
    ///
    /// # Errors
    ///
    /// The file can't be read, or a line of it isn't `NAME=value`.
    pub fn is_configured_with_dotenv(path: impl AsRef<Path>) -> Result<bool, ConfigError> {
        let file = dotenv::DotEnv::read(path.as_ref())?;
        env::is_configured(&[&file, &env::ProcessEnvironment])
    }

    /// Every option that a URL, the environment or TOML can set:
    #[doc = ""]
    #[doc = include_str!("options.md")]
    pub fn options() -> impl Iterator<Item = &'static OptionSpec> {
        table::rows()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotenv_file_is_read_beneath_the_environment() {
        let path = std::env::temp_dir().join(format!("carnelian-config-{}.env", std::process::id()));
        std::fs::write(
            &path,
            "REDIS_HOST=of-file\nREDIS_PASSWORD='p # w'\nREDIS_PORT=7000\nREDIS_SOCKET_TIMEOUT=x\n",
        )
        .unwrap();
        let lookup = |name: &str| match name {
            "REDIS_PORT" => Some("7001".to_owned()),
            _ => None,
        };
        let error = Config::from_dotenv_and_lookup(&path, lookup).unwrap_err().to_string();
        std::fs::write(&path, "REDIS_HOST=of-file\nREDIS_PASSWORD='p # w'\nREDIS_PORT=7000\n").unwrap();
        let config = Config::from_dotenv_and_lookup(&path, lookup);
        std::fs::remove_file(&path).unwrap();
        assert!(error.contains("REDIS_SOCKET_TIMEOUT in ") && error.contains("line 4"), "{error}");
        let config = config.unwrap();
        assert_eq!(config.target().to_string(), "of-file:7001");
        assert_eq!(config.identity().password.as_ref().unwrap().expose(), "p # w");
        // Without the file the environment alone decides.
        let config = Config::from_dotenv_and_lookup(&path, lookup).unwrap();
        assert_eq!(config.target().to_string(), "localhost:7001");
    }
}
