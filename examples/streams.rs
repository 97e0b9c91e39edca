//! Workers that share the entries of a stream: one dies, one gets an order that nobody can fill, none is lost.

use carnelian::consumer::Consumer;
use carnelian::prelude::*;

mod support;

/// Fills orders until nothing more comes; how many.
async fn fill(name: &str, mut orders: Consumer) -> carnelian::Result<u32> {
    let mut filled = 0;
    // The client has no deadline for a consumer that waits; whoever wants one puts it around the call.
    while let Ok(Some(order)) = tokio::time::timeout(seconds(1), orders.next()).await {
        let order = order?;
        let item = order.fields.get("item").map_or("", String::as_str);
        if item == "unicorn" {
            println!("{name}: no {item} today (delivery {})", order.deliveries);
            continue; // Not acknowledged: it comes again.
        }
        // Work that bears being done twice: at least once is what a consumer promises.
        order.ack().await?;
        filled += 1;
    }
    let stopped = orders.stop(seconds(1)).await?;
    println!("{name}: {filled} orders filled, {} left pending", stopped.pending);
    Ok(filled)
}

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;
    client.xadd("orders", ("item", "unicorn")).await?;
    for number in 0..20 {
        client.xadd("orders", [("item", "apple".to_owned()), ("number", number.to_string())]).await?;
    }

    let options = ConsumerOptions::new()
        .batch(5)
        .claim_after(ms(200))
        .max_deliveries(2, Exhausted::dead_letters("orders-dead"));
    let consumer = |name| -> Consumer { client.consumer_with("orders", "shop", name, options.clone()) };

    // One takes a batch and is never heard of again.
    let mut unlucky = consumer("unlucky");
    if let Some(first) = unlucky.next().await.transpose()? {
        println!("unlucky: took {} and died", first.id);
    }
    drop(unlucky);

    // Others take over what it had.
    let (ada, bob) = tokio::join!(fill("ada", consumer("ada")), fill("bob", consumer("bob")));
    assert_eq!(ada? + bob?, 20);

    let dead: Vec<StreamEntry<Vec<(String, String)>>> = client.xrange("orders-dead", ..).await?;
    println!("given up: {dead:?}");
    assert_eq!(dead.len(), 1);
    assert_eq!(client.xpending("orders", "shop").await?.count, 0);
    client.del(["orders", "orders-dead"]).await?;
    Ok(())
}
