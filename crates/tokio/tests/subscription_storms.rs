//! Storms of subscribing and unsubscribing by many tasks, and subscribing that is given up: what is listened to afterwards
//! is what is wanted, at the server too.

use std::time::Duration;

use carnelian_command::group::{ConnectionCommands as _, PubSubCommands as _};
use carnelian_core::ServerCode;
use carnelian_core::subscription::Kind;
use carnelian_testkit::{FaultProxy, Server, eventually, servers};
use carnelian_tokio::Client;
use tokio::time::timeout;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(10);

async fn clients(server: &Server) -> Result<Vec<Client>, Box<dyn std::error::Error>> {
    let mut clients = Vec::new();
    for protocol in [2, 3] {
        clients.push(Client::connect(format!("{}?protocol={protocol}", server.url()).as_str()).await?);
    }
    Ok(clients)
}

fn nothing_is_listened_to(server: &Server) {
    eventually("all is unsubscribed from", SOON, || {
        server.cli(&["PUBSUB", "CHANNELS"]).trim().is_empty()
            && server.cli(&["PUBSUB", "NUMPAT"]).contains('0')
    });
}

/// Tasks come and go on the same few names; whoever listens gets what is published from then on.
async fn storm(client: Client, seed: u64, rounds: u64) -> Result<(), String> {
    let error = |error: carnelian_core::Error| error.to_string();
    let mut random = seed;
    for round in 0..rounds {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let channel = format!("c{}", (random >> 33) % 4);
        let mut listening = client.subscribe(&channel).await.map_err(error)?;
        if random.is_multiple_of(3) {
            listening.psubscribe("p*").await.map_err(error)?;
            listening.unsubscribe(&channel);
            listening.subscribe(&channel).await.map_err(error)?;
        }
        let own = format!("{seed}:{round}");
        client.publish(&channel, &own).await.map_err(error)?;
        loop {
            let message =
                timeout(SOON, listening.next_message()).await.map_err(|_| format!("{own} is lost"))?;
            if message.map_err(error)?.ok_or("it ended")?.text() == own {
                break;
            }
        }
        if random.is_multiple_of(5) {
            // Given up at once, or somewhere on its way.
            let wish = listening.subscribe(["c0", "c1", "given up"]);
            let _ = timeout(Duration::from_micros(random >> 54), wish).await;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_on_the_same_names_hear_what_they_listen_to() -> Outcome {
    for installed in [servers::named("redis-6.2"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for client in clients(&server).await? {
            let tasks: Vec<_> =
                (0..16).map(|task| tokio::spawn(storm(client.clone(), task * 7 + 1, 100))).collect();
            for task in tasks {
                task.await??;
            }
            nothing_is_listened_to(&server);
            assert_eq!(client.ping().await?, "PONG");
            storm(client, 99, 3).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_survive_lost_connections() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(format!("{}?protocol={protocol}", proxy.url()).as_str()).await?;
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let client = client.clone();
                tokio::spawn(async move {
                    for round in 0..40 {
                        // Messages may be lost now, and publishing may fail; subscribing must not hang, nor leave anything.
                        let channel = format!("c{}", (task + round) % 3);
                        if let Ok(mut listening) = client.subscribe(&channel).await {
                            let _ = listening.subscribe("other").await;
                            listening.unsubscribe(&channel);
                        }
                    }
                })
            })
            .collect();
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            proxy.reset_all();
        }
        for task in tasks {
            timeout(Duration::from_secs(30), task).await??;
        }
        let mut last = client.subscribe("last").await?;
        nothing_but(&server, "last");
        server.cli(&["PUBLISH", "last", "x"]);
        let message = timeout(SOON, last.next_message()).await??.ok_or("it ended")?;
        assert_eq!(message.text(), "x");
    }
    Ok(())
}

fn nothing_but(server: &Server, channel: &str) {
    eventually("nothing else is listened to", SOON, || server.cli(&["PUBSUB", "CHANNELS"]).trim() == channel);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_is_not_listened_to() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for client in clients(&server).await? {
        for round in 0..200_u64 {
            let wish = client.subscribe([format!("given up {round}"), "same".to_owned()]);
            let _ = timeout(Duration::from_micros(round * 5), wish).await;
        }
        nothing_is_listened_to(&server);

        let mut kept = client.subscribe("kept").await?;
        for round in 0..200 {
            let wish = kept.subscribe([format!("more {round}"), "kept".to_owned()]);
            if timeout(Duration::from_micros(round * 2), wish).await.is_ok() {
                kept.unsubscribe(format!("more {round}"));
            }
        }
        assert_eq!(kept.listens_to(), [(Kind::Channel, "kept".into())]);
        nothing_but(&server, "kept");
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_wish_takes_nothing_with_it() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    server.command(&["ACL", "SETUSER", "reader", "on", ">pw", "+@all", "~*", "resetchannels", "&open*"]);
    for protocol in [2, 3] {
        let url = format!("redis://reader:pw@127.0.0.1:{}?protocol={protocol}", server.port());
        let client = Client::connect(url.as_str()).await?;
        let mut open = client.subscribe("open:1").await?;
        let error = open.subscribe(["open:1", "secret", "open:2"]).await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::NoPerm), "{error}");
        assert_eq!(open.listens_to(), [(Kind::Channel, "open:1".into())]);
        // Nor does the next wish hear of one that nobody waited for.
        let _ = timeout(Duration::ZERO, open.subscribe("secret")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        open.subscribe("open:3").await?;
        client.publish("open:1", "x").await?;
        let message = timeout(SOON, open.next_message()).await??.ok_or("it ended")?;
        assert_eq!(message.text(), "x");
    }
    Ok(())
}
