//! Sorted sets, their ranges, and waiting for their members.

use carnelian::command::spec;
use carnelian::prelude::*;

use super::place::{On, Outcome, everywhere, some, sorted, texts};

type Text = Option<String>;
type Texts = Vec<String>;
type Pair = Option<(String, f64)>;
type Pairs = Vec<(String, f64)>;
type Popped = Option<(String, Pairs)>;

fn pairs(list: &[(&str, f64)]) -> Pairs {
    list.iter().map(|&(member, score)| (member.to_owned(), score)).collect()
}

fn pair(member: &str, score: f64) -> Pair {
    Some((member.to_owned(), score))
}

fn popped(key: &str, list: &[(&str, f64)]) -> Popped {
    Some((key.to_owned(), pairs(list)))
}

/// `a`, `b`, `c` and `d` with 1, 2, 3 and 4.
async fn four(on: &On<'_>) -> carnelian::Result<u64> {
    on.client.zadd("z", [(1, "a"), (2, "b"), (3, "c"), (4, "d")]).await
}

/// The same members, all with 0: what ranges of members want.
async fn level(on: &On<'_>) -> carnelian::Result<u64> {
    on.client.zadd("x", [(0, "a"), (0, "b"), (0, "c"), (0, "d")]).await
}

#[tokio::test]
async fn members_and_scores() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(four(on).await?, 4);
        assert_eq!(client.zadd("z", (1.5, "a")).await?, 0);
        assert_eq!(client.zadd_with("z", [(9, "a"), (9, "e")], ZAddOptions::new().nx()).await?, 1);
        assert_eq!(client.zadd_with("z", (7, "e"), ZAddOptions::new().xx().lt().ch()).await?, 1);
        assert_eq!(client.zadd_incr("z", 0.25, "a").await?, Some(1.75));
        assert_eq!(client.zadd_incr_with("z", -1, "a", ZAddOptions::new().gt()).await?, None);
        assert_eq!(client.zincrby("z", f64::INFINITY, "e").await?, f64::INFINITY);
        assert_eq!(client.zscore("z", "e").await?, Some(f64::INFINITY));
        assert_eq!(client.zscore("z", "none").await?, None);
        assert_eq!(client.zscore("none", "e").await?, None);
        assert_eq!(client.zmscore("z", ["a", "none"]).await?, [Some(1.75), None]);
        assert_eq!(client.zcard("z").await?, 5);
        assert_eq!(client.zrank("z", "b").await?, Some(1));
        assert_eq!(client.zrank("z", "none").await?, None);
        assert_eq!(client.zrevrank("z", "b").await?, Some(3));
        assert_eq!(client.zrevrank("none", "b").await?, None);
        let since = on.is_from(Some((7, 2)), Some((7, 2)));
        on.check_if(since, client.zrank_with_score("z", "b"), Some((1, 2.0))).await;
        on.check_if(since, client.zrank_with_score("z", "none"), None).await;
        on.check_if(since, client.zrevrank_with_score("z", "b"), Some((3, 2.0))).await;
        assert_eq!(client.zrem("z", ["a", "e", "none"]).await?, 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn pages_and_random_members() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.zadd("z", [(1, "a"), (2, "b")]).await?;
        client.zadd("one", (0.5, "m")).await?;
        let page = client.zscan::<String>("one", 0).await?;
        assert_eq!((page.is_last(), page.items), (true, pairs(&[("m", 0.5)])));
        let only = || ScanOptions::new().matching("b*").count(9);
        assert_eq!(client.zscan_with::<String>("z", 0, only()).await?.items, pairs(&[("b", 2.0)]));
        let names = async { Ok(client.zscan_noscores::<String>("z", 0, only()).await?.items) };
        on.check_if(on.is_from(None, Some((8, 0))), names, texts(&["b"])).await;
        assert_eq!(client.zrandmember::<Text>("one").await?, some("m"));
        assert_eq!(client.zrandmember::<Text>("none").await?, None);
        assert_eq!(sorted(client.zrandmember_count::<Texts>("z", 5).await?), texts(&["a", "b"]));
        assert_eq!(client.zrandmember_with_scores::<Pairs>("one", 1).await?, pairs(&[("m", 0.5)]));
        let twice = client.zrandmember_with_scores::<Pairs>("one", -2).await?;
        assert_eq!(twice, pairs(&[("m", 0.5), ("m", 0.5)]));
        assert_eq!(client.zrandmember_with_scores::<Pairs>("none", 3).await?, []);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn taking_out() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        four(on).await?;
        assert_eq!(client.zpopmax::<Pair>("z").await?, pair("d", 4.0));
        assert_eq!(client.zpopmin::<Pair>("z").await?, pair("a", 1.0));
        assert_eq!(client.zpopmin_count::<Pairs>("z", 1).await?, pairs(&[("b", 2.0)]));
        assert_eq!(client.zpopmax_count::<Pairs>("z", 5).await?, pairs(&[("c", 3.0)]));
        assert_eq!(client.zpopmax::<Pair>("z").await?, None);
        assert_eq!(client.zpopmin::<Pair>("z").await?, None);
        assert_eq!(client.zpopmin_count::<Pairs>("z", 2).await?, []);
        assert_eq!(client.zpopmax_count::<Pairs>("z", 2).await?, []);
        four(on).await?;
        let (min, max) = (ScoreEnd::Min, ScoreEnd::Max);
        on.check(&spec::ZMPOP, client.zmpop(["none", "z"], min), popped("z", &[("a", 1.0)])).await;
        let two = popped("z", &[("d", 4.0), ("c", 3.0)]);
        on.check(&spec::ZMPOP, client.zmpop_count("z", max, 2), two).await;
        on.check(&spec::ZMPOP, client.zmpop::<(String, Pairs)>("none", min), None).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn waiting() -> Outcome {
    type Waited = (String, String, f64);
    everywhere(async |on| {
        let (client, wait, (min, max)) = (&on.client, seconds(20), (ScoreEnd::Min, ScoreEnd::Max));
        four(on).await?;
        let first = client.bzpopmin::<Waited>(["none", "z"], wait).await?;
        assert_eq!(first, Some(("z".to_owned(), "a".to_owned(), 1.0)));
        let last = client.bzpopmax::<Waited>("z", BlockFor::Forever).await?;
        assert_eq!(last, Some(("z".to_owned(), "d".to_owned(), 4.0)));
        on.check(&spec::BZMPOP, client.bzmpop("z", min, wait), popped("z", &[("b", 2.0)])).await;
        on.check(&spec::BZMPOP, client.bzmpop_count("z", max, 9, wait), popped("z", &[("c", 3.0)])).await;
        let wait = ms(10);
        assert_eq!(client.bzpopmin::<Waited>(["none", "nil"], wait).await?, None);
        assert_eq!(client.bzpopmax::<Waited>("none", wait).await?, None);
        on.check(&spec::BZMPOP, client.bzmpop::<(String, Pairs)>("none", min, wait), None).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn several_sets() -> Outcome {
    everywhere(async |on| {
        let (client, keys) = (&on.client, ["a", "b"]);
        client.zadd("a", [(1, "x"), (2, "y")]).await?;
        client.zadd("b", [(10, "y"), (20, "z")]).await?;
        assert_eq!(client.zdiff::<Texts>(keys).await?, texts(&["x"]));
        assert_eq!(client.zdiff_with_scores::<Pairs>(keys).await?, pairs(&[("x", 1.0)]));
        assert_eq!(client.zinter::<Texts>(keys).await?, texts(&["y"]));
        assert_eq!(client.zinter_with_scores::<Pairs>(keys).await?, pairs(&[("y", 12.0)]));
        assert_eq!(client.zunion::<Texts>(keys).await?, texts(&["x", "y", "z"]));
        let all = pairs(&[("x", 1.0), ("y", 12.0), ("z", 20.0)]);
        assert_eq!(client.zunion_with_scores::<Pairs>(keys).await?, all);
        let weighed = || ZCombineOptions::new().weights([10.0, 0.5]).aggregate(Aggregate::Max).with_scores();
        assert_eq!(client.zinter_with::<Pairs>(keys, weighed()).await?, pairs(&[("y", 20.0)]));
        let most = pairs(&[("x", 10.0), ("z", 10.0), ("y", 20.0)]);
        assert_eq!(client.zunion_with::<Pairs>(keys, weighed()).await?, most);
        let counted = ZCombineOptions::new().aggregate(Aggregate::Count).with_scores();
        let counts = pairs(&[("x", 1.0), ("z", 1.0), ("y", 2.0)]);
        on.check_if(on.is_from(Some((8, 8)), None), client.zunion_with(keys, counted), counts).await;
        assert_eq!(client.zdiffstore("d", keys).await?, 1);
        assert_eq!(client.zinterstore("d", keys).await?, 1);
        assert_eq!(client.zinterstore_with("d", keys, weighed()).await?, 1);
        assert_eq!(client.zscore("d", "y").await?, Some(20.0));
        assert_eq!(client.zunionstore("d", keys).await?, 3);
        let lowest = ZCombineOptions::new().aggregate(Aggregate::Min);
        assert_eq!(client.zunionstore_with("d", keys, lowest).await?, 3);
        assert_eq!(client.zscore("d", "y").await?, Some(2.0));
        on.check(&spec::ZINTERCARD, client.zintercard(keys), 1).await;
        on.check(&spec::ZINTERCARD, client.zintercard_limit(["a", "a"], 1), 1).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn ranges() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        four(on).await?;
        level(on).await?;
        assert_eq!(client.zcount("z", 2..=3).await?, 2);
        assert_eq!(client.zcount("z", ..).await?, 4);
        assert_eq!(client.zlexcount("x", "b".."d").await?, 2);
        assert_eq!(client.zrange::<Texts>("z", 0, -2).await?, texts(&["a", "b", "c"]));
        assert_eq!(client.zrange_with_scores::<Pairs>("z", 0, 1).await?, pairs(&[("a", 1.0), ("b", 2.0)]));
        assert_eq!(client.zrange_with_scores::<Pairs>("z", 0, 0).await?, pairs(&[("a", 1.0)]));
        assert_eq!(client.zrange_with_scores::<Pairs>("none", 0, 1).await?, []);
        let by_rank = ZRange::by_rank(0, 0).rev();
        assert_eq!(client.zrange_with::<Texts>("z", by_rank).await?, texts(&["d"]));
        let by_score = ZRange::by_score(2..).rev().limit(1..2).with_scores();
        assert_eq!(client.zrange_with::<Pairs>("z", by_score).await?, pairs(&[("c", 3.0)]));
        let by_lex = ZRange::by_lex("b"..).limit(..2);
        assert_eq!(client.zrange_with::<Texts>("x", by_lex).await?, texts(&["b", "c"]));
        assert_eq!(client.zrangestore("d", "z", 0, 1).await?, 2);
        let by_score = ZRange::by_score(ScoreRange::new(ScoreBound::Exclusive(1.0), 3));
        assert_eq!(client.zrangestore_with("d", "z", by_score).await?, 2);
        assert_eq!(client.zremrangebylex("x", "a"..="b").await?, 2);
        assert_eq!(client.zremrangebyrank("z", 0, 0).await?, 1);
        assert_eq!(client.zremrangebyscore("z", 4..).await?, 1);
        assert_eq!(client.zrange::<Texts>("z", 0, -1).await?, texts(&["b", "c"]));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn older_ranges() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        four(on).await?;
        level(on).await?;
        let page = || ZRangeByScoreOptions::new().limit(1..2).with_scores();
        assert_eq!(client.zrangebylex::<Texts>("x", "b"..="c").await?, texts(&["b", "c"]));
        assert_eq!(client.zrangebylex_limit::<Texts>("x", .., 3..).await?, texts(&["d"]));
        assert_eq!(client.zrangebyscore::<Texts>("z", 3..).await?, texts(&["c", "d"]));
        let low = client.zrangebyscore_with_scores::<Pairs>("z", ..2).await?;
        assert_eq!(low, pairs(&[("a", 1.0)]));
        assert_eq!(client.zrangebyscore_with::<Pairs>("z", 2.., page()).await?, pairs(&[("c", 3.0)]));
        assert_eq!(client.zrevrange::<Texts>("z", 0, 1).await?, texts(&["d", "c"]));
        assert_eq!(client.zrevrange_with_scores::<Pairs>("z", 0, 0).await?, pairs(&[("d", 4.0)]));
        assert_eq!(client.zrevrangebylex::<Texts>("x", "b"..="c").await?, texts(&["c", "b"]));
        assert_eq!(client.zrevrangebylex_limit::<Texts>("x", .., ..1).await?, texts(&["d"]));
        assert_eq!(client.zrevrangebyscore::<Texts>("z", 3..).await?, texts(&["d", "c"]));
        let high = client.zrevrangebyscore_with_scores::<Pairs>("z", 3..4).await?;
        assert_eq!(high, pairs(&[("c", 3.0)]));
        assert_eq!(client.zrevrangebyscore_with::<Pairs>("z", 2.., page()).await?, pairs(&[("c", 3.0)]));
        Ok(())
    })
    .await
}
