//! The client of this repository, as it comes, both faces.

use std::collections::HashMap;
use std::process::ExitCode;

use bench_common::{
    AsyncClient, BlockingClient, Contender, Dataset, Face, Failure, Job, Outcome, Target, run_async,
    run_blocking,
};
use bytes::Bytes;
use carnelian_command::group::{ConnectionCommands, HashCommands, ListCommands, StringCommands};
use carnelian_tokio::{Client, Subscription};

struct Carnelian;

#[derive(Clone)]
struct Multiplexed(Client);

struct Blocking(carnelian_blocking::Client);

fn url(target: &Target) -> String {
    if target.unix {
        format!("unix://{}", target.socket.display())
    } else {
        format!("redis://127.0.0.1:{}", target.port)
    }
}

impl AsyncClient for Multiplexed {
    type Bytes = Bytes;
    type Subscription = Subscription;

    async fn subscribe(target: &Target, channel: &'static str) -> Result<Subscription, Failure> {
        Ok(Client::connect(url(target).as_str()).await?.subscribe(channel).await?)
    }

    async fn message(subscription: &mut Subscription, expected: &[u8]) -> Result<bool, Failure> {
        let message = subscription.next_message().await?;
        Ok(message.is_some_and(|message| message.payload[..] == *expected))
    }

    async fn connect(target: &Target) -> Result<Self, Failure> {
        Ok(Self(Client::connect(url(target).as_str()).await?))
    }

    async fn ping(&mut self) -> Result<(), Failure> {
        self.0.ping().await?;
        Ok(())
    }

    async fn get(&mut self, key: &str) -> Result<Option<Bytes>, Failure> {
        Ok(self.0.get(key).await?)
    }

    async fn set(&mut self, key: &str, value: &Bytes) -> Result<(), Failure> {
        Ok(self.0.set(key, value).await?)
    }

    async fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure> {
        let pipeline = self.0.pipeline(|p| {
            (from..from + count).map(|turn| data.pair(turn)).for_each(|(key, value)| drop(p.set(key, value)));
        });
        Ok(pipeline.await?)
    }

    async fn incr(&mut self, key: &str) -> Result<i64, Failure> {
        Ok(self.0.incr(key).await?)
    }

    async fn list_of_strings(&mut self, key: &str) -> Result<Vec<String>, Failure> {
        Ok(self.0.lrange(key, 0, -1).await?)
    }

    async fn list_of_bytes(&mut self, key: &str) -> Result<Vec<Bytes>, Failure> {
        Ok(self.0.lrange(key, 0, -1).await?)
    }

    async fn hash_of_strings(&mut self, key: &str) -> Result<HashMap<String, String>, Failure> {
        Ok(self.0.hgetall(key).await?)
    }
}

impl BlockingClient for Blocking {
    type Bytes = Bytes;

    fn connect(target: &Target) -> Result<Self, Failure> {
        Ok(Self(carnelian_blocking::Client::connect(url(target).as_str())?))
    }

    /// All threads share one connection.
    fn for_thread(&self, _: &Target) -> Result<Self, Failure> {
        Ok(Self(self.0.clone()))
    }

    fn get(&mut self, key: &str) -> Result<Option<Bytes>, Failure> {
        Ok(self.0.get(key)?)
    }

    fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure> {
        Ok(self.0.pipeline(|p| {
            (from..from + count).map(|turn| data.pair(turn)).for_each(|(key, value)| drop(p.set(key, value)));
        })?)
    }
}

impl Contender for Carnelian {
    const NAME: &'static str = "carnelian";

    fn run(job: &Job) -> Result<Outcome, Failure> {
        match job.workload.face {
            Face::Async => run_async::<Multiplexed>(job),
            Face::Blocking => run_blocking::<Blocking>(job),
        }
    }
}

fn main() -> ExitCode {
    bench_common::run::<Carnelian>()
}
