//! State and events.

use carnelian::prelude::*;
use carnelian::{Event, State};
use carnelian_testkit::{Server, servers};

use super::support::{Outcome, newest};

#[tokio::test]
async fn whoever_has_just_connected_is_connected() -> Outcome {
    let (_server, client) = newest().await?;
    assert_eq!(*client.state().borrow(), State::Connected);
    Ok(())
}

#[tokio::test]
async fn a_loss_and_what_follows_are_told_in_order() -> Outcome {
    let (server, client) = newest().await?;
    let (mut state, mut events) = (client.state(), client.events());
    server.kill();
    state.wait_for(|state| *state == State::Connecting).await?;
    assert!(matches!(events.recv().await?, Event::Lost { .. }));
    assert!(matches!(events.recv().await?, Event::Connecting { .. }));
    let Event::ConnectFailed { reason, .. } = events.recv().await? else { panic!("nobody listens there") };
    assert!(reason.contains("is the server running there?"), "{reason}");
    server.restart();
    state.wait_for(|state| *state == State::Connected).await?;
    loop {
        if let Event::Connected { resp3, version } = events.recv().await? {
            let (major, minor, patch) = server.installed().version;
            assert_eq!((resp3, version), (true, format!("{major}.{minor}.{patch}")));
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_may_give_up_does() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let reconnect = carnelian::config::Reconnect::new().attempts(2);
    let client = Client::connect(Config::new(&server.url())?.reconnect(reconnect)).await?;
    let mut state = client.state();
    server.kill();
    state.wait_for(|state| *state == State::Disconnected).await?;
    let error = client.set("k", "v").await.unwrap_err();
    assert!(error.to_string().contains("gave up") && !error.may_have_run(), "{error}");
    Ok(())
}
