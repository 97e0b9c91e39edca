//! URLs of all kinds of strings as configs, so that clients take either.

use super::{Config, ConfigError};

impl TryFrom<&str> for Config {
    type Error = ConfigError;

    fn try_from(url: &str) -> Result<Self, ConfigError> {
        Self::new(url)
    }
}

impl TryFrom<String> for Config {
    type Error = ConfigError;

    fn try_from(url: String) -> Result<Self, ConfigError> {
        Self::new(&url)
    }
}

impl TryFrom<&String> for Config {
    type Error = ConfigError;

    fn try_from(url: &String) -> Result<Self, ConfigError> {
        Self::new(url)
    }
}

impl TryFrom<&Self> for Config {
    type Error = ConfigError;

    fn try_from(config: &Self) -> Result<Self, ConfigError> {
        Ok(config.clone())
    }
}

impl std::str::FromStr for Config {
    type Err = ConfigError;

    fn from_str(url: &str) -> Result<Self, ConfigError> {
        Self::new(url)
    }
}
