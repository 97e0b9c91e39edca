//! Functions: calling them, their libraries, and ending those that run for too long.

use carnelian::ServerCode;
use carnelian::command::{Executor as _, spec};
use carnelian::prelude::*;

use super::place::{Outcome, everywhere, some, sorted};
use super::scripting::{busy, until};

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
        on.check(&spec::FUNCTION_LOAD, client.load_library(&library), "points".into()).await;
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
