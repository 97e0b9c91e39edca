//! Settings, seen by the server, and by a program that has only its environment.

use std::path::Path;
use std::process::Command;

use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

use super::support::Outcome;

#[tokio::test]
async fn the_server_sees_who_connects() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let url = format!("{}?client_name=of-url&lib_version=9.9", server.url());
    let config =
        Config::new(&url)?.client_name("of-setter").lib_name("shop").on_connect(["CLIENT", "NO-EVICT", "ON"]);
    let client = Client::connect(config).await?;
    let info = client.client_info().await?;
    assert_eq!(
        (info.name(), info.library_name(), info.library_version()),
        (Some("of-url"), Some("shop"), Some("9.9"))
    );
    assert_eq!(info.protocol(), Some(3));
    assert!(info.flags().contains('e'), "on_connect ran: {}", info.flags());
    let client =
        Client::connect(Config::new(&server.url())?.protocol(carnelian::config::Protocol::Resp2)).await?;
    assert_eq!(client.client_info().await?.protocol(), Some(2));
    Ok(())
}

#[tokio::test]
async fn one_connection_only_means_one() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.single_connection(true)).await?;
    let nothing: Option<(String, String)> = client.blpop("none", ms(10)).await?;
    assert_eq!((nothing, client.client_list().await?.iter().count()), (None, 1));
    let client = Client::connect(Config::new(&server.url())?.connections(3)).await?;
    client.ping().await?;
    let mut state = client.state();
    state.wait_for(|state| *state == carnelian::State::Connected).await?;
    assert!(client.client_list().await?.iter().count() >= 4);
    Ok(())
}

/// The first program of the README, with nothing but its environment.
#[test]
fn the_environment_is_enough() {
    let server = Server::options(&servers::newest_redis()).password("pw # 1").start();
    let test = std::env::current_exe().unwrap();
    let hello = test.parent().unwrap().with_file_name("examples").join("hello");
    assert!(
        Path::new(&hello).exists(),
        "run all of `cargo test -p carnelian`, which builds the examples too"
    );
    let run = |variables: &[(&str, &str)]| {
        let mut command = Command::new(&hello);
        for name in ["REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "REDIS_DB"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied()).output().unwrap()
    };
    let port = server.port().to_string();
    let output = run(&[
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PORT", &port),
        ("REDIS_PASSWORD", "pw # 1"),
        ("REDIS_DB", "2"),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut connection = server.connect();
    assert!(connection.call(&["SELECT", "2"]).unwrap().is_ok());
    assert_eq!(connection.call(&["GET", "greeting"]).unwrap().text(), "hello");

    let output = run(&[("REDIS_HOST", "YOUR_REDIS_HOST")]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("REDIS_HOST"));
}
