//! Is the server well? Memory, hits and misses, connections, and the state of the client itself.

use carnelian::State;
use carnelian::prelude::*;

mod support;

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;
    client.set("health:probe", 1).await?;
    client.get::<Option<i64>>("health:probe").await?;
    client.get::<Option<i64>>("health:missing").await?;

    let info = client.info().await?;
    let version = info.server_version().unwrap_or("?");
    println!("{} {version}, up {:?}", info.server_name().unwrap_or("?"), info.uptime().unwrap_or_default());
    println!("{} clients connected", info.connected_clients().unwrap_or(0));
    println!("{} commands so far", info.total_commands().unwrap_or(0));
    println!("{:.0} % of reads found their key", info.hit_rate().unwrap_or(0.0) * 100.0);
    println!("{} keys", client.dbsize().await?);

    let (used, most) = (info.used_memory().unwrap_or(0), info.max_memory().unwrap_or(0));
    let level = match used.saturating_mul(100).checked_div(most) {
        None => "no limit set",
        Some(90..) => "nearly full: raise maxmemory or let it evict",
        Some(75..) => "filling up",
        Some(_) => "fine",
    };
    println!("{used} bytes of memory in use: {level}");
    // Any field, by the server's own name for it.
    println!("fragmentation {}", info.number("mem_fragmentation_ratio").unwrap_or(0.0_f64));
    client.memory_purge().await?;

    for entry in client.slowlog_get_count(3).await? {
        println!("slow: {entry:?}");
    }
    let here = client.client_list().await?;
    println!("among the connections: {:?}", here.iter().filter_map(|client| client.library_name()).next());

    // The client's own view, to look at or to wait on.
    let mut state = client.state();
    assert_eq!(*state.borrow(), State::Connected);
    client.del("health:probe").await?;
    client.close().await;
    state.wait_for(|state| *state == State::Closed).await.expect("the state outlives the client");
    println!("the client is {}", *state.borrow());
    Ok(())
}
