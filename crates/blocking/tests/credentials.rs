//! Who a connection logs in as, and how that changes while it lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carnelian_blocking::{Client, Events};
use carnelian_command::group::{AclCommands as _, ConnectionCommands as _, OwnConnectionCommands as _};
use carnelian_core::config::{CredentialError, Credentials, PerConnect, Protocol, Rotating};
use carnelian_core::{Config, ErrorKind, Event, State};
use carnelian_testkit::{Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

fn with_users() -> Server {
    Server::options(&servers::newest_redis())
        .user("ann", "on >first ~* &* +@all")
        .user("bob", "on >second ~* &* +@all")
        .start()
}

fn plain(server: &Server) -> Config {
    Config::tcp("127.0.0.1", server.port())
}

fn logged_in_again(events: &Events) -> bool {
    std::iter::from_fn(|| events.next_within(SOON)).any(|event| event == Event::Reauthenticated)
}

#[test]
fn users_are_who_they_say() -> Outcome {
    let server = with_users();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let ann = Client::connect(plain(&server).username("ann").password("first").protocol(protocol))?;
        assert_eq!(ann.acl_whoami()?, "ann");
        assert_eq!(ann.dedicated()?.acl_whoami()?, "ann");
        let wrong = plain(&server).username("ann").password("hunter2").protocol(protocol);
        let error = Client::connect(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
        assert!(!error.to_string().contains("hunter2"));
    }
    Ok(())
}

#[test]
fn rotated_credentials_log_live_connections_in_again() -> Outcome {
    let server = with_users();
    let rotating = Rotating::new(Credentials::user("ann", "first"));
    let client = Client::connect(plain(&server).credentials(rotating.clone()).connections(2))?;
    assert!(client.state().wait_for(State::Connected, SOON));
    let events = client.events();
    let id = client.client_id()?;
    let own = client.dedicated()?;
    assert_eq!((client.acl_whoami()?, own.acl_whoami()?), ("ann".into(), "ann".into()));

    rotating.rotate(Credentials::user("bob", "second"));
    assert!(logged_in_again(&events) && logged_in_again(&events));
    assert_eq!((client.acl_whoami()?, client.client_id()?), ("bob".into(), id), "on the same connection");
    // What was taken out is not touched in the middle of its work, and not used again.
    assert_eq!(own.acl_whoami()?, "ann");
    drop(own);
    assert_eq!(client.dedicated()?.acl_whoami()?, "bob");
    // After a loss, too, the new ones count.
    server.cli(&["CLIENT", "KILL", "ID", &client.client_id()?.to_string()]);
    assert_eq!(client.acl_whoami()?, "bob");
    Ok(())
}

#[test]
fn a_provider_is_asked_for_each_connection() -> Outcome {
    let server = with_users();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = PerConnect::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(Credentials::user("ann", "first"))
    });
    let client = Client::connect(plain(&server).credentials(provider))?;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let (one, two) = (client.dedicated()?, client.dedicated()?);
    assert_eq!((one.acl_whoami()?, two.acl_whoami()?), ("ann".into(), "ann".into()));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    drop((one, two));
    client.dedicated()?.ping()?;
    assert_eq!(asked.load(Ordering::SeqCst), 3, "what is used again was logged in before");
    Ok(())
}

#[test]
fn a_provider_that_has_none_or_panics_is_a_clear_error() -> Outcome {
    let server = with_users();
    let sealed = PerConnect::new(|| Err(CredentialError::new("the vault is sealed")));
    let error = Client::connect(plain(&server).credentials(sealed)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    assert!(error.to_string().contains("the vault is sealed"), "{error}");
    let panics = PerConnect::new(|| panic!("a bug of the user's"));
    let error = Client::connect(plain(&server).credentials(panics)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");

    let rotating = Rotating::empty();
    let client = Client::connect_lazily(plain(&server).credentials(rotating.clone()))?;
    assert!(client.timeout(Duration::from_millis(50)).ping().unwrap_err().is_timeout());
    rotating.rotate(Credentials::user("ann", "first"));
    assert_eq!(client.acl_whoami()?, "ann");
    Ok(())
}
