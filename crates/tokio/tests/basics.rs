//! The async client against real servers: the common way of a command.

use std::sync::Arc;
use std::time::Duration;

use carnelian_command::RawCommands as _;
use carnelian_core::{Config, State};
use carnelian_testkit::{Server, servers};
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn get(client: &Client, key: &str) -> carnelian_core::Result<Option<String>> {
    client.command("GET").key(key).run().await
}

#[tokio::test]
async fn sets_and_gets_on_every_server() -> Outcome {
    for installed in servers::matrix() {
        let server = Server::start(&installed);
        let client = Client::connect(server.url()).await?;
        client.command("SET").key("k").arg("v").run::<()>().await?;
        assert_eq!(get(&client, "k").await?, Some("v".into()), "{}", installed.name);
        assert_eq!(get(&client, "none").await?, None);
        assert_eq!(*client.state().borrow(), State::Connected);
        client.close().await;
        assert!(get(&client, "k").await.is_err());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_share_a_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url()).await?;
    let mut tasks = Vec::new();
    for task in 0..200 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            for n in 0..50 {
                let value = format!("{task}:{n}");
                client.command("SET").key(format!("k{task}")).arg(&value).run::<()>().await?;
                assert_eq!(get(&client, &format!("k{task}")).await?, Some(value));
            }
            Ok::<_, carnelian_core::Error>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

#[tokio::test]
async fn values_of_all_sizes_come_back_whole() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    let client = Arc::new(Client::connect(server.url()).await?);
    for size in [0, 1, 63, 64, 100, 4_000, 16_380, 16_400, 65_530, 65_540, 1 << 20, 10 << 20] {
        let value: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
        client.command("SET").key("v").arg(&value).run::<()>().await?;
        let back: Option<Vec<u8>> = client.command("GET").key("v").run().await?;
        assert_eq!(back, Some(value), "{size}");
    }
    Ok(())
}

#[tokio::test]
async fn waiting_commands_leave_the_shared_connection_free() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client =
        Client::connect(Config::new(&server.url())?.command_timeout(Duration::from_millis(300))).await?;
    let waiting = client.clone();
    let popped = tokio::spawn(async move {
        waiting.command("BLPOP").key("queue").arg(5).run::<Option<(String, String)>>().await
    });
    tokio::time::sleep(Duration::from_millis(600)).await;
    client.command("RPUSH").key("queue").arg("job").run::<i64>().await?;
    assert_eq!(popped.await??, Some(("queue".into(), "job".into())));
    assert_eq!(client.pool_stats().idle, 1);
    Ok(())
}
