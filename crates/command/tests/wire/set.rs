//! Sets.

use std::collections::HashSet;

use carnelian_command::Build;
use carnelian_command::group::{ScanOptions, SetCommands as _, UnionCardOptions};

use super::case::{Case, case};

type Text = Option<String>;
type Texts = HashSet<String>;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = members();
    cases.extend(several_sets());
    cases
}

fn members() -> Vec<Case> {
    vec![
        case(Build.sadd("s", "m"), "SADD s m"),
        case(Build.sadd("s", ["a", "b"]), "SADD s a b"),
        case(Build.sadd("s", vec![1, 2]), "SADD s 1 2"),
        case(Build.scard("s"), "SCARD s"),
        case(Build.sismember("s", "m"), "SISMEMBER s m"),
        case(Build.smembers::<Texts>("s"), "SMEMBERS s"),
        case(Build.smismember("s", ["a", "b"]), "SMISMEMBER s a b"),
        case(Build.smove("s", "t", "m"), "SMOVE s t m"),
        case(Build.spop::<Text>("s"), "SPOP s"),
        case(Build.spop_count::<Texts>("s", 3), "SPOP s 3"),
        case(Build.srandmember::<Text>("s"), "SRANDMEMBER s"),
        case(Build.srandmember_count::<Vec<String>>("s", -3), "SRANDMEMBER s -3"),
        case(Build.srem("s", ["a", "b"]), "SREM s a b"),
        case(Build.sscan::<String>("s", 0), "SSCAN s 0"),
        case(
            Build.sscan_with::<String>("s", 17, ScanOptions::new().matching("a*").count(100)),
            "SSCAN s 17 MATCH a* COUNT 100",
        ),
        case(Build.sscan_with::<String>("s", 17, ScanOptions::new()), "SSCAN s 17"),
    ]
}

fn several_sets() -> Vec<Case> {
    let estimate = UnionCardOptions::new().limit(5).approx();
    vec![
        case(Build.sdiff::<Texts>(["a", "b"]), "SDIFF a b"),
        case(Build.sdiffcard(["a", "b"]), "SDIFFCARD 2 a b"),
        case(Build.sdiffcard_limit(["a", "b"], 5), "SDIFFCARD 2 a b LIMIT 5"),
        case(Build.sdiffstore("d", ["a", "b"]), "SDIFFSTORE d a b"),
        case(Build.sinter::<Texts>("a"), "SINTER a"),
        case(Build.sintercard(["a", "b"]), "SINTERCARD 2 a b"),
        case(Build.sintercard_limit(["a", "b"], 5), "SINTERCARD 2 a b LIMIT 5"),
        case(Build.sinterstore("d", ["a", "b"]), "SINTERSTORE d a b"),
        case(Build.sunion::<Texts>(["a", "b"]), "SUNION a b"),
        case(Build.sunioncard(["a", "b"]), "SUNIONCARD 2 a b"),
        case(Build.sunioncard_with(["a", "b"], estimate), "SUNIONCARD 2 a b APPROX LIMIT 5"),
        case(Build.sunioncard_with("a", UnionCardOptions::new()), "SUNIONCARD 1 a"),
        case(Build.sunionstore("d", ["a", "b"]), "SUNIONSTORE d a b"),
    ]
}
