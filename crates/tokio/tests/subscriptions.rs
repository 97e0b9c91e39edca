//! Subscriptions: every message reaches whoever listens, over both protocols, through reconnects, and in bounded memory.

use std::time::Duration;

use carnelian_command::group::{ConnectionCommands as _, PubSubCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::subscription::{Kind, Notice, Overflow, SubscribeOptions};
use carnelian_core::{Config, ErrorKind, ServerCode};
use carnelian_testkit::{FaultProxy, Server, eventually, servers};
use carnelian_tokio::{Client, Subscription};
use tokio::time::timeout;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

/// A client of each protocol that the server speaks.
async fn clients(server: &Server) -> Result<Vec<Client>, Box<dyn std::error::Error>> {
    let mut clients = Vec::new();
    for protocol in [2, 3].into_iter().filter(|&protocol| protocol == 2 || server.installed().at_least(6, 0))
    {
        clients.push(Client::connect(quick(&format!("{}?protocol={protocol}", server.url()))?).await?);
    }
    Ok(clients)
}

fn quick(url: &str) -> Result<Config, carnelian_core::ConfigError> {
    let backoff = Backoff::Constant(Duration::from_millis(20));
    Ok(Config::new(url)?.reconnect(Reconnect::new().backoff(backoff)))
}

/// The next message, as "channel: text".
async fn next(subscription: &mut Subscription) -> Result<String, Box<dyn std::error::Error>> {
    let message = timeout(SOON, subscription.next_message()).await??.ok_or("it ended")?;
    Ok(format!("{}: {}", message.channel(), message.text()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_subscriber_gets_what_it_listens_to() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for client in clients(&server).await? {
            let mut news = client.subscribe(["news", "weather"]).await?;
            let mut all = client.psubscribe("n*").await?;
            let mut same = client.subscribe("news").await?;
            assert_eq!(
                client.pubsub_numsub(["news", "weather"]).await?,
                [("news".to_owned(), 1), ("weather".to_owned(), 1)]
            );
            client.publish("news", "one").await?;
            client.publish("weather", "rain").await?;
            client.publish("other", "unheard").await?;
            assert_eq!(next(&mut news).await?, "news: one");
            assert_eq!(next(&mut news).await?, "weather: rain");
            assert_eq!(next(&mut same).await?, "news: one");
            let message = timeout(SOON, all.next_message()).await??.ok_or("it ended")?;
            assert_eq!((message.kind, message.pattern.as_deref()), (Kind::Pattern, Some(&b"n*"[..])));
            assert_eq!((message.channel(), message.decode::<String>()?), ("news".into(), "one".to_owned()));

            // What nobody here listens to any more is unsubscribed from, and no sooner.
            drop(same);
            news.unsubscribe("weather");
            eventually("the server has heard of it", SOON, || {
                server.cli(&["PUBSUB", "NUMSUB", "weather"]).contains("0")
            });
            assert_eq!(client.publish("news", "two").await?, 2);
            assert_eq!(next(&mut news).await?, "news: two");
            news.subscribe("sport").await?;
            client.publish("sport", "1:0").await?;
            assert_eq!(next(&mut news).await?, "sport: 1:0");
            drop((news, all));
            eventually("all is unsubscribed from", SOON, || {
                server.cli(&["PUBSUB", "CHANNELS"]).trim().is_empty()
                    && server.cli(&["PUBSUB", "NUMPAT"]).contains('0')
            });
            // Commands go on as before.
            client.set("k", "v").await?;
            assert_eq!(client.get::<String>("k").await?, "v");
        }
    }
    Ok(())
}

#[tokio::test]
async fn shard_channels_too() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    for client in clients(&server).await? {
        let mut shard = client.ssubscribe("s").await?;
        client.spublish("s", "x").await?;
        assert_eq!(next(&mut shard).await?, "s: x");
    }
    let old = Server::start(&servers::named("redis-6.2"));
    for client in clients(&old).await? {
        let error = client.ssubscribe("s").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{error}");
        assert_eq!(client.ping().await?, "PONG");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_share_the_connection_where_they_can() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(format!("{}?client_name=pubsub", server.url()).as_str()).await?;
    let connections = || server.cli(&["CLIENT", "LIST"]).matches("name=pubsub").count();
    let subscription = client.subscribe("a").await?;
    assert_eq!(connections(), 1);
    drop(subscription);
    let client = Client::connect(format!("{}?client_name=pubsub&protocol=2", server.url()).as_str()).await?;
    let one = client.subscribe("a").await?;
    let two = client.subscribe("b").await?;
    assert_eq!(connections(), 3, "one more for all subscribers");
    drop((one, two));
    eventually("the connection of the subscribers is closed", SOON, || connections() == 2);
    let again = client.subscribe("a").await?;
    assert_eq!(connections(), 3);
    drop(again);
    Ok(())
}

#[tokio::test]
async fn what_is_not_allowed_is_told_at_once() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    server.command(&["ACL", "SETUSER", "reader", "on", ">pw", "+@all", "~*", "resetchannels", "&open*"]);
    for protocol in [2, 3] {
        let url = format!("redis://reader:pw@127.0.0.1:{}?protocol={protocol}", server.port());
        let client = Client::connect(url.as_str()).await?;
        let error = client.subscribe(["open:1", "secret"]).await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::NoPerm), "{error}");
        assert!(!error.may_have_run());
        let mut open = client.subscribe("open:1").await?;
        let error = open.subscribe("secret").await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::NoPerm), "{error}");
        client.publish("open:1", "x").await?;
        assert_eq!(next(&mut open).await?, "open:1: x");
        assert_eq!(client.subscribe(Vec::<String>::new()).await.unwrap_err().kind(), ErrorKind::Config);
    }
    Ok(())
}

#[tokio::test]
async fn after_a_reconnect_all_is_back_and_the_gap_is_told() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", proxy.url()))?).await?;
        let mut news = client.subscribe(["a", "b"]).await?;
        news.psubscribe("p*").await?;
        client.publish("a", "before").await?;
        assert_eq!(next(&mut news).await?, "a: before");
        let before = std::time::SystemTime::now();
        proxy.reset_all();
        let notice = timeout(SOON, news.next()).await?.ok_or("it ended")??;
        let Notice::Gap(gap) = notice else { return Err(format!("no gap but {notice:?}").into()) };
        assert!(gap.since <= before && gap.until >= before, "{gap:?} around {before:?}");
        for channel in ["a", "b", "p1"] {
            client.publish(channel, "after").await?;
            assert_eq!(next(&mut news).await?, format!("{channel}: after"));
        }
        assert_eq!(news.gaps(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_restarted_server_finds_all_subscribers_again() -> Outcome {
    const SUBSCRIBERS: usize = 50;
    let server = Server::start(&servers::newest_valkey());
    for client in clients(&server).await? {
        let mut all = Vec::new();
        for number in 0..SUBSCRIBERS {
            all.push(client.subscribe([format!("c{number}"), "all".to_owned()]).await?);
        }
        server.kill();
        server.restart();
        for subscription in &mut all {
            let notice = timeout(SOON, subscription.next()).await?.ok_or("it ended")??;
            assert!(matches!(notice, Notice::Gap(_)), "{notice:?}");
        }
        client.publish("all", "again").await?;
        for (number, subscription) in all.iter_mut().enumerate() {
            client.publish(format!("c{number}"), "own").await?;
            assert_eq!(next(subscription).await?, "all: again");
            assert_eq!(next(subscription).await?, format!("c{number}: own"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn who_does_not_read_loses_messages_and_is_told_how_many() -> Outcome {
    const MESSAGES: u64 = 20_000;
    let server = Server::start(&servers::newest_redis());
    let publisher = Client::connect(server.url().as_str()).await?;
    let flood = async |channel: &str| -> carnelian_core::Result<()> {
        for first in (0..MESSAGES).step_by(1000) {
            publisher
                .pipeline(|p| (first..first + 1000).map(|n| p.publish(channel, n)).collect::<Vec<_>>())
                .await?;
        }
        Ok(())
    };
    for client in clients(&server).await? {
        for (channel, overflow) in [("oldest", Overflow::DropOldest), ("newest", Overflow::DropNewest)] {
            let options = SubscribeOptions::new().messages(100).overflow(overflow);
            let mut lazy = client.subscribe_with(channel, options).await?;
            let mut eager = client.subscribe(channel).await?;
            flood(channel).await?;
            // Once the last has arrived for one, it has for the other.
            for number in 0..MESSAGES {
                assert_eq!(next(&mut eager).await?, format!("{channel}: {number}"));
            }
            let (mut read, mut lost) = (Vec::new(), 0);
            while read.len() as u64 + lost < MESSAGES {
                match timeout(SOON, lazy.next()).await?.ok_or("it ended")?? {
                    Notice::Message(message) => read.push(message.decode::<u64>()?),
                    Notice::Dropped(count) => lost += count,
                    other => return Err(format!("{other:?}").into()),
                }
            }
            assert_eq!((read.len(), lost, lazy.dropped()), (100, MESSAGES - 100, MESSAGES - 100));
            let kept = if overflow == Overflow::DropOldest { MESSAGES - 100..MESSAGES } else { 0..100 };
            assert!(read.into_iter().eq(kept));
        }
        let options = SubscribeOptions::new().messages(100).overflow(Overflow::Close);
        let mut ends = client.subscribe_with("ends", options).await?;
        flood("ends").await?;
        let mut count = 0;
        let error = loop {
            match timeout(SOON, ends.next()).await?.ok_or("no error")? {
                Ok(Notice::Message(_)) => count += 1,
                Ok(other) => return Err(format!("{other:?}").into()),
                Err(error) => break error,
            }
        };
        assert_eq!((count, error.kind()), (100, ErrorKind::QueueFull));
        assert!(timeout(SOON, ends.next()).await?.is_none());
        assert_eq!(client.ping().await?, "PONG");
    }
    Ok(())
}

#[tokio::test]
async fn the_server_may_be_made_to_wait_without_disturbing_commands() -> Outcome {
    const MESSAGES: u64 = 5_000;
    let server = Server::start(&servers::newest_redis());
    for client in clients(&server).await? {
        let options = SubscribeOptions::new().messages(10).overflow(Overflow::Wait);
        let mut slow = client.subscribe_with("slow", options).await?;
        let padding = "x".repeat(1000);
        for first in (0..MESSAGES).step_by(500) {
            client
                .pipeline(|p| {
                    (first..first + 500)
                        .map(|n| p.publish("slow", format!("{n}:{padding}")))
                        .collect::<Vec<_>>()
                })
                .await?;
        }
        assert_eq!(client.ping().await?, "PONG");
        for number in 0..MESSAGES {
            let message = timeout(SOON, slow.next_message()).await??.ok_or("it ended")?;
            assert!(message.text().starts_with(&format!("{number}:")), "{number}");
        }
        assert_eq!((slow.dropped(), slow.gaps()), (0, 0));
    }
    Ok(())
}

#[tokio::test]
async fn confirmations_are_given_out_if_wanted() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for client in clients(&server).await? {
        let options = SubscribeOptions::new().confirmations(true);
        let mut news = client.subscribe_with(["a", "b"], options).await?;
        for name in ["a", "b"] {
            match timeout(SOON, news.next()).await?.ok_or("it ended")?? {
                Notice::Noted(noted) => assert!(noted.listens && noted.name == name, "{noted:?}"),
                other => return Err(format!("{other:?}").into()),
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_closed_client_ends_its_subscriptions() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for client in clients(&server).await? {
        let mut news = client.subscribe("news").await?;
        client.publish("news", "last").await?;
        assert_eq!(next(&mut news).await?, "news: last");
        client.close().await;
        assert!(timeout(SOON, news.next()).await?.is_none());
        assert_eq!(client.subscribe("more").await.unwrap_err().kind(), ErrorKind::Closed);
    }
    // One that is only let go of lives on in its subscription.
    for client in clients(&server).await? {
        let mut news = client.subscribe("news").await?;
        drop(client);
        server.cli(&["PUBLISH", "news", "still"]);
        assert_eq!(next(&mut news).await?, "news: still");
    }
    Ok(())
}

#[tokio::test]
async fn a_silent_connection_of_subscribers_is_found() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", proxy.url()))?).await?;
        let mut news = client.subscribe("news").await?;
        proxy.blackhole();
        tokio::time::sleep(Duration::from_millis(100)).await;
        proxy.clear();
        proxy.close_all();
        let notice = timeout(SOON, news.next()).await?.ok_or("it ended")??;
        assert!(matches!(notice, Notice::Gap(_)), "{notice:?}");
        client.publish("news", "x").await?;
        assert_eq!(next(&mut news).await?, "news: x");
    }
    Ok(())
}
