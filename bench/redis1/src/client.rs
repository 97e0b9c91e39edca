//! redis-rs, both faces, with TCP_NODELAY on (1.x leaves it off by default) and everything else as it comes, the
//! response timeout of 500 ms of the async face included: that is what its users run.
//!
//! Compiled into the binaries of both major versions, whose APIs agree this far.

use std::collections::HashMap;

use bench_common::{
    AsyncClient, BlockingClient, Dataset, Face, Failure, Job, Outcome, Target, run_async, run_blocking,
};
use bytes::Bytes;
use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubStream};
use redis::io::tcp::TcpSettings;
use redis::{AsyncCommands, Client, Commands, Connection, IntoConnectionInfo};

#[derive(Clone)]
struct Multiplexed(MultiplexedConnection);

struct Blocking(Connection);

pub(crate) fn run(job: &Job) -> Result<Outcome, Failure> {
    match job.workload.face {
        Face::Async => run_async::<Multiplexed>(job),
        Face::Blocking => run_blocking::<Blocking>(job),
    }
}

fn client(target: &Target) -> Result<Client, Failure> {
    let url = if target.unix {
        format!("unix://{}", target.socket.display())
    } else {
        format!("redis://127.0.0.1:{}", target.port)
    };
    let info = url.into_connection_info()?.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    Ok(Client::open(info)?)
}

impl AsyncClient for Multiplexed {
    type Bytes = Vec<u8>;
    type Subscription = PubSubStream;

    async fn subscribe(target: &Target, channel: &'static str) -> Result<PubSubStream, Failure> {
        let mut subscription = client(target)?.get_async_pubsub().await?;
        subscription.subscribe(channel).await?;
        Ok(subscription.into_on_message())
    }

    async fn message(subscription: &mut PubSubStream, expected: &[u8]) -> Result<bool, Failure> {
        Ok(subscription.next().await.is_some_and(|message| message.get_payload_bytes() == expected))
    }

    async fn connect(target: &Target) -> Result<Self, Failure> {
        Ok(Self(client(target)?.get_multiplexed_async_connection().await?))
    }

    async fn ping(&mut self) -> Result<(), Failure> {
        Ok(self.0.ping::<()>().await?)
    }

    async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.0.get(key).await?)
    }

    async fn set(&mut self, key: &str, value: &Bytes) -> Result<(), Failure> {
        Ok(self.0.set(key, &value[..]).await?)
    }

    async fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure> {
        let mut pipe = redis::pipe();
        for (key, value) in (from..from + count).map(|turn| data.pair(turn)) {
            pipe.set(key, &value[..]).ignore();
        }
        Ok(pipe.query_async(&mut self.0).await?)
    }

    async fn incr(&mut self, key: &str) -> Result<i64, Failure> {
        Ok(self.0.incr(key, 1).await?)
    }

    async fn list_of_strings(&mut self, key: &str) -> Result<Vec<String>, Failure> {
        Ok(self.0.lrange(key, 0, -1).await?)
    }

    async fn list_of_bytes(&mut self, key: &str) -> Result<Vec<Vec<u8>>, Failure> {
        Ok(self.0.lrange(key, 0, -1).await?)
    }

    async fn hash_of_strings(&mut self, key: &str) -> Result<HashMap<String, String>, Failure> {
        Ok(self.0.hgetall(key).await?)
    }
}

impl BlockingClient for Blocking {
    type Bytes = Vec<u8>;

    fn connect(target: &Target) -> Result<Self, Failure> {
        Ok(Self(client(target)?.get_connection()?))
    }

    /// Its blocking connections are not to be shared: one each.
    fn for_thread(&self, target: &Target) -> Result<Self, Failure> {
        Self::connect(target)
    }

    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.0.get(key)?)
    }

    fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure> {
        let mut pipe = redis::pipe();
        for (key, value) in (from..from + count).map(|turn| data.pair(turn)) {
            pipe.set(key, &value[..]).ignore();
        }
        Ok(pipe.query(&mut self.0)?)
    }
}
