//! What several of these tests need to look at a server without holding up the client.

use std::time::{Duration, Instant};

use carnelian_testkit::Server;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Waits until it holds, and lets other tasks run meanwhile.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The lines of CLIENT LIST that have this in them; the one who asks is not among them.
pub(crate) fn clients_with(server: &Server, part: &str) -> Vec<String> {
    let list = server.cli(&["CLIENT", "LIST"]);
    let others = list.lines().filter(|line| !line.contains("cmd=client"));
    others.filter(|line| line.contains(part)).map(str::to_owned).collect()
}
