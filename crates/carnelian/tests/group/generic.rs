//! Keys of any type.

use std::time::SystemTime;

use carnelian::command::spec;
use carnelian::prelude::*;
use carnelian_testkit::Server;

use super::place::{Outcome, everywhere, some, sorted, texts};

type Text = Option<String>;
type Texts = Vec<String>;

#[tokio::test]
async fn keys_and_names() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.randomkey::<Text>().await?, None);
        client.mset([("a", 1), ("b", 2), ("c", 3)]).await?;
        assert_eq!(client.exists(["a", "a", "none"]).await?, 2);
        assert_eq!(client.touch(["a", "none"]).await?, 1);
        assert!(client.copy("a", "copy").await?);
        assert!(!client.copy("a", "b").await?);
        assert!(client.copy_with("a", "b", CopyOptions::new().replace()).await?);
        assert!(client.copy_with("a", "a", CopyOptions::new().db(1)).await?);
        assert_eq!(client.get::<i64>("b").await?, 1);
        client.rename("b", "d").await?;
        assert!(!client.renamenx("d", "a").await?);
        assert!(client.renamenx("d", "e").await?);
        assert_eq!(on.refusal(client.rename("none", "x")).await.command(), Some("RENAME"));
        assert!(client.move_key("c", 1).await?);
        assert!(!client.move_key("c", 1).await?);
        assert_eq!(sorted(client.keys::<Texts>("*").await?), texts(&["a", "copy", "e"]));
        assert_eq!(client.keys::<Texts>("x*").await?, texts(&[]));
        assert_eq!(client.del(["a", "none"]).await?, 1);
        assert_eq!(client.unlink(["copy", "none"]).await?, 1);
        assert_eq!(client.randomkey::<Text>().await?, some("e"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn types_and_pages() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("s", "v").await?;
        client.rpush("l", "e").await?;
        client.zadd("z", (1, "m")).await?;
        for (key, kind) in [
            ("s", KeyType::String),
            ("l", KeyType::List),
            ("z", KeyType::SortedSet),
            ("none", KeyType::Missing),
        ] {
            assert_eq!(client.key_type(key).await?, kind);
        }
        let page = client.scan::<String>(0).await?;
        assert_eq!((page.is_last(), sorted(page.items)), (true, texts(&["l", "s", "z"])));
        let options = || ScanOptions::new().matching("[sz]").count(100);
        assert_eq!(sorted(client.scan_with::<String>(0, options()).await?.items), texts(&["s", "z"]));
        let page = client.scan_type::<String>(0, KeyType::SortedSet, options()).await?;
        assert_eq!(page.items, texts(&["z"]));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn expiry() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let later = SystemTime::UNIX_EPOCH + days(365 * 80);
        client.set("k", "v").await?;
        assert_eq!((client.ttl("k").await?, client.ttl("none").await?), (Ttl::Forever, Ttl::Missing));
        assert_eq!((client.pttl("k").await?, client.pttl("none").await?), (Ttl::Forever, Ttl::Missing));
        assert!(!client.persist("k").await?);
        assert!(client.expire("k", seconds(100)).await?);
        assert!(!client.expire("none", seconds(100)).await?);
        assert!(client.ttl("k").await?.left() > Some(seconds(30)));
        assert!(client.pexpire("k", ms(90_500)).await?);
        assert!(client.pttl("k").await?.left() <= Some(ms(90_500)));
        let since = on.is_from(Some((7, 0)), Some((7, 2)));
        on.check_if(since, client.expire_if("k", hours(1), ExpireCondition::IfNone), false).await;
        on.check_if(since, client.pexpire_if("k", hours(1), ExpireCondition::IfLater), true).await;
        assert!(client.pexpireat("k", later + ms(1)).await?);
        on.check(&spec::PEXPIRETIME, client.pexpiretime("k"), ExpiresAt::At(later + ms(1))).await;
        assert!(client.expireat("k", later).await?);
        on.check(&spec::EXPIRETIME, client.expiretime("k"), ExpiresAt::At(later)).await;
        on.check(&spec::EXPIRETIME, client.expiretime("none"), ExpiresAt::Missing).await;
        on.check_if(since, client.expireat_if("k", later, ExpireCondition::IfSooner), false).await;
        on.check_if(since, client.pexpireat_if("k", later, ExpireCondition::IfAny), true).await;
        assert!(client.persist("k").await?);
        on.check(&spec::EXPIRETIME, client.expiretime("k"), ExpiresAt::Never).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_the_server_keeps() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("k", 7).await?;
        assert_eq!(client.object_encoding("k").await?, some("int"));
        assert_eq!(client.object_encoding("none").await?, None);
        // Small numbers are shared among keys, and their use is not noted.
        client.set("text", "v").await?;
        assert!(client.object_idletime("text").await? < Some(60));
        assert_eq!(client.object_idletime("none").await?, None);
        assert!(client.object_refcount("k").await? >= Some(1));
        assert_eq!(client.object_refcount("none").await?, None);
        on.refusal(client.object_freq("k")).await;
        client.config_set("maxmemory-policy", "allkeys-lfu").await?;
        client.set("k", "v").await?;
        assert!(client.object_freq("k").await?.is_some());
        assert_eq!(client.object_freq("none").await?, None);
        on.refusal(client.object_idletime("k")).await;
        client.config_set("maxmemory-policy", "noeviction").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn dumping_and_restoring() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.set("k", "value").await?;
        assert_eq!(client.dump::<Option<Vec<u8>>>("none").await?, None);
        let dump: Vec<u8> = client.dump("k").await?;
        client.restore("copy", &dump).await?;
        assert_eq!(client.get::<Text>("copy").await?, some("value"));
        let error = on.refusal(client.restore("k", &dump)).await;
        assert_eq!(error.server_code(), Some(carnelian::ServerCode::BusyKey));
        let until = RestoreOptions::new().replace().ttl(hours(1)).idle_time(seconds(50));
        client.restore_with("k", &dump, until).await?;
        assert!(client.ttl("k").await?.left().is_some());
        let until = RestoreOptions::new().replace().expires_at(SystemTime::now() + hours(1)).frequency(9);
        client.restore_with("k", &dump, until).await?;
        assert!(client.ttl("k").await?.left() > Some(minutes(50)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn migrating() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let other = Server::options(on.server.installed()).password("p w").start();
        client.mset([("a", 1), ("b", 2)]).await?;
        let to = || MigrateOptions::new().timeout(seconds(20)).password("p w");
        assert_eq!(client.migrate("127.0.0.1", other.port(), "none", to()).await?, Migrated::NoKey);
        assert_eq!(client.migrate("127.0.0.1", other.port(), "a", to().copy()).await?, Migrated::Done);
        assert_eq!(client.exists("a").await?, 1);
        on.refusal(client.migrate("127.0.0.1", other.port(), ["a", "b"], to())).await;
        let to = to().replace().login("default", "p w").db(0);
        assert_eq!(client.migrate("127.0.0.1", other.port(), ["a", "b"], to).await?, Migrated::Done);
        assert_eq!(client.exists(["a", "b"]).await?, 0);
        assert_eq!(other.command(&["MGET", "a", "b"]).text(), "1\n2");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn sorting() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.rpush("l", [3, 1, 2]).await?;
        client.mset([("w_1", 30), ("w_2", 20), ("w_3", 10), ("n_1", 100)]).await?;
        assert_eq!(client.sort::<Vec<i64>>("l").await?, [1, 2, 3]);
        let options = || SortOptions::new().by("w_*").limit(1, 2).get("#").get("n_*");
        let looked_up: Vec<(i64, Text)> = client.sort_with("l", options()).await?;
        assert_eq!(looked_up, [(2, None), (1, some("100"))]);
        assert_eq!(client.sort_with::<Vec<i64>>("l", SortOptions::new().unsorted()).await?, [3, 1, 2]);
        assert_eq!(client.sort_store("l", "d", SortOptions::new().descending().alpha()).await?, 3);
        assert_eq!(client.lrange::<Vec<i64>>("d", 0, -1).await?, [3, 2, 1]);
        on.check(&spec::SORT_RO, client.sort_ro::<Vec<i64>>("l"), vec![1, 2, 3]).await;
        let down = client.sort_ro_with::<Vec<i64>>("l", SortOptions::new().descending());
        on.check(&spec::SORT_RO, down, vec![3, 2, 1]).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn waiting_for_replicas() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        own.set("k", "v").await?;
        assert_eq!(own.wait(0, BlockFor::Forever).await?, 0);
        assert_eq!(own.wait(1, ms(10)).await?, 0);
        on.check(&spec::WAITAOF, own.waitaof(false, 1, ms(10)), (0, 0)).await;
        // Whether this server's own disk has it can't be asked of one that writes no file.
        on.refusal(own.waitaof(true, 0, ms(10))).await;
        Ok(())
    })
    .await
}
