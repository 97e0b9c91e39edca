//! Where settings come from: the environment, a `.env` file, a TOML file with profiles, setters. No server is needed.

use std::fs;

use carnelian::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("carnelian-example-{}", std::process::id()));
    fs::create_dir_all(&folder)?;

    // A .env file beneath the environment: what the environment sets wins, variable by variable.
    // `Config::from_dotenv` asks the process's environment; here a function stands in for it.
    let dotenv = folder.join(".env");
    fs::write(&dotenv, "REDIS_HOST=localhost\nREDIS_PORT=6379\nREDIS_DB=0\nREDIS_PASSWORD='pa$$ #1'\n")?;
    let environment = |name: &str| match name {
        "REDIS_HOST" => Some("redis.example.com".to_owned()),
        "REDIS_MAX_CONNECTIONS" => Some("50".to_owned()),
        "REDIS_RETRY_ON_TIMEOUT" => Some("true".to_owned()),
        _ => None,
    };
    let config = Config::from_dotenv_and_lookup(&dotenv, environment)?;
    println!("environment over .env: {}", config.target());
    assert_eq!(config.target().to_string(), "redis.example.com:6379");
    assert_eq!(config.pool().max_connections, 50);
    assert!(!format!("{config:?}").contains("pa$$"), "no secret is ever shown");

    // A template that nobody has filled in is not a configuration.
    assert!(!Config::is_configured_by(|name| (name == "REDIS_HOST").then(|| "YOUR_REDIS_HOST".to_owned())));

    // Profiles in a TOML file.
    let toml = folder.join("redis.toml");
    let profiles = r#"
default = "dev"

[profiles.dev]
url = "redis://localhost/1"

[profiles.live]
host = "redis-cluster.internal"
password = "secure_password"
max_connections = 100
socket_keepalive = true
health_check_interval = 30
"#;
    fs::write(&toml, profiles)?;
    println!("default profile: {}", Config::from_toml(&toml, None)?.target());
    let live = Config::from_toml(&toml, Some("live"))?;
    assert_eq!(live.liveness().health_check_interval, Some(seconds(30)));

    // Setters change what is left open, for one program.
    let live = live.client_name("example").command_timeout(ms(250));
    println!("live: {} with {:?}", live.target(), live.timeouts());

    // A mistake is named, with its place and a suggestion.
    for text in ["[profiles.x]\nsocket_timout = 1", "[profiles.x]\nretry_attempts = 0"] {
        if let Err(error) = Config::from_toml_str(text, Some("x")) {
            println!("{error}");
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
