//! A task's status and its result, for others to look at while and after it runs.

use std::time::SystemTime;

use carnelian::prelude::*;
use serde_json::{Value as Json, json};

mod support;

/// Notes how far a task is. The note is forgotten after a day without news.
async fn note_status(client: &Client, task: &str, status: &str, progress: u8) -> carnelian::Result<()> {
    let key = format!("task:{task}");
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    let progress = progress.to_string();
    let note = [("status", status), ("progress", &progress), ("updated_at", &now.to_string())];
    client.hset(&key, note).await?;
    client.expire(&key, hours(24)).await?;
    Ok(())
}

/// A task's status and its progress in percent; `None` for one that nobody knows.
async fn status(client: &Client, task: &str) -> carnelian::Result<Option<(String, u32)>> {
    let (status, progress): (Option<String>, Option<u32>) =
        client.hmget(format!("task:{task}"), ["status", "progress"]).await?;
    Ok(status.zip(progress))
}

/// Keeps a task's result as JSON for an hour.
async fn keep_result(client: &Client, task: &str, result: &Json) -> carnelian::Result<()> {
    client.setex(format!("result:{task}"), hours(1), result.to_string()).await
}

/// A task's result, if there is one.
async fn result(client: &Client, task: &str) -> Result<Option<Json>, Box<dyn std::error::Error>> {
    let text: Option<Vec<u8>> = client.get(format!("result:{task}")).await?;
    Ok(text.map(|text| serde_json::from_slice(&text)).transpose()?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = support::server();
    let client = Client::connect(&server.url).await?;

    note_status(&client, "456", "running", 75).await?;
    let (word, progress) = status(&client, "456").await?.unwrap_or_default();
    println!("task 456 is {word} ({progress} %)");
    assert_eq!(progress, 75);
    assert_eq!(status(&client, "unheard-of").await?, None);

    let outcome = json!({"accuracy": 0.95, "processing_time": 120, "output_file": "result.csv"});
    keep_result(&client, "789", &outcome).await?;
    assert_eq!(result(&client, "789").await?, Some(outcome));
    println!("result of task 789, for {:?} more", client.ttl("result:789").await?.left());

    client.del(["task:456", "result:789"]).await?;
    Ok(())
}
