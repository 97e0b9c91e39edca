//! Connecting: URLs of all kinds, the database, users and passwords, and errors that say what to do.

use carnelian::prelude::*;
use carnelian::{State, blocking};
use carnelian_testkit::{Server, servers};

use super::support::Outcome;

fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}

async fn db_of(url: &str) -> carnelian::Result<Option<u32>> {
    Ok(Client::connect(url).await?.client_info().await?.db())
}

#[tokio::test]
async fn every_kind_of_url_leads_to_the_server() -> Outcome {
    let installed = servers::newest_redis();
    let server = Server::options(&installed).ipv6().tls().user("a/b", "on >p@s/s:?# ~* +@all").start();
    let (port, socket) = (server.port(), server.unix_path().display().to_string());
    for url in [
        format!("redis://127.0.0.1:{port}"),
        format!("valkey://localhost:{port}/0"),
        format!("redis://[::1]:{port}"),
        format!("redis://a%2Fb:p%40s%2Fs%3A%3F%23@localhost:{port}"),
        format!("redis://localhost:{port}?username=a/b&password=p%40s/s%3A%3F%23"),
        format!("unix://{socket}"),
        format!("redis+unix://{socket}?db=0"),
        format!(
            "rediss://localhost:{}?ssl_ca_certs={}",
            server.tls_port(),
            server.tls().ca().certificate_path().display()
        ),
    ] {
        let client = Client::connect(&url).await?;
        is_shared(&client);
        assert_eq!(
            (client.ping().await?, *client.state().borrow()),
            ("PONG".to_owned(), State::Connected),
            "{url}"
        );
        let blocking = tokio::task::spawn_blocking(move || {
            let client = blocking::Client::connect(&url)?;
            is_shared(&client);
            client.ping()
        });
        assert_eq!(blocking.await??, "PONG");
    }
    Ok(())
}

#[tokio::test]
async fn the_database_is_that_of_the_query_then_the_path_then_the_setter() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let url = server.url();
    assert_eq!(db_of(&url).await?, Some(0));
    assert_eq!(db_of(&format!("{url}/3")).await?, Some(3));
    assert_eq!(db_of(&format!("{url}/3?db=5")).await?, Some(5));
    assert_eq!(db_of(&format!("{}?db=4", server.unix_url())).await?, Some(4));
    let client = Client::connect(Config::new(&url)?.db(7)).await?;
    assert_eq!(client.client_info().await?.db(), Some(7));
    let client = Client::connect(Config::new(&format!("{url}/3"))?.db(7)).await?;
    assert_eq!(client.client_info().await?.db(), Some(3), "what the URL states wins");
    Ok(())
}

#[tokio::test]
async fn what_goes_wrong_is_told_with_what_to_do() -> Outcome {
    let server = Server::options(&servers::newest_valkey()).password("right").start();
    let port = server.port();
    for (url, kind, advice) in [
        (
            format!("redis://:wrong@127.0.0.1:{port}"),
            ErrorKind::Authentication,
            "check the user and the password",
        ),
        (format!("redis://127.0.0.1:{port}"), ErrorKind::Authentication, "password"),
        (format!("redis://:right@127.0.0.1:{port}/99"), ErrorKind::Config, "database"),
        ("redis://127.0.0.1:1".to_owned(), ErrorKind::Connection, "is the server running there?"),
        ("unix:///nowhere/at/all".to_owned(), ErrorKind::Connection, "does the socket exist?"),
        ("redis://h?socket_timout=1".to_owned(), ErrorKind::Config, "did you mean `socket_timeout`?"),
        ("redis://h?max_connections=many".to_owned(), ErrorKind::Config, "max_connections"),
        ("http://h".to_owned(), ErrorKind::Config, "redis://"),
        ("mem://".to_owned(), ErrorKind::Config, "embedded engine"),
        ("redis-sentinel://h/service".to_owned(), ErrorKind::Config, "Sentinel"),
        ("redis-cluster://h".to_owned(), ErrorKind::Config, "Cluster"),
    ] {
        let error = Client::connect(&url).await.err().map(|error| (error.kind(), error.to_string()));
        let same = tokio::task::spawn_blocking(move || blocking::Client::connect(&url));
        assert_eq!(
            error,
            same.await?.err().map(|error| (error.kind(), error.to_string())),
            "both faces say the same"
        );
        let (found, text) = error.ok_or("it connected")?;
        assert!(found == kind && text.contains(advice), "{found:?}: {text}");
        assert!(!text.contains("wrong@"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_lazy_client_waits_for_its_server() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    server.kill();
    assert!(Client::connect(server.url()).await.is_err());
    let client = Client::connect_lazily(server.url())?;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.set("k", "v").await }
    });
    server.restart();
    waiting.await??;
    assert_eq!(client.get::<Option<String>>("k").await?.as_deref(), Some("v"));
    Ok(())
}
