//! Transactions: commands that run as one, and decisions that hold because nobody changed what they were made on.

use carnelian::prelude::*;

mod support;

const STOCK: &str = "shop:stock";
const SOLD: &str = "shop:sold";

/// Takes so many out of the stock and notes the sale. `None`: there are too few, and nothing has changed.
async fn sell(client: &Client, buyer: &str, count: i64) -> carnelian::Result<Option<i64>> {
    let options = TransactionOptions::new().attempts(1_000).watch_delay(ms(2));
    client
        .transaction_with([STOCK], options, async |tx| {
            let stock: i64 = tx.get(STOCK).await?;
            if stock < count {
                return Ok(None);
            }
            // Runs only if the stock is still what it was; else all of this is done again.
            let (left, _) = tx.commit(|t| (t.decrby(STOCK, count), t.hincrby(SOLD, buyer, count))).await?;
            Ok(Some(left))
        })
        .await
}

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;
    client.del([STOCK, SOLD, "shop:pages", "shop:visitors"]).await?;

    // What is known beforehand: both or neither, and nobody sees one without the other.
    let ((), ()) = client.atomic(|t| (t.set("shop:pages", 9), t.set("shop:visitors", 2))).await?;
    let (pages, visitors): (i64, i64) =
        client.atomic(|t| (t.incr("shop:pages"), t.incr("shop:visitors"))).await?;
    println!("{pages} pages seen by {visitors} visitors");
    assert_eq!((pages, visitors), (10, 3));

    // What depends on what is there: thirty buyers at once, and enough for twenty of them.
    client.set(STOCK, 60).await?;
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..30 {
        let client = client.clone();
        buyers.spawn(async move { sell(&client, &format!("buyer {number}"), 3).await });
    }
    let mut served = 0;
    for outcome in buyers.join_all().await {
        served += i64::from(outcome?.is_some());
    }
    let sold: i64 = client.hvals::<Vec<i64>>(SOLD).await?.into_iter().sum();
    println!("{served} buyers served, {sold} sold, {} left", client.get::<i64>(STOCK).await?);
    assert_eq!((served, sold, client.get::<i64>(STOCK).await?), (20, 60, 0));

    client.del([STOCK, SOLD, "shop:pages", "shop:visitors"]).await?;
    Ok(())
}
