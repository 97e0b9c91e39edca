//! One client for the process. The tests of this file share it, so they run one after the other where they share a
//! process too.

use carnelian_command::group::{ConnectionCommands as _, OwnConnectionCommands as _};
use carnelian_core::ErrorKind;
use carnelian_testkit::{ScriptedServer, Server, servers};
use carnelian_tokio::{close, global, init};
use tokio::sync::Mutex;

type Outcome = Result<(), Box<dyn std::error::Error>>;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn it_is_there_from_init_to_close() -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().await;
    let error = global().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("init("), "{error}");

    let server = Server::start(&servers::newest_redis());
    let client = init(server.url()).await?;
    assert_eq!(global()?.client_id().await?, client.client_id().await?);
    // The first one stays.
    let same = init("redis://127.0.0.1:1").await?;
    assert_eq!(same.client_id().await?, client.client_id().await?);

    close().await;
    assert_eq!(client.ping().await.unwrap_err().kind(), ErrorKind::Closed);
    assert!(global().is_err());
    // Afterwards a new one can be made.
    assert_ne!(init(server.url()).await?.client_id().await?, 0);
    close().await;
    close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_begin_at_once_there_is_one_connection() -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().await;
    let server = Server::start(&servers::newest_redis());
    let before = server.command(&["INFO", "stats"]).text();
    let url = server.url();
    let mut tasks = Vec::new();
    for _ in 0..100 {
        let url = url.clone();
        tasks.push(tokio::spawn(async move { init(url).await?.client_id().await }));
    }
    let mut ids = std::collections::BTreeSet::new();
    for task in tasks {
        ids.insert(task.await??);
    }
    assert_eq!(ids.len(), 1);
    let received = |stats: &str| {
        stats
            .lines()
            .find_map(|line| line.strip_prefix("total_connections_received:")?.trim().parse::<u64>().ok())
    };
    let after = server.command(&["INFO", "stats"]).text();
    // The client's, and the one that asks.
    assert_eq!(received(&after), received(&before).map(|count| count + 2));
    close().await;
    Ok(())
}

#[tokio::test]
async fn a_first_try_that_fails_does_not_spoil_the_next() -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().await;
    let closed = ScriptedServer::start(|_| Ok(()));
    assert!(init(closed.url()).await.is_err());
    assert!(global().is_err());
    let server = Server::start(&servers::newest_redis());
    init(server.url()).await?;
    assert_eq!(global()?.ping().await?, "PONG");
    close().await;
    Ok(())
}
