//! fred, with TCP_NODELAY on and everything else as it comes.

use std::collections::HashMap;
use std::process::ExitCode;

use bench_common::{AsyncClient, Contender, Dataset, Face, Failure, Job, Outcome, Target, run_async};
use bytes::Bytes;
use fred::interfaces::{EventInterface, PubsubInterface};
use fred::prelude::{
    Builder, Client, ClientLike, Config, HashesInterface, KeysInterface, ListInterface, ServerConfig,
    TcpConfig,
};
use fred::types::Message;
use tokio::sync::broadcast::Receiver as BroadcastReceiver;

#[derive(Clone)]
struct Fred(Client);

fn builder(target: &Target) -> Builder {
    let server = if target.unix {
        ServerConfig::new_unix_socket(&target.socket)
    } else {
        ServerConfig::new_centralized("127.0.0.1", target.port)
    };
    let mut builder = Builder::from_config(Config { server, ..Config::default() });
    builder.with_connection_config(|config| {
        config.tcp = TcpConfig { nodelay: Some(true), ..TcpConfig::default() };
    });
    builder
}

impl AsyncClient for Fred {
    /// What its frames are made of, so that nothing is copied.
    type Bytes = Bytes;
    type Subscription = (Client, BroadcastReceiver<Message>);

    /// With room for all that the publisher may be ahead: of the 32 messages that it has room for unless told, it would lose
    /// most.
    async fn subscribe(
        target: &Target,
        channel: &'static str,
    ) -> Result<(Client, BroadcastReceiver<Message>), Failure> {
        let client = builder(target)
            .with_performance_config(|config| config.broadcast_channel_capacity = 16_384)
            .build()?;
        client.init().await?;
        let messages = client.message_rx();
        client.subscribe(channel).await?;
        Ok((client, messages))
    }

    async fn message(
        (_, messages): &mut (Client, BroadcastReceiver<Message>),
        expected: &[u8],
    ) -> Result<bool, Failure> {
        Ok(messages.recv().await?.value.as_bytes() == Some(expected))
    }

    async fn connect(target: &Target) -> Result<Self, Failure> {
        let client = builder(target).build()?;
        client.init().await?;
        Ok(Self(client))
    }

    /// Its tasks hold the connection, dropping the client does not end them.
    async fn close(self) -> Result<(), Failure> {
        Ok(self.0.quit().await?)
    }

    async fn ping(&mut self) -> Result<(), Failure> {
        Ok(self.0.ping::<()>(None).await?)
    }

    async fn get(&mut self, key: &str) -> Result<Option<Bytes>, Failure> {
        Ok(self.0.get(key).await?)
    }

    async fn set(&mut self, key: &str, value: &Bytes) -> Result<(), Failure> {
        Ok(self.0.set(key, value.clone(), None, None, false).await?)
    }

    async fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure> {
        let pipeline = self.0.pipeline();
        for (key, value) in (from..from + count).map(|turn| data.pair(turn)) {
            pipeline.set::<(), _, _>(key, value.clone(), None, None, false).await?;
        }
        Ok(pipeline.all::<()>().await?)
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

impl Contender for Fred {
    const NAME: &'static str = "fred";

    fn run(job: &Job) -> Result<Outcome, Failure> {
        match job.workload.face {
            Face::Async => run_async::<Self>(job),
            Face::Blocking => Err("has no blocking client".into()),
        }
    }
}

fn main() -> ExitCode {
    bench_common::run::<Fred>()
}
