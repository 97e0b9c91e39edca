//! Commands by hand, groups of one's own, other readings of replies.

use carnelian::command::DataExecutor;
use carnelian::prelude::*;
use carnelian::{ServerCode, blocking};
use carnelian_testkit::{Server, servers};

use super::support::{Outcome, everywhere};

trait OwnCommands: DataExecutor {
    fn double(self, key: impl ToArg) -> Self::Out<i64> {
        self.command("EVAL")
            .arg("return redis.call('INCRBY', KEYS[1], redis.call('GET', KEYS[1]))")
            .arg(1)
            .key(key)
            .run()
    }
}

impl<E: DataExecutor> OwnCommands for E {}

#[tokio::test]
async fn any_command_by_its_name() -> Outcome {
    everywhere(async |client| {
        client.command("set").key("k").arg(21).run::<()>().await?;
        assert_eq!(client.double("k").await?, 42);
        client.rpush("l", "a").await?;
        let popped: Option<(String, String)> = client.command("BLPOP").key("l").arg(1).run().await?;
        assert_eq!(popped, Some(("l".to_owned(), "a".to_owned())));
        assert_eq!(client.pool_stats().opened, 1, "it may wait, so it got a connection of its own");
        assert_eq!(client.dedicated().await?.double("k").await?, 84);
        let reply: Value = client.command("MGET").args(["k", "none"]).run().await?;
        assert_eq!(reply, Value::Array(vec![Value::Bytes("84".into()), Value::Nil]));
        assert_eq!(reply.into_typed::<Vec<Option<i64>>>()?, [Some(84), None]);
        let error = client.command("NO.SUCH").arg(1).run::<Value>().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.server_code(), error.may_have_run()),
            (ErrorKind::Server, Some(ServerCode::Err), false)
        );
        for name in ["SELECT", "MULTI", "SUBSCRIBE", "MONITOR", "CLIENT REPLY"] {
            let error = client.command(name).arg("0").run::<Value>().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotHere, "{name}: {error}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn replies_go_through_callbacks() -> Outcome {
    everywhere(async |client| {
        client.set("k", "four").await?;
        client.set_response_callback("strlen", |reply| match reply {
            Value::Integer(bytes) => Ok(Value::Integer(bytes * 8)),
            other => Ok(other),
        });
        assert_eq!((client.strlen("k").await?, client.clone().strlen("k").await?), (32, 32));
        assert_eq!(client.command("STRLEN").key("k").run::<i64>().await?, 32);
        assert_eq!(client.get::<String>("k").await?, "four");
        client.remove_response_callback("STRLEN");
        assert_eq!(client.strlen("k").await?, 4);
        Ok(())
    })
    .await
}

#[test]
fn the_blocking_client_likewise() {
    let server = Server::start(&servers::newest_redis());
    let client = blocking::Client::connect(server.url()).unwrap();
    client.command("SET").key("k").arg(21).run::<()>().unwrap();
    assert_eq!(client.double("k").unwrap(), 42);
    client.set_response_callback("STRLEN", |_| Ok(Value::Integer(7)));
    assert_eq!(client.strlen("k").unwrap(), 7);
    assert_eq!(client.command("SELECT").arg(1).run::<()>().unwrap_err().kind(), ErrorKind::NotHere);
}
