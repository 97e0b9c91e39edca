//! Scripts: run by source, by hash and as values; ending those that run for too long. Functions are in `functions`.

use std::sync::LazyLock;

use carnelian::ServerCode;
use carnelian::command::reply::DecodeError;
use carnelian::command::{Executor as _, FromReply, ServerError, spec};
use carnelian::prelude::*;
use carnelian::resp::Reader;
use carnelian_testkit::Server;

use super::place::{On, Outcome, everywhere, texts};

const ADD: &str = "return redis.call('INCRBY', KEYS[1], ARGV[1])";

#[tokio::test]
async fn by_source_and_by_hash() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.eval::<i64>("return 7", (), ()).await?, 7);
        assert_eq!(client.eval::<i64>(ADD, "n", 5).await?, 5);
        let read = "return redis.call('GET', KEYS[1])";
        on.check(&spec::EVAL_RO, client.eval_ro::<String>(read, "n", ()), "5".into()).await;
        let sha1 = client.script_load(ADD).await?;
        assert_eq!(sha1, Script::new(ADD).sha1());
        assert_eq!(client.evalsha::<i64>(&sha1, "n", 2).await?, 7);
        assert_eq!(client.script_exists([sha1.as_str(), "none"]).await?, [true, false]);
        on.check(&spec::SCRIPT_SHOW, client.script_show::<String>(&sha1), ADD.into()).await;
        let read = client.script_load(read).await?;
        on.check(&spec::EVALSHA_RO, client.evalsha_ro::<Option<i64>>(&read, "n", ()), Some(7)).await;
        if on.has(&spec::EVAL_RO) {
            let error = on.refusal(client.eval_ro::<i64>(ADD, "n", 1)).await;
            assert!(error.to_string().contains("read-only"), "{error}");
        }
        client.script_flush_with(FlushMode::Sync).await?;
        assert_eq!(client.script_exists(&sha1).await?, [false]);
        client.script_load(ADD).await?;
        client.script_flush_with(FlushMode::Async).await?;
        client.script_load(ADD).await?;
        client.script_flush().await?;
        let error = on.refusal(client.evalsha::<i64>(&sha1, "n", 2)).await;
        assert_eq!((error.server_code(), error.may_have_run()), (Some(ServerCode::NoScript), false));
        assert_eq!(client.get::<i64>("n").await?, 7);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_scripts_return_becomes_types() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.eval::<Option<String>>("return nil", (), ()).await?, None);
        assert_eq!(client.eval::<Option<i64>>("return false", (), ()).await?, None);
        assert!(client.eval::<bool>("return true", (), ()).await?);
        assert_eq!(client.eval::<i64>("return 3.99", (), ()).await?, 3);
        assert_eq!(client.eval::<(i64, String)>("return {1, 'a'}", (), ()).await?, (1, "a".to_owned()));
        assert_eq!(client.eval::<Vec<u8>>("return ARGV[1]", (), b"\0\xff").await?, b"\0\xff");
        let all = "return {KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]}";
        let all: Vec<String> = client.eval(all, ["a", "b"], ("x", 2, 1.5, true)).await?;
        assert_eq!(all, texts(&["b", "x", "2", "1.5", "1"]));
        let own = on.refusal(client.eval::<i64>("return redis.error_reply('MY_CODE no')", (), ())).await;
        assert_eq!(own.server_code(), Some(ServerCode::Other));
        let mixed = "return {1, redis.error_reply('MY_CODE no'), 'x'}";
        type Mixed = (i64, Result<i64, ServerError>, String);
        let (one, failed, x) = client.eval::<Mixed>(mixed, (), ()).await?;
        assert_eq!(
            (one, failed.map_err(|error| error.code().to_owned()), x),
            (1, Err("MY_CODE".into()), "x".into())
        );
        Ok(())
    })
    .await
}

/// What a script did before it failed stays done, and the error says that it may.
#[tokio::test]
async fn scripts_that_fail() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("text", "no number").await?;
        let half = "redis.call('SET', KEYS[1], 1) return redis.call('INCR', KEYS[2])";
        let error = on.refusal(client.eval::<i64>(half, ["done", "text"], ())).await;
        assert!(error.may_have_run() && error.to_string().contains("not an integer"), "{error}");
        assert_eq!(client.get::<i64>("done").await?, 1);
        let error = on.refusal(client.eval::<i64>("this is no Lua", (), ())).await;
        assert_eq!(error.server_code(), Some(ServerCode::Err));
        assert_eq!(on.refusal(client.script_kill()).await.server_code(), Some(ServerCode::NotBusy));
        assert!(!on.refusal(client.script_kill()).await.may_have_run());
        Ok(())
    })
    .await
}

/// As a client does it: by the hash, and by the source only where the hash is not known.
async fn call<R: FromReply>(client: &Client, call: &ScriptCall) -> carnelian::Result<R> {
    match client.run(call.evalsha()).await {
        Err(error) if error.server_code() == Some(ServerCode::NoScript) => client.run(call.eval()).await,
        other => other,
    }
}

static COMPARE_AND_DELETE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then
            return redis.call('DEL', KEYS[1])
        end
        return 0",
    )
});

#[tokio::test]
async fn compare_and_delete() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("lock", "mine").await?;
        let others = COMPARE_AND_DELETE.key("lock").arg("theirs");
        assert!(client.run(others.evalsha::<bool>()).await.is_err());
        assert!(!call::<bool>(client, &others).await?);
        assert_eq!(client.script_exists(COMPARE_AND_DELETE.sha1()).await?, [true]);
        // From now on the hash is enough.
        let mine = COMPARE_AND_DELETE.key("lock").arg("mine");
        assert!(client.run(mine.evalsha::<bool>()).await?);
        assert!(!client.run(mine.evalsha::<bool>()).await?);
        client.script_flush().await?;
        assert_eq!(client.run(COMPARE_AND_DELETE.load()).await?, COMPARE_AND_DELETE.sha1());
        assert!(!client.run(mine.evalsha::<bool>()).await?);
        client.script_flush().await?;
        Ok(())
    })
    .await
}

static TRANSFER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local amount = tonumber(ARGV[1])
        if not amount or amount <= 0 then
            return redis.error_reply('ERR the amount must be above 0')
        end
        local balance = redis.call('GET', KEYS[1]) or '0'
        if not string.match(balance, '^-?%d+$') then
            return redis.error_reply('ERR the balance is not a whole number')
        end
        if tonumber(balance) < amount then
            return {'insufficient', balance}
        end
        redis.call('INCRBY', KEYS[2], ARGV[1])
        return {'done', redis.call('DECRBY', KEYS[1], ARGV[1])}",
    )
});

#[derive(Debug, PartialEq)]
enum Transfer {
    Done { left: i64 },
    InsufficientBalance { balance: i64 },
}

impl FromReply for Transfer {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (outcome, points): (String, i64) = FromReply::from_reply(reader)?;
        match outcome.as_str() {
            "done" => Ok(Self::Done { left: points }),
            "insufficient" => Ok(Self::InsufficientBalance { balance: points }),
            _ => Err(DecodeError::invalid("the reply is no outcome of a transfer")),
        }
    }
}

#[tokio::test]
async fn a_transfer_of_points() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("ada", 50).await?;
        client.set("text", "no number").await?;
        let points = |from: &str, to: &str, amount: i64| TRANSFER.keys([from, to]).arg(amount);
        let done = call::<Transfer>(client, &points("ada", "bob", 30)).await?;
        assert_eq!(done, Transfer::Done { left: 20 });
        let too_low = call::<Transfer>(client, &points("ada", "bob", 30)).await?;
        assert_eq!(too_low, Transfer::InsufficientBalance { balance: 20 });
        let nobody = call::<Transfer>(client, &points("nobody", "bob", 1)).await?;
        assert_eq!(nobody, Transfer::InsufficientBalance { balance: 0 });
        for wrong in [points("ada", "bob", -5), points("text", "bob", 5), points("ada", "text", 5)] {
            on.refusal(call::<Transfer>(client, &wrong)).await;
        }
        let balances: Vec<Option<i64>> = client.mget(["ada", "bob", "nobody"]).await?;
        assert_eq!(balances, [Some(20), Some(30), None]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn scripts_that_only_read() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("n", 4).await?;
        let double = Script::read_only("return redis.call('GET', KEYS[1]) * ARGV[1]").key("n").arg(2);
        on.check_if(on.has(&spec::EVAL_RO), call::<i64>(client, &double), 8).await;
        let writes = Script::read_only(ADD).key("n").arg(1);
        on.refusal(call::<i64>(client, &writes)).await;
        assert_eq!(client.get::<i64>("n").await?, 4);
        client.script_flush().await?;
        Ok(())
    })
    .await
}

/// A server of its own that hears others after a script has run for 5 ms, and two clients of it.
pub(crate) async fn busy(on: &On<'_>) -> Result<(Server, Client, Client), Error> {
    let server = Server::options(on.server.installed()).config("lua-time-limit", "5").start();
    let client = || async { Client::connect(Config::new(&server.url())?.protocol(on.protocol)).await };
    let (one, two) = (client().await?, client().await?);
    Ok((server, one, two))
}

/// Asks again and again until the server says this, or takes it (`None`).
pub(crate) async fn until(code: Option<ServerCode>, kill: impl AsyncFn() -> Result<(), Error>) -> Outcome {
    loop {
        match kill().await {
            Ok(()) if code.is_none() => return Ok(()),
            Err(error) if code.is_some() && error.server_code() == code => return Ok(()),
            // The script has not begun yet.
            Err(error) if error.server_code() == Some(ServerCode::NotBusy) => tokio::time::sleep(ms(2)).await,
            other => return Err(format!("{other:?}").into()),
        }
    }
}

#[tokio::test]
async fn scripts_that_never_end() -> Outcome {
    everywhere(async |on| {
        let (_server, client, other) = busy(on).await?;
        let endless = client.clone();
        let endless = tokio::spawn(async move { endless.eval::<()>("while true do end", (), ()).await });
        until(None, async || other.script_kill().await).await?;
        let error = endless.await?.err().ok_or("an endless script has ended")?;
        assert!(error.kind() == ErrorKind::Server && error.may_have_run(), "{error}");

        let endless = "redis.call('SET', KEYS[1], 1) while true do end";
        let endless = tokio::spawn(async move { client.eval::<()>(endless, "k", ()).await });
        until(Some(ServerCode::Unkillable), async || other.script_kill().await).await?;
        let error = on.refusal(other.get::<Option<i64>>("k")).await;
        assert_eq!((error.server_code(), error.may_have_run()), (Some(ServerCode::Busy), false));
        endless.abort();
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_debugger_is_for_one_connection() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        own.script_debug(ScriptDebug::Sync).await?;
        own.script_debug(ScriptDebug::Yes).await?;
        own.script_debug(ScriptDebug::No).await?;
        assert_eq!(own.eval::<i64>("return 1", (), ()).await?, 1);
        let engines = on.is_from(None, Some((9, 0)));
        on.check_if(engines, own.script_debug_engine(ScriptDebug::No, "lua"), ()).await;
        let shared = on.client.command("SCRIPT DEBUG").arg("YES").run::<()>().await;
        assert_eq!(shared.unwrap_err().kind(), ErrorKind::NotHere);
        Ok(())
    })
    .await
}
