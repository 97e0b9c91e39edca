//! Many at once over one connection: every reply to its caller, whoever goes away.

use carnelian::prelude::*;

use super::support::{Outcome, newest, noticed_loss};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reply_reaches_another_caller_whatever_is_dropped() -> Outcome {
    let (_server, client) = newest().await?;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32_u64 {
        let client = client.clone();
        tasks.spawn(async move {
            let mut dropped = 0;
            for round in 0..200_u64 {
                let own = format!("{task}:{round}");
                // A pseudo-random point in its life, from never begun to long since answered.
                let patience = std::time::Duration::from_micros((task * 7_919 + round * 104_729) % 400);
                match tokio::time::timeout(patience, client.echo::<String>(&own)).await {
                    Ok(echo) => assert_eq!(echo?, own),
                    Err(_) => dropped += 1,
                }
                assert_eq!(client.echo::<String>(&own).await?, own);
            }
            Ok::<_, Error>(dropped)
        });
    }
    let mut dropped = 0;
    for outcome in tasks.join_all().await {
        dropped += outcome?;
    }
    assert!(dropped > 0, "some were dropped on the way");
    Ok(())
}

#[tokio::test]
async fn commands_of_one_task_stay_in_order_through_a_reconnect() -> Outcome {
    let (server, client) = newest().await?;
    server.kill();
    noticed_loss(&client).await;
    // Never sent, so all of them wait for the connection, in the order of their first poll.
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..100 {
        let client = client.clone();
        waiting.spawn(async move { client.rpush("l", number).await });
        tokio::task::yield_now().await;
    }
    server.restart();
    for outcome in waiting.join_all().await {
        outcome?;
    }
    let list: Vec<i64> = client.lrange("l", 0, -1).await?;
    assert_eq!(list, (0..100).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn joins_and_selects_take_commands_as_they_are() -> Outcome {
    let (_server, client) = newest().await?;
    client.mset([("a", 1), ("b", 2)]).await?;
    let (a, b) = tokio::try_join!(client.get::<i64>("a"), client.get::<i64>("b"))?;
    assert_eq!((a, b), (1, 2));
    let first = tokio::select! {
        a = client.get::<i64>("a") => a?,
        never = client.blpop::<(String, i64)>("none", BlockFor::Forever) => never?.unwrap().1,
    };
    assert_eq!(first, 1);
    Ok(())
}
