//! Many commands in one round trip: their replies typed, their failures kept apart, and any number of them in little memory.

use std::collections::HashMap;

use carnelian::command::Build;
use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;
    let keys = ["pipe:a", "pipe:b", "pipe:h", "pipe:n", "pipe:sum"];
    client.del(keys).await?;

    // Each command's reply has its own type; all went and came together.
    let ((), a, added, h): ((), Option<String>, u64, HashMap<String, String>) = client
        .pipeline(|p| {
            (p.set("pipe:a", "1"), p.get("pipe:a"), p.hset("pipe:h", ("field", "value")), p.hgetall("pipe:h"))
        })
        .await?;
    assert_eq!((a.as_deref(), added, h.get("field").map(String::as_str)), (Some("1"), 1, Some("value")));
    println!("a is {a:?}, h is {h:?}");

    // One fails. The others run all the same, and each has its own outcome.
    let (a, wrong, b) =
        client.pipeline_results(|p| (p.incr("pipe:a"), p.incr("pipe:h"), p.append("pipe:b", "x"))).await;
    assert_eq!((a?, b?), (2, 1));
    assert!(wrong.is_err());
    if let Err(error) = wrong {
        println!("kept apart: {error}");
    }

    // Commands that are found in a loop: the pipeline as a thing, and a ticket for each reply that is wanted.
    let pipeline = Pipeline::new();
    let steps = ["one", "two", "three"];
    let tickets: Vec<(&str, Ticket<i64>)> =
        steps.iter().map(|&step| (step, pipeline.incrby("pipe:n", 10))).collect();
    let replies = client.send(pipeline).await;
    for (step, ticket) in tickets {
        println!("after step {step}: {}", ticket.take(&replies)?);
    }

    // A hundred thousand, of which only some hundred are in memory at a time.
    let mut sums = client.run_all((1..=100_000).map(|number| Build.incrby("pipe:sum", number)));
    let mut sum = 0;
    while let Some(next) = sums.next().await {
        sum = next?;
    }
    println!("1 + 2 + … + 100000 = {sum}");
    assert_eq!(sum, 5_000_050_000);

    client.del(keys).await?;
    Ok(())
}
