//! rustis: RESP3, decodes on the caller's task by serde. Its default configuration, which has TCP_NODELAY on.

use std::collections::HashMap;
use std::process::ExitCode;

use bench_common::{AsyncClient, Contender, Dataset, Face, Failure, Job, Outcome, Target, run_async};
use bytes::Bytes;
use futures_util::StreamExt;
use rustis::client::{BatchPreparedCommand, Client, PubSubStream};
use rustis::commands::{ConnectionCommands, HashCommands, ListCommands, PubSubCommands, StringCommands};
use rustis::resp::BulkString;
use serde::{Serialize, Serializer};

#[derive(Clone)]
struct Rustis(Client);

/// The client takes arguments by serde, which writes a byte slice as a sequence of numbers unless told.
struct Raw<'v>(&'v [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl AsyncClient for Rustis {
    type Bytes = BulkString;
    type Subscription = PubSubStream;

    async fn subscribe(target: &Target, channel: &'static str) -> Result<PubSubStream, Failure> {
        Ok(Self::connect(target).await?.0.subscribe(channel).await?)
    }

    async fn message(subscription: &mut PubSubStream, expected: &[u8]) -> Result<bool, Failure> {
        Ok(subscription.next().await.transpose()?.is_some_and(|message| message.payload() == expected))
    }

    async fn connect(target: &Target) -> Result<Self, Failure> {
        let url = if target.unix {
            format!("unix://{}", target.socket.display())
        } else {
            format!("redis://127.0.0.1:{}", target.port)
        };
        Ok(Self(Client::connect(url).await?))
    }

    async fn ping(&mut self) -> Result<(), Failure> {
        Ok(self.0.ping::<()>(()).await?)
    }

    async fn get(&mut self, key: &str) -> Result<Option<BulkString>, Failure> {
        Ok(self.0.get(key).await?)
    }

    async fn set(&mut self, key: &str, value: &Bytes) -> Result<(), Failure> {
        Ok(self.0.set(key, Raw(value)).await?)
    }

    async fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure> {
        let mut pipeline = self.0.create_pipeline();
        pipeline.reserve(count as usize);
        for (key, value) in (from..from + count).map(|turn| data.pair(turn)) {
            pipeline.set(key, Raw(value)).queue();
        }
        pipeline.execute::<Vec<()>>().await?;
        Ok(())
    }

    async fn incr(&mut self, key: &str) -> Result<i64, Failure> {
        Ok(self.0.incr(key).await?)
    }

    async fn list_of_strings(&mut self, key: &str) -> Result<Vec<String>, Failure> {
        Ok(self.0.lrange(key, 0, -1).await?)
    }

    async fn list_of_bytes(&mut self, key: &str) -> Result<Vec<BulkString>, Failure> {
        Ok(self.0.lrange(key, 0, -1).await?)
    }

    async fn hash_of_strings(&mut self, key: &str) -> Result<HashMap<String, String>, Failure> {
        Ok(self.0.hgetall(key).await?)
    }
}

impl Contender for Rustis {
    const NAME: &'static str = "rustis";

    fn run(job: &Job) -> Result<Outcome, Failure> {
        match job.workload.face {
            Face::Async => run_async::<Self>(job),
            Face::Blocking => Err("has no blocking client".into()),
        }
    }
}

fn main() -> ExitCode {
    bench_common::run::<Rustis>()
}
