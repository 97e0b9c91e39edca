//! Messages to channels, and who listens. Whoever listens here does so by hand, on a plain connection.

use carnelian::command::spec;
use carnelian::prelude::*;
use carnelian_testkit::raw::{Connection, Reply};

use super::place::{On, Outcome, everywhere, sorted, texts};

fn listening(on: &On<'_>, how: &str, channel: &str) -> Connection {
    let mut connection = on.server.connect();
    let confirmed = connection.call(&[how, channel]).expect("an answer");
    assert_eq!(confirmed.array().get(1).map(Reply::text).as_deref(), Some(channel));
    connection
}

fn numbers(numbers: &[(&str, u64)]) -> Vec<(String, u64)> {
    numbers.iter().map(|&(channel, count)| (channel.to_owned(), count)).collect()
}

#[tokio::test]
async fn channels_and_patterns() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.publish("news", "nobody hears this").await?, 0);
        assert_eq!(client.pubsub_channels::<Vec<String>>().await?, texts(&[]));
        assert_eq!(client.pubsub_numpat().await?, 0);

        let mut one = listening(on, "SUBSCRIBE", "news");
        let _two = listening(on, "SUBSCRIBE", "news");
        let _three = listening(on, "SUBSCRIBE", "weather");
        let mut four = listening(on, "PSUBSCRIBE", "n*");
        assert_eq!(client.publish("news", b"\0\xff").await?, 3);
        let message = one.receive()?;
        assert_eq!(message.array()[1].text(), "news");
        assert_eq!(four.receive()?.array()[1].text(), "n*");

        let channels: Vec<String> = client.pubsub_channels().await?;
        assert_eq!(sorted(channels), texts(&["news", "weather"]));
        assert_eq!(client.pubsub_channels_matching::<Vec<Vec<u8>>>("w*").await?, [b"weather"]);
        assert_eq!(client.pubsub_numpat().await?, 1);
        let subscribed = client.pubsub_numsub(["weather", "none", "news"]).await?;
        assert_eq!(subscribed, numbers(&[("weather", 1), ("none", 0), ("news", 2)]));
        assert_eq!(client.pubsub_numsub("news").await?, numbers(&[("news", 2)]));
        assert_eq!(client.pubsub_numsub(()).await?, []);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn shard_channels() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        on.check(&spec::SPUBLISH, client.spublish("news", "nobody hears this"), 0).await;
        on.check(&spec::PUBSUB_SHARDCHANNELS, client.pubsub_shardchannels::<Vec<String>>(), texts(&[])).await;
        let none = client.pubsub_shardnumsub("news");
        on.check(&spec::PUBSUB_SHARDNUMSUB, none, numbers(&[("news", 0)])).await;
        on.check(&spec::PUBSUB_SHARDNUMSUB, client.pubsub_shardnumsub(()), vec![]).await;
        let other = client.pubsub_shardchannels_matching::<Vec<String>>("x*");
        on.check(&spec::PUBSUB_SHARDCHANNELS, other, texts(&[])).await;
        if on.has(&spec::SPUBLISH) {
            let mut one = listening(on, "SSUBSCRIBE", "news");
            let _two = listening(on, "SUBSCRIBE", "news");
            assert_eq!(client.spublish("news", 42).await?, 1);
            assert_eq!(one.receive()?.array()[2].text(), "42");
            assert_eq!(client.pubsub_shardchannels::<Vec<String>>().await?, ["news"]);
            assert_eq!(client.pubsub_shardchannels_matching::<Vec<String>>("n*").await?, ["news"]);
            assert_eq!(client.pubsub_shardnumsub(["news", "x"]).await?, numbers(&[("news", 1), ("x", 0)]));
        }
        Ok(())
    })
    .await
}
