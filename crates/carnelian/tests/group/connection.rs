//! Connections: asking about them, and changing the one that it runs on.

use carnelian::command::spec;
use carnelian::config::Protocol;
use carnelian::prelude::*;
use carnelian::{Dedicated, ServerCode};
use carnelian_testkit::Server;

use super::place::{On, Outcome, everywhere, some, texts};

const fn number(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Resp2 => 2,
        _ => 3,
    }
}

/// A connection that waits in BLPOP, once the server knows that it does; its number.
async fn waiting(on: &On<'_>) -> Result<(tokio::task::JoinHandle<Option<Error>>, u64), Error> {
    let client = on.client.clone();
    let waits = tokio::spawn(async move {
        match client.blpop::<(String, String)>("never", seconds(20)).await {
            Ok(None) => None,
            Ok(Some(got)) => panic!("{got:?} came from nowhere"),
            Err(error) => Some(error),
        }
    });
    loop {
        let list = on.client.client_list().await?;
        if let Some(blocked) = list.iter().find(|client| client.is_blocked()) {
            return Ok((waits, blocked.id()));
        }
        tokio::time::sleep(ms(2)).await;
    }
}

#[tokio::test]
async fn being_there() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.ping().await?, "PONG");
        assert_eq!(client.ping_message::<String>("there?").await?, "there?");
        assert_eq!(client.echo::<Vec<u8>>(b"\0\xff").await?, b"\0\xff");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn all_connections() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let own = client.client_id().await?;
        let list = client.client_list().await?;
        let me = list.by_id(own).ok_or("not in the list")?;
        assert_eq!((me.db(), me.user(), me.is_blocked()), (Some(0), Some("default"), false));
        let by_type = ClientFilter::new().only(ClientBy::Type(ClientType::Normal));
        assert!(client.client_list_with(by_type).await?.by_id(own).is_some());
        let by_id = ClientFilter::new().only(ClientBy::Id(own)).only(ClientBy::Id(u64::MAX >> 1));
        assert_eq!(client.client_list_with(by_id).await?.len(), 1);

        // Both are seen by the server as soon as they are answered.
        let (mut one, mut two) = (on.server.connect(), on.server.connect());
        let id = |connection: &mut carnelian_testkit::raw::Connection| {
            u64::try_from(connection.call(&["CLIENT", "ID"]).unwrap().integer()).unwrap()
        };
        let (first, second) = (id(&mut one), id(&mut two));
        let list = client.client_list().await?;
        client.client_kill(list.by_id(first).and_then(|client| client.addr()).ok_or("no address")?).await?;
        assert!(one.call(&["PING"]).is_err());
        let filter = || ClientFilter::new().only(ClientBy::Id(second)).skip_me(true);
        assert_eq!(client.client_kill_with(filter()).await?, 1);
        assert!(two.call(&["PING"]).is_err());
        assert_eq!(client.client_kill_with(filter()).await?, 0);
        on.refusal(client.client_kill("127.0.0.1:1")).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn pauses() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.client_pause_writes(seconds(20)).await?;
        assert_eq!(client.exists("k").await?, 0);
        client.client_unpause().await?;
        client.set("k", "v").await?;
        client.client_pause(ms(1)).await?;
        client.client_unpause().await?;
        assert_eq!(client.exists("k").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn ending_the_wait_of_others() -> Outcome {
    everywhere(async |on| {
        let (waits, id) = waiting(on).await?;
        assert!(on.client.client_unblock(id).await?);
        assert!(waits.await?.is_none());
        let (waits, id) = waiting(on).await?;
        assert!(on.client.client_unblock_error(id).await?);
        let error = waits.await?.ok_or("no error")?;
        assert_eq!(error.server_code(), Some(ServerCode::Unblocked));
        assert!(!on.client.client_unblock(id).await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn this_connection() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        own.client_setname("worker").await?;
        assert_eq!(own.client_getname().await?, some("worker"));
        let info = own.client_info().await?;
        assert_eq!((info.id(), info.name()), (own.client_id().await?, Some("worker")));
        own.client_setname("").await?;
        assert_eq!(own.client_getname().await?, None);
        on.check(&spec::CLIENT_SETINFO, own.client_setinfo_lib_name("own"), ()).await;
        on.check(&spec::CLIENT_SETINFO, own.client_setinfo_lib_ver("1.2"), ()).await;
        if on.has(&spec::CLIENT_SETINFO) {
            let info = own.client_info().await?;
            assert_eq!((info.library_name(), info.library_version()), (Some("own"), Some("1.2")));
        }
        on.check(&spec::CLIENT_NO_EVICT, own.client_no_evict(true), ()).await;
        on.check(&spec::CLIENT_NO_TOUCH, own.client_no_touch(true), ()).await;
        on.check(&spec::CLIENT_CAPA, own.client_capa("redirect"), ()).await;
        if on.has(&spec::CLIENT_IMPORT_SOURCE) {
            on.client.config_set("import-mode", "yes").await?;
        }
        on.check(&spec::CLIENT_IMPORT_SOURCE, own.client_import_source(true), ()).await;
        if on.has(&spec::CLIENT_IMPORT_SOURCE) {
            own.client_import_source(false).await?;
            on.client.config_set("import-mode", "no").await?;
        }
        own.client_reply(ReplyMode::On).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn databases_and_starting_anew() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        own.select(3).await?;
        own.set("k", "three").await?;
        assert_eq!(on.client.exists("k").await?, 0);
        assert_eq!(own.client_info().await?.db(), Some(3));
        on.refusal(own.select(9_999)).await;
        own.reset().await?;
        assert_eq!(own.exists("k").await?, 0);
        assert_eq!(own.client_info().await?.db(), Some(0));
        let leaving = on.client.dedicated().await?;
        leaving.quit().await?;
        Ok(())
    })
    .await
}

/// Only in a cluster do all servers take these two.
#[tokio::test]
async fn reading_from_replicas() -> Outcome {
    everywhere(async |on| {
        let node = Server::options(on.server.installed()).config("cluster-enabled", "yes").start();
        let client = Client::connect(Config::new(&node.url())?.protocol(on.protocol)).await?;
        let own = client.dedicated().await?;
        own.readonly().await?;
        assert!(own.client_info().await?.flags().contains('r'));
        own.readwrite().await?;
        assert!(!own.client_info().await?.flags().contains('r'));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn tracking() -> Outcome {
    everywhere(async |on| {
        let (own, other) = (on.client.dedicated().await?, on.client.dedicated().await?);
        assert_eq!(own.client_getredir().await?, TrackingRedirect::Off);
        let info = own.client_trackinginfo().await?;
        assert_eq!((info.is_on(), info.redirect, info.prefixes), (false, TrackingRedirect::Off, texts(&[])));
        let to = other.client_id().await?;
        own.client_tracking_with(TrackingOptions::new().optin().redirect(to)).await?;
        assert_eq!(own.client_getredir().await?, TrackingRedirect::To(to));
        own.client_caching(true).await?;
        let info = own.client_trackinginfo().await?;
        assert!(info.is_on() && info.flags.contains(&"optin".to_owned()), "{info:?}");
        own.client_tracking(false).await?;
        let wide = TrackingOptions::new().prefix("user:").prefix("team:").noloop().redirect(to);
        own.client_tracking_with(wide).await?;
        let info = own.client_trackinginfo().await?;
        let prefixes: std::collections::BTreeSet<_> = info.prefixes.iter().map(String::as_str).collect();
        assert!(prefixes.into_iter().eq(["team:", "user:"]), "{info:?}");
        own.client_tracking(false).await?;
        assert!(!own.client_trackinginfo().await?.is_on());
        Ok(())
    })
    .await
}

/// What a server says of itself must be the same by either protocol, but for the protocol.
fn greets(on: &On<'_>, hello: &ServerHello, protocol: u8) {
    assert_eq!((hello.protocol, hello.role.as_deref()), (protocol, Some("master")), "{}", on.name());
    assert_eq!(hello.mode.as_deref(), Some("standalone"));
    assert!(hello.id.is_some() && ["redis", "valkey"].contains(&hello.server.as_str()));
    let (major, minor, patch) = on.server.installed().version;
    if hello.server == "valkey" || on.server.installed().name.starts_with("redis") {
        assert_eq!(hello.version, format!("{major}.{minor}.{patch}"));
    }
}

#[tokio::test]
async fn greetings_and_logins() -> Outcome {
    everywhere(async |on| {
        let own: Dedicated = on.client.dedicated().await?;
        let protocol = number(on.protocol);
        greets(on, &own.hello().await?, protocol);
        // The connection stays in its protocol: to change it is for whoever owns the bytes.
        let same = || if protocol == 2 { HelloOptions::resp2() } else { HelloOptions::resp3() };
        greets(on, &own.hello_with(same().setname("worker")).await?, protocol);
        assert_eq!(own.client_getname().await?, some("worker"));

        on.client.acl_setuser("ada", ["on", ">pw", "~*", "&*", "+@all"]).await?;
        own.auth_user("ada", "pw").await?;
        assert_eq!(own.acl_whoami().await?, "ada");
        let error = own.auth_user("ada", "wrong").await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::WrongPass), "{error}");
        greets(on, &own.hello_with(same().auth("default", "any")).await?, protocol);
        assert_eq!(own.acl_whoami().await?, "default");
        assert_eq!(on.client.acl_deluser("ada").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn logging_in_with_a_password_only() -> Outcome {
    everywhere(async |on| {
        let locked = Server::options(on.server.installed()).password("pw").start();
        let client = Client::connect(Config::new(&locked.url())?.protocol(on.protocol)).await?;
        let own = client.dedicated().await?;
        own.auth("pw").await?;
        let error = own.auth("wrong").await.unwrap_err();
        assert_eq!(error.server_code(), Some(ServerCode::WrongPass), "{error}");
        Ok(())
    })
    .await
}
