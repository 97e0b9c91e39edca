//! Hashes, and the expiry of single fields.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use carnelian::command::spec;
use carnelian::prelude::*;

use super::place::{Outcome, everywhere, some, sorted, texts};

type Text = Option<String>;
type Texts = Vec<String>;
type Pairs = Vec<(String, String)>;

fn pairs(list: &[(&str, &str)]) -> Pairs {
    list.iter().map(|&(field, value)| (field.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn fields_and_values() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.hset("h", [("a", "1"), ("b", "two"), ("c", "3")]).await?, 3);
        assert_eq!(client.hset("h", ("a", "one")).await?, 0);
        client.hmset("h", [("c", "three")]).await?;
        assert!(client.hsetnx("h", "d", "four").await?);
        assert!(!client.hsetnx("h", "d", "five").await?);
        assert_eq!(client.hget::<Text>("h", "a").await?, some("one"));
        assert_eq!(client.hget::<Text>("h", "none").await?, None);
        assert!(client.hexists("h", "a").await?);
        assert!(!client.hexists("none", "a").await?);
        assert_eq!(client.hlen("h").await?, 4);
        assert_eq!(client.hstrlen("h", "c").await?, 5);
        assert_eq!(client.hmget::<Vec<Text>>("h", ["b", "none"]).await?, [some("two"), None]);
        assert_eq!(sorted(client.hkeys::<Texts>("h").await?), texts(&["a", "b", "c", "d"]));
        assert_eq!(sorted(client.hvals::<Texts>("h").await?), texts(&["four", "one", "three", "two"]));
        let all = pairs(&[("a", "one"), ("b", "two"), ("c", "three"), ("d", "four")]);
        let map: BTreeMap<String, String> = client.hgetall("h").await?;
        assert_eq!(map.into_iter().collect::<Pairs>(), all);
        assert_eq!(sorted(client.hgetall::<Pairs>("h").await?), all);
        assert!(client.hgetall::<HashMap<String, String>>("none").await?.is_empty());
        assert_eq!(client.hdel("h", ["a", "b", "none"]).await?, 2);
        assert_eq!(client.hincrby("h", "n", 5).await?, 5);
        assert_eq!(client.hincrbyfloat("h", "n", 0.25).await?, 5.25);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn pages_and_random_fields() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.hset("h", [("a", "1"), ("b", "2")]).await?;
        client.hset("one", ("f", "v")).await?;
        assert_eq!(client.hrandfield::<Text>("one").await?, some("f"));
        assert_eq!(client.hrandfield::<Text>("none").await?, None);
        assert_eq!(sorted(client.hrandfield_count::<Texts>("h", 5).await?), texts(&["a", "b"]));
        assert_eq!(client.hrandfield_count::<Texts>("one", -3).await?, texts(&["f", "f", "f"]));
        let with_values = client.hrandfield_withvalues::<Pairs>("h", 5).await?;
        assert_eq!(sorted(with_values), pairs(&[("a", "1"), ("b", "2")]));
        assert_eq!(client.hrandfield_withvalues::<Pairs>("one", 1).await?, pairs(&[("f", "v")]));
        assert_eq!(client.hrandfield_withvalues::<Pairs>("none", 1).await?, []);
        let page = client.hscan::<(String, String)>("h", 0).await?;
        assert!(page.is_last());
        assert_eq!(sorted(page.items), pairs(&[("a", "1"), ("b", "2")]));
        let options = || ScanOptions::new().matching("a*").count(50);
        assert_eq!(client.hscan_with::<(String, i64)>("h", 0, options()).await?.items, [("a".to_owned(), 1)]);
        let names = async { Ok(client.hscan_novalues::<String>("h", 0, options()).await?.items) };
        on.check_if(on.is_from(Some((7, 4)), Some((8, 0))), names, texts(&["a"])).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn fields_that_expire() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let later = SystemTime::UNIX_EPOCH + days(365 * 80);
        client.hset("h", [("a", 1), ("b", 2), ("c", 3)]).await?;
        let (set, missing) = (FieldExpire::Set, FieldExpire::Missing);
        on.check(&spec::HEXPIRE, client.hexpire("h", hours(1), ["a", "none"]), vec![set, missing]).await;
        let unchanged = vec![FieldExpire::Unchanged];
        let condition = ExpireCondition::IfNone;
        on.check(&spec::HEXPIRE, client.hexpire_if("h", hours(2), condition, "a"), unchanged.clone()).await;
        on.check(&spec::HPEXPIRE, client.hpexpire("h", ms(90_500), "b"), vec![set]).await;
        let condition = ExpireCondition::IfLater;
        on.check(&spec::HPEXPIRE, client.hpexpire_if("h", ms(50), condition, "b"), unchanged).await;
        on.check(&spec::HEXPIREAT, client.hexpireat("h", later, "c"), vec![set]).await;
        on.check(&spec::HEXPIRETIME, client.hexpiretime("h", "c"), vec![ExpiresAt::At(later)]).await;
        let (sooner, condition) = (later - hours(1), ExpireCondition::IfSooner);
        on.check(&spec::HEXPIREAT, client.hexpireat_if("h", sooner, condition, "c"), vec![set]).await;
        on.check(&spec::HPEXPIREAT, client.hpexpireat("h", later + ms(1), "c"), vec![set]).await;
        on.check(&spec::HPEXPIRETIME, client.hpexpiretime("h", "c"), vec![ExpiresAt::At(later + ms(1))])
            .await;
        let condition = ExpireCondition::IfAny;
        on.check(&spec::HPEXPIREAT, client.hpexpireat_if("h", sooner, condition, "c"), vec![set]).await;
        let persisted = vec![FieldPersist::Persisted, FieldPersist::Missing];
        on.check(&spec::HPERSIST, client.hpersist("h", ["c", "none"]), persisted).await;
        on.check(&spec::HTTL, client.httl("h", ["c", "none"]), vec![Ttl::Forever, Ttl::Missing]).await;
        on.check(&spec::HPTTL, client.hpttl("none", "a"), vec![Ttl::Missing]).await;
        on.check(&spec::HEXPIRETIME, client.hexpiretime("h", "c"), vec![ExpiresAt::Never]).await;
        let gone = vec![FieldExpire::Deleted];
        on.check(&spec::HPEXPIREAT, client.hpexpireat("h", SystemTime::UNIX_EPOCH, "c"), gone).await;
        if on.has(&spec::HPTTL) {
            let left = client.hpttl("h", "b").await?;
            assert!(left[0].left() > Some(seconds(30)) && left[0].left() <= Some(ms(90_500)), "{left:?}");
            assert!(!client.hexists("h", "c").await?);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn values_with_an_expiry() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        on.check(&spec::HSETEX, client.hsetex("h", [("a", 1), ("b", 2)], minutes(5)), ()).await;
        let fresh = HsetexOptions::new().if_fields_missing().ttl(ms(90_500));
        on.check(&spec::HSETEX, client.hsetex_with("h", [("b", 3), ("c", 3)], fresh), false).await;
        let there = HsetexOptions::new().if_fields_exist().keep_ttl();
        on.check(&spec::HSETEX, client.hsetex_with("h", ("b", 3), there), true).await;
        let no_hash = client.hsetex_with("h", ("b", 4), HsetexOptions::new().if_missing());
        on.check_if(on.is_from(None, Some((9, 0))), no_hash, false).await;
        let values = client.hgetex::<Vec<Option<i64>>>("h", minutes(9), ["b", "none"]);
        on.check(&spec::HGETEX, values, vec![Some(3), None]).await;
        let values = client.hgetex::<Vec<Option<i64>>>("h", ExpiryChange::Persist, "a");
        on.check(&spec::HGETEX, values, vec![Some(1)]).await;
        on.check(&spec::HGETDEL, client.hgetdel::<Vec<Option<i64>>>("h", ["a", "none"]), vec![Some(1), None])
            .await;
        on.check(&spec::HGETDEL, client.hgetdel::<Vec<Option<i64>>>("none", ["a"]), vec![None]).await;
        if on.has(&spec::HGETEX) {
            assert!(client.httl("h", "b").await?[0].left() > Some(minutes(5)));
        }
        Ok(())
    })
    .await
}

/// No server of these has it yet, so this is about the refusal; what is sent is in the wire tests.
#[tokio::test]
async fn bulk_imports() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        on.check(&spec::HIMPORT_PREPARE, own.himport_prepare("user", ["name", "city"]), ()).await;
        on.check(&spec::HIMPORT_SET, own.himport_set("user:1", "user", ["Ada", "London"]), ()).await;
        on.check(&spec::HIMPORT_DISCARD, own.himport_discard("user"), true).await;
        on.check(&spec::HIMPORT_DISCARDALL, own.himport_discardall(), 0).await;
        Ok(())
    })
    .await
}
