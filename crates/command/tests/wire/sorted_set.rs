//! Sorted sets, their ranges, and waiting for their members.

use carnelian_command::Build;
use carnelian_command::group::{
    Aggregate, BlockFor, BlockingSortedSetCommands as _, LexBound, LexRange, ScanOptions, ScoreBound,
    ScoreEnd::{Max, Min},
    ScoreRange, SortedSetCommands as _, SortedSetRangeCommands as _, ZAddOptions, ZCombineOptions, ZRange,
    ZRangeByScoreOptions,
};

use super::case::{Case, case, ms, secs};

type Text = Option<String>;
type Texts = Vec<String>;
type Pair = Option<(String, f64)>;
type Pairs = Vec<(String, f64)>;
type Popped = (String, Pairs);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = adding();
    cases.extend(members());
    cases.extend(taking());
    cases.extend(several_sets());
    cases.extend(blocking());
    cases.extend(ranges());
    cases.extend(older_ranges());
    cases.extend(range_writes());
    cases
}

fn adding() -> Vec<Case> {
    let pairs = [(1, "a"), (2, "b")];
    let owned = vec![(1_700_000_000_123_u64, "m".to_owned())];
    let (new, there) = (ZAddOptions::new().nx(), ZAddOptions::new().xx().lt().ch());
    vec![
        case(Build.zadd("z", (1.5, "m")), "ZADD z 1.5 m"),
        case(Build.zadd("z", pairs), "ZADD z 1 a 2 b"),
        case(Build.zadd("z", &pairs[..]), "ZADD z 1 a 2 b"),
        case(Build.zadd("z", &owned), "ZADD z 1700000000123 m"),
        case(Build.zadd("z", [(f64::INFINITY, "a"), (f64::NEG_INFINITY, "b")]), "ZADD z inf a -inf b"),
        case(Build.zadd_with("z", pairs, new), "ZADD z NX 1 a 2 b"),
        case(Build.zadd_with("z", (2, "m"), there), "ZADD z XX LT CH 2 m"),
        case(Build.zadd_incr("z", -1, "m"), "ZADD z INCR -1 m"),
        case(Build.zadd_incr_with("z", 0.5, "m", ZAddOptions::new().gt()), "ZADD z GT INCR 0.5 m"),
        case(Build.zincrby("z", 2.5, "m"), "ZINCRBY z 2.5 m"),
    ]
}

fn members() -> Vec<Case> {
    let options = || ScanOptions::new().matching("a*").count(100);
    vec![
        case(Build.zcard("z"), "ZCARD z"),
        case(Build.zmscore("z", ["a", "b"]), "ZMSCORE z a b"),
        case(Build.zrandmember::<Text>("z"), "ZRANDMEMBER z"),
        case(Build.zrandmember_count::<Texts>("z", -3), "ZRANDMEMBER z -3"),
        case(Build.zrandmember_with_scores::<Pairs>("z", 3), "ZRANDMEMBER z 3 WITHSCORES"),
        case(Build.zrank("z", "m"), "ZRANK z m"),
        case(Build.zrank_with_score("z", "m"), "ZRANK z m WITHSCORE"),
        case(Build.zrem("z", ["a", "b"]), "ZREM z a b"),
        case(Build.zrevrank("z", "m"), "ZREVRANK z m"),
        case(Build.zrevrank_with_score("z", "m"), "ZREVRANK z m WITHSCORE"),
        case(Build.zscan::<String>("z", 0), "ZSCAN z 0"),
        case(Build.zscan_with::<String>("z", 17, options()), "ZSCAN z 17 MATCH a* COUNT 100"),
        case(Build.zscan_noscores::<String>("z", 0, ScanOptions::new()), "ZSCAN z 0 NOSCORES"),
        case(Build.zscan_noscores::<String>("z", 0, options()), "ZSCAN z 0 MATCH a* COUNT 100 NOSCORES"),
        case(Build.zscore("z", "m"), "ZSCORE z m"),
    ]
}

fn taking() -> Vec<Case> {
    vec![
        case(Build.zmpop::<Popped>(["a", "b"], Min), "ZMPOP 2 a b MIN"),
        case(Build.zmpop_count::<Popped>("a", Max, 5), "ZMPOP 1 a MAX COUNT 5"),
        case(Build.zpopmax::<Pair>("z"), "ZPOPMAX z"),
        case(Build.zpopmax_count::<Pairs>("z", 3), "ZPOPMAX z 3"),
        case(Build.zpopmin::<Pair>("z"), "ZPOPMIN z"),
        case(Build.zpopmin_count::<Pairs>("z", 3), "ZPOPMIN z 3"),
    ]
}

fn several_sets() -> Vec<Case> {
    let weighed = || ZCombineOptions::new().weights([2.5, -0.5]).aggregate(Aggregate::Max).with_scores();
    let plain = ZCombineOptions::new;
    vec![
        case(Build.zdiff::<Texts>(["a", "b"]), "ZDIFF 2 a b"),
        case(Build.zdiff_with_scores::<Pairs>(["a", "b"]), "ZDIFF 2 a b WITHSCORES"),
        case(Build.zdiffstore("d", ["a", "b"]), "ZDIFFSTORE d 2 a b"),
        case(Build.zinter::<Texts>(["a", "b"]), "ZINTER 2 a b"),
        case(Build.zinter_with_scores::<Pairs>(["a", "b"]), "ZINTER 2 a b WITHSCORES"),
        case(
            Build.zinter_with::<Pairs>(["a", "b"], weighed()),
            "ZINTER 2 a b WEIGHTS 2.5 -0.5 AGGREGATE MAX WITHSCORES",
        ),
        case(Build.zintercard(["a", "b"]), "ZINTERCARD 2 a b"),
        case(Build.zintercard_limit(["a", "b"], 5), "ZINTERCARD 2 a b LIMIT 5"),
        case(Build.zinterstore("d", ["a", "b"]), "ZINTERSTORE d 2 a b"),
        case(
            Build.zinterstore_with("d", ["a", "b"], weighed()),
            "ZINTERSTORE d 2 a b WEIGHTS 2.5 -0.5 AGGREGATE MAX",
        ),
        case(Build.zunion::<Texts>(["a", "b"]), "ZUNION 2 a b"),
        case(Build.zunion_with_scores::<Pairs>(["a", "b"]), "ZUNION 2 a b WITHSCORES"),
        case(
            Build.zunion_with::<Texts>(["a", "b"], plain().aggregate(Aggregate::Count)),
            "ZUNION 2 a b AGGREGATE COUNT",
        ),
        case(Build.zunionstore("d", ["a", "b"]), "ZUNIONSTORE d 2 a b"),
        case(
            Build.zunionstore_with("d", "a", plain().aggregate(Aggregate::Sum)),
            "ZUNIONSTORE d 1 a AGGREGATE SUM",
        ),
        case(
            Build.zunionstore_with("d", "a", plain().aggregate(Aggregate::Min)),
            "ZUNIONSTORE d 1 a AGGREGATE MIN",
        ),
    ]
}

fn blocking() -> Vec<Case> {
    type Waited = (String, String, f64);
    vec![
        case(Build.bzmpop::<Popped>(["a", "b"], Min, ms(1500)), "BZMPOP 1.5 2 a b MIN"),
        case(Build.bzmpop_count::<Popped>("a", Max, 5, BlockFor::Forever), "BZMPOP 0 1 a MAX COUNT 5"),
        case(Build.bzpopmax::<Waited>(["a", "b"], secs(2)), "BZPOPMAX a b 2"),
        case(Build.bzpopmin::<Waited>("a", BlockFor::Forever), "BZPOPMIN a 0"),
    ]
}

fn ranges() -> Vec<Case> {
    let between = ScoreRange::new(ScoreBound::Exclusive(0.5), 2.5);
    let members = LexRange::new(LexBound::Exclusive(b"a".to_vec()), LexBound::Max);
    vec![
        case(Build.zcount("z", 0.5..=2.5), "ZCOUNT z 0.5 2.5"),
        case(Build.zcount("z", ..), "ZCOUNT z -inf +inf"),
        case(Build.zlexcount("z", "a".."c"), "ZLEXCOUNT z [a (c"),
        case(Build.zlexcount("z", ..), "ZLEXCOUNT z - +"),
        case(Build.zrange::<Texts>("z", 0, -1), "ZRANGE z 0 -1"),
        case(Build.zrange_with_scores::<Pairs>("z", 0, -1), "ZRANGE z 0 -1 WITHSCORES"),
        case(Build.zrange_with::<Texts>("z", ZRange::by_rank(1, 2).rev()), "ZRANGE z 1 2 REV"),
        case(
            Build.zrange_with::<Pairs>("z", ZRange::by_score(between).limit(10..20).with_scores()),
            "ZRANGE z (0.5 2.5 BYSCORE LIMIT 10 10 WITHSCORES",
        ),
        case(
            Build.zrange_with::<Texts>("z", ZRange::by_lex(members).rev().limit(..10)),
            "ZRANGE z + (a BYLEX REV LIMIT 0 10",
        ),
    ]
}

/// What Redis now has in ZRANGE.
fn older_ranges() -> Vec<Case> {
    let part = ZRangeByScoreOptions::new().limit(5..).with_scores();
    vec![
        case(Build.zrangebylex::<Texts>("z", "a"..), "ZRANGEBYLEX z [a +"),
        case(Build.zrangebylex_limit::<Texts>("z", ..="c", ..10), "ZRANGEBYLEX z - [c LIMIT 0 10"),
        case(Build.zrangebyscore::<Texts>("z", 0.5..2.5), "ZRANGEBYSCORE z 0.5 (2.5"),
        case(Build.zrangebyscore_with_scores::<Pairs>("z", ..), "ZRANGEBYSCORE z -inf +inf WITHSCORES"),
        case(
            Build.zrangebyscore_with::<Pairs>("z", ..=0.5, part),
            "ZRANGEBYSCORE z -inf 0.5 WITHSCORES LIMIT 5 -1",
        ),
        case(Build.zrevrange::<Texts>("z", 0, 9), "ZREVRANGE z 0 9"),
        case(Build.zrevrange_with_scores::<Pairs>("z", 0, 9), "ZREVRANGE z 0 9 WITHSCORES"),
        case(Build.zrevrangebylex::<Texts>("z", "a".."c"), "ZREVRANGEBYLEX z (c [a"),
        case(Build.zrevrangebylex_limit::<Texts>("z", "a".., 2..3), "ZREVRANGEBYLEX z + [a LIMIT 2 1"),
        case(Build.zrevrangebyscore::<Texts>("z", 0.5..2.5), "ZREVRANGEBYSCORE z (2.5 0.5"),
        case(
            Build.zrevrangebyscore_with_scores::<Pairs>("z", 0.5..),
            "ZREVRANGEBYSCORE z +inf 0.5 WITHSCORES",
        ),
        case(
            Build.zrevrangebyscore_with::<Pairs>("z", ..0.5, part),
            "ZREVRANGEBYSCORE z (0.5 -inf WITHSCORES LIMIT 5 -1",
        ),
    ]
}

fn range_writes() -> Vec<Case> {
    vec![
        case(Build.zrangestore("d", "z", 0, -1), "ZRANGESTORE d z 0 -1"),
        case(
            Build.zrangestore_with("d", "z", ZRange::by_score(0.5..).rev().limit(..3).with_scores()),
            "ZRANGESTORE d z +inf 0.5 BYSCORE REV LIMIT 0 3",
        ),
        case(Build.zremrangebylex("z", "a"..="c"), "ZREMRANGEBYLEX z [a [c"),
        case(Build.zremrangebyrank("z", 0, -10), "ZREMRANGEBYRANK z 0 -10"),
        case(Build.zremrangebyscore("z", ..0.5), "ZREMRANGEBYSCORE z -inf (0.5"),
    ]
}
