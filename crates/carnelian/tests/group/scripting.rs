//! Scripts and functions, their libraries, and ending those that run for too long.

use std::sync::LazyLock;

use carnelian::ServerCode;
use carnelian::command::reply::DecodeError;
use carnelian::command::{Executor as _, FromReply, ServerError, spec};
use carnelian::prelude::*;
use carnelian::resp::Reader;
use carnelian_testkit::Server;

use super::place::{On, Outcome, everywhere, some, sorted, texts};

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

fn points() -> Library {
    Library::new(
        "#!lua name=points
        redis.register_function('add_points', function(keys, args)
            return redis.call('HINCRBY', keys[1], 'points', args[1])
        end)
        redis.register_function{
            function_name = 'points_of',
            callback = function(keys, args) return redis.call('HGET', keys[1], 'points') end,
            flags = {'no-writes', 'allow-stale'},
            description = 'the points of a player',
        }",
    )
    .expect("a library")
}

#[tokio::test]
async fn functions() -> Outcome {
    everywhere(async |on| {
        let (client, library) = (&on.client, points());
        on.check(&spec::FUNCTION_LOAD, client.run(library.load()), "points".into()).await;
        on.check(&spec::FUNCTION_LOAD, client.function_load_replace(library.source()), "points".into()).await;
        on.check(&spec::FCALL, client.fcall::<i64>("add_points", "player:1", 20), 20).await;
        on.check(&spec::FCALL_RO, client.fcall_ro::<Option<i64>>("points_of", "player:1", ()), Some(20))
            .await;
        on.refusal(client.run(library.load())).await;
        on.refusal(client.function_load("no library")).await;
        on.refusal(client.fcall_ro::<i64>("add_points", "player:1", 20)).await;
        on.refusal(client.fcall::<i64>("none", (), ())).await;
        on.refusal(client.function_delete("none")).await;
        on.check(&spec::FUNCTION_DELETE, client.function_delete("points"), ()).await;
        on.check(&spec::FUNCTION_LOAD, client.run(library.load_replace()), "points".into()).await;
        on.check(&spec::FUNCTION_FLUSH, client.function_flush(), ()).await;
        on.check(&spec::FUNCTION_FLUSH, client.function_flush_with(FlushMode::Async), ()).await;
        on.check(&spec::FUNCTION_FLUSH, client.function_flush_with(FlushMode::Sync), ()).await;
        let killed = on.refusal(client.function_kill()).await;
        let code = if on.has(&spec::FUNCTION_KILL) { ServerCode::NotBusy } else { ServerCode::Err };
        assert_eq!(killed.server_code(), Some(code));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn libraries_are_listed() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        if !on.has(&spec::FUNCTION_LIST) {
            on.refusal(client.function_list()).await;
            on.refusal(client.function_list_with(FunctionListOptions::new())).await;
            on.refusal(client.function_stats()).await;
            return Ok(());
        }
        assert!(client.function_list().await?.is_empty());
        client.run(points().load()).await?;
        let other = "#!lua name=other\nredis.register_function('f', function() return 1 end)";
        assert_eq!(client.function_load(other).await?, "other");

        let all = client.function_list().await?;
        assert_eq!(sorted(all.iter().map(|one| one.name.as_str()).collect()), ["other", "points"]);
        assert!(all.iter().all(|one| one.engine == "LUA" && one.code.is_none()), "{all:?}");

        let options = FunctionListOptions::new().library("poi*").with_code();
        let [library] = &client.function_list_with(options).await?[..] else { return Err("not one".into()) };
        assert_eq!(library.code.as_deref(), Some(points().source()));
        let mut functions = library.functions.clone();
        functions.sort_by(|one, two| one.name.cmp(&two.name));
        let [add, of] = &functions[..] else { return Err(format!("{functions:?}").into()) };
        assert_eq!((add.name.as_str(), &add.description, add.is_read_only()), ("add_points", &None, false));
        assert_eq!((of.name.as_str(), of.is_read_only()), ("points_of", true));
        assert_eq!(of.description, some("the points of a player"));
        assert_eq!(of.flags, ["allow-stale", "no-writes"]);

        let stats = client.function_stats().await?;
        assert_eq!(stats.running, None);
        let lua = stats.engines.get("LUA").ok_or("no Lua")?;
        assert_eq!((lua.libraries, lua.functions), (2, 3));
        client.function_flush().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn libraries_move() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        if !on.has(&spec::FUNCTION_DUMP) {
            on.refusal(client.function_dump::<Vec<u8>>()).await;
            on.refusal(client.function_restore("x")).await;
            on.refusal(client.function_restore_with("x", FunctionRestore::Flush)).await;
            return Ok(());
        }
        client.run(points().load()).await?;
        let dump: Vec<u8> = client.function_dump().await?;
        on.refusal(client.function_restore(&dump)).await;
        on.refusal(client.function_restore_with(&dump, FunctionRestore::Append)).await;
        on.refusal(client.function_restore("nonsense")).await;
        client.function_restore_with(&dump, FunctionRestore::Replace).await?;
        client.function_flush().await?;
        client.function_restore(&dump).await?;
        client.function_load("#!lua name=other\nredis.register_function('f', function() end)").await?;
        client.function_restore_with(&dump, FunctionRestore::Flush).await?;
        let names: Vec<String> = client.function_list().await?.into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["points"]);
        client.function_flush().await?;
        Ok(())
    })
    .await
}

/// A server of its own that hears others after a script has run for 5 ms, and two clients of it.
async fn busy(on: &On<'_>) -> Result<(Server, Client, Client), Error> {
    let server = Server::options(on.server.installed()).config("lua-time-limit", "5").start();
    let client = || async { Client::connect(Config::new(&server.url())?.protocol(on.protocol)).await };
    let (one, two) = (client().await?, client().await?);
    Ok((server, one, two))
}

/// Asks again and again until the server says this, or takes it (`None`).
async fn until(code: Option<ServerCode>, kill: impl AsyncFn() -> Result<(), Error>) -> Outcome {
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
async fn functions_that_never_end() -> Outcome {
    everywhere(async |on| {
        if !on.has(&spec::FUNCTION_STATS) {
            on.refusal(on.client.fcall::<()>("endless", (), ())).await;
            return Ok(());
        }
        let (_server, client, other) = busy(on).await?;
        client
            .function_load(
                "#!lua name=lib\nredis.register_function('endless', function() while true do end end)",
            )
            .await?;
        let endless = tokio::spawn(async move { client.fcall::<()>("endless", "k", ("a", 1)).await });
        let running = loop {
            if let Some(running) = other.function_stats().await?.running {
                break running;
            }
            tokio::time::sleep(ms(2)).await;
        };
        assert_eq!(running.name, "endless");
        assert_eq!(running.command, ["FCALL", "endless", "1", "k", "a", "1"]);
        assert!(running.duration < minutes(1), "{running:?}");
        until(None, async || other.function_kill().await).await?;
        assert!(endless.await?.is_err());
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
