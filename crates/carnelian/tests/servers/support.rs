//! A client on every server of the matrix, or on the newest.

use carnelian::State;
use carnelian::config::Protocol;
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

/// What a test comes to.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Runs `test` on every server, in RESP3 (where it is known) and in RESP2, each time with an empty keyspace.
pub(crate) async fn everywhere(test: impl AsyncFn(&Client) -> Outcome) -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        for protocol in [Protocol::Auto, Protocol::Resp2] {
            eprintln!("on {} with {protocol:?}", installed.name);
            let client = Client::connect(Config::new(&server.url())?.protocol(protocol)).await?;
            client.flushall().await?;
            test(&client).await?;
        }
    }
    Ok(())
}

/// The newest Redis, and a client on it.
pub(crate) async fn newest() -> carnelian::Result<(Server, Client)> {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).await?;
    Ok((server, client))
}

/// Waits until the client has noticed that its connection is gone.
pub(crate) async fn noticed_loss(client: &Client) {
    let mut state = client.state();
    state.wait_for(|state| *state == State::Connecting).await.unwrap();
}
