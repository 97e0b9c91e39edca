//! Strings and counters.

use std::time::Duration;

use carnelian_command::Build;
use carnelian_command::group::{
    Digest, Expiry, ExpiryChange, IncrexOptions, MsetexOptions, SetOptions, StringCommands as _,
    ValueCondition,
};

use super::case::{Case, at, case, ms, secs};

type Text = Option<String>;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = reads();
    cases.extend(sets());
    cases.extend(counters());
    cases.extend(conditions());
    cases
}

fn reads() -> Vec<Case> {
    vec![
        case(Build.append("k", "v"), "APPEND k v"),
        case(Build.get::<Text>("k"), "GET k"),
        case(Build.getdel::<Text>("k"), "GETDEL k"),
        case(Build.getex::<Text>("k", secs(5)), "GETEX k EX 5"),
        case(Build.getex::<Text>("k", ms(1500)), "GETEX k PX 1500"),
        case(Build.getex::<Text>("k", at(secs(17))), "GETEX k EXAT 17"),
        case(Build.getex::<Text>("k", at(ms(17_001))), "GETEX k PXAT 17001"),
        case(Build.getex::<Text>("k", ExpiryChange::Persist), "GETEX k PERSIST"),
        case(Build.getrange::<String>("k", 0, -1), "GETRANGE k 0 -1"),
        case(Build.getset::<Text>("k", "v"), "GETSET k v"),
        case(Build.lcs::<String>("a", "b"), "LCS a b"),
        case(Build.lcs_idx("a", "b", 0), "LCS a b IDX"),
        case(Build.lcs_idx("a", "b", 4), "LCS a b IDX MINMATCHLEN 4"),
        case(Build.lcs_len("a", "b"), "LCS a b LEN"),
        case(Build.mget::<Vec<Text>>(["a", "b", "c"]), "MGET a b c"),
        case(Build.mget::<Vec<Text>>("a"), "MGET a"),
        case(Build.strlen("k"), "STRLEN k"),
        case(Build.substr::<String>("k", 1, 2), "SUBSTR k 1 2"),
    ]
}

fn sets() -> Vec<Case> {
    let set = |options| Build.set_with("k", "v", options);
    vec![
        case(Build.mset([("a", 1), ("b", 2)]), "MSET a 1 b 2"),
        case(Build.msetnx([("a", 1), ("b", 2)]), "MSETNX a 1 b 2"),
        case(Build.msetex([("a", 1), ("b", 2)], secs(5)), "MSETEX 2 a 1 b 2 EX 5"),
        case(Build.msetex(("a", 1), Expiry::KeepTtl), "MSETEX 1 a 1 KEEPTTL"),
        case(
            Build.msetex_with([("a", 1)], MsetexOptions::new().if_all_missing().ttl(ms(50))),
            "MSETEX 1 a 1 NX PX 50",
        ),
        case(Build.msetex_with([("a", 1)], MsetexOptions::new().if_all_exist()), "MSETEX 1 a 1 XX"),
        case(Build.set("k", "v"), "SET k v"),
        case(Build.set("k", ""), "SET k ''"),
        case(set(SetOptions::new()), "SET k v"),
        case(set(SetOptions::new().ttl(secs(5))), "SET k v EX 5"),
        case(set(SetOptions::new().ttl(ms(5500))), "SET k v PX 5500"),
        case(set(SetOptions::new().ttl(Duration::ZERO)), "SET k v PX 1"),
        case(set(SetOptions::new().ttl(Duration::from_micros(20))), "SET k v PX 1"),
        case(set(SetOptions::new().expires_at(at(secs(17)))), "SET k v EXAT 17"),
        case(set(SetOptions::new().expires_at(at(ms(17_001)))), "SET k v PXAT 17001"),
        case(set(SetOptions::new().keep_ttl()), "SET k v KEEPTTL"),
        case(set(SetOptions::new().if_missing().ttl(secs(5))), "SET k v NX EX 5"),
        case(set(SetOptions::new().if_exists().keep_ttl()), "SET k v XX KEEPTTL"),
        case(set(SetOptions::new().if_equals("old")), "SET k v IFEQ old"),
        case(set(SetOptions::new().if_missing().if_exists()), "SET k v XX"),
        case(Build.set_get::<String>("k", "v", SetOptions::new()), "SET k v GET"),
        case(
            Build.set_get::<String>("k", "v", SetOptions::new().if_missing().ttl(secs(5))),
            "SET k v NX GET EX 5",
        ),
        case(Build.setex("k", secs(5), "v"), "SETEX k 5 v"),
        case(Build.setex("k", ms(5500), "v"), "PSETEX k 5500 v"),
        case(Build.psetex("k", secs(5), "v"), "PSETEX k 5000 v"),
        case(Build.setnx("k", "v"), "SETNX k v"),
        case(Build.setrange("k", 6, "v"), "SETRANGE k 6 v"),
    ]
}

fn counters() -> Vec<Case> {
    vec![
        case(Build.decr("n"), "DECR n"),
        case(Build.decrby("n", -3), "DECRBY n -3"),
        case(Build.incr("n"), "INCR n"),
        case(Build.incrby("n", 3), "INCRBY n 3"),
        case(Build.incrbyfloat("n", 0.5), "INCRBYFLOAT n 0.5"),
        case(Build.increx("n", 1, IncrexOptions::new()), "INCREX n BYINT 1"),
        case(
            Build.increx("n", 5, IncrexOptions::new().at_least(-1).at_most(100).saturate().expiry(secs(60))),
            "INCREX n BYINT 5 LBOUND -1 UBOUND 100 SATURATE EX 60",
        ),
        case(
            Build.increx("n", 1, IncrexOptions::new().at_most(100).ttl_if_none(secs(60))),
            "INCREX n BYINT 1 UBOUND 100 EX 60 ENX",
        ),
        case(
            Build.increx("n", 1, IncrexOptions::new().expiry(ExpiryChange::Persist)),
            "INCREX n BYINT 1 PERSIST",
        ),
        case(
            Build.increx_float("n", 0.25, IncrexOptions::new().at_most(1.5).expiry(at(secs(17)))),
            "INCREX n BYFLOAT 0.25 UBOUND 1.5 EXAT 17",
        ),
    ]
}

fn conditions() -> Vec<Case> {
    let digest = Digest::from(0x1f);
    let set = |condition| Build.set_with("k", "v", SetOptions::new().if_value(condition));
    vec![
        case(Build.delex("k"), "DELEX k"),
        case(Build.delex_if("k", ValueCondition::equals("v")), "DELEX k IFEQ v"),
        case(Build.delex_if("k", ValueCondition::not_equals(5)), "DELEX k IFNE 5"),
        case(Build.delex_if("k", ValueCondition::digest_equals(digest)), "DELEX k IFDEQ 000000000000001f"),
        case(set(ValueCondition::not_equals("x")), "SET k v IFNE x"),
        case(set(ValueCondition::digest_not_equals(digest)), "SET k v IFDNE 000000000000001f"),
        case(Build.delifeq("k", "v"), "DELIFEQ k v"),
        case(Build.digest("k"), "DIGEST k"),
    ]
}
