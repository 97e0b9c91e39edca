//! The server, its users, and stopping it.

use std::collections::BTreeSet;
use std::time::SystemTime;

use carnelian::command::spec;
use carnelian::prelude::*;
use carnelian_testkit::{Server, eventually};

use super::place::{On, Outcome, everywhere, texts};

#[tokio::test]
async fn users() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert!(client.acl_cat().await?.contains(&"read".to_owned()));
        assert!(client.acl_cat_commands("read").await?.contains(&"get".to_owned()));
        assert_eq!(client.acl_genpass().await?.len(), 64);
        assert_eq!(client.acl_genpass_bits(128).await?.len(), 32);
        assert_eq!(client.acl_whoami().await?, "default");
        client.acl_setuser("guest", ["on", "nopass", "~public:*", "+@read"]).await?;
        let names: BTreeSet<String> = client.acl_users().await?.into_iter().collect();
        assert!(names.into_iter().eq(texts(&["default", "guest"])));
        assert!(client.acl_list().await?.iter().any(|line| line.starts_with("user guest on")));
        on.refusal(client.acl_setuser("guest", "+@nonsense")).await;
        assert_eq!(client.acl_deluser(["guest", "none"]).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn commands_and_settings() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let count = client.command_count().await?;
        assert!(count > 150, "{count}");
        let keys = client.command_getkeys::<Vec<String>>(["MSET", "a", "1", "b", "2"]).await?;
        assert_eq!(keys, texts(&["a", "b"]));
        let pattern = CommandFilter::Pattern("xpen*".into());
        on.check(&spec::COMMAND_LIST, client.command_list_with(pattern), texts(&["xpending"])).await;
        let module = CommandFilter::Module("none".into());
        on.check(&spec::COMMAND_LIST, client.command_list_with(module), texts(&[])).await;
        if on.has(&spec::COMMAND_LIST) {
            assert!(client.command_list().await?.contains(&"get".to_owned()));
            let reads = client.command_list_with(CommandFilter::AclCategory("read".into())).await?;
            assert!(reads.contains(&"get".to_owned()) && !reads.contains(&"set".to_owned()));
        } else {
            on.refusal(client.command_list()).await;
        }
        client.config_set("maxmemory-samples", 7).await?;
        let settings = client.config_get("maxmemory-sample*").await?;
        assert_eq!(settings.get("maxmemory-samples").map(String::as_str), Some("7"));
        let several = on.is_from(Some((7, 0)), Some((7, 2)));
        let both = client.config_set_many([("maxmemory-samples", 5), ("slowlog-max-len", 9)]);
        on.check_if(several, both, ()).await;
        let both = async { Ok(client.config_get(["maxmemory-samples", "slowlog-max-len"]).await?.len()) };
        on.check_if(several, both, 2).await;
        client.config_resetstat().await?;
        client.config_rewrite().await?;
        assert_eq!(on.refusal(client.config_set("nonsense", 1)).await.command(), Some("CONFIG SET"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn databases() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("k", "v").await?;
        assert_eq!(client.dbsize().await?, 1);
        client.swapdb(0, 1).await?;
        assert_eq!(client.dbsize().await?, 0);
        client.swapdb(0, 1).await?;
        client.flushdb_with(FlushMode::Sync).await?;
        client.set("k", "v").await?;
        client.flushdb().await?;
        assert_eq!(client.dbsize().await?, 0);
        client.set("k", "v").await?;
        client.flushall_with(FlushMode::Async).await?;
        client.flushall().await?;
        assert_eq!(client.dbsize().await?, 0);
        Ok(())
    })
    .await
}

/// Waits until no child of the server is at work any more.
async fn settled(on: &On<'_>) -> Result<(), Error> {
    loop {
        let info = on.client.info_sections("persistence").await?;
        let busy = ["rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled"];
        if busy.iter().all(|field| info.field(field) == Some("0")) {
            return Ok(());
        }
        tokio::time::sleep(ms(2)).await;
    }
}

#[tokio::test]
async fn saving() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("k", "v").await?;
        client.save().await?;
        let saved = client.lastsave().await?;
        assert!(saved > SystemTime::UNIX_EPOCH + days(365 * 50), "{saved:?}");
        client.bgsave().await?;
        settled(on).await?;
        client.bgsave_schedule().await?;
        settled(on).await?;
        client.bgrewriteaof().await?;
        settled(on).await?;
        // Nothing is being saved now, so that there is nothing to take back.
        on.refusal(client.bgsave_cancel()).await;
        if on.is_from(None, Some((8, 1))) {
            // A save that takes its time can be taken back.
            client.config_set("rdb-key-save-delay", 20_000_000).await?;
            client.bgsave().await?;
            client.bgsave_cancel().await?;
            settled(on).await?;
            client.config_set("rdb-key-save-delay", 0).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn how_it_is_doing() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("k", "v").await?;
        let info = client.info().await?;
        let (major, minor, patch) = on.server.installed().version;
        assert_eq!(info.server_version(), Some(format!("{major}.{minor}.{patch}").as_str()));
        assert_eq!((info.mode(), info.is_primary()), (Some("standalone"), Some(true)));
        assert_eq!(info.keyspace().map(|db| (db.db, db.keys)).collect::<Vec<_>>(), [(0, 1)]);
        assert!(info.used_memory() > Some(0) && info.connected_clients() >= Some(1));
        let info = client.info_sections("memory").await?;
        assert_eq!(info.sections().collect::<Vec<_>>(), ["Memory"]);
        let two = async { Ok(client.info_sections(["memory", "stats"]).await?.sections().count()) };
        on.check_if(on.is_from(Some((7, 0)), Some((7, 2))), two, 2).await;
        client.memory_purge().await?;
        assert!(client.memory_usage("k").await? > Some(20));
        assert_eq!(client.memory_usage("none").await?, None);
        assert!(client.memory_usage_samples("k", 0).await? > Some(20));
        let (here, there) = (SystemTime::now(), client.time().await?);
        let apart = here.duration_since(there).unwrap_or_else(|error| error.duration());
        assert!(apart < minutes(5), "{apart:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn slow_commands() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.config_set("slowlog-log-slower-than", 0).await?;
        client.slowlog_reset().await?;
        client.set("k", "v").await?;
        client.config_set("slowlog-log-slower-than", -1).await?;
        assert!(client.slowlog_len().await? >= 1);
        let all = client.slowlog_get().await?;
        let set = all.iter().find(|entry| entry.arguments == ["SET", "k", "v"]).ok_or("SET is not there")?;
        assert!(set.client_addr.is_some() && set.took < minutes(1), "{set:?}");
        assert_eq!(client.slowlog_get_count(1).await?.len(), 1);
        client.slowlog_reset().await?;
        assert_eq!(client.slowlog_len().await?, 0);
        assert!(client.slowlog_get().await?.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn primaries_and_replicas() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let Role::Primary { replicas, .. } = client.role().await? else { return Err("no primary".into()) };
        assert!(replicas.is_empty());
        // Without the pause in which a primary waits for more replicas to come.
        let options = Server::options(on.server.installed()).config("repl-diskless-sync-delay", "0");
        let primary = options.start();
        primary.command(&["SET", "from", "primary"]);
        client.replicaof("127.0.0.1", primary.port()).await?;
        loop {
            match client.role().await? {
                Role::Replica { state, port, offset, .. } if state == "connected" => {
                    assert_eq!((port, offset.is_some()), (primary.port(), true));
                    break;
                }
                Role::Replica { .. } => tokio::time::sleep(ms(5)).await,
                other => return Err(format!("{other:?}").into()),
            }
        }
        assert_eq!(client.get::<String>("from").await?, "primary");
        assert_eq!(client.info_sections("replication").await?.is_primary_link_up(), Some(true));
        let above = Client::connect(Config::new(&primary.url())?.protocol(on.protocol)).await?;
        let Role::Primary { replicas, .. } = above.role().await? else { return Err("no primary".into()) };
        assert_eq!(replicas.iter().map(|replica| replica.port).collect::<Vec<_>>(), [on.server.port()]);
        assert_eq!(above.info_sections("replication").await?.replicas().count(), 1);
        client.replicaof_no_one().await?;
        assert!(client.role().await?.is_primary());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn stopping() -> Outcome {
    everywhere(async |on| {
        let ways: [fn(&Client) -> carnelian::client::Pending<'_, ()>; 2] =
            [|client| client.shutdown(), |client| client.shutdown_with(ShutdownOptions::new().save(false))];
        for stop in ways {
            let server = Server::start(on.server.installed());
            let client = Client::connect(Config::new(&server.url())?.protocol(on.protocol)).await?;
            let error = stop(&client).await.err().ok_or("a server that stops says nothing")?;
            assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
            eventually("the server is gone", seconds(20), || !server.is_running());
        }
        on.refusal(on.client.shutdown_abort()).await;
        on.refusal(on.client.shutdown_with(ShutdownOptions::new().save(true).save(false).safe().failover()))
            .await;
        Ok(())
    })
    .await
}
