//! What happens to keys: events by prefix, and handlers for keys whose time is up.

use carnelian::prelude::*;
use tokio::sync::mpsc;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    // A server tells nothing unless it is set up for it; what is missing, and how to set it, is in the error.
    let wanted =
        KeyspaceEvents::new().events([KeyEvent::Set, KeyEvent::Expire, KeyEvent::Del]).prefix("order:");
    if let Err(error) = client.keyspace_events(wanted.clone()).await {
        println!("{error}\n");
    }
    let mut events = client.keyspace_events(wanted.enable(true)).await?;
    client.set("order:1", "paid").await?;
    client.expire("order:1", minutes(5)).await?;
    client.del("order:1").await?;
    for expected in [KeyEvent::Set, KeyEvent::Expire, KeyEvent::Del] {
        let event = events.next_event().await?.expect("the client is open");
        println!("{}: {}", event.key(), event.event);
        assert_eq!(event.event, expected);
    }

    // Handlers by prefix, in a task of their own.
    let (tell, mut told) = mpsc::unbounded_channel();
    let failed = tell.clone();
    let listener = client
        .on_expired("session:", move |expired| {
            let sent = tell.send(format!("session over: {}", expired.key()));
            async move { Ok(sent?) }
        })
        .on("task:", async |expired| Err(format!("{} was not done in time", expired.key()).into()))
        .on_failure(move |failure| drop(failed.send(format!("told of a failure: {}", failure.reason))))
        .on_gap(|missed| println!("look for what expired meanwhile: {missed:?}"))
        .enable(true)
        .start()
        .await?;
    for key in ["session:7", "task:3", "neither"] {
        client.set_with(key, "x", SetOptions::new().ttl(ms(20))).await?;
    }
    let mut lines = [told.recv().await, told.recv().await].map(Option::unwrap_or_default);
    lines.sort();
    println!("{}\n{}", lines[0], lines[1]);
    assert_eq!(lines, ["session over: session:7", "told of a failure: task:3 was not done in time"]);
    listener.stop().await?;
    Ok(())
}
