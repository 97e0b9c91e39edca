//! Keys of any type.

use std::time::Duration;

use carnelian_command::Build;
use carnelian_command::group::{
    BlockFor, CopyOptions, ExpireCondition, GenericCommands as _, KeyType, MigrateOptions, RestoreOptions,
    ScanOptions, SortOptions, WaitCommands as _,
};

use super::case::{Case, at, case, ms, secs};

type Texts = Vec<String>;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = keys();
    cases.extend(expiry());
    cases.extend(transfer());
    cases.extend(sort());
    cases
}

fn keys() -> Vec<Case> {
    let page = || ScanOptions::new().matching("user:*").count(1000);
    vec![
        case(Build.del("a"), "DEL a"),
        case(Build.del(["a", "b"]), "DEL a b"),
        case(Build.exists(["a", "b"]), "EXISTS a b"),
        case(Build.key_type("k"), "TYPE k"),
        case(Build.keys::<Texts>("user:*"), "KEYS user:*"),
        case(Build.object_encoding("k"), "OBJECT ENCODING k"),
        case(Build.object_freq("k"), "OBJECT FREQ k"),
        case(Build.object_idletime("k"), "OBJECT IDLETIME k"),
        case(Build.object_refcount("k"), "OBJECT REFCOUNT k"),
        case(Build.randomkey::<Option<String>>(), "RANDOMKEY"),
        case(Build.rename("a", "b"), "RENAME a b"),
        case(Build.renamenx("a", "b"), "RENAMENX a b"),
        case(Build.scan::<String>(0), "SCAN 0"),
        case(Build.scan_with::<String>(17, page()), "SCAN 17 MATCH user:* COUNT 1000"),
        case(
            Build.scan_type::<String>(17, KeyType::SortedSet, page()),
            "SCAN 17 MATCH user:* COUNT 1000 TYPE zset",
        ),
        case(Build.touch(["a", "b"]), "TOUCH a b"),
        case(Build.unlink(vec!["a", "b"]), "UNLINK a b"),
        case(Build.wait(2, ms(1500)), "WAIT 2 1500"),
        case(Build.wait(2, Duration::ZERO), "WAIT 2 1"),
        case(Build.wait(2, BlockFor::Forever), "WAIT 2 0"),
        case(Build.waitaof(true, 2, secs(5)), "WAITAOF 1 2 5000"),
    ]
}

fn expiry() -> Vec<Case> {
    let (second, fraction) = (at(secs(17)), at(ms(17_001)));
    vec![
        case(Build.expire("k", secs(5)), "EXPIRE k 5"),
        case(Build.expire("k", ms(1500)), "PEXPIRE k 1500"),
        case(Build.expire("k", Duration::ZERO), "PEXPIRE k 1"),
        case(Build.expire("k", Duration::from_micros(1500)), "PEXPIRE k 2"),
        case(Build.expire_if("k", secs(5), ExpireCondition::IfNone), "EXPIRE k 5 NX"),
        case(Build.expireat("k", second), "EXPIREAT k 17"),
        case(Build.expireat("k", fraction), "PEXPIREAT k 17001"),
        case(Build.expireat_if("k", second, ExpireCondition::IfAny), "EXPIREAT k 17 XX"),
        case(Build.pexpire("k", secs(5)), "PEXPIRE k 5000"),
        case(Build.pexpire_if("k", ms(5), ExpireCondition::IfLater), "PEXPIRE k 5 GT"),
        case(Build.pexpireat("k", second), "PEXPIREAT k 17000"),
        case(Build.pexpireat_if("k", fraction, ExpireCondition::IfSooner), "PEXPIREAT k 17001 LT"),
        case(Build.expiretime("k"), "EXPIRETIME k"),
        case(Build.pexpiretime("k"), "PEXPIRETIME k"),
        case(Build.ttl("k"), "TTL k"),
        case(Build.pttl("k"), "PTTL k"),
        case(Build.persist("k"), "PERSIST k"),
    ]
}

fn transfer() -> Vec<Case> {
    let restore = |options| Build.restore_with("k", "dump", options);
    let to_all = || MigrateOptions::new().db(3).timeout(ms(250)).copy().replace();
    vec![
        case(Build.copy("a", "b"), "COPY a b"),
        case(Build.copy_with("a", "b", CopyOptions::new().db(2).replace()), "COPY a b DB 2 REPLACE"),
        case(Build.move_key("k", 3), "MOVE k 3"),
        case(Build.dump::<Option<Vec<u8>>>("k"), "DUMP k"),
        case(Build.restore("k", b"dump"), "RESTORE k 0 dump"),
        case(restore(RestoreOptions::new().ttl(secs(5))), "RESTORE k 5000 dump"),
        case(restore(RestoreOptions::new().ttl(Duration::ZERO).replace()), "RESTORE k 1 dump REPLACE"),
        case(restore(RestoreOptions::new().expires_at(at(secs(17)))), "RESTORE k 17000 dump ABSTTL"),
        case(restore(RestoreOptions::new().idle_time(secs(90))), "RESTORE k 0 dump IDLETIME 90"),
        case(restore(RestoreOptions::new().idle_time(secs(90)).frequency(7)), "RESTORE k 0 dump FREQ 7"),
        case(Build.migrate("host", 6379, "a", MigrateOptions::new()), "MIGRATE host 6379 a 0 1000"),
        case(
            Build.migrate("host", 6379, ["a", "b"], to_all()),
            "MIGRATE host 6379 '' 3 250 COPY REPLACE KEYS a b",
        ),
        case(
            Build.migrate("host", 6379, "a", MigrateOptions::new().password("pw")),
            "MIGRATE host 6379 a 0 1000 AUTH pw",
        ),
        case(
            Build.migrate("host", 6379, ["a", "b"], MigrateOptions::new().login("ada", "pw")),
            "MIGRATE host 6379 '' 0 1000 AUTH2 ada pw KEYS a b",
        ),
    ]
}

fn sort() -> Vec<Case> {
    let all = || SortOptions::new().by("w_*").limit(0, 10).get("#").get("n_*->f").descending().alpha();
    vec![
        case(Build.sort::<Texts>("l"), "SORT l"),
        case(Build.sort_with::<Texts>("l", all()), "SORT l BY w_* LIMIT 0 10 GET # GET n_*->f DESC ALPHA"),
        case(Build.sort_with::<Texts>("l", SortOptions::new().unsorted()), "SORT l BY nosort"),
        case(Build.sort_store("l", "d", SortOptions::new()), "SORT l STORE d"),
        case(Build.sort_store("l", "d", SortOptions::new().by("STORE")), "SORT l BY STORE STORE d"),
        case(Build.sort_ro::<Texts>("l"), "SORT_RO l"),
        case(Build.sort_ro_with::<Texts>("l", SortOptions::new().descending()), "SORT_RO l DESC"),
    ]
}
