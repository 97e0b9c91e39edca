//! Lists, and waiting for their elements.

use std::time::Duration;

use carnelian_command::Build;
use carnelian_command::group::{
    BlockFor, BlockingListCommands as _, InsertAt, ListCommands as _,
    ListEnd::{Left, Right},
    LposOptions, MoveCount, MoveOrder,
};

use super::case::{Case, case, ms, secs};

type Text = Option<String>;
type Texts = Vec<String>;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = elements();
    cases.extend(ends());
    cases.extend(moves());
    cases.extend(blocking());
    cases
}

fn elements() -> Vec<Case> {
    let last_two = LposOptions::new().rank(-2).max_len(100);
    vec![
        case(Build.lindex::<Text>("l", -1), "LINDEX l -1"),
        case(Build.linsert("l", InsertAt::Before("p"), "e"), "LINSERT l BEFORE p e"),
        case(Build.linsert("l", InsertAt::After(5), 6), "LINSERT l AFTER 5 6"),
        case(Build.llen("l"), "LLEN l"),
        case(Build.lpos("l", "e"), "LPOS l e"),
        case(Build.lpos_with("l", "e", last_two), "LPOS l e RANK -2 MAXLEN 100"),
        case(Build.lpos_count("l", "e", 0, LposOptions::new()), "LPOS l e COUNT 0"),
        case(Build.lpos_count("l", "e", 2, last_two), "LPOS l e RANK -2 COUNT 2 MAXLEN 100"),
        case(Build.lrange::<Texts>("l", 0, -1), "LRANGE l 0 -1"),
        case(Build.lrem("l", -2, "e"), "LREM l -2 e"),
        case(Build.lset("l", -1, "e"), "LSET l -1 e"),
        case(Build.ltrim("l", 1, -2), "LTRIM l 1 -2"),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        case(Build.lmpop::<(String, Texts)>(["a", "b"], Left), "LMPOP 2 a b LEFT"),
        case(Build.lmpop_count::<(String, Texts)>("a", Right, 5), "LMPOP 1 a RIGHT COUNT 5"),
        case(Build.lpop::<Text>("l"), "LPOP l"),
        case(Build.lpop_count::<Texts>("l", 3), "LPOP l 3"),
        case(Build.lpush("l", "e"), "LPUSH l e"),
        case(Build.lpush("l", ["a", "b"]), "LPUSH l a b"),
        case(Build.lpushx("l", ["a", "b"]), "LPUSHX l a b"),
        case(Build.rpop::<Text>("l"), "RPOP l"),
        case(Build.rpop_count::<Texts>("l", 3), "RPOP l 3"),
        case(Build.rpush("l", vec![1, 2]), "RPUSH l 1 2"),
        case(Build.rpushx("l", "e"), "RPUSHX l e"),
    ]
}

fn moves() -> Vec<Case> {
    vec![
        case(Build.lmove::<Text>("a", "b", Left, Right), "LMOVE a b LEFT RIGHT"),
        case(Build.lmovem::<Texts>("a", "b", Right, Left), "LMOVEM a b RIGHT LEFT"),
        case(
            Build.lmovem_count::<Texts>("a", "b", Left, Left, MoveCount::UpTo(2), MoveOrder::OneByOne),
            "LMOVEM a b LEFT LEFT COUNT 2 OBO",
        ),
        case(
            Build.lmovem_count::<Texts>("a", "b", Left, Left, MoveCount::Exactly(2), MoveOrder::Bulk),
            "LMOVEM a b LEFT LEFT EXACTLY 2 BULK",
        ),
        case(Build.rpoplpush::<Text>("a", "b"), "RPOPLPUSH a b"),
    ]
}

fn blocking() -> Vec<Case> {
    let forever = BlockFor::Forever;
    vec![
        case(Build.blmove::<String>("a", "b", Left, Right, ms(1500)), "BLMOVE a b LEFT RIGHT 1.5"),
        case(Build.blmovem::<Texts>("a", "b", Right, Left, forever), "BLMOVEM a b RIGHT LEFT 0"),
        case(
            Build.blmovem_count::<Texts>(
                "a",
                "b",
                Left,
                Left,
                MoveCount::Exactly(2),
                MoveOrder::Bulk,
                secs(9),
            ),
            "BLMOVEM a b LEFT LEFT 9 EXACTLY 2 BULK",
        ),
        case(Build.blmpop::<(String, Texts)>(["a", "b"], Left, secs(5)), "BLMPOP 5 2 a b LEFT"),
        case(Build.blmpop_count::<(String, Texts)>("a", Right, 3, forever), "BLMPOP 0 1 a RIGHT COUNT 3"),
        case(Build.blpop::<(String, String)>(["a", "b"], secs(5)), "BLPOP a b 5"),
        case(Build.blpop::<(String, String)>("a", Duration::ZERO), "BLPOP a 0.001"),
        case(Build.brpop::<(String, String)>("a", ms(20)), "BRPOP a 0.02"),
        case(Build.brpoplpush::<String>("a", "b", forever), "BRPOPLPUSH a b 0"),
    ]
}
