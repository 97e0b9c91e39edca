//! What errors say: what happened, whether the command may have run, and no secrets.

use carnelian::ServerCode;
use carnelian::prelude::*;
use carnelian_testkit::{ScriptedServer, Server, servers};

use super::support::{Outcome, newest};

#[tokio::test]
async fn the_servers_codes_are_types() -> Outcome {
    let (_server, client) = newest().await?;
    client.set("k", "secret-value").await?;
    let error = client.lpush("k", "x").await.unwrap_err();
    assert_eq!((error.kind(), error.server_code()), (ErrorKind::Server, Some(ServerCode::WrongType)));
    assert_eq!((error.command(), error.may_have_run(), error.is_retryable()), (Some("LPUSH"), false, false));
    assert_eq!(error.server_error().unwrap().code(), "WRONGTYPE");
    client.config_set("maxmemory", 1).await?;
    let error = client.set("k2", "secret-value").await.unwrap_err();
    assert_eq!(error.server_code(), Some(ServerCode::OutOfMemory));
    assert!(error.is_retryable() && error.to_string().contains("maxmemory-policy"), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret-value"));
    Ok(())
}

#[tokio::test]
async fn a_write_whose_reply_is_lost_may_have_run_and_is_not_repeated() -> Outcome {
    let (server, client) = newest().await?;
    server.pause();
    let write = tokio::spawn({
        let client = client.clone();
        async move { client.incr("n").await }
    });
    let read = tokio::spawn({
        let client = client.clone();
        async move { client.get::<Option<i64>>("n").await }
    });
    tokio::time::sleep(ms(100)).await;
    server.kill();
    server.restart();
    let error = write.await?.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Connection && error.may_have_run() && !error.is_retryable(),
        "{error}"
    );
    assert_eq!(read.await??, None, "a read is sent again");
    assert_eq!(client.get::<Option<i64>>("n").await?, None);
    Ok(())
}

#[tokio::test]
async fn what_the_caller_calls_idempotent_is_sent_again() -> Outcome {
    let (server, client) = newest().await?;
    server.pause();
    let write = tokio::spawn({
        let client = client.clone();
        async move { client.set("k", "v").idempotent().await }
    });
    tokio::time::sleep(ms(100)).await;
    server.kill();
    server.restart();
    write.await??;
    assert_eq!(client.get::<String>("k").await?, "v");
    Ok(())
}

/// A peer that talks nonsense is not trusted any further.
#[tokio::test]
async fn bytes_that_are_no_protocol_end_the_connection() -> Outcome {
    let server = ScriptedServer::start(|mut peer| {
        while let Some(command) = peer.command()? {
            let reply: &[u8] = match command.first().map(Vec::as_slice) {
                Some(b"HELLO") => b"%3\r\n+server\r\n+redis\r\n+version\r\n+7.0.0\r\n+id\r\n:1\r\n",
                Some(b"GET") => b"?nonsense\r\n",
                _ => b"+OK\r\n",
            };
            peer.send(reply)?;
        }
        Ok(())
    });
    let client = Client::connect(server.url()).await?;
    let error = client.get::<Option<String>>("k").retry(Retry::none()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Protocol), "{error}");
    assert!(error.may_have_run());
    client.set("k", "v").await?;
    assert!(server.accepted().len() >= 2, "over another connection");
    Ok(())
}

#[tokio::test]
async fn secrets_show_nowhere() -> Outcome {
    let server = Server::options(&servers::newest_redis()).password("hunter2").start();
    let client = Client::connect(server.url()).await?;
    let shown = format!("{client:?} {:?} {:?}", client.config(), client.set("k", "hunter2"));
    assert!(!shown.contains("hunter2"), "{shown}");
    let own = client.dedicated().await?;
    let error = own.command("AUTH").arg("hunter3").run::<()>().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter3"), "{error}");
    Ok(())
}
