//! Ways to connect: a URL, a database, a user and a password, a Unix socket; and what goes wrong without them.

use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = Server::options(&servers::any()).user("ada", "on >s/cret ~* +@all").start();
    let port = server.port();

    // A URL says it all. Special characters of a password are percent-encoded, as in any URL.
    let client = Client::connect(format!("redis://ada:s%2Fcret@127.0.0.1:{port}/1")).await?;
    client.set("my-key", "in database 1").await?;
    println!("by URL: {client:?}");

    // The same by setters, where the password is written as it is.
    let config = Config::tcp("127.0.0.1", port).username("ada").password("s/cret").db(1);
    let client = Client::connect(config).await?;
    let value: Option<String> = client.get("my-key").await?;
    assert_eq!(value.as_deref(), Some("in database 1"));

    // A URL with setters for the rest. What the URL states wins.
    let config = Config::new(&format!("redis://127.0.0.1:{port}/2?client_name=example"))?.db(1);
    let client = Client::connect(config).await?;
    assert_eq!(client.get::<Option<String>>("my-key").await?, None, "this is database 2");
    assert_eq!(client.client_info().await?.name(), Some("example"));

    // A Unix socket.
    let client = Client::connect(format!("unix://{}?db=1", server.unix_path().display())).await?;
    println!("by Unix socket: {}", client.get::<String>("my-key").await?);

    // Errors say what was tried and what to do.
    for url in [
        format!("redis://ada:wrong@127.0.0.1:{port}"),
        format!("redis://127.0.0.1:{port}?socket_timout=1"),
        "redis://127.0.0.1:1".to_owned(),
    ] {
        if let Err(error) = Client::connect(url).await {
            println!("{:?}: {error}", error.kind());
        }
    }
    Ok(())
}
