//! Strings and counters.

use std::time::SystemTime;

use carnelian::command::spec;
use carnelian::prelude::*;

use super::place::{Outcome, everywhere, some, texts};

type Text = Option<String>;

#[tokio::test]
async fn values() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.append("k", "Hello").await?, 5);
        assert_eq!(client.append("k", " World").await?, 11);
        assert_eq!(client.get::<Text>("k").await?, some("Hello World"));
        assert_eq!(client.get::<Text>("none").await?, None);
        assert_eq!(client.getrange::<String>("k", -5, -1).await?, "World");
        assert_eq!(client.substr::<Vec<u8>>("k", 0, 4).await?, b"Hello");
        assert_eq!(client.setrange("k", 6, "Redis").await?, 11);
        assert_eq!(client.strlen("k").await?, 11);
        assert_eq!(client.getset::<Text>("k", "new").await?, some("Hello Redis"));
        assert_eq!(client.getset::<Text>("fresh", "new").await?, None);
        assert_eq!(client.getdel::<Text>("k").await?, some("new"));
        assert_eq!(client.getdel::<Text>("k").await?, None);
        client.set("bytes", b"\0\r\n\xff").await?;
        assert_eq!(client.get::<Vec<u8>>("bytes").await?, b"\0\r\n\xff");
        client.set("empty", "").await?;
        assert_eq!(client.get::<Text>("empty").await?, some(""));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn many_keys_at_once() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.mset([("a", 1), ("b", 2)]).await?;
        assert_eq!(client.mget::<Vec<Option<i64>>>(["a", "none", "b"]).await?, [Some(1), None, Some(2)]);
        assert!(!client.msetnx([("b", 3), ("c", 3)]).await?);
        assert!(client.msetnx([("c", 3), ("d", 4)]).await?);
        on.check(&spec::MSETEX, client.msetex([("e", 5), ("f", 6)], seconds(100)), ()).await;
        let missing = MsetexOptions::new().if_all_missing().ttl(ms(90_500));
        on.check(&spec::MSETEX, client.msetex_with([("e", 7), ("g", 7)], missing), false).await;
        let there = MsetexOptions::new().if_all_exist().expiry(Expiry::KeepTtl);
        on.check(&spec::MSETEX, client.msetex_with([("e", 7), ("f", 7)], there), true).await;
        if on.has(&spec::MSETEX) {
            assert_eq!(client.mget::<Vec<Option<i64>>>(["e", "f", "g"]).await?, [Some(7), Some(7), None]);
            assert!(client.ttl("e").await?.left().is_some());
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn setting_under_conditions_and_until_then() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert!(client.set_with("k", "1", SetOptions::new().if_missing().ttl(hours(1))).await?);
        assert!(!client.set_with("k", "2", SetOptions::new().if_missing()).await?);
        assert!(client.set_with("k", "2", SetOptions::new().if_exists().keep_ttl()).await?);
        assert!(client.ttl("k").await?.left().is_some());
        assert!(client.set_with("k", "3", SetOptions::new().expires_at(SystemTime::now() + hours(1))).await?);
        assert!(client.pttl("k").await?.left() > Some(minutes(59)));
        assert_eq!(client.set_get::<String>("k", "4", SetOptions::new()).await?, some("3"));
        assert_eq!(client.set_get::<String>("other", "4", SetOptions::new()).await?, None);
        let both = client.set_get::<String>("k", "5", SetOptions::new().if_missing());
        on.check_if(on.is_from(Some((7, 0)), Some((7, 2))), both, some("4")).await;
        client.setex("k", ms(99_500), "a").await?;
        client.psetex("k", seconds(99), "b").await?;
        assert!(client.pttl("k").await?.left() <= Some(seconds(99)));
        assert!(client.setnx("fresh", "a").await?);
        assert!(!client.setnx("fresh", "b").await?);
        assert_eq!(client.getex::<Text>("k", minutes(5)).await?, some("b"));
        assert!(client.ttl("k").await?.left() > Some(minutes(4)));
        assert_eq!(client.getex::<Text>("k", SystemTime::now() + ms(90_500)).await?, some("b"));
        assert_eq!(client.getex::<Text>("k", ExpiryChange::Persist).await?, some("b"));
        assert_eq!(client.ttl("k").await?, Ttl::Forever);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn counters() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.incr("n").await?, 1);
        assert_eq!(client.incrby("n", 10).await?, 11);
        assert_eq!(client.decr("n").await?, 10);
        assert_eq!(client.decrby("n", -3).await?, 13);
        assert_eq!(client.get::<i64>("n").await?, 13);
        assert_eq!(client.incrbyfloat("x", 0.5).await?, 0.5);
        assert_eq!(client.incrbyfloat("x", -3e2).await?, -299.5);
        assert_eq!(client.get::<f64>("x").await?, -299.5);
        let window = || IncrexOptions::new().at_most(2).ttl_if_none(seconds(60));
        if on.has(&spec::INCREX) {
            for (value, applied) in [(1, 1), (2, 1), (2, 0)] {
                let got = client.increx("limit", 1, window()).await?;
                assert_eq!((got.value, got.applied), (value, applied));
            }
            let got = client.increx_float("f", 0.25, IncrexOptions::new().at_least(0.0)).await?;
            assert_eq!((got.value, got.applied), (0.25, 0.25));
        } else {
            on.refusal(client.increx("limit", 1, window())).await;
            on.refusal(client.increx_float("f", 0.25, IncrexOptions::new())).await;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn comparing_and_digests() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.mset([("k", "old"), ("d", "x"), ("e", "x"), ("f", "x")]).await?;
        let equal = |value| SetOptions::new().if_equals(value);
        let both = on.is_from(Some((8, 4)), Some((8, 1)));
        on.check_if(both, client.set_with("k", "new", equal("other")), false).await;
        on.check_if(both, client.set_with("k", "new", equal("old")), true).await;
        let redis = on.is_from(Some((8, 4)), None);
        let other = SetOptions::new().if_value(ValueCondition::not_equals("new"));
        on.check_if(redis, client.set_with("k", "newer", other), false).await;
        on.check(&spec::DELIFEQ, client.delifeq("d", "y"), false).await;
        on.check(&spec::DELIFEQ, client.delifeq("d", "x"), true).await;
        on.check(&spec::DELEX, client.delex("e"), true).await;
        on.check(&spec::DELEX, client.delex_if("f", ValueCondition::equals("y")), false).await;
        on.check(&spec::DELEX, client.delex_if("f", ValueCondition::not_equals("y")), true).await;
        on.check(&spec::DIGEST, client.digest("none"), None).await;
        if on.has(&spec::DIGEST) {
            let digest = client.digest("k").await?.ok_or("no digest")?;
            let change = |condition| SetOptions::new().if_value(condition);
            assert!(!client.set_with("k", "z", change(ValueCondition::digest_not_equals(digest))).await?);
            assert!(client.set_with("k", "z", change(ValueCondition::digest_equals(digest))).await?);
            assert_ne!(client.digest("k").await?, Some(digest));
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn common_subsequences() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.mset([("a", "ohmytext"), ("b", "mynewtext")]).await?;
        on.check(&spec::LCS, client.lcs::<String>("a", "b"), "mytext".into()).await;
        on.check(&spec::LCS, client.lcs_len("a", "b"), 6).await;
        on.check(&spec::LCS, client.lcs_len("a", "none"), 0).await;
        if on.has(&spec::LCS) {
            for (least, want) in [(0, &[(4, 5, 4), (2, 0, 2)][..]), (3, &[(4, 5, 4)])] {
                let lcs = client.lcs_idx("a", "b", least).await?;
                let runs: Vec<_> = lcs.matches.iter().map(|run| (run.first, run.second, run.len)).collect();
                assert_eq!((runs.as_slice(), lcs.len), (want, 6));
            }
            assert_eq!(client.mget::<Vec<String>>(["a", "b"]).await?, texts(&["ohmytext", "mynewtext"]));
        } else {
            on.refusal(client.lcs_idx("a", "b", 0)).await;
        }
        Ok(())
    })
    .await
}
