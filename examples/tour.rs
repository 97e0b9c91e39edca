//! A short tour, on a real server that it starts for itself: `./run`. With a URL, or `REDIS_URL`, it takes that server,
//! keeps to keys that begin with `tour:`, and leaves the server alone otherwise.

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use carnelian::blocking;
use carnelian::prelude::*;
use carnelian::{FailSoft, State};
use carnelian_testkit::{Server, servers};
use support::stage::Stage;
use tokio::task::JoinSet;

mod support {
    pub(crate) mod stage;
}

type Outcome = Result<(), Box<dyn Error>>;

/// Tasks, and what each of them counts.
const TASKS: usize = 64;
const EACH: usize = 500;

#[tokio::main]
async fn main() -> Outcome {
    let given = std::env::args().nth(1).or_else(|| std::env::var("REDIS_URL").ok());
    let own = if given.is_some() { None } else { Some(Server::start(&servers::any())) };
    let url = given.or_else(|| own.as_ref().map(Server::url)).unwrap_or_default();
    let steps = if own.is_some() { 13 } else { 10 };
    let mut stage = Stage::new(include_str!("tour.rs"), steps);
    println!("{}", stage.bold("Carnelian, a Redis and Valkey client for Rust"));
    match &own {
        Some(server) => println!("on {}, started for this tour at {url}", server.installed().name),
        None => println!("on the server that was given"),
    }

    let client = connect(&mut stage, &url).await?;
    strings(&mut stage, &client).await?;
    hashes(&mut stage, &client).await?;
    lists(&mut stage, &client).await?;
    leaderboard(&mut stage, &client).await?;
    many_tasks(&mut stage, &client).await?;
    at_once(&mut stage, &client).await?;
    messages(&mut stage, &client).await?;
    waiting(&mut stage, &client).await?;
    threads(&mut stage, &url)?;
    match &own {
        Some(server) => {
            timeout(&mut stage, &client, server).await?;
            comeback(&mut stage, &client, server).await?;
            fail_soft(&mut stage, &client, server).await?;
        }
        None => stage
            .note("(three more steps stop and kill a server: they are for one that the tour has started)"),
    }

    if own.is_none() {
        let used: Vec<String> = client.keys("tour:*").await?;
        client.unlink(&used).await?;
    }
    client.close().await;
    println!("\n{} in {}", stage.bold("That was the tour,"), stage.seconds());
    println!("Next: README.md has a first program, examples/ one for every subject, and");
    println!("`cargo doc --open -p carnelian` the guide, with all that was left out here.");
    Ok(())
}

async fn connect(stage: &mut Stage, url: &str) -> Result<Client, Box<dyn Error>> {
    stage.step("Connect", "connect");
    // show
    let client = Client::connect(url).await?;
    let info = client.info().await?;
    // end
    let version = info.server_version().unwrap_or("an unknown version");
    stage.says(format!("{} {version}, connected", info.server_name().unwrap_or("redis")));
    Ok(client)
}

async fn strings(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("A value that expires", "strings");
    // show
    client.setex("tour:greeting", hours(1), "hello").await?;
    let greeting: Option<String> = client.get("tour:greeting").await?;
    let left = client.ttl("tour:greeting").await?.left();
    // end
    stage.says(format!("{greeting:?}, for another {left:?}"));
    stage.note("The type asked for decides what a reply becomes: Option for what may be missing.");
    Ok(())
}

async fn hashes(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("A user as a hash", "hashes");
    // show
    client.hset("tour:user:1", [("name", "Ada"), ("city", "London")]).await?;
    client.hincrby("tour:user:1", "visits", 1).await?;
    let user: HashMap<String, String> = client.hgetall("tour:user:1").await?;
    // end
    let mut user: Vec<_> = user.into_iter().collect();
    user.sort();
    stage.says(format!("{user:?}"));
    Ok(())
}

async fn lists(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("A list as a queue", "lists");
    // show
    client.rpush("tour:jobs", ["wash", "dry", "fold"]).await?;
    let first: Option<String> = client.lpop("tour:jobs").await?;
    let rest: Vec<String> = client.lrange("tour:jobs", 0, -1).await?;
    // end
    stage.says(format!("first {first:?}, then {rest:?}"));
    Ok(())
}

async fn leaderboard(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("A leaderboard", "leaderboard");
    // show
    client.zadd("tour:scores", [(120, "ada"), (95, "alan"), (140, "grace")]).await?;
    client.zincrby("tour:scores", 30, "ada").await?;
    let best = ZRange::by_rank(0, 2).rev().with_scores();
    let board: Vec<(String, f64)> = client.zrange_with("tour:scores", best).await?;
    // end
    for (rank, (name, score)) in board.iter().enumerate() {
        stage.says(format!("{}. {name:<6} {score}", rank + 1));
    }
    Ok(())
}

async fn many_tasks(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("Many tasks, one connection", "many_tasks");
    client.del("tour:hits").await?;
    let began = Instant::now();
    // show
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let client = client.clone(); // another handle, not another connection
        tasks.spawn(async move {
            for _ in 0..EACH {
                client.incr("tour:hits").await?;
            }
            Ok::<_, carnelian::Error>(())
        });
    }
    // end
    for outcome in tasks.join_all().await {
        outcome?;
    }
    let took = began.elapsed().as_secs_f64();
    let hits: u32 = client.get("tour:hits").await?;
    stage.says(format!("{hits} increments in {took:.2} s: {:.0} per second", f64::from(hits) / took));
    stage.note(
        "Whatever is under way at the same time shares one write and one read. Nobody has to build a batch.",
    );
    Ok(())
}

async fn at_once(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("Several commands at once, as one", "at_once");
    // show
    let (ada, bob): (i64, i64) =
        client.atomic(|t| (t.decrby("tour:coins:ada", 10), t.incrby("tour:coins:bob", 10))).await?;
    // end
    stage.says(format!("ada {ada}, bob {bob}: both or neither, in one round trip"));
    Ok(())
}

async fn messages(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("Messages", "messages");
    // show
    let mut news = client.subscribe("tour:news").await?;
    client.publish("tour:news", "it rains").await?;
    let message = news.next_message().await?;
    // end
    let message = message.ok_or("the client was closed")?;
    stage.says(format!("{}: {}", message.channel(), message.text()));
    Ok(())
}

async fn waiting(stage: &mut Stage, client: &Client) -> Outcome {
    stage.step("Waiting for a job, without holding up others", "waiting");
    // show
    let worker = client.clone();
    let job = tokio::spawn(async move { worker.blpop::<(String, String)>("tour:inbox", seconds(5)).await });
    let meanwhile = client.ping().await?; // not behind the BLPOP: that has a connection of its own
    client.rpush("tour:inbox", "parcel").await?;
    let job = job.await??;
    // end
    stage.says(format!("meanwhile {meanwhile}, and then {job:?}"));
    Ok(())
}

fn threads(stage: &mut Stage, url: &str) -> Outcome {
    stage.step("Without async", "threads");
    let url = url.to_owned();
    let thread = std::thread::spawn(move || -> carnelian::Result<i64> {
        // show
        let client = blocking::Client::connect(&url)?;
        let visits = client.hincrby("tour:user:1", "visits", 1)?;
        // end
        Ok(visits)
    });
    let visits = thread.join().map_err(|_| "the thread panicked")??;
    stage.says(format!("visit {visits}, by the blocking client: same names, no runtime"));
    Ok(())
}

async fn timeout(stage: &mut Stage, client: &Client, server: &Server) -> Outcome {
    stage.step("A timeout that explains itself", "timeout");
    stage.note("(the server is made to stand still)");
    server.pause();
    // show
    let late = client.incr("tour:hits").timeout(ms(250)).await;
    // end
    server.resume();
    let error = late.err().ok_or("a server that stands still has answered")?;
    stage.says(&error);
    stage.says(format!("may_have_run() = {}", error.may_have_run()));
    Ok(())
}

async fn comeback(stage: &mut Stage, client: &Client, server: &Server) -> Outcome {
    stage.step("The server dies and comes back", "comeback");
    let mut state = client.state();
    stage.note("(kill -9)");
    server.kill();
    state.wait_for(|state| *state == State::Connecting).await?;
    stage.says(format!("the client is {}", *client.state().borrow()));
    let pending = client.clone();
    let began = Instant::now();
    // show
    let write = tokio::spawn(async move { pending.set("tour:after", "still here").await });
    // end
    server.restart();
    write.await??;
    let value: Option<String> = client.get("tour:after").await?;
    stage.says(format!(
        "{value:?}, {:.1} s later: it waited, and was sent once",
        began.elapsed().as_secs_f32()
    ));
    Ok(())
}

async fn fail_soft(stage: &mut Stage, client: &Client, server: &Server) -> Outcome {
    stage.step("A cache that one can do without", "fail_soft");
    stage.note("(the server is stopped for good)");
    server.kill();
    client.close().await;
    // show
    let cache = FailSoft::connect(Config::new(&server.url())?.command_timeout(ms(200)));
    let price = cache.get("tour:price").await.unwrap_or(42);
    // end
    stage.says(format!("{price}; {} error logged and passed over", cache.swallowed()));
    Ok(())
}
