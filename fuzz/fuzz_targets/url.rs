//! Whatever stands in a URL, the environment or a TOML file, reading it ends in a config or an error, and neither shows
//! the password.
//!
//! A password that no input can contain by chance is put before the first `@`, where a URL has its own.

#![no_main]

use carnelian_core::config::Config;
use libfuzzer_sys::fuzz_target;

const PASSWORD: &str = "hidden-0f3c9b1e-hidden";

fuzz_target!(|text: &str| {
    drop(Config::new(text));
    drop(Config::from_toml_str(text, None));
    drop(Config::from_lookup(|name| (name == "REDIS_URL").then(|| text.to_owned())));
    drop(Config::from_lookup(|_| Some(text.to_owned())));

    let Some((before, after)) = text.split_once('@') else { return };
    let Some((_, user)) = before.split_once("://") else { return };
    // Behind these it would be a host's, a path's or an option's place, which may be shown.
    if user.contains(['/', '?', '#']) {
        return;
    }
    let shown = match Config::new(&format!("{before}:{PASSWORD}@{after}")) {
        Ok(config) => format!("{config:?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(PASSWORD), "{shown}");
});
