//! Who a connection logs in as, and how that changes while it lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carnelian_command::group::{
    AclCommands as _, ConnectionCommands as _, OwnConnectionCommands as _, StringCommands as _,
};
use carnelian_core::config::{CredentialError, Credentials, PerConnect, Protocol, Rotating};
use carnelian_core::{Config, ErrorKind, Event, ServerCode, State};
use carnelian_testkit::{Server, servers};
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

fn with_users() -> Server {
    // Redis 8.6 now and then owes the answer to an AUTH that fails right behind another command.
    Server::options(&servers::newest_valkey())
        .user("ann", "on >first ~* &* +@all")
        .user("bob", "on >second ~* &* +@all")
        .user("reader", "on >look ~public:* &* +@read +ping")
        .start()
}

fn plain(server: &Server) -> Config {
    Config::tcp("127.0.0.1", server.port())
}

#[tokio::test]
async fn users_are_who_they_say_and_may_what_they_may() -> Outcome {
    let server = with_users();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let ann =
            Client::connect(plain(&server).username("ann").password("first").protocol(protocol)).await?;
        assert_eq!(ann.acl_whoami().await?, "ann");
        assert_eq!(ann.dedicated().await?.acl_whoami().await?, "ann");
        let url = format!("redis://reader:look@{}", server.addr());
        let reader = Client::connect(Config::new(&url)?.protocol(protocol).without_lib_info()).await?;
        assert_eq!(reader.get::<Option<String>>("public:x").await?, None);
        let error = reader.set("public:x", 1).await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::NoPerm), "{error}");
        let error = reader.get::<Option<String>>("private").await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::NoPerm), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn rotated_credentials_log_live_connections_in_again() -> Outcome {
    let server = with_users();
    let rotating = Rotating::new(Credentials::user("ann", "first"));
    let client = Client::connect(plain(&server).credentials(rotating.clone()).connections(2)).await?;
    let mut events = client.events();
    let id = client.client_id().await?;
    let own = client.dedicated().await?;
    assert_eq!((client.acl_whoami().await?, own.acl_whoami().await?), ("ann".into(), "ann".into()));
    let mut state = client.state();
    state.wait_for(|state| *state == State::Connected).await?;

    rotating.rotate(Credentials::user("bob", "second"));
    let both = async {
        for _ in 0..2 {
            while events.recv().await? != Event::Reauthenticated {}
        }
        Ok::<_, tokio::sync::broadcast::error::RecvError>(())
    };
    tokio::time::timeout(SOON, both).await??;
    assert_eq!(client.acl_whoami().await?, "bob");
    assert_eq!(client.client_id().await?, id, "on the same connection");
    let users: Vec<_> = client
        .client_list()
        .await?
        .iter()
        .map(|client| client.user().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(users.iter().filter(|user| *user == "bob").count(), 2, "{users:?}");

    // What was taken out is not touched in the middle of its work, and not used again.
    assert_eq!(own.acl_whoami().await?, "ann");
    drop(own);
    assert_eq!(client.dedicated().await?.acl_whoami().await?, "bob");

    // After a loss, too, the new ones count.
    server.cli(&["CLIENT", "KILL", "ID", &client.client_id().await?.to_string()]);
    assert_eq!(client.acl_whoami().await?, "bob");
    Ok(())
}

#[tokio::test]
async fn credentials_that_the_server_refuses_leave_the_connection_as_it_was() -> Outcome {
    let server = with_users();
    let rotating = Rotating::new(Credentials::user("ann", "first"));
    let client = Client::connect(plain(&server).credentials(rotating.clone())).await?;
    rotating.rotate(Credentials::user("ann", "no longer"));
    client.ping().await?;
    assert_eq!(client.acl_whoami().await?, "ann");
    let mut events = client.events();
    rotating.rotate(Credentials::user("bob", "second"));
    let again = async { while events.recv().await.is_ok_and(|event| event != Event::Reauthenticated) {} };
    tokio::time::timeout(SOON, again).await?;
    assert_eq!(client.acl_whoami().await?, "bob");
    Ok(())
}

#[tokio::test]
async fn a_provider_is_asked_for_each_connection() -> Outcome {
    let server = with_users();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = PerConnect::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(Credentials::user("ann", "first"))
    });
    let client = Client::connect(plain(&server).credentials(provider)).await?;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let (one, two) = (client.dedicated().await?, client.dedicated().await?);
    assert_eq!((one.acl_whoami().await?, two.acl_whoami().await?), ("ann".into(), "ann".into()));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    drop((one, two));
    client.dedicated().await?.ping().await?;
    assert_eq!(asked.load(Ordering::SeqCst), 3, "what is used again was logged in before");
    server.cli(&["CLIENT", "KILL", "ID", &client.client_id().await?.to_string()]);
    assert_eq!(client.acl_whoami().await?, "ann");
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    Ok(())
}

#[tokio::test]
async fn without_credentials_there_is_a_clear_error_and_later_a_connection() -> Outcome {
    let server = with_users();
    let sealed = PerConnect::new(|| Err(CredentialError::new("the vault is sealed")));
    let error = Client::connect(plain(&server).credentials(sealed)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    assert!(error.to_string().contains("the vault is sealed"), "{error}");

    let rotating = Rotating::empty();
    let client = Client::connect_lazily(plain(&server).credentials(rotating.clone()))?;
    let mut events = client.events();
    let reason = loop {
        if let Event::ConnectFailed { reason, .. } = tokio::time::timeout(SOON, events.recv()).await?? {
            break reason;
        }
    };
    assert!(reason.contains("rotate"), "{reason}");
    rotating.rotate(Credentials::user("bob", "second"));
    assert_eq!(client.acl_whoami().timeout(SOON).await?, "bob");
    Ok(())
}
