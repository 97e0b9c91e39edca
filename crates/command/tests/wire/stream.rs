//! Streams, their consumer groups, and waiting for entries.

use std::collections::BTreeMap;

use carnelian_command::Build;
use carnelian_command::group::{
    BlockFor, BlockingStreamCommands as _, GroupStart, IdmpLimits, Nack, StreamBound, StreamCommands as _,
    StreamConsumerCommands as _, StreamGroupCommands as _, StreamId, StreamRange, StreamRefs, StreamStart,
    StreamWaitStart, Trim, XaddOptions, XautoclaimOptions, XclaimOptions, XgroupCreateOptions, XnackOptions,
    XpendingOptions, XreadOptions, XreadgroupOptions, XsetidOptions,
};

use super::case::{Case, at, case, ms, secs};

type Pairs = Vec<(String, String)>;

const ID: StreamId = StreamId::new(5, 1);
const MIN: StreamId = StreamId::MIN;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = adding();
    cases.extend(deleting());
    cases.extend(ranges());
    cases.extend(reading());
    cases.extend(knowing());
    cases.extend(making_groups());
    cases.extend(sharing_out());
    cases.extend(changing_hands());
    cases.extend(pending());
    cases.extend(waiting());
    cases
}

fn adding() -> Vec<Case> {
    let trim = Trim::maxlen(1000).approx();
    let once = XaddOptions::new().idmp("p", 7).trim(Trim::minid(ID).limit(50).refs(StreamRefs::Acked));
    let (at_once, both) = (XaddOptions::new().idmpauto("p"), IdmpLimits::both(ms(1500), 50));
    vec![
        case(Build.xadd("s", ("f", "v")), "XADD s * f v"),
        case(Build.xadd("s", BTreeMap::from([("a", 1), ("b", 2)])), "XADD s * a 1 b 2"),
        case(Build.xadd_with("s", [("f", "")], XaddOptions::new().id(ID)), "XADD s 5-1 f ''"),
        case(Build.xadd_with("s", ("f", 1), XaddOptions::new().id_at(5)), "XADD s 5-* f 1"),
        case(Build.xadd_with("s", ("f", 1), XaddOptions::new().trim(trim)), "XADD s MAXLEN ~ 1000 * f 1"),
        case(Build.xadd_with("s", ("f", 1), once), "XADD s MINID ~ 5-1 LIMIT 50 ACKED IDMP p 7 * f 1"),
        case(Build.xadd_nomkstream("s", ("f", 1), at_once), "XADD s NOMKSTREAM IDMPAUTO p * f 1"),
        case(Build.xcfgset("s", IdmpLimits::duration(secs(60))), "XCFGSET s IDMP-DURATION 60"),
        case(Build.xcfgset("s", IdmpLimits::maxsize(50)), "XCFGSET s IDMP-MAXSIZE 50"),
        case(Build.xcfgset("s", both), "XCFGSET s IDMP-DURATION 2 IDMP-MAXSIZE 50"),
        case(Build.xidmprecord("s", "p", 7, ID), "XIDMPRECORD s p 7 5-1"),
        case(Build.xsetid("s", ID), "XSETID s 5-1"),
        case(
            Build.xsetid_with("s", ID, XsetidOptions::new().entries_added(9).max_deleted(MIN)),
            "XSETID s 5-1 ENTRIESADDED 9 MAXDELETEDID 0-0",
        ),
    ]
}

fn deleting() -> Vec<Case> {
    vec![
        case(Build.xdel("s", ID), "XDEL s 5-1"),
        case(Build.xdel("s", ["5-1", "6-0"]), "XDEL s 5-1 6-0"),
        case(Build.xdelex("s", vec![ID, MIN]), "XDELEX s IDS 2 5-1 0-0"),
        case(Build.xdelex_refs("s", StreamRefs::Keep, ID), "XDELEX s KEEPREF IDS 1 5-1"),
        case(Build.xtrim("s", Trim::maxlen(10)), "XTRIM s MAXLEN 10"),
        case(Build.xtrim("s", Trim::minid(ID).refs(StreamRefs::Delete)), "XTRIM s MINID 5-1 DELREF"),
        case(Build.xtrim("s", Trim::maxlen(10).limit(0)), "XTRIM s MAXLEN ~ 10 LIMIT 0"),
    ]
}

fn ranges() -> Vec<Case> {
    let open = StreamRange::new(StreamBound::Exclusive(ID), StreamBound::Max);
    vec![
        case(Build.xlen("s"), "XLEN s"),
        case(Build.xrange::<Pairs>("s", ..), "XRANGE s - +"),
        case(Build.xrange::<Pairs>("s", ID), "XRANGE s 5-1 5-1"),
        case(Build.xrange::<Pairs>("s", MIN..ID), "XRANGE s 0-0 (5-1"),
        case(Build.xrange_count::<Pairs>("s", StreamRange::after(ID), 10), "XRANGE s (5-1 + COUNT 10"),
        case(
            Build.xrange::<Pairs>("s", StreamRange::times(at(secs(1))..at(secs(2)))),
            "XRANGE s 1000-0 (2000-0",
        ),
        case(Build.xrevrange::<Pairs>("s", ..=ID), "XREVRANGE s 5-1 -"),
        case(Build.xrevrange_count::<Pairs>("s", open, 1), "XREVRANGE s + (5-1 COUNT 1"),
    ]
}

fn reading() -> Vec<Case> {
    let options = XreadOptions::new().count(10).maxcount(20).maxsize(4096);
    vec![
        case(Build.xread::<Pairs, String>(("s", MIN)), "XREAD STREAMS s 0-0"),
        case(Build.xread::<Pairs, String>([("a", ID), ("b", MIN)]), "XREAD STREAMS a b 5-1 0-0"),
        case(Build.xread::<Pairs, String>(vec![("a", StreamStart::Last)]), "XREAD STREAMS a +"),
        case(
            Build.xread_with::<Pairs, String>(BTreeMap::from([("a", ID)]), options),
            "XREAD COUNT 10 MAXCOUNT 20 MAXSIZE 4096 STREAMS a 5-1",
        ),
    ]
}

fn knowing() -> Vec<Case> {
    vec![
        case(Build.xinfo_stream::<Pairs>("s"), "XINFO STREAM s"),
        case(Build.xinfo_stream_full::<Pairs>("s", 5), "XINFO STREAM s FULL COUNT 5"),
        case(Build.xinfo_groups("s"), "XINFO GROUPS s"),
        case(Build.xinfo_consumers("s", "g"), "XINFO CONSUMERS s g"),
    ]
}

fn making_groups() -> Vec<Case> {
    let options = XgroupCreateOptions::new().mkstream().entries_read(9);
    vec![
        case(Build.xgroup_create("s", "g", GroupStart::End), "XGROUP CREATE s g $"),
        case(Build.xgroup_create("s", "g", MIN), "XGROUP CREATE s g 0-0"),
        case(Build.xgroup_create_with("s", "g", ID, options), "XGROUP CREATE s g 5-1 MKSTREAM ENTRIESREAD 9"),
        case(Build.xgroup_createconsumer("s", "g", "c"), "XGROUP CREATECONSUMER s g c"),
        case(Build.xgroup_delconsumer("s", "g", "c"), "XGROUP DELCONSUMER s g c"),
        case(Build.xgroup_destroy("s", "g"), "XGROUP DESTROY s g"),
        case(Build.xgroup_setid("s", "g", ID), "XGROUP SETID s g 5-1"),
        case(
            Build.xgroup_setid_entriesread("s", "g", GroupStart::End, 9),
            "XGROUP SETID s g $ ENTRIESREAD 9",
        ),
    ]
}

fn sharing_out() -> Vec<Case> {
    let options = XreadgroupOptions::new().count(10).maxcount(20).maxsize(4096).noack();
    vec![
        case(Build.xreadgroup::<Pairs, String>("g", "c", ["a", "b"]), "XREADGROUP GROUP g c STREAMS a b > >"),
        case(
            Build.xreadgroup_with::<Pairs, String>("g", "c", "s", options),
            "XREADGROUP GROUP g c COUNT 10 MAXCOUNT 20 MAXSIZE 4096 NOACK STREAMS s >",
        ),
        case(
            Build.xreadgroup_claim::<Pairs, String>("g", "c", ms(500), "s", options),
            "XREADGROUP GROUP g c COUNT 10 MAXCOUNT 20 MAXSIZE 4096 CLAIM 500 NOACK STREAMS s >",
        ),
        case(
            Build.xreadgroup_pending::<Pairs, String>("g", "c", [("a", MIN), ("b", ID)]),
            "XREADGROUP GROUP g c STREAMS a b 0-0 5-1",
        ),
        case(
            Build.xreadgroup_pending_with::<Pairs, String>(
                "g",
                "c",
                ("s", MIN),
                XreadOptions::new().count(1),
            ),
            "XREADGROUP GROUP g c COUNT 1 STREAMS s 0-0",
        ),
    ]
}

fn changing_hands() -> Vec<Case> {
    let claim = XclaimOptions::new().idle(ms(7)).retrycount(3).force().lastid(ID);
    let page = XautoclaimOptions::new().count(5);
    let options = XnackOptions::new().retrycount(2).force();
    vec![
        case(Build.xack("s", "g", [ID, MIN]), "XACK s g 5-1 0-0"),
        case(Build.xackdel("s", "g", ID), "XACKDEL s g IDS 1 5-1"),
        case(Build.xackdel_refs("s", "g", StreamRefs::Acked, [ID]), "XACKDEL s g ACKED IDS 1 5-1"),
        case(Build.xautoclaim::<Pairs>("s", "g", "c", secs(1), MIN), "XAUTOCLAIM s g c 1000 0-0"),
        case(
            Build.xautoclaim_with::<Pairs>("s", "g", "c", secs(1), ID, page),
            "XAUTOCLAIM s g c 1000 5-1 COUNT 5",
        ),
        case(
            Build.xautoclaim_justid("s", "g", "c", secs(0), ID, page),
            "XAUTOCLAIM s g c 0 5-1 COUNT 5 JUSTID",
        ),
        case(Build.xclaim::<Pairs>("s", "g", "c", ms(20), [ID]), "XCLAIM s g c 20 5-1"),
        case(
            Build.xclaim_with::<Pairs>("s", "g", "c", ms(20), ID, claim),
            "XCLAIM s g c 20 5-1 IDLE 7 RETRYCOUNT 3 FORCE LASTID 5-1",
        ),
        case(
            Build.xclaim_justid("s", "g", "c", ms(20), ID, XclaimOptions::new().time(at(ms(9)))),
            "XCLAIM s g c 20 5-1 TIME 9 JUSTID",
        ),
        case(Build.xnack("s", "g", Nack::Silent, ID), "XNACK s g SILENT IDS 1 5-1"),
        case(Build.xnack("s", "g", Nack::Fatal, [ID, MIN]), "XNACK s g FATAL IDS 2 5-1 0-0"),
        case(
            Build.xnack_with("s", "g", Nack::Fail, ID, options),
            "XNACK s g FAIL IDS 1 5-1 RETRYCOUNT 2 FORCE",
        ),
    ]
}

fn pending() -> Vec<Case> {
    let options = XpendingOptions::new().idle(secs(9)).consumer("c");
    vec![
        case(Build.xpending("s", "g"), "XPENDING s g"),
        case(Build.xpending_range("s", "g", .., 10), "XPENDING s g - + 10"),
        case(Build.xpending_range_with("s", "g", ID.., 10, options), "XPENDING s g IDLE 9000 5-1 + 10 c"),
        case(Build.xpending_range_with("s", "g", .., 10, XpendingOptions::new()), "XPENDING s g - + 10"),
    ]
}

fn waiting() -> Vec<Case> {
    let (new, count) = (StreamWaitStart::New, XreadOptions::new().count(1));
    let options = XreadgroupOptions::new().count(10).noack();
    vec![
        case(Build.xread_block::<Pairs, String>(("s", new), ms(20)), "XREAD BLOCK 20 STREAMS s $"),
        case(
            Build.xread_block_with::<Pairs, String>([("a", ID), ("b", MIN)], BlockFor::Forever, count),
            "XREAD COUNT 1 BLOCK 0 STREAMS a b 5-1 0-0",
        ),
        case(
            Build.xreadgroup_block::<Pairs, String>("g", "c", ["a", "b"], secs(0)),
            "XREADGROUP GROUP g c BLOCK 1 STREAMS a b > >",
        ),
        case(
            Build.xreadgroup_block_with::<Pairs, String>("g", "c", "s", secs(5), options),
            "XREADGROUP GROUP g c COUNT 10 BLOCK 5000 NOACK STREAMS s >",
        ),
        case(
            Build.xreadgroup_claim_block::<Pairs, String>("g", "c", ms(9), "s", secs(5), options),
            "XREADGROUP GROUP g c COUNT 10 BLOCK 5000 CLAIM 9 NOACK STREAMS s >",
        ),
    ]
}
