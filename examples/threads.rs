//! Threads without any runtime: one blocking client for all of them.

use std::thread;

use carnelian::blocking::Client;
use carnelian::prelude::*;

mod support;

fn main() -> carnelian::Result<()> {
    let server = support::server();
    let client = Client::connect(&server.url)?;
    client.del(["threads:hits", "threads:jobs"])?;

    // A clone is another handle on the same connections.
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let client = client.clone();
            thread::spawn(move || -> carnelian::Result<u32> {
                let mut done = 0;
                while let Some((_, job)) = client.blpop::<(String, String)>("threads:jobs", seconds(10))? {
                    if job == "stop" {
                        break;
                    }
                    client.incr("threads:hits")?;
                    println!("worker {number} did {job}");
                    done += 1;
                }
                Ok(done)
            })
        })
        .collect();

    for job in 0..20 {
        client.rpush("threads:jobs", format!("job {job}"))?;
    }
    client.rpush("threads:jobs", ["stop"; 4])?;
    let mut done = 0;
    for worker in workers {
        done += worker.join().expect("no worker panics")?;
    }
    assert_eq!(done, 20);
    let hits: i64 = client.get("threads:hits")?;
    println!("{hits} jobs done");

    client.del("threads:hits")?;
    client.close();
    Ok(())
}
