//! The commands of a consumer, each as it is told.

use carnelian_command::{Command, FromReply};
use carnelian_core::config::Retry;
use carnelian_core::consumer::{Answer, Setup, Task};
use carnelian_core::{Options, Result};

use crate::Client;
use crate::pending;

pub(super) fn answer<V: FromReply>(client: &Client, task: Task<V>) -> Result<Answer<V>> {
    Ok(match task {
        Task::Done(command) => {
            once(client, &command)?;
            Answer::Done
        }
        Task::Count(command) => Answer::Count(once(client, &command)?),
        Task::Pending(command) => Answer::Pending(once(client, &command)?),
        Task::Summary(command) => Answer::Summary(once(client, &command)?),
        Task::Groups(command) => Answer::Groups(once(client, &command)?),
        Task::History(command) => Answer::History(once(client, &command)?),
        Task::Claim(command) => Answer::Claim(once(client, &command)?),
        Task::ClaimThese(command) => Answer::ClaimThese(once(client, &command)?),
        Task::Plain(command) => Answer::Plain(once(client, &command)?),
        Task::Add(command) => Answer::Add(once(client, &command)?),
        Task::Read(command, wait) => {
            let limit = Setup::patience(wait, client.config());
            let options = Options { timeout: Some(Some(limit)), ..single() };
            Answer::Read(pending::run(client.target(), &command, &options)?)
        }
    })
}

/// A lost reply must come back as an error: whatever it handed out has to be looked for.
fn once<R: FromReply>(client: &Client, command: &Command<R>) -> Result<R> {
    pending::run(client.target(), command, &single())
}

fn single() -> Options {
    Options { retry: Some(Box::new(Retry::none())), ..Options::NONE }
}
