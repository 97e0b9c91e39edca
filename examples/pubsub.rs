//! Messages: a reader in its own task, by channels and by patterns, until it is told to stop.

use carnelian::prelude::*;
use carnelian::pubsub::Subscription;

mod support;

const STOPWORD: &str = "STOP";

/// Reads until somebody says stop; how much it has read.
async fn reader(name: &str, mut subscription: Subscription) -> carnelian::Result<usize> {
    let mut count = 0;
    while let Some(message) = subscription.next_message().await? {
        println!("({name}) {}: {}", message.channel(), message.text());
        if message.text() == STOPWORD {
            break;
        }
        count += 1;
    }
    Ok(count)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    // Once `subscribe` returns, what is published comes.
    let channels = client.subscribe(["channel:1", "channel:2"]).await?;
    let patterns = client.psubscribe("channel:*").await?;
    let by_name = tokio::spawn(reader("by name", channels));
    let by_pattern = tokio::spawn(reader("by pattern", patterns));

    client.publish("channel:1", "Hello").await?;
    client.publish("channel:2", "World").await?;
    client.publish("channel:3", "only by pattern").await?;
    client.publish("channel:1", STOPWORD).await?;
    assert_eq!((by_name.await??, by_pattern.await??), (2, 3));

    // A subscriber that comes when it likes; the publisher waits until somebody listens.
    let subscriber = client.clone();
    let task = tokio::spawn(async move { reader("late", subscriber.subscribe("talk").await?).await });
    while client.pubsub_numsub("talk").await? != [("talk".to_owned(), 1)] {
        tokio::task::yield_now().await;
    }
    for word in ["one", "two", "three", STOPWORD] {
        println!("(publisher) {word}");
        client.publish("talk", word).await?;
    }
    assert_eq!(task.await??, 3);

    // The server's confirmations come too, if wanted. (`ignore_subscribe_messages=False`, as others say.)
    let options = SubscribeOptions::new().confirmations(true);
    let mut talkative = client.subscribe_with("talk", options).await?;
    let Some(Notice::Noted(noted)) = talkative.next().await.transpose()? else { panic!("no confirmation") };
    println!("listens to {:?}: {}", noted.name, noted.listens);
    Ok(())
}
