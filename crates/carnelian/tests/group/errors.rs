//! What the servers refuse comes back as an error whose kind, code, command and consequences are told.

use carnelian::prelude::*;
use carnelian::{Error, ServerCode};
use carnelian_testkit::Server;

use super::place::{Outcome, everywhere};

/// Of the server, with that code, about that command, and sure not to have been carried out by another try.
fn is(error: &Error, code: ServerCode, command: &str) {
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert_eq!((error.server_code(), error.command()), (Some(code), Some(command)), "{error}");
    assert!(!error.is_retryable() && !error.is_timeout(), "{error}");
}

#[tokio::test]
async fn another_type() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("s", "text").await?;
        client.rpush("l", "e").await?;
        is(&on.refusal(client.lpush("s", "e")).await, ServerCode::WrongType, "LPUSH");
        is(&on.refusal(client.get::<Option<String>>("l")).await, ServerCode::WrongType, "GET");
        is(&on.refusal(client.hgetall::<Vec<(String, String)>>("l")).await, ServerCode::WrongType, "HGETALL");
        is(&on.refusal(client.zpopmin::<Option<(String, f64)>>("l")).await, ServerCode::WrongType, "ZPOPMIN");
        let popped = client.blpop::<(String, String)>("s", seconds(20));
        is(&on.refusal(popped).await, ServerCode::WrongType, "BLPOP");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_numbers_and_too_large_ones() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("s", "text").await?;
        client.set("most", i64::MAX).await?;
        client.hset("h", ("f", "text")).await?;
        is(&on.refusal(client.incr("s")).await, ServerCode::Err, "INCR");
        is(&on.refusal(client.incr("most")).await, ServerCode::Err, "INCR");
        is(&on.refusal(client.decrby("s", 1)).await, ServerCode::Err, "DECRBY");
        is(&on.refusal(client.incrbyfloat("s", 0.5)).await, ServerCode::Err, "INCRBYFLOAT");
        is(&on.refusal(client.incrbyfloat("x", f64::INFINITY)).await, ServerCode::Err, "INCRBYFLOAT");
        is(&on.refusal(client.hincrby("h", "f", 1)).await, ServerCode::Err, "HINCRBY");
        is(&on.refusal(client.zadd("z", (f64::NAN, "m"))).await, ServerCode::Err, "ZADD");
        assert_eq!(client.get::<i64>("most").await?, i64::MAX);
        let error = client.get::<i64>("s").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn wrong_words_and_places() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.rpush("l", "e").await?;
        let syntax = client.command("SET").key("k").arg("v").arg("NONSENSE").run::<()>();
        is(&on.refusal(syntax).await, ServerCode::Err, "SET");
        let arity = client.command("GET").key("a").arg("b").run::<Value>();
        is(&on.refusal(arity).await, ServerCode::Err, "GET");
        is(&on.refusal(client.lset("l", 9, "e")).await, ServerCode::Err, "LSET");
        is(&on.refusal(client.lset("none", 0, "e")).await, ServerCode::Err, "LSET");
        is(&on.refusal(client.rename("none", "x")).await, ServerCode::Err, "RENAME");
        is(&on.refusal(client.restore("k", "nonsense")).await, ServerCode::Err, "RESTORE");
        let nonsense = client.command("NONSENSE").arg(1).run::<Value>();
        assert_eq!(on.refusal(nonsense).await.server_code(), Some(ServerCode::Err));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nobody_and_nobody_special() -> Outcome {
    everywhere(async |on| {
        let locked = Server::options(on.server.installed()).password("pw").start();
        let stranger = Config::new(&format!("redis://{}", locked.addr()))?.protocol(on.protocol);
        let error = Client::connect(stranger).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
        assert!(error.to_string().contains("NOAUTH"), "{error}");
        let own = Client::connect(locked.url()).await?.dedicated().await?;
        own.reset().await?;
        is(&on.refusal(own.get::<Option<String>>("k")).await, ServerCode::NoAuth, "GET");

        on.client.acl_setuser("guest", ["on", ">pw", "~public:*", "+get", "+ping"]).await?;
        let own = on.client.dedicated().await?;
        own.auth_user("guest", "pw").await?;
        assert_eq!(own.get::<Option<String>>("public:k").await?, None);
        for refused in [own.get::<Option<String>>("k").await.err(), own.set("public:k", "v").await.err()] {
            assert_eq!(refused.and_then(|error| error.server_code()), Some(ServerCode::NoPerm));
        }
        on.client.acl_deluser("guest").await?;
        Ok(())
    })
    .await
}
