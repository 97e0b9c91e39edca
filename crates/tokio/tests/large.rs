//! Large values both ways at once through small buffers: a client that wrote without reading would stand still for ever.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use carnelian_command::RawCommands as _;
use carnelian_command::group::StringCommands as _;
use carnelian_core::Config;
use carnelian_testkit::{FaultProxy, Server, servers};
use carnelian_tokio::Client;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const LARGE: usize = 10 << 20;
const CALLERS: usize = 4;

/// Bytes that tell whose they are, wherever one looks.
fn value_of(caller: usize) -> Bytes {
    (0..LARGE).map(|at| (at / 251 + at * 7 + caller * 101) as u8).collect()
}

async fn connect(proxy: &FaultProxy) -> Outcome<Client> {
    let config = Config::new(&proxy.url())?.command_timeout(Duration::from_secs(120));
    Ok(Client::connect(config).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_values_both_ways_do_not_stall() -> Outcome {
    for installed in [servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
        let client = connect(&proxy).await?;
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..CALLERS {
            let (client, value) = (client.clone(), value_of(caller));
            callers.spawn(async move {
                let key = format!("large:{caller}");
                client.set(&key, &value).await?;
                // Both directions are full at once: the others' values go up while these come down.
                let (echoed, read) = tokio::try_join!(
                    client.command("ECHO").arg(&value).run::<Bytes>().into_future(),
                    client.get::<Bytes>(&key).into_future(),
                )?;
                assert!(echoed == value && read == value, "caller {caller}");
                Outcome::Ok(())
            });
        }
        while let Some(caller) = callers.join_next().await {
            caller??;
        }
        assert_eq!(proxy.accepted().len(), 1, "the connection was kept");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_commands_live_among_large_ones() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    let proxy = FaultProxy::options(server.addr()).buffers(4096).start();
    let client = connect(&proxy).await?;
    let value = Arc::new(value_of(1));
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..40 {
        let (client, value) = (client.clone(), Arc::clone(&value));
        callers.spawn(async move {
            for round in 0..5 {
                let own = format!("{caller}:{round}");
                let small = client.command("ECHO").arg(&own);
                assert_eq!(small.run::<String>().await?, own);
                if caller == 0 {
                    let back = client.command("ECHO").arg(&**value).run::<Bytes>().await?;
                    assert!(back == *value, "round {round}");
                }
            }
            Outcome::Ok(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(())
}
