//! Owns what no single option can know: contradictions between options, values that setters let through, and features that are
//! recognised but not built.

use std::time::Duration;

use super::cast;
use super::error::ConfigError;
use super::settings::Settings;
use super::target::Target;
use super::tls::TlsOptions;

/// Refuses what is recognised but not built.
pub(super) fn unbuilt(settings: &Settings) -> Result<(), ConfigError> {
    if let Some(feature) = settings.target.unbuilt() {
        return Err(ConfigError::unbuilt(feature));
    }
    if settings.cache.is_some() {
        return Err(ConfigError::unbuilt("client-side caching (client_cache)"));
    }
    Ok(())
}

/// Refuses what can't be meant.
pub(super) fn contradictions(settings: &Settings, tls: Option<&TlsOptions>) -> Result<(), ConfigError> {
    target(&settings.target, tls.is_some())?;
    let identity = &settings.identity;
    for (option, name) in [
        ("client_name", &identity.client_name),
        ("lib_name", &identity.lib_name),
        ("lib_version", &identity.lib_version),
    ] {
        if name.as_deref().is_some_and(|name| !cast::is_word(name)) {
            return refuse(
                option,
                "must be printable ASCII without spaces: the server refuses anything else",
            );
        }
    }
    if settings.timeouts.connect.is_zero() {
        return refuse("socket_connect_timeout", "must be longer than nothing");
    }
    if let Some(keepalive) = &settings.tcp.keepalive {
        let second = Duration::from_secs(1);
        if keepalive.idle < second || keepalive.interval < second || keepalive.count == 0 {
            return refuse("socket_keepalive", "counts in whole seconds of at least 1, and at least 1 probe");
        }
    }
    let liveness = &settings.liveness;
    if let (Some(timeout), Some(interval)) = (liveness.timeout, liveness.health_check_interval)
        && timeout <= interval
    {
        return refuse(
            "liveness_timeout",
            "must be longer than health_check_interval, or idle connections would count as dead",
        );
    }
    if settings.pool.min_idle > settings.pool.max_connections {
        return refuse("min_idle", "must not be more than max_connections");
    }
    Ok(())
}

fn target(target: &Target, tls: bool) -> Result<(), ConfigError> {
    match target {
        Target::Tcp { host, .. } if cast::host(host).is_err() => {
            refuse("host", "must be a host name or address alone")
        }
        Target::Tcp { port: 0, .. } => refuse("port", "must be a number from 1 to 65535"),
        Target::Unix { path } if path.as_os_str().is_empty() => {
            refuse("path", "must be the path of a Unix socket")
        }
        Target::Unix { .. } if tls => {
            refuse("ssl", "must be off over a Unix socket: servers speak TLS over TCP only")
        }
        _ => Ok(()),
    }
}

fn refuse(option: &str, why: &str) -> Result<(), ConfigError> {
    Err(ConfigError::about(option, format!("option `{option}` {why}")))
}

#[cfg(test)]
mod tests {
    use super::super::{CacheOptions, Config, Keepalive, TlsOptions};
    use super::*;

    #[test]
    fn defaults_are_sound() {
        assert_eq!(Config::default().check(), Ok(()));
        assert_eq!(Config::unix("/tmp/r.sock").check(), Ok(()));
        assert_eq!(Config::tcp("::1", 1).tls(TlsOptions::new()).check(), Ok(()));
    }

    #[test]
    fn contradictions_name_their_option() {
        let base = Config::default;
        for (config, option) in [
            (base().client_name("two words"), "client_name"),
            (base().lib_name(""), "lib_name"),
            (base().lib_version("ü"), "lib_version"),
            (base().connect_timeout(Duration::ZERO), "socket_connect_timeout"),
            (base().keepalive(Keepalive::new().idle(Duration::from_millis(10))), "socket_keepalive"),
            (base().liveness_timeout(Duration::from_secs(1)), "liveness_timeout"),
            (base().max_connections(2).min_idle(3), "min_idle"),
            (base().host("localhost:6379"), "host"),
            (base().port(0), "port"),
            (Config::unix(""), "path"),
            (Config::unix("/x").tls(TlsOptions::new()), "ssl"),
        ] {
            let error = config.check().unwrap_err();
            assert_eq!(error.option(), Some(option), "{error}");
            assert!(error.to_string().contains(option), "{error}");
            assert_eq!(config.refuse_unbuilt(), Ok(()));
        }
    }

    #[test]
    fn what_is_not_built_is_said_by_name() {
        for (config, feature) in [
            (Config::new("mem://").unwrap(), "embedded engine"),
            (Config::new("redis-sentinel://a/s").unwrap(), "Sentinel"),
            (Config::new("rediss-cluster://a").unwrap(), "Cluster"),
            (Config::default().client_cache(CacheOptions::new()), "client-side caching"),
        ] {
            let error = config.refuse_unbuilt().unwrap_err().to_string();
            assert!(error.starts_with("not built yet") && error.contains(feature), "{error}");
            assert_eq!(config.check().unwrap_err().to_string(), error);
        }
    }
}
