//! Streams, and waiting for their entries. Consumer groups have a file of their own.

mod groups;

use std::collections::{BTreeMap, HashMap};

use carnelian::command::spec;
use carnelian::prelude::*;

use super::place::{On, Outcome, everywhere, texts};

type Pairs = Vec<(String, String)>;
type Entry = StreamEntry<Pairs>;

const fn id(millis: u64) -> StreamId {
    StreamId::new(millis, 0)
}

fn entry(millis: u64) -> Entry {
    StreamEntry { id: id(millis), fields: vec![("n".to_owned(), millis.to_string())] }
}

/// Adds an entry under each of these IDs.
async fn add(on: &On<'_>, key: &str, ids: impl IntoIterator<Item = u64>) -> Outcome {
    for millis in ids {
        let options = XaddOptions::new().id(id(millis));
        assert_eq!(on.client.xadd_with(key, ("n", millis), options).await?, id(millis));
    }
    Ok(())
}

/// What is read of one stream, `s`.
fn of(entries: &[u64]) -> StreamsRead<Entry> {
    vec![("s".to_owned(), entries.iter().copied().map(entry).collect())].into()
}

fn ids<V>(entries: &[StreamEntry<V>]) -> Vec<StreamId> {
    entries.iter().map(|entry| entry.id).collect()
}

#[tokio::test]
async fn adding_and_ranges() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let before = StreamId::at(std::time::SystemTime::now());
        let first = client.xadd("auto", [("a", "1"), ("b", "2")]).await?;
        let second = client.xadd("auto", HashMap::from([("c", 3)])).await?;
        assert!(first < second && before.millis <= first.millis + 60_000, "{first} {second}");
        let all: Vec<StreamEntry> = client.xrange("auto", ..).await?;
        assert_eq!(ids(&all), [first, second]);
        assert_eq!(all[0].fields, HashMap::from([("a", "1"), ("b", "2")].map(|(f, v)| (f.into(), v.into()))));

        add(on, "s", 1..=5).await?;
        assert_eq!(client.xlen("s").await?, 5);
        assert_eq!(client.xlen("none").await?, 0);
        let all: Vec<Entry> = client.xrange("s", ..).await?;
        assert_eq!(all, (1..=5).map(entry).collect::<Vec<_>>());
        assert_eq!(client.xrange::<Pairs>("s", id(2)..id(4)).await?, [entry(2), entry(3)]);
        assert_eq!(client.xrange::<(String, u64)>("s", id(5)).await?[0].fields, ("n".to_owned(), 5));
        let page = client.xrange_count::<Pairs>("s", StreamRange::after(id(1)), 2).await?;
        assert_eq!(page, [entry(2), entry(3)]);
        assert_eq!(client.xrevrange::<Pairs>("s", ..=id(2)).await?, [entry(2), entry(1)]);
        assert_eq!(client.xrevrange_count::<Pairs>("s", .., 1).await?, [entry(5)]);
        assert_eq!(client.xrange::<Pairs>("none", ..).await?, []);
        on.refusal(client.xadd_with("s", ("n", 0), XaddOptions::new().id(id(5)))).await;
        let next = client.xadd_with("s", ("n", 5), XaddOptions::new().id_at(5));
        on.check_if(on.is_from(Some((7, 0)), Some((7, 2))), next, StreamId::new(5, 1)).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn adding_under_conditions() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let options = || XaddOptions::new().id(id(9));
        assert_eq!(client.xadd_nomkstream("s", ("n", 9), options()).await?, None);
        add(on, "s", 1..=5).await?;
        assert_eq!(client.xadd_nomkstream("s", ("n", 9), options()).await?, Some(id(9)));
        let trimmed = XaddOptions::new().id(id(10)).trim(Trim::maxlen(2));
        assert_eq!(client.xadd_with("s", ("n", 10), trimmed).await?, id(10));
        assert_eq!(client.xlen("s").await?, 2);

        // A producer that tries again adds nothing twice.
        let once = || XaddOptions::new().idmp("p", 7);
        if !on.has(&spec::XCFGSET) {
            on.refusal(client.xadd_with("i", ("n", 1), once())).await;
            on.refusal(client.xcfgset("i", IdmpLimits::maxsize(50))).await;
            on.refusal(client.xidmprecord("i", "p", 9, id(1))).await;
            return Ok(());
        }
        let added = client.xadd_with("i", ("n", 1), once()).await?;
        assert_eq!(client.xadd_with("i", ("n", 2), once()).await?, added);
        let by_content = || XaddOptions::new().idmpauto("q");
        let other = client.xadd_with("i", ("n", 1), by_content()).await?;
        assert_eq!(client.xadd_nomkstream("i", ("n", 1), by_content()).await?, Some(other));
        client.xidmprecord("i", "p", "later", other).await?;
        let later = XaddOptions::new().idmp("p", "later");
        assert_eq!(client.xadd_with("i", ("n", 3), later).await?, other);
        let idmp = client.xinfo_stream::<Pairs>("i").await?.totals.idmp.ok_or("nothing is remembered")?;
        assert_eq!((idmp.pids_tracked, idmp.iids_added, idmp.iids_duplicates), (2, 3, 3), "{idmp:?}");
        client.xcfgset("i", IdmpLimits::both(seconds(60), 50)).await?;
        client.xcfgset("i", IdmpLimits::duration(minutes(2))).await?;
        let idmp = client.xinfo_stream::<Pairs>("i").await?.totals.idmp.ok_or("nothing is remembered")?;
        assert_eq!((idmp.duration, idmp.maxsize, idmp.pids_tracked), (minutes(2), 50, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn deleting() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        add(on, "s", 1..=9).await?;
        assert_eq!(client.xdel("s", [id(1), id(2), id(99)]).await?, 2);
        assert_eq!(client.xdel("none", "1-0").await?, 0);
        assert_eq!(client.xtrim("s", Trim::minid(id(5))).await?, 2);
        assert_eq!(client.xtrim("s", Trim::maxlen(1).limit(1)).await?, 0);
        assert_eq!(client.xtrim("s", Trim::maxlen(4)).await?, 1);
        let refs = on.is_from(Some((8, 2)), None);
        on.check_if(refs, client.xtrim("s", Trim::maxlen(3).refs(StreamRefs::Delete)), 1).await;

        client.xgroup_create("s", "g", StreamId::MIN).await?;
        client.xreadgroup::<Pairs, String>("g", "c", "s").await?;
        let (deleted, missing) = (StreamDelete::Deleted, StreamDelete::Missing);
        on.check(&spec::XDELEX, client.xdelex("s", [id(9), id(99)]), vec![deleted, missing]).await;
        let acked = client.xdelex_refs("s", StreamRefs::Acked, id(8));
        on.check(&spec::XDELEX, acked, vec![StreamDelete::Referenced]).await;
        on.check(&spec::XACKDEL, client.xackdel("s", "g", [id(8), id(8)]), vec![deleted, missing]).await;
        let all = client.xackdel_refs("s", "g", StreamRefs::Acked, "7-0");
        on.check(&spec::XACKDEL, all, vec![deleted]).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn reading() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        add(on, "s", 1..=3).await?;
        add(on, "t", [7]).await?;
        let read: StreamsRead<Entry> = client.xread(("s", id(1))).await?;
        assert_eq!(read, of(&[2, 3]));
        let both: StreamsRead<Entry> = client.xread([("s", StreamId::MIN), ("t", StreamId::MIN)]).await?;
        assert_eq!((both.of("s"), both.of("t")), (&[entry(1), entry(2), entry(3)][..], &[entry(7)][..]));
        assert_eq!(ids(&both.into_entries()), [id(1), id(2), id(3), id(7)]);
        let seen = BTreeMap::from([("none", StreamId::MIN), ("s", id(1)), ("t", id(7))]);
        let new = client.xread_with::<Pairs, String>(&seen, XreadOptions::new().count(1)).await?;
        assert_eq!(new, of(&[2]));
        let none: StreamsRead<StreamEntry, Vec<u8>> = client.xread(("s", id(3))).await?;
        assert!(none.is_empty());
        let last = client.xread::<Pairs, String>(("s", StreamStart::Last));
        on.check_if(on.is_from(Some((7, 4)), Some((8, 0))), last, of(&[3])).await;
        let limits = XreadOptions::new().maxcount(1).maxsize(100);
        let limited = client.xread_with::<Pairs, String>(("s", id(2)), limits);
        on.check_if(on.is_from(Some((8, 10)), None), limited, of(&[3])).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn knowing() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let seven = on.is_from(Some((7, 0)), Some((7, 2)));
        on.refusal(client.xinfo_stream::<Pairs>("none")).await;
        client.xgroup_create_with("s", "g", StreamId::MIN, XgroupCreateOptions::new().mkstream()).await?;
        let empty: StreamInfo = client.xinfo_stream("s").await?;
        assert_eq!((empty.totals.length, empty.groups, empty.first_entry), (0, 1, None));
        add(on, "s", 1..=3).await?;
        client.xgroup_createconsumer("s", "g", "idle").await?;
        client.xreadgroup_with::<Pairs, String>("g", "busy", "s", XreadgroupOptions::new().count(2)).await?;
        client.xdel("s", id(3)).await?;
        let info: StreamInfo<Pairs> = client.xinfo_stream("s").await?;
        assert_eq!((info.first_entry, info.last_entry), (Some(entry(1)), Some(entry(2))));
        assert_eq!((info.totals.length, info.totals.last_generated_id), (2, id(3)));
        assert_eq!(info.totals.max_deleted_entry_id, seven.then_some(id(3)));
        assert_eq!(info.totals.entries_added, seven.then_some(3));
        assert_eq!(info.totals.recorded_first_entry_id, seven.then_some(id(1)));

        let consumers = client.xinfo_consumers("s", "g").await?;
        let names: Vec<_> = consumers.iter().map(|one| one.name.clone()).collect();
        assert_eq!(names, texts(&["busy", "idle"]));
        assert_eq!((consumers[0].pending, consumers[1].pending), (2, 0));
        assert!(consumers[0].idle < minutes(1));
        let active = on.is_from(Some((7, 2)), Some((7, 2)));
        assert_eq!((consumers[0].inactive.is_some(), consumers[1].inactive), (active, None));

        let full = client.xinfo_stream_full::<Pairs>("s", 1).await?;
        assert_eq!((full.totals, full.entries), (info.totals, vec![entry(1)]));
        let group = &full.groups[0];
        assert_eq!((group.name.as_str(), group.pel_count, group.pending.len()), ("g", 2, 1));
        assert_eq!((group.pending[0].id, group.pending[0].consumer.as_deref()), (id(1), Some("busy")));
        let busy = group.consumers.iter().find(|one| one.name == "busy").ok_or("no such consumer")?;
        assert_eq!((busy.pel_count, busy.pending[0].deliveries), (2, 1));
        assert!(busy.seen_time.is_some() && busy.pending[0].delivered.is_some());
        assert_eq!(busy.active_time.is_some(), active);
        assert_eq!(client.xinfo_stream_full::<Pairs>("s", 0).await?.entries.len(), 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn rebuilding() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        add(on, "s", [1]).await?;
        client.xsetid("s", id(50)).await?;
        assert_eq!(client.xinfo_stream::<Pairs>("s").await?.totals.last_generated_id, id(50));
        let past = XsetidOptions::new().entries_added(40).max_deleted(id(9));
        let seven = on.is_from(Some((7, 0)), Some((7, 2)));
        on.check_if(seven, client.xsetid_with("s", id(60), past), ()).await;
        let totals = client.xinfo_stream::<Pairs>("s").await?.totals;
        assert_eq!(totals.entries_added, seven.then_some(40));
        assert_eq!(totals.max_deleted_entry_id, seven.then_some(id(9)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn waiting() -> Outcome {
    everywhere(async |on| {
        let (client, wait) = (&on.client, seconds(20));
        add(on, "s", 1..=3).await?;
        client.xgroup_create("s", "g", StreamId::MIN).await?;
        assert_eq!(client.xread_block::<Pairs, String>(("s", id(2)), wait).await?, of(&[3]));
        let one = XreadOptions::new().count(1);
        let streams = [("none", StreamId::MIN), ("s", StreamId::MIN)];
        assert_eq!(
            client.xread_block_with::<Pairs, String>(streams, BlockFor::Forever, one).await?,
            of(&[1])
        );
        let one = XreadgroupOptions::new().count(1).noack();
        assert_eq!(client.xreadgroup_block_with::<Pairs, String>("g", "c", "s", wait, one).await?, of(&[1]));
        assert_eq!(client.xreadgroup_block::<Pairs, String>("g", "c", "s", wait).await?, of(&[2, 3]));

        // In vain: nil in either protocol is nothing read.
        let new = ("s", StreamWaitStart::New);
        assert!(client.xread_block::<Pairs, String>(new, ms(5)).await?.is_empty());
        assert!(client.xreadgroup_block::<Pairs, String>("g", "c", "s", ms(5)).await?.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn waiting_for_what_comes() -> Outcome {
    everywhere(async |on| {
        let waiting = on.client.clone();
        let waits = tokio::spawn(async move {
            waiting.xread_block::<Pairs, String>(("s", StreamWaitStart::New), seconds(20)).await
        });
        while on.client.info_sections("clients").await?.blocked_clients() != Some(1) {
            tokio::time::sleep(ms(2)).await;
        }
        add(on, "s", [1]).await?;
        assert_eq!(waits.await??, of(&[1]));
        Ok(())
    })
    .await
}
