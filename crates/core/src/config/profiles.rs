//! Owns reading a config from a TOML file of named profiles:
//!
//! ```toml
//! default = "dev"
//!
//! [profiles.dev]
//! url = "redis://localhost"
//!
//! [profiles.live]
//! host = "redis.example.com"
//! ssl = true
//! retry_on_error = ["BUSY", "OOM"]
//! ```
//! A profile holds a `url`, options by their names in a URL's query, or both; what the URL states wins. A name the table doesn't know
//! is an error with its line, and no error shows a value.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::option::OptionSpec;
use super::settings::Settings;
use super::stated::Stated;
use super::{table, url};

/// Reads a profile of a file; `None` reads the one that the file calls its default.
pub(super) fn read(path: &Path, profile: Option<&str>) -> Result<(Settings, Stated), ConfigError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new(format!("{file} can't be read: {error}")))?;
    parse(&text, &file, profile)
}

/// Reads a profile of a text; `file` names it in errors.
pub(super) fn parse(
    text: &str,
    file: &str,
    profile: Option<&str>,
) -> Result<(Settings, Stated), ConfigError> {
    let source = Source { text, file };
    // The error's own text would quote the line, password and all.
    let document = DeTable::parse(text).map_err(|error| {
        let place = error.span().map_or_else(|| file.to_owned(), |span| source.place(&span));
        ConfigError::new(format!("{place} is no TOML: {}", error.message()))
    })?;
    let mut default = None;
    let mut profiles = None;
    for (name, value) in document.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("default", DeValue::String(text)) => default = Some(text.as_ref()),
            ("profiles", DeValue::Table(table)) => profiles = Some(table),
            (key, _) => {
                let place = source.place(&name.span());
                return Err(ConfigError::new(format!(
                    "{place} has {key:?}; only `default = \"name\"` and tables `[profiles.name]` stand at the top"
                )));
            }
        }
    }
    let names = || match profiles {
        Some(profiles) => {
            profiles.keys().map(|name| format!("`{}`", name.get_ref())).collect::<Vec<_>>().join(", ")
        }
        None => "none".to_owned(),
    };
    let Some(name) = profile.or(default) else {
        return Err(ConfigError::new(format!(
            "{file} has no `default = \"name\"`: add it, or name one of its profiles ({})",
            names()
        )));
    };
    let found: &Spanned<DeValue<'_>> = profiles.and_then(|profiles| profiles.get(name)).ok_or_else(|| {
        ConfigError::new(format!("{file} has no profile {name:?}; its profiles: {}", names()))
    })?;
    let DeValue::Table(options) = found.get_ref() else {
        return Err(ConfigError::new(format!(
            "{}: a profile is a table: `[profiles.{name}]`",
            source.place(&found.span())
        )));
    };
    read_profile(&source, options)
}

fn read_profile(source: &Source<'_>, options: &DeTable<'_>) -> Result<(Settings, Stated), ConfigError> {
    let mut settings = Settings::default();
    let mut given: Vec<&'static OptionSpec> = Vec::new();
    let mut url_value = None;
    for (key, value) in options {
        let place = source.place(&key.span());
        let name = key.get_ref().as_ref();
        if name == "url" {
            url_value = Some((value, place));
            continue;
        }
        let option = table::find(name).ok_or_else(|| table::unknown(name, &place))?;
        if given.iter().any(|other| other.name() == option.name()) {
            return Err(ConfigError::about(
                option.name(),
                format!("{place}: `{}` is given twice under two names", option.name()),
            ));
        }
        let separator = if option.name() == "on_connect" { ";" } else { "," };
        let text = text_of(value.get_ref(), separator).ok_or_else(|| {
            ConfigError::about(option.name(), format!("{place}: `{name}` must be {}", option.form()))
        })?;
        option.apply(&mut settings, &text, &format!("{place}: `{name}`"), false)?;
        given.push(option);
    }
    let stated = match url_value {
        None => Stated::default(),
        Some((value, place)) => {
            let DeValue::String(text) = value.get_ref() else {
                return Err(ConfigError::new(format!("{place}: `url` must be a string")));
            };
            url::apply(&mut settings, text).map_err(|error| error.within(&place))?
        }
    };
    match given.into_iter().find(|option| option.is_about_tls()) {
        Some(option) if !settings.tls_on => {
            let message = format!(
                "`{}` in {} needs TLS: add `ssl = true` or a `rediss://` url",
                option.name(),
                source.file
            );
            Err(ConfigError::about(option.name(), message))
        }
        _ => Ok((settings, stated)),
    }
}

/// A value as the text that a URL would hold; `None` for what no option takes.
fn text_of(value: &DeValue<'_>, separator: &str) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| text_of(item.get_ref(), separator).filter(|text| !text.contains(separator)))
                .collect();
            texts.map(|texts| texts.join(separator))
        }
        _ => None,
    }
}

struct Source<'t> {
    text: &'t str,
    file: &'t str,
}

impl Source<'_> {
    fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        format!("{}, line {}", self.file, before.matches('\n').count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    const FILE: &str = r#"
default = "dev"

[profiles.dev]
url = "redis://localhost/1"

[profiles."live one"]
host = "redis.example"
port = 7000
db = 0x2
socket_timeout = 2.5
ssl = true
ssl_ciphers = ["A", "B"]
retry_on_error = ["BUSY", "OOM"]
on_connect = ["CLIENT NO-EVICT ON", "PING"]
password = "hunter2"

[profiles.mixed]
url = "redis://:of-url@a"
password = "of-option"
client_name = "me"
"#;

    fn failure(text: &str, profile: Option<&str>) -> String {
        Config::from_toml_str(text, profile).unwrap_err().to_string()
    }

    #[test]
    fn profiles_are_found_by_name_or_by_default() {
        let config = Config::from_toml_str(FILE, None).unwrap();
        assert_eq!((config.target().to_string().as_str(), config.identity().db), ("localhost:6379", 1));
        let config = Config::from_toml_str(FILE, Some("live one")).unwrap();
        assert_eq!((config.target().to_string().as_str(), config.identity().db), ("redis.example:7000", 2));
        assert_eq!(config.timeouts().command, Some(std::time::Duration::from_millis(2500)));
        assert_eq!(config.tls_options().unwrap().ciphers, ["A", "B"]);
        assert_eq!(config.retry_policy().on_codes, ["BUSY", "OOM"]);
        assert_eq!(config.identity().on_connect.commands().len(), 2);
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn the_url_wins_in_a_profile_too() {
        let config = Config::from_toml_str(FILE, Some("mixed")).unwrap();
        assert_eq!(config.identity().password.as_ref().unwrap().expose(), "of-url");
        assert_eq!(config.identity().client_name.as_deref(), Some("me"));
        let config = config.password("of-setter").client_name("of-setter");
        assert_eq!(config.identity().password.as_ref().unwrap().expose(), "of-url");
        assert_eq!(config.identity().client_name.as_deref(), Some("of-setter"));
    }

    #[test]
    fn errors_name_line_and_option_and_no_value() {
        for (text, part) in [
            ("[profiles.a]\nhots = 'hunter2'", "line 2; did you mean `host`?"),
            ("[profiles.a]\n\nport = 'hunter2'", "line 3: `port` must be"),
            ("[profiles.a]\nport = 1979-05-27", "line 2: `port` must be"),
            ("[profiles.a]\nretry_on_error = ['A,B']", "`retry_on_error` must be"),
            ("[profiles.a]\nurl = 'redis://:hunter2@h:x'", "line 2: the port"),
            ("[profiles.a]\nurl = 6379", "`url` must be a string"),
            ("[profiles.a]\nuser = 'a'\nusername = 'a'", "twice"),
            ("[profiles.a]\nssl_password = 'hunter2'", "ssl = true"),
            ("[profiles.a]\ndecode_responses = true", "decode_responses"),
            ("[profiles.a]\npassword = 'hunter2' x", "line 2 is no TOML"),
            ("[profiles]\na = 'hunter2'", "[profiles.a]"),
            ("password = 'hunter2'\n[profiles.a]", "line 1 has \"password\""),
        ] {
            let error = failure(text, Some("a"));
            assert!(error.contains(part) && !error.contains("hunter2"), "{text:?}: {error}");
        }
    }

    #[test]
    fn an_unknown_profile_lists_the_known() {
        let error = failure(FILE, Some("prod"));
        assert!(error.contains("\"prod\"") && error.contains("`dev`, `live one`, `mixed`"), "{error}");
        let error = failure("[profiles.dev]\n", None);
        assert!(error.contains("default") && error.contains("`dev`"), "{error}");
        assert!(failure("", Some("a")).contains("none"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Config::from_toml("/nonexistent/redis.toml", None).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/redis.toml"), "{error}");
    }
}
