//! Commands that wait on the server: they hold up nobody, end when they should, and lose nothing silently.

use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

use super::support::{Outcome, newest};

type Hit = (String, String);

#[tokio::test]
async fn the_clients_timeout_does_not_bind_them_but_their_own_does() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(Config::new(&server.url())?.command_timeout(ms(100))).await?;
    let waiting = client.clone();
    let pop = tokio::spawn(async move { waiting.blpop::<Hit>("l", seconds(10)).await });
    tokio::time::sleep(ms(300)).await;
    client.rpush("l", "late").await?;
    assert_eq!(pop.await??.map(|(_, element)| element).as_deref(), Some("late"));
    let error = client.blpop::<Hit>("l", seconds(10)).timeout(ms(50)).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_run(), "{error}");
    Ok(())
}

#[tokio::test]
async fn one_that_is_dropped_takes_nothing_with_it() -> Outcome {
    let (_server, client) = newest().await?;
    for _ in 0..20 {
        let given_up = tokio::time::timeout(ms(5), client.blpop::<Hit>("l", BlockFor::Forever)).await;
        assert!(given_up.is_err());
    }
    while client.client_list().await?.iter().any(|client| client.is_blocked()) {
        tokio::time::sleep(ms(5)).await;
    }
    client.rpush("l", "kept").await?;
    assert_eq!(client.lpop::<Option<String>>("l").await?.as_deref(), Some("kept"));
    assert_eq!(client.pool_stats().in_use, 0);
    Ok(())
}

#[tokio::test]
async fn one_under_way_when_the_server_goes_is_told() -> Outcome {
    let (server, client) = newest().await?;
    let waiting = client.clone();
    let pop = tokio::spawn(async move { waiting.blpop::<Hit>("l", BlockFor::Forever).await });
    while !client.client_list().await?.iter().any(|client| client.is_blocked()) {
        tokio::time::sleep(ms(5)).await;
    }
    server.kill();
    let error = pop.await?.unwrap_err();
    assert!(error.kind() == ErrorKind::Connection && error.may_have_run(), "{error}");
    Ok(())
}
