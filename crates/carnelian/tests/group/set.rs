//! Sets.

use std::collections::BTreeSet;

use carnelian::command::spec;
use carnelian::prelude::*;

use super::place::{Outcome, everywhere, some, texts};

type Text = Option<String>;
type Members = BTreeSet<String>;

fn members(list: &[&str]) -> Members {
    texts(list).into_iter().collect()
}

#[tokio::test]
async fn members_come_and_go() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.sadd("s", ["a", "b", "c"]).await?, 3);
        assert_eq!(client.sadd("s", "a").await?, 0);
        assert_eq!(client.scard("s").await?, 3);
        assert_eq!(client.smembers::<Members>("s").await?, members(&["a", "b", "c"]));
        assert_eq!(client.smembers::<Vec<String>>("none").await?, texts(&[]));
        assert!(client.sismember("s", "a").await?);
        assert!(!client.sismember("none", "a").await?);
        assert_eq!(client.smismember("s", ["a", "x"]).await?, [true, false]);
        assert!(client.smove("s", "t", "a").await?);
        assert!(!client.smove("s", "t", "a").await?);
        assert_eq!(client.srandmember::<Text>("t").await?, some("a"));
        assert_eq!(client.srandmember::<Text>("none").await?, None);
        assert_eq!(client.srandmember_count::<Members>("s", 9).await?, members(&["b", "c"]));
        assert_eq!(client.srandmember_count::<Vec<String>>("t", -2).await?, texts(&["a", "a"]));
        assert_eq!(client.spop::<Text>("t").await?, some("a"));
        assert_eq!(client.spop::<Text>("t").await?, None);
        assert_eq!(client.srem("s", ["b", "x"]).await?, 1);
        assert_eq!(client.spop_count::<Members>("s", 5).await?, members(&["c"]));
        assert_eq!(client.spop_count::<Members>("s", 5).await?, members(&[]));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn pages() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let all: Vec<String> = (0..500).map(|number| format!("member:{number}")).collect();
        client.sadd("s", &all).await?;
        let (mut cursor, mut found) = (0, Members::new());
        loop {
            let page = client.sscan::<String>("s", cursor).await?;
            cursor = page.cursor;
            found.extend(page.items);
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(found, all.into_iter().collect());
        let only = ScanOptions::new().matching("*:77").count(100_000);
        let page = client.sscan_with::<String>("s", 0, only).await?;
        assert_eq!((page.is_last(), page.items), (true, texts(&["member:77"])));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn several_sets() -> Outcome {
    everywhere(async |on| {
        let (client, keys) = (&on.client, ["a", "b"]);
        client.sadd("a", [1, 2, 3]).await?;
        client.sadd("b", [3, 4]).await?;
        assert_eq!(client.sdiff::<Members>(keys).await?, members(&["1", "2"]));
        assert_eq!(client.sinter::<Members>(keys).await?, members(&["3"]));
        assert_eq!(client.sunion::<Members>(keys).await?, members(&["1", "2", "3", "4"]));
        assert_eq!(client.sdiffstore("d", keys).await?, 2);
        assert_eq!(client.sinterstore("d", keys).await?, 1);
        assert_eq!(client.sunionstore("d", keys).await?, 4);
        on.check(&spec::SINTERCARD, client.sintercard(keys), 1).await;
        on.check(&spec::SINTERCARD, client.sintercard_limit(["a", "a"], 2), 2).await;
        on.check(&spec::SDIFFCARD, client.sdiffcard(keys), 2).await;
        on.check(&spec::SDIFFCARD, client.sdiffcard_limit(keys, 1), 1).await;
        on.check(&spec::SUNIONCARD, client.sunioncard(keys), 4).await;
        on.check(&spec::SUNIONCARD, client.sunioncard_with(keys, UnionCardOptions::new().limit(3)), 3).await;
        Ok(())
    })
    .await
}
