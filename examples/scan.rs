//! Looking through many keys page by page, without making others wait as KEYS would.

use std::collections::BTreeSet;

use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;
    for number in 0..100 {
        client.set(format!("scan:key:{number}"), number).await?;
    }
    client.zadd("scan:scores", [(1, "a"), (2, "b")]).await?;

    let options = ScanOptions::new().matching("scan:key:*").count(30);
    let mut found = BTreeSet::new(); // a key may come twice while the server moves its tables
    let mut cursor = 0;
    loop {
        let page: ScanPage<String> = client.scan_with(cursor, options.clone()).await?;
        println!("{} keys, and on with cursor {}", page.items.len(), page.cursor);
        found.extend(page.items.iter().cloned());
        cursor = page.cursor;
        if page.is_last() {
            break;
        }
    }
    assert_eq!(found.len(), 100);

    // The elements of a hash, a set or a sorted set likewise.
    let page: ScanPage<(String, f64)> = client.zscan("scan:scores", 0).await?;
    println!("members with scores: {:?}", page.items);

    found.insert("scan:scores".to_owned());
    client.unlink(&found).await?;
    Ok(())
}
