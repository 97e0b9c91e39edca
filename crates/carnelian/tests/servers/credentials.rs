//! Passwords that change.

use carnelian::Event;
use carnelian::config::{CredentialError, Credentials, PerConnect, Rotating};
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

use super::support::Outcome;

#[tokio::test]
async fn open_connections_log_in_again() -> Outcome {
    for installed in [servers::newest_redis(), servers::named("redis-6.2"), servers::newest_valkey()] {
        let server = Server::options(&installed).user("app", "on >monday >tuesday ~* +@all").start();
        let passwords = Rotating::new(Credentials::user("app", "monday"));
        let config = Config::tcp("127.0.0.1", server.port()).credentials(passwords.clone());
        let client = Client::connect(config).await?;
        let (id, mut events) = (client.client_id().await?, client.events());
        passwords.rotate(Credentials::user("app", "tuesday"));
        while events.recv().await? != Event::Reauthenticated {}
        assert_eq!(client.client_id().await?, id, "on the same connection");
        server.cli(&["ACL", "SETUSER", "app", "<monday"]);
        assert_eq!(client.dedicated().await?.acl_whoami().await?, "app");
    }
    Ok(())
}

#[tokio::test]
async fn a_provider_without_credentials_says_so() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let provider = PerConnect::new(|| Err(CredentialError::new("the vault is sealed")));
    let error = Client::connect(Config::new(&server.url())?.credentials(provider)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("the vault is sealed"), "{error}");
    Ok(())
}
