//! Dedicated connections: how many, for how long, and in what state they come back.

use carnelian::config::Wait;
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

use super::support::{Outcome, newest};

#[tokio::test]
async fn a_connection_comes_back_as_good_as_new_or_not_at_all() -> Outcome {
    let (_server, client) = newest().await?;
    let own = client.dedicated().await?;
    let id = own.client_id().await?;
    drop(own);
    let own = client.dedicated().await?;
    assert_eq!(own.client_id().await?, id, "an untouched one is used again");
    own.command("WATCH").key("k").run::<()>().await?;
    drop(own);
    let stats = client.pool_stats();
    assert_eq!((stats.idle, stats.in_use, stats.opened), (0, 0, 1));
    assert_ne!(client.dedicated().await?.client_id().await?, id, "one that watches is not");
    Ok(())
}

#[tokio::test]
async fn callers_wait_for_a_connection_or_fail_at_once() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?.max_connections(1);
    let client = Client::connect(config.clone().pool_wait(Wait::FailAtOnce)).await?;
    let only = client.dedicated().await?;
    let error = client.dedicated().await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::PoolExhausted
            && error.is_retryable()
            && error.to_string().contains("max_connections")
    );
    drop(only);

    let client = Client::connect(config.clone().pool_wait(Wait::Timeout(ms(50)))).await?;
    let only = client.dedicated().await?;
    assert_eq!(client.dedicated().await.unwrap_err().kind(), ErrorKind::PoolExhausted);
    drop(only);

    let client = Client::connect(config.pool_wait(Wait::Forever)).await?;
    let only = client.dedicated().await?;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.dedicated().await.map(drop) }
    });
    while client.pool_stats().waiting == 0 {
        tokio::task::yield_now().await;
    }
    drop(only);
    waiting.await??;
    Ok(())
}

#[tokio::test]
async fn idle_ones_are_kept_ready_and_closed_in_time() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let config = Config::new(&server.url())?;
    let client = Client::connect(config.clone().min_idle(2)).await?;
    while client.pool_stats().idle < 2 {
        tokio::time::sleep(ms(10)).await;
    }
    for config in [config.clone().idle_limit(ms(50)), config.lifetime_limit(ms(50))] {
        let client = Client::connect(config).await?;
        drop(client.dedicated().await?);
        while client.pool_stats().closed == 0 {
            tokio::time::sleep(ms(20)).await;
        }
        assert_eq!(client.pool_stats().idle, 0);
    }
    Ok(())
}

#[tokio::test]
async fn disconnecting_closes_the_idle_and_if_asked_the_others_too() -> Outcome {
    let (_server, client) = newest().await?;
    let out = client.dedicated().await?;
    drop(client.dedicated().await?);
    client.disconnect(false);
    assert_eq!((client.pool_stats().idle, client.pool_stats().in_use), (0, 1));
    client.disconnect(true);
    out.ping().await?;
    drop(out);
    assert_eq!((client.pool_stats().idle, client.pool_stats().closed), (0, 2));
    Ok(())
}

/// A connection that is lost is not made again behind its owner's back: its state went with it.
#[tokio::test]
async fn a_lost_connection_of_ones_own_stays_lost() -> Outcome {
    let (server, client) = newest().await?;
    let own = client.dedicated().await?;
    own.select(1).await?;
    server.kill();
    server.restart();
    assert!(own.set("k", "v").await.is_err() && own.set("k", "v").await.is_err() && !own.is_connected());
    client.set("k", "v").await?;
    client.dedicated().await?.set("k", "v").await?;
    Ok(())
}
