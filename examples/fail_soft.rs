//! A cache that may be missing: the program goes on without it, and somebody can see that it does.

use carnelian::FailSoft;
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

/// Slow, but always there.
fn price_from_the_database() -> u32 {
    42
}

async fn price(cache: &FailSoft) -> u32 {
    if let Some(price) = cache.get("price").await {
        return price;
    }
    let price = price_from_the_database();
    if !cache.setex("price", minutes(1), price).ok().await {
        println!("   (not cached)");
    }
    price
}

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    // Nothing is configured: no error, no connection, no cache. `FailSoft::from_env()` comes to this by itself where
    // the environment names no server.
    let nowhere = FailSoft::unconfigured();
    assert_eq!(price(&nowhere).await, 42);
    assert!(!nowhere.is_configured());

    let server = Server::start(&servers::any());
    let config = Config::new(&server.url())?.command_timeout(ms(300));
    let cache = FailSoft::connect(config);
    println!("with a cache: {}", price(&cache).await);
    assert_eq!(cache.get::<u32>("price").await, Some(42));

    // A key that is missing is no failure; a server that is gone is one, but nobody has to handle it.
    assert_eq!(cache.get::<u32>("missing").await, None);
    assert_eq!(cache.swallowed(), 0);
    server.kill();
    println!("without it: {}", price(&cache).await);
    println!("{} errors passed over, each with a line in the log", cache.swallowed());
    assert!(cache.swallowed() > 0);
    Ok(())
}
