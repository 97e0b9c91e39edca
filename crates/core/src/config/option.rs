//! Owns [`OptionSpec`]: one option as a row of the table that URL, environment and TOML share. The rows stand in `table`.

use super::error::ConfigError;
use super::settings::Settings;

/// Longer values (a PEM text, say) tell nobody anything in an error.
const LONGEST_SHOWN: usize = 60;

/// One option: its names, what its value looks like, and what it is for.
#[derive(Clone, Copy)]
pub struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) form: &'static str,
    pub(crate) default: &'static str,
    pub(crate) about: &'static str,
    pub(crate) secret: bool,
    pub(crate) set: fn(&mut Settings, &str) -> Result<(), BadValue>,
}

/// The text is no value of that option; says what it should look like where the option's own form isn't precise enough.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadValue(pub(crate) Option<String>);

impl OptionSpec {
    /// The name in a URL's query and in TOML.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Other names for it.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The name of its environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.name)
    }

    /// What a value looks like.
    #[must_use]
    pub fn form(&self) -> &'static str {
        self.form
    }

    /// What holds unless it is set.
    #[must_use]
    pub fn default_value(&self) -> &'static str {
        self.default
    }

    /// What it is for.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Whether its value must not be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// Sets it from text. `place` says where the text stands (`option `db` in the URL`); the text itself is shown on failure only
    /// where `show` allows it and the option is no secret.
    pub(crate) fn apply(
        &self,
        settings: &mut Settings,
        text: &str,
        place: &str,
        show: bool,
    ) -> Result<(), ConfigError> {
        (self.set)(settings, text).map_err(|BadValue(precise)| {
            let form = precise.as_deref().unwrap_or(self.form);
            let shown = show && !self.secret && text.len() <= LONGEST_SHOWN;
            let got = if shown { format!(", not {text:?}") } else { String::new() };
            ConfigError::about(self.name, format!("{place} must be {form}{got}"))
        })
    }

    /// Whether it has a meaning only where TLS is spoken.
    pub(crate) fn is_about_tls(&self) -> bool {
        self.name.starts_with("ssl_")
    }

    /// Its name and its aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

impl std::fmt::Debug for OptionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OptionSpec").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The environment variable of an option name.
pub(crate) fn variable(name: &str) -> String {
    format!("REDIS_{}", name.to_ascii_uppercase())
}
