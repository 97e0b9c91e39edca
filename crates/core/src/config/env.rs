//! Owns reading a config from variables: `REDIS_URL`, and every option of the table as `REDIS_<OPTION>`.
//!
//! Precedence, strongest first: what `REDIS_URL` states, then single variables, then defaults; and of two layers (the process's
//! environment over a `.env` file) the upper one, variable by variable: a `REDIS_HOST` in the environment wins over the host of a
//! `REDIS_URL` in the file. An empty variable counts as not set, since that is how compose files leave one out.

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::option::{OptionSpec, variable};
use super::settings::Settings;
use super::stated::Stated;
use super::{cast, table, url};

const URL: &str = "REDIS_URL";

/// One source of variables.
pub(super) trait Layer {
    /// The variable's value and where it stands, in words.
    fn find(&self, name: &str) -> Result<Option<Found>, ConfigError>;
}

/// A variable that is set.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) place: String,
}

/// The environment of this process.
pub(super) struct ProcessEnvironment;

impl Layer for ProcessEnvironment {
    fn find(&self, name: &str) -> Result<Option<Found>, ConfigError> {
        match std::env::var(name) {
            Ok(text) => Ok(Some(found_in_environment(name, text))),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(ConfigError::new(format!("{name} in the environment is not UTF-8")))
            }
        }
    }
}

/// A function that stands for an environment.
pub(super) struct Lookup<F>(pub(super) F);

impl<F: Fn(&str) -> Option<String>> Layer for Lookup<F> {
    fn find(&self, name: &str) -> Result<Option<Found>, ConfigError> {
        Ok((self.0)(name).map(|text| found_in_environment(name, text)))
    }
}

fn found_in_environment(name: &str, text: String) -> Found {
    Found { text, place: format!("{name} in the environment") }
}

/// Reads all layers, the weakest first.
pub(super) fn read(layers: &[&dyn Layer]) -> Result<(Settings, Stated), ConfigError> {
    let mut settings = Settings::default();
    let mut stated = Stated::default();
    let mut tls_option = None;
    // Host and port that are still a template's; no matter where something stronger says the real ones.
    let mut leftovers: BTreeMap<&str, String> = BTreeMap::new();
    // A URL is one value: the strongest layer's replaces the others' wholly.
    let url_layer = strongest_with_url(layers)?;
    for (index, layer) in layers.iter().enumerate() {
        for option in table::rows() {
            if let Some(found) = single(*layer, option)? {
                if matches!(option.name(), "host" | "port") && is_placeholder(&found.text) {
                    leftovers.insert(option.name(), found.place);
                    continue;
                }
                leftovers.remove(option.name());
                option.apply(&mut settings, found.text.trim(), &found.place, false)?;
                stated.forget(option);
                if option.is_about_tls() {
                    tls_option = Some((option, found.place));
                }
            }
        }
        warn_about_responses(*layer)?;
        if let Some((_, found)) = url_layer.as_ref().filter(|(at, _)| *at == index) {
            if url::host_is(&found.text, is_placeholder) {
                return Err(placeholder(&found.place));
            }
            leftovers.clear();
            stated = url::apply(&mut settings, &found.text).map_err(|error| error.within(&found.place))?;
        }
    }
    if let Some(place) = leftovers.values().next() {
        return Err(placeholder(place));
    }
    match tls_option {
        Some((option, place)) if !settings.tls_on => Err(ConfigError::about(
            option.name(),
            format!("{place} needs TLS: set REDIS_SSL=true, or a REDIS_URL that starts with rediss://"),
        )),
        _ => Ok((settings, stated)),
    }
}

/// Whether the layers say where a server is: a URL or a host that is no leftover placeholder of a template.
pub(super) fn is_configured(layers: &[&dyn Layer]) -> Result<bool, ConfigError> {
    if let Some((_, found)) = strongest_with_url(layers)? {
        return Ok(!url::host_is(&found.text, is_placeholder));
    }
    let strongest = |name: &str| -> Result<Option<String>, ConfigError> {
        for layer in layers.iter().rev() {
            if let Some(found) = set(*layer, name)? {
                return Ok(Some(found.text));
            }
        }
        Ok(None)
    };
    if strongest("REDIS_PORT")?.is_some_and(|port| is_placeholder(&port)) {
        return Ok(false);
    }
    for name in ["REDIS_HOST", "REDIS_PATH", "REDIS_UNIX_SOCKET_PATH"] {
        if let Some(text) = strongest(name)? {
            return Ok(!is_placeholder(&text));
        }
    }
    Ok(false)
}

fn strongest_with_url(layers: &[&dyn Layer]) -> Result<Option<(usize, Found)>, ConfigError> {
    for (index, layer) in layers.iter().enumerate().rev() {
        if let Some(found) = set(*layer, URL)? {
            return Ok(Some((index, found)));
        }
    }
    Ok(None)
}

fn set(layer: &dyn Layer, name: &str) -> Result<Option<Found>, ConfigError> {
    Ok(layer.find(name)?.filter(|found| !found.text.trim().is_empty()))
}

/// An option's single variable, under any of its names.
fn single(layer: &dyn Layer, option: &OptionSpec) -> Result<Option<Found>, ConfigError> {
    let mut first: Option<Found> = None;
    for name in option.names() {
        let name = variable(name);
        let Some(found) = set(layer, &name)? else { continue };
        if is_kubernetes_link(&name, &found.text) {
            tracing::debug!("{name} holds a service link of Kubernetes and is not used");
            continue;
        }
        match &first {
            None => first = Some(found),
            Some(other) if other.text == found.text => {}
            Some(other) => {
                let message =
                    format!("{} and {} mean the same and differ: keep one", other.place, found.place);
                return Err(ConfigError::about(option.name(), message));
            }
        }
    }
    Ok(first)
}

fn placeholder(place: &str) -> ConfigError {
    ConfigError::new(format!(
        "{place} still holds the placeholder of a template: set it to your server (`Config::is_configured` tells beforehand)"
    ))
}

/// Kubernetes gives every pod `REDIS_PORT=tcp://10.0.0.1:6379` where a service is named `redis`.
fn is_kubernetes_link(variable: &str, text: &str) -> bool {
    variable == "REDIS_PORT" && text.starts_with("tcp://")
}

/// What templates put where a value is to be filled in: `YOUR_REDIS_HOST`, `<host>`, `changeme`.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase().replace('-', "_");
    text.starts_with("your_")
        || (text.starts_with('<') && text.ends_with('>'))
        || matches!(text.as_str(), "changeme" | "change_me" | "placeholder")
}

/// Applications of the reference set this variable; here it has no effect, and need not be an error.
fn warn_about_responses(layer: &dyn Layer) -> Result<(), ConfigError> {
    if let Some(found) = set(layer, "REDIS_DECODE_RESPONSES")? {
        if cast::boolean(found.text.trim()).is_err() {
            let message = format!("{} must be {}", found.place, table::BOOLEAN);
            return Err(ConfigError::about("decode_responses", message));
        }
        tracing::info!(
            "{} has no effect: the type asked for decides whether a reply is text or bytes",
            found.place
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Target};
    use super::*;

    fn lookup<'v>(variables: &'v [(&'v str, &'v str)]) -> impl Fn(&str) -> Option<String> + 'v {
        |name| variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
    }

    fn config(variables: &[(&str, &str)]) -> Config {
        Config::from_lookup(lookup(variables)).unwrap_or_else(|error| panic!("{variables:?}: {error}"))
    }

    fn failure(variables: &[(&str, &str)]) -> ConfigError {
        Config::from_lookup(lookup(variables)).unwrap_err()
    }

    #[test]
    fn nothing_set_is_localhost() {
        assert_eq!(config(&[]), Config::default());
        assert_eq!(
            config(&[("REDIS_HOST", ""), ("REDIS_PASSWORD", " "), ("REDIS_URL", "")]),
            Config::default()
        );
    }

    #[test]
    fn single_variables_set_any_option() {
        let config = config(&[
            ("REDIS_HOST", "redis.example"),
            ("REDIS_PORT", "7000"),
            ("REDIS_DB", "2"),
            ("REDIS_USER", "ada"),
            ("REDIS_PASSWORD", "p@s/s"),
            ("REDIS_MAX_CONNECTIONS", "50"),
            ("REDIS_RETRY_ON_TIMEOUT", "true"),
            ("REDIS_SOCKET_TIMEOUT", "1.5"),
            ("REDIS_DECODE_RESPONSES", "true"),
            ("REDIS_SSL", "true"),
            ("REDIS_SSL_CA_CERTS", "/ca.pem"),
        ]);
        assert_eq!(config.target().to_string(), "redis.example:7000");
        assert_eq!((config.identity().db, config.identity().username.as_deref()), (2, Some("ada")));
        assert_eq!(config.identity().password.as_ref().unwrap().expose(), "p@s/s");
        assert_eq!(config.pool().max_connections, 50);
        assert!(config.retry_policy().on_timeout);
        assert_eq!(config.tls_options().unwrap().ca_file, Some("/ca.pem".into()));
    }

    #[test]
    fn every_option_has_a_variable() {
        for option in Config::options() {
            let asked = std::cell::RefCell::new(Vec::new());
            let answer = Config::from_lookup(|name| {
                asked.borrow_mut().push(name.to_owned());
                None
            });
            assert!(answer.is_ok());
            assert!(asked.borrow().contains(&option.variable()), "{}", option.variable());
        }
    }

    #[test]
    fn the_url_wins_over_variables_and_they_over_defaults() {
        let variables = [
            ("REDIS_URL", "redis://:of-url@url-host/3?socket_timeout=9"),
            ("REDIS_HOST", "variable-host"),
            ("REDIS_PORT", "7000"),
            ("REDIS_PASSWORD", "of-variable"),
            ("REDIS_DB", "5"),
            ("REDIS_SOCKET_TIMEOUT", "1"),
            ("REDIS_CLIENT_NAME", "variable-name"),
        ];
        let config = config(&variables);
        // A URL is a whole address: without a port it means the usual one.
        assert_eq!(config.target().to_string(), "url-host:6379");
        assert_eq!(config.identity().password.as_ref().unwrap().expose(), "of-url");
        assert_eq!(config.identity().db, 3);
        assert_eq!(config.timeouts().command, Some(std::time::Duration::from_secs(9)));
        assert_eq!(config.identity().client_name.as_deref(), Some("variable-name"));

        // And a setter wins over a variable, but not over the URL.
        let config = config.client_name("setter").db(7).host("setter-host");
        assert_eq!(config.identity().client_name.as_deref(), Some("setter"));
        assert_eq!((config.identity().db, config.target().to_string()), (3, "url-host:6379".to_owned()));
    }

    #[test]
    fn the_environment_wins_over_the_file_variable_by_variable() {
        let file = lookup(&[
            ("REDIS_URL", "rediss://ada:pw@file-host:7000/3?client_name=file"),
            ("REDIS_MAX_CONNECTIONS", "3"),
            ("REDIS_MIN_IDLE", "2"),
        ]);
        let environment =
            lookup(&[("REDIS_HOST", "real-host"), ("REDIS_MAX_CONNECTIONS", "5"), ("REDIS_DB", "9")]);
        let (settings, stated) = read(&[&Lookup(file), &Lookup(environment)]).unwrap();
        let config = Config::read((settings, stated));
        assert_eq!(config.target().to_string(), "real-host:7000");
        assert_eq!((config.pool().max_connections, config.pool().min_idle), (5, 2));
        assert_eq!((config.identity().db, config.identity().username.as_deref()), (9, Some("ada")));
        // What the environment has overruled, the URL no longer states; the rest it does.
        let config = config.host("setter").db(1).client_name("setter");
        assert_eq!(config.target().to_string(), "setter:7000");
        assert_eq!((config.identity().db, config.identity().client_name.as_deref()), (1, Some("file")));
        assert!(config.tls_options().is_some());
    }

    #[test]
    fn a_host_in_the_environment_replaces_any_target_of_the_file() {
        for url in ["unix:///tmp/r.sock", "redis-cluster://a,b", "mem://", "redis://a"] {
            let file = [("REDIS_URL", url)];
            let environment = [("REDIS_HOST", "real")];
            let read = read(&[&Lookup(lookup(&file)), &Lookup(lookup(&environment))]).unwrap();
            let config = Config::read(read).db(1);
            assert_eq!(config.target(), &Target::Tcp { host: "real".to_owned(), port: 6379 }, "{url}");
        }
        let file = [("REDIS_URL", "rediss://a:7000")];
        let environment = [("REDIS_SSL", "false"), ("REDIS_PATH", "/tmp/r.sock")];
        let read = read(&[&Lookup(lookup(&file)), &Lookup(lookup(&environment))]).unwrap();
        let config = Config::read(read).db(1);
        assert_eq!((config.target().to_string().as_str(), config.tls_options()), ("unix:/tmp/r.sock", None));
    }

    #[test]
    fn a_url_in_the_environment_replaces_the_files_wholly() {
        let file = lookup(&[("REDIS_URL", "redis://:of-file@a/3"), ("REDIS_CLIENT_NAME", "file")]);
        let environment = lookup(&[("REDIS_URL", "redis://b")]);
        let config = Config::read(read(&[&Lookup(file), &Lookup(environment)]).unwrap());
        assert_eq!(config.target().to_string(), "b:6379");
        assert_eq!((&config.identity().password, config.identity().db), (&None, 0));
        assert_eq!(config.identity().client_name.as_deref(), Some("file"));
    }

    #[test]
    fn errors_name_the_variable_and_no_value() {
        for (variables, part) in [
            (&[("REDIS_PORT", "hunter2")][..], "REDIS_PORT in the environment must be"),
            (&[("REDIS_URL", "redis://:hunter2@h:x")], "REDIS_URL in the environment: the port"),
            (&[("REDIS_URL", "redis://h?dbb=1")], "REDIS_URL in the environment: unknown option \"dbb\""),
            (&[("REDIS_USER", "hunter2"), ("REDIS_USERNAME", "b")], "REDIS_USER in the environment"),
            (&[("REDIS_SSL_PASSWORD", "hunter2")], "rediss://"),
            (&[("REDIS_DECODE_RESPONSES", "hunter2")], "REDIS_DECODE_RESPONSES"),
            (&[("REDIS_HOST", "YOUR_REDIS_HOST")], "placeholder"),
            (&[("REDIS_PORT", "YOUR_REDIS_PORT")], "placeholder"),
            (&[("REDIS_URL", "redis://YOUR_REDIS_HOST:YOUR_REDIS_PORT")], "placeholder"),
        ] {
            let error = failure(variables).to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{variables:?}: {error}");
        }
    }

    #[test]
    fn a_placeholder_matters_only_where_nothing_stronger_stands() {
        let template = || lookup(&[("REDIS_HOST", "YOUR_REDIS_HOST"), ("REDIS_PORT", "YOUR_REDIS_PORT")]);
        assert!(read(&[&Lookup(template())]).is_err());
        for environment in
            [&[("REDIS_HOST", "real"), ("REDIS_PORT", "1")][..], &[("REDIS_URL", "redis://real:1")]]
        {
            let read = read(&[&Lookup(template()), &Lookup(lookup(environment))]).unwrap();
            assert_eq!(Config::read(read).target().to_string(), "real:1", "{environment:?}");
        }
        assert!(read(&[&Lookup(lookup(&[("REDIS_URL", "redis://real:1")])), &Lookup(template())]).is_err());
    }

    #[test]
    fn kubernetes_links_are_no_ports() {
        let config = config(&[("REDIS_PORT", "tcp://10.0.0.1:6379"), ("REDIS_HOST", "redis")]);
        assert_eq!(config.target().to_string(), "redis:6379");
    }

    #[test]
    fn configured_means_a_place_that_is_no_placeholder() {
        for (variables, expected) in [
            (&[][..], false),
            (&[("REDIS_HOST", "localhost")], true),
            (&[("REDIS_HOST", "localhost"), ("REDIS_PORT", "6379"), ("REDIS_PASSWORD", "")], true),
            (&[("REDIS_HOST", "")], false),
            (&[("REDIS_HOST", "YOUR_REDIS_HOST")], false),
            (&[("REDIS_HOST", "your-redis-host")], false),
            (&[("REDIS_HOST", "<host>")], false),
            (&[("REDIS_HOST", "changeme")], false),
            (&[("REDIS_HOST", "localhost"), ("REDIS_PORT", "YOUR_REDIS_PORT")], false),
            (&[("REDIS_PORT", "6379")], false),
            (&[("REDIS_URL", "redis://localhost")], true),
            (&[("REDIS_URL", "YOUR_REDIS_URL")], false),
            (&[("REDIS_URL", "redis://YOUR_REDIS_HOST:6379")], false),
            (&[("REDIS_URL", "redis://:pw@YOUR_REDIS_HOST:YOUR_REDIS_PORT/0")], false),
            (&[("REDIS_URL", "redis://:your_password@localhost")], true),
            (&[("REDIS_URL", "redis-cluster://a,YOUR_REDIS_HOST")], false),
            (&[("REDIS_UNIX_SOCKET_PATH", "/tmp/r.sock")], true),
        ] {
            assert_eq!(Config::is_configured_by(lookup(variables)), expected, "{variables:?}");
        }
    }
}
