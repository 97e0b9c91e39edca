//! Hashes, the expiry of their fields, and their bulk import.

use std::collections::BTreeMap;

use carnelian_command::Build;
use carnelian_command::group::{
    ExpireCondition, Expiry, ExpiryChange, HashCommands as _, HashImportCommands as _, HsetexOptions,
    ScanOptions,
};

use super::case::{Case, at, case, ms, secs};

type Text = Option<String>;
type Pair = (String, String);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = fields();
    cases.extend(expiry());
    cases.extend(with_expiry());
    cases.extend(import());
    cases
}

fn fields() -> Vec<Case> {
    let page = || ScanOptions::new().matching("u*").count(100);
    vec![
        case(Build.hdel("h", "f"), "HDEL h f"),
        case(Build.hdel("h", ["f", "g"]), "HDEL h f g"),
        case(Build.hexists("h", "f"), "HEXISTS h f"),
        case(Build.hget::<Text>("h", "f"), "HGET h f"),
        case(Build.hgetall::<Vec<Pair>>("h"), "HGETALL h"),
        case(Build.hincrby("h", "f", -2), "HINCRBY h f -2"),
        case(Build.hincrbyfloat("h", "f", 1.5), "HINCRBYFLOAT h f 1.5"),
        case(Build.hkeys::<Vec<String>>("h"), "HKEYS h"),
        case(Build.hlen("h"), "HLEN h"),
        case(Build.hmget::<Vec<Text>>("h", ["f", "g"]), "HMGET h f g"),
        case(Build.hmset("h", [("f", 1), ("g", 2)]), "HMSET h f 1 g 2"),
        case(Build.hrandfield::<Text>("h"), "HRANDFIELD h"),
        case(Build.hrandfield_count::<Vec<String>>("h", -3), "HRANDFIELD h -3"),
        case(Build.hrandfield_withvalues::<Vec<Pair>>("h", 3), "HRANDFIELD h 3 WITHVALUES"),
        case(Build.hscan::<Pair>("h", 0), "HSCAN h 0"),
        case(Build.hscan_with::<Pair>("h", 17, page()), "HSCAN h 17 MATCH u* COUNT 100"),
        case(Build.hscan_novalues::<String>("h", 17, page()), "HSCAN h 17 MATCH u* COUNT 100 NOVALUES"),
        case(Build.hset("h", ("f", "v")), "HSET h f v"),
        case(Build.hset("h", BTreeMap::from([("f", 1), ("g", 2)])), "HSET h f 1 g 2"),
        case(Build.hsetnx("h", "f", "v"), "HSETNX h f v"),
        case(Build.hstrlen("h", "f"), "HSTRLEN h f"),
        case(Build.hvals::<Vec<String>>("h"), "HVALS h"),
    ]
}

fn expiry() -> Vec<Case> {
    let (second, fraction) = (at(secs(17)), at(ms(17_001)));
    vec![
        case(Build.hexpire("h", secs(5), "f"), "HEXPIRE h 5 FIELDS 1 f"),
        case(Build.hexpire("h", ms(5500), ["f", "g"]), "HPEXPIRE h 5500 FIELDS 2 f g"),
        case(Build.hexpire_if("h", secs(5), ExpireCondition::IfNone, "f"), "HEXPIRE h 5 NX FIELDS 1 f"),
        case(Build.hexpireat("h", second, "f"), "HEXPIREAT h 17 FIELDS 1 f"),
        case(Build.hexpireat("h", fraction, "f"), "HPEXPIREAT h 17001 FIELDS 1 f"),
        case(Build.hexpireat_if("h", second, ExpireCondition::IfAny, "f"), "HEXPIREAT h 17 XX FIELDS 1 f"),
        case(Build.hpexpire("h", secs(5), "f"), "HPEXPIRE h 5000 FIELDS 1 f"),
        case(Build.hpexpire_if("h", ms(5), ExpireCondition::IfLater, "f"), "HPEXPIRE h 5 GT FIELDS 1 f"),
        case(Build.hpexpireat("h", second, "f"), "HPEXPIREAT h 17000 FIELDS 1 f"),
        case(
            Build.hpexpireat_if("h", fraction, ExpireCondition::IfSooner, "f"),
            "HPEXPIREAT h 17001 LT FIELDS 1 f",
        ),
        case(Build.hexpiretime("h", ["f", "g"]), "HEXPIRETIME h FIELDS 2 f g"),
        case(Build.hpexpiretime("h", "f"), "HPEXPIRETIME h FIELDS 1 f"),
        case(Build.httl("h", ["f", "g"]), "HTTL h FIELDS 2 f g"),
        case(Build.hpttl("h", "f"), "HPTTL h FIELDS 1 f"),
        case(Build.hpersist("h", ["f", "g"]), "HPERSIST h FIELDS 2 f g"),
    ]
}

fn with_expiry() -> Vec<Case> {
    let set = |options| Build.hsetex_with("h", [("f", 1), ("g", 2)], options);
    vec![
        case(Build.hgetdel::<Vec<Text>>("h", ["f", "g"]), "HGETDEL h FIELDS 2 f g"),
        case(Build.hgetex::<Vec<Text>>("h", secs(5), "f"), "HGETEX h EX 5 FIELDS 1 f"),
        case(Build.hgetex::<Vec<Text>>("h", ms(5), "f"), "HGETEX h PX 5 FIELDS 1 f"),
        case(Build.hgetex::<Vec<Text>>("h", at(secs(17)), "f"), "HGETEX h EXAT 17 FIELDS 1 f"),
        case(Build.hgetex::<Vec<Text>>("h", ExpiryChange::Persist, "f"), "HGETEX h PERSIST FIELDS 1 f"),
        case(Build.hsetex("h", ("f", "v"), secs(5)), "HSETEX h EX 5 FIELDS 1 f v"),
        case(Build.hsetex("h", ("f", "v"), Expiry::KeepTtl), "HSETEX h KEEPTTL FIELDS 1 f v"),
        case(set(HsetexOptions::new()), "HSETEX h FIELDS 2 f 1 g 2"),
        case(set(HsetexOptions::new().if_fields_missing().ttl(ms(5))), "HSETEX h FNX PX 5 FIELDS 2 f 1 g 2"),
        case(set(HsetexOptions::new().if_fields_exist().keep_ttl()), "HSETEX h FXX KEEPTTL FIELDS 2 f 1 g 2"),
        case(set(HsetexOptions::new().if_missing()), "HSETEX h NX FIELDS 2 f 1 g 2"),
        case(
            set(HsetexOptions::new().if_exists().if_fields_missing().expiry(at(secs(17)))),
            "HSETEX h XX FNX EXAT 17 FIELDS 2 f 1 g 2",
        ),
    ]
}

fn import() -> Vec<Case> {
    vec![
        case(Build.himport_prepare("u", ["name", "city"]), "HIMPORT PREPARE u name city"),
        case(Build.himport_set("user:1", "u", ["Ada", "London"]), "HIMPORT SET user:1 u Ada London"),
        case(Build.himport_discard("u"), "HIMPORT DISCARD u"),
        case(Build.himport_discardall(), "HIMPORT DISCARDALL"),
    ]
}
