//! Subscriptions: every message reaches whoever listens, over both protocols, through reconnects, and in bounded memory.

use std::time::Duration;

use carnelian_blocking::{Client, Subscription};
use carnelian_command::group::{ConnectionCommands as _, PubSubCommands as _, StringCommands as _};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::subscription::{Kind, Notice, Overflow, SubscribeOptions};
use carnelian_core::{Config, ErrorKind, ServerCode};
use carnelian_testkit::{FaultProxy, Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

/// A client of each protocol that the server speaks.
fn clients(server: &Server) -> Result<Vec<Client>, Box<dyn std::error::Error>> {
    let mut clients = Vec::new();
    for protocol in [2, 3].into_iter().filter(|&protocol| protocol == 2 || server.installed().at_least(6, 0))
    {
        clients.push(Client::connect(quick(&format!("{}?protocol={protocol}", server.url()))?)?);
    }
    Ok(clients)
}

fn quick(url: &str) -> Result<Config, carnelian_core::ConfigError> {
    let backoff = Backoff::Constant(Duration::from_millis(20));
    Ok(Config::new(url)?.reconnect(Reconnect::new().backoff(backoff)))
}

fn message(
    subscription: &mut Subscription,
) -> Result<carnelian_core::subscription::Message, Box<dyn std::error::Error>> {
    match subscription.next_timeout(SOON)?.ok_or("nothing came")? {
        Notice::Message(message) => Ok(message),
        _ => message(subscription),
    }
}

/// The next message, as "channel: text".
fn next(subscription: &mut Subscription) -> Result<String, Box<dyn std::error::Error>> {
    let message = message(subscription)?;
    Ok(format!("{}: {}", message.channel(), message.text()))
}

#[test]
fn each_subscriber_gets_what_it_listens_to() -> Outcome {
    for installed in [servers::named("redis-5.0"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for client in clients(&server)? {
            let mut news = client.subscribe(["news", "weather"])?;
            let mut all = client.psubscribe("n*")?;
            let mut same = client.subscribe("news")?;
            assert_eq!(
                client.pubsub_numsub(["news", "weather"])?,
                [("news".to_owned(), 1), ("weather".to_owned(), 1)]
            );
            client.publish("news", "one")?;
            client.publish("weather", "rain")?;
            client.publish("other", "unheard")?;
            assert_eq!(next(&mut news)?, "news: one");
            assert_eq!(next(&mut news)?, "weather: rain");
            assert_eq!(next(&mut same)?, "news: one");
            let message = message(&mut all)?;
            assert_eq!((message.kind, message.pattern.as_deref()), (Kind::Pattern, Some(&b"n*"[..])));
            assert_eq!((message.channel(), message.decode::<String>()?), ("news".into(), "one".to_owned()));

            // What nobody here listens to any more is unsubscribed from, and no sooner.
            drop(same);
            news.unsubscribe("weather");
            eventually("the server has heard of it", SOON, || {
                server.cli(&["PUBSUB", "NUMSUB", "weather"]).contains("0")
            });
            assert_eq!(client.publish("news", "two")?, 2);
            assert_eq!(next(&mut news)?, "news: two");
            news.subscribe("sport")?;
            client.publish("sport", "1:0")?;
            assert_eq!(next(&mut news)?, "sport: 1:0");
            drop((news, all));
            eventually("all is unsubscribed from", SOON, || {
                server.cli(&["PUBSUB", "CHANNELS"]).trim().is_empty()
                    && server.cli(&["PUBSUB", "NUMPAT"]).contains('0')
            });
            // Commands go on as before.
            client.set("k", "v")?;
            assert_eq!(client.get::<String>("k")?, "v");
        }
    }
    Ok(())
}

#[test]
fn shard_channels_too() -> Outcome {
    let server = Server::start(&servers::newest_valkey());
    for client in clients(&server)? {
        let mut shard = client.ssubscribe("s")?;
        client.spublish("s", "x")?;
        assert_eq!(next(&mut shard)?, "s: x");
    }
    let old = Server::start(&servers::named("redis-6.2"));
    for client in clients(&old)? {
        let error = client.ssubscribe("s").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{error}");
        assert_eq!(client.ping()?, "PONG");
    }
    Ok(())
}

#[test]
fn messages_share_the_connection_where_they_can() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(format!("{}?client_name=pubsub", server.url()).as_str())?;
    let connections = || server.cli(&["CLIENT", "LIST"]).matches("name=pubsub").count();
    let subscription = client.subscribe("a")?;
    assert_eq!(connections(), 1);
    drop(subscription);
    let client = Client::connect(format!("{}?client_name=pubsub&protocol=2", server.url()).as_str())?;
    let one = client.subscribe("a")?;
    let two = client.subscribe("b")?;
    assert_eq!(connections(), 3, "one more for all subscribers");
    drop((one, two));
    eventually("the connection of the subscribers is closed", SOON, || connections() == 2);
    let again = client.subscribe("a")?;
    assert_eq!(connections(), 3);
    drop(again);
    Ok(())
}

#[test]
fn what_is_not_allowed_is_told_at_once() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    server.command(&["ACL", "SETUSER", "reader", "on", ">pw", "+@all", "~*", "resetchannels", "&open*"]);
    for protocol in [2, 3] {
        let url = format!("redis://reader:pw@127.0.0.1:{}?protocol={protocol}", server.port());
        let client = Client::connect(url.as_str())?;
        let error = client.subscribe(["open:1", "secret"]).unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::NoPerm), "{error}");
        assert!(!error.may_have_run());
        let mut open = client.subscribe("open:1")?;
        let error = open.subscribe("secret").unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::NoPerm), "{error}");
        client.publish("open:1", "x")?;
        assert_eq!(next(&mut open)?, "open:1: x");
        assert_eq!(client.subscribe(Vec::<String>::new()).unwrap_err().kind(), ErrorKind::Config);
    }
    Ok(())
}

#[test]
fn after_a_reconnect_all_is_back_and_the_gap_is_told() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", proxy.url()))?)?;
        let mut news = client.subscribe(["a", "b"])?;
        news.psubscribe("p*")?;
        client.publish("a", "before")?;
        assert_eq!(next(&mut news)?, "a: before");
        let before = std::time::SystemTime::now();
        proxy.reset_all();
        let notice = news.next_timeout(SOON)?.ok_or("nothing came")?;
        let Notice::Gap(gap) = notice else { return Err(format!("no gap but {notice:?}").into()) };
        assert!(gap.since <= before && gap.until >= before, "{gap:?} around {before:?}");
        for channel in ["a", "b", "p1"] {
            client.publish(channel, "after")?;
            assert_eq!(next(&mut news)?, format!("{channel}: after"));
        }
        assert_eq!(news.gaps(), 1);
    }
    Ok(())
}

#[test]
fn a_restarted_server_finds_all_subscribers_again() -> Outcome {
    const SUBSCRIBERS: usize = 50;
    let server = Server::start(&servers::newest_valkey());
    for client in clients(&server)? {
        let mut all = Vec::new();
        for number in 0..SUBSCRIBERS {
            all.push(client.subscribe([format!("c{number}"), "all".to_owned()])?);
        }
        server.kill();
        server.restart();
        for subscription in &mut all {
            let notice = subscription.next_timeout(SOON)?.ok_or("nothing came")?;
            assert!(matches!(notice, Notice::Gap(_)), "{notice:?}");
        }
        client.publish("all", "again")?;
        for (number, subscription) in all.iter_mut().enumerate() {
            client.publish(format!("c{number}"), "own")?;
            assert_eq!(next(subscription)?, "all: again");
            assert_eq!(next(subscription)?, format!("c{number}: own"));
        }
    }
    Ok(())
}

#[test]
fn who_does_not_read_loses_messages_and_is_told_how_many() -> Outcome {
    const MESSAGES: u64 = 20_000;
    let server = Server::start(&servers::newest_redis());
    let publisher = Client::connect(server.url().as_str())?;
    let flood = |channel: &str| -> carnelian_core::Result<()> {
        for first in (0..MESSAGES).step_by(1000) {
            publisher
                .pipeline(|p| (first..first + 1000).map(|n| p.publish(channel, n)).collect::<Vec<_>>())?;
        }
        Ok(())
    };
    for client in clients(&server)? {
        for (channel, overflow) in [("oldest", Overflow::DropOldest), ("newest", Overflow::DropNewest)] {
            let options = SubscribeOptions::new().messages(100).overflow(overflow);
            let mut lazy = client.subscribe_with(channel, options)?;
            let mut eager = client.subscribe(channel)?;
            flood(channel)?;
            // Once the last has arrived for one, it has for the other.
            for number in 0..MESSAGES {
                assert_eq!(next(&mut eager)?, format!("{channel}: {number}"));
            }
            let (mut read, mut lost) = (Vec::new(), 0);
            while read.len() as u64 + lost < MESSAGES {
                match lazy.next_timeout(SOON)?.ok_or("nothing came")? {
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
        let mut ends = client.subscribe_with("ends", options)?;
        flood("ends")?;
        let mut count = 0;
        let error = loop {
            match ends.next_timeout(SOON) {
                Ok(Some(Notice::Message(_))) => count += 1,
                Ok(other) => return Err(format!("{other:?}").into()),
                Err(error) => break error,
            }
        };
        // It reads while more is on its way.
        assert!((100..MESSAGES).contains(&count), "{count}");
        assert_eq!(error.kind(), ErrorKind::QueueFull);
        assert!(ends.next_timeout(SOON)?.is_none() && ends.has_ended());
        assert_eq!(client.ping()?, "PONG");
    }
    Ok(())
}

#[test]
fn the_server_may_be_made_to_wait_without_disturbing_commands() -> Outcome {
    const MESSAGES: u64 = 5_000;
    let server = Server::start(&servers::newest_redis());
    for client in clients(&server)? {
        let options = SubscribeOptions::new().messages(10).overflow(Overflow::Wait);
        let mut slow = client.subscribe_with("slow", options)?;
        let padding = "x".repeat(1000);
        for first in (0..MESSAGES).step_by(500) {
            client.pipeline(|p| {
                (first..first + 500).map(|n| p.publish("slow", format!("{n}:{padding}"))).collect::<Vec<_>>()
            })?;
        }
        assert_eq!(client.ping()?, "PONG");
        for number in 0..MESSAGES {
            let message = message(&mut slow)?;
            assert!(message.text().starts_with(&format!("{number}:")), "{number}");
        }
        assert_eq!((slow.dropped(), slow.gaps()), (0, 0));
    }
    Ok(())
}

#[test]
fn confirmations_are_given_out_if_wanted() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for client in clients(&server)? {
        let options = SubscribeOptions::new().confirmations(true);
        let mut news = client.subscribe_with(["a", "b"], options)?;
        for name in ["a", "b"] {
            match news.next_timeout(SOON)?.ok_or("nothing came")? {
                Notice::Noted(noted) => assert!(noted.listens && noted.name == name, "{noted:?}"),
                other => return Err(format!("{other:?}").into()),
            }
        }
    }
    Ok(())
}

#[test]
fn a_closed_client_ends_its_subscriptions() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for client in clients(&server)? {
        let mut news = client.subscribe("news")?;
        client.publish("news", "last")?;
        assert_eq!(next(&mut news)?, "news: last");
        client.close();
        assert!(news.next_timeout(SOON)?.is_none() && news.has_ended());
        assert_eq!(client.subscribe("more").unwrap_err().kind(), ErrorKind::Closed);
    }
    // One that is only let go of lives on in its subscription.
    for client in clients(&server)? {
        let mut news = client.subscribe("news")?;
        drop(client);
        server.cli(&["PUBLISH", "news", "still"]);
        assert_eq!(next(&mut news)?, "news: still");
    }
    Ok(())
}

#[test]
fn a_silent_connection_of_subscribers_is_found() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    for protocol in [2, 3] {
        let proxy = FaultProxy::start(server.addr());
        let client = Client::connect(quick(&format!("{}?protocol={protocol}", proxy.url()))?)?;
        let mut news = client.subscribe("news")?;
        proxy.blackhole();
        std::thread::sleep(Duration::from_millis(100));
        proxy.clear();
        proxy.close_all();
        let notice = news.next_timeout(SOON)?.ok_or("nothing came")?;
        assert!(matches!(notice, Notice::Gap(_)), "{notice:?}");
        client.publish("news", "x")?;
        assert_eq!(next(&mut news)?, "news: x");
    }
    Ok(())
}
