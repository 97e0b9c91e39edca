//! The commands of a consumer, each as it is told.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use carnelian_command::{Command, FromReply};
use carnelian_core::Result;
use carnelian_core::config::Retry;
use carnelian_core::consumer::{Answer, Setup, Task};
use tokio::time::Instant;

use crate::Client;
use crate::pending::Pending;

use super::handle::Inside;

/// Something under way. `None` when it was only a pause.
pub(super) type Work<V> = Pin<Box<dyn Future<Output = Option<Result<Answer<V>>>> + Send>>;

pub(super) fn pause<V>(until: Instant) -> Work<V> {
    Box::pin(async move {
        tokio::time::sleep_until(until).await;
        None
    })
}

pub(super) fn run<V: FromReply + Send + 'static>(inside: Arc<Inside>, task: Task<V>) -> Work<V> {
    Box::pin(async move { Some(answer(&inside.client, task).await) })
}

async fn answer<V: FromReply>(client: &Client, task: Task<V>) -> Result<Answer<V>> {
    Ok(match task {
        Task::Done(command) => {
            once(client, command).await?;
            Answer::Done
        }
        Task::Count(command) => Answer::Count(once(client, command).await?),
        Task::Pending(command) => Answer::Pending(once(client, command).await?),
        Task::Summary(command) => Answer::Summary(once(client, command).await?),
        Task::Groups(command) => Answer::Groups(once(client, command).await?),
        Task::History(command) => Answer::History(once(client, command).await?),
        Task::Claim(command) => Answer::Claim(once(client, command).await?),
        Task::ClaimThese(command) => Answer::ClaimThese(once(client, command).await?),
        Task::Plain(command) => Answer::Plain(once(client, command).await?),
        Task::Add(command) => Answer::Add(once(client, command).await?),
        Task::Read(command, wait) => {
            let limit = Setup::patience(wait, client.config());
            Answer::Read(once(client, command).timeout(limit).await?)
        }
    })
}

/// A lost reply must come back as an error: whatever it handed out has to be looked for.
fn once<R: FromReply>(client: &Client, command: Command<R>) -> Pending<'_, R> {
    Pending::new(client.target(), command).retry(Retry::none())
}
