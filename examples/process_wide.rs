//! One client for the whole process: made when the program starts, found from anywhere, closed at the end.

use carnelian::prelude::*;

mod support;

/// Somewhere deep in a program.
async fn count_visit(page: &str) -> carnelian::Result<i64> {
    carnelian::global()?.hincrby("visits", page, 1).await
}

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();

    // Too early: the error says what to do.
    if let Err(error) = count_visit("/").await {
        println!("{error}");
        assert_eq!(error.kind(), ErrorKind::Config);
    }

    // Whoever comes first connects. All others get that same client, even if they come while it is being made.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        tasks.spawn(carnelian::init(server.url.clone()));
    }
    for client in tasks.join_all().await {
        client?;
    }

    count_visit("/").await?;
    println!("{} visits", count_visit("/").await?);

    carnelian::global()?.del("visits").await?;
    carnelian::close().await;
    assert!(carnelian::global().is_err());
    Ok(())
}
