//! On which servers and in which protocols a test runs, and what must be true where a server lacks a command.

use std::fmt::Debug;
use std::panic::Location;

use carnelian::command::spec::Facts;
use carnelian::config::Protocol;
use carnelian::{Client, Config, Error, ErrorKind, Result};
use carnelian_testkit::{Flavor, Server, servers};

pub(crate) type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

/// A client of one of the servers, in one of the protocols. The server is empty and the test's own.
pub(crate) struct On<'a> {
    pub(crate) client: Client,
    pub(crate) server: &'a Server,
    pub(crate) protocol: Protocol,
}

/// Runs `test` on an old Redis, the newest Redis and the newest Valkey, in both protocols.
pub(crate) async fn everywhere(test: impl AsyncFn(&On<'_>) -> Outcome) -> Outcome {
    for installed in [servers::named("redis-6.2"), servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let client = Client::connect(Config::new(&server.url())?.protocol(protocol)).await?;
            let on = On { client, server: &server, protocol };
            if let Err(error) = test(&on).await {
                return Err(format!("{} in {protocol:?}: {error}", installed.name).into());
            }
            on.client.close().await;
            assert_eq!(server.cli(&["FLUSHALL"]), "OK");
        }
    }
    Ok(())
}

impl On<'_> {
    /// Whether the server has this command.
    pub(crate) fn has(&self, facts: &Facts) -> bool {
        let since = match self.server.installed().flavor {
            Flavor::Redis => facts.since.redis,
            Flavor::Valkey => facts.since.valkey,
        };
        let mut numbers = since.unwrap_or("999").split('.').map(|number| number.parse().unwrap_or(999));
        self.server.installed().at_least(numbers.next().unwrap_or(999), numbers.next().unwrap_or(0))
    }

    /// Whether the server is a Redis, or a Valkey, of that version or later; `None`: no version of it.
    pub(crate) fn is_from(&self, redis: Option<(u16, u16)>, valkey: Option<(u16, u16)>) -> bool {
        let from = match self.server.installed().flavor {
            Flavor::Redis => redis,
            Flavor::Valkey => valkey,
        };
        from.is_some_and(|(major, minor)| self.server.installed().at_least(major, minor))
    }

    /// The reply must be `want`, or a refusal where the server lacks the command.
    #[track_caller]
    pub(crate) fn check<T: Debug + PartialEq>(
        &self,
        facts: &Facts,
        reply: impl IntoFuture<Output = Result<T>>,
        want: T,
    ) -> impl Future<Output = ()> {
        self.check_if(self.has(facts), reply, want)
    }

    /// Like [`check`](Self::check), for a form of a command that is younger than itself.
    #[track_caller]
    pub(crate) fn check_if<T: Debug + PartialEq>(
        &self,
        is_there: bool,
        reply: impl IntoFuture<Output = Result<T>>,
        want: T,
    ) -> impl Future<Output = ()> {
        let (line, name) = (Location::caller(), self.name());
        async move {
            match reply.await {
                Ok(got) if is_there => assert_eq!(got, want, "{line}, {name}"),
                Err(error) if is_there => panic!("{line}, {name}: {error}"),
                Ok(got) => panic!("{line}, {name} must refuse that, and says {got:?}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Server, "{line}, {name}: {error}"),
            }
        }
    }

    /// The server must refuse it; the error.
    #[track_caller]
    pub(crate) fn refusal<T: Debug>(
        &self,
        reply: impl IntoFuture<Output = Result<T>>,
    ) -> impl Future<Output = Error> {
        let (line, name) = (Location::caller(), self.name());
        async move {
            match reply.await {
                Ok(got) => panic!("{line}, {name} must refuse that, and says {got:?}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Server, "{line}, {name}: {error}");
                    error
                }
            }
        }
    }

    /// For messages: which server in which protocol.
    pub(crate) fn name(&self) -> String {
        format!("{} in {:?}", self.server.installed().name, self.protocol)
    }
}

/// In order: for replies that have none.
pub(crate) fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

pub(crate) fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

pub(crate) fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
