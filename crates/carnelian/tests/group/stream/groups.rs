//! The consumer groups of streams.

use carnelian::command::spec;
use carnelian::prelude::*;

use super::super::place::{Outcome, everywhere};
use super::{Entry, Pairs, add, entry, id, ids, of};

#[tokio::test]
async fn groups() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        on.refusal(client.xgroup_create("s", "g", GroupStart::End)).await;
        let options = XgroupCreateOptions::new().mkstream();
        client.xgroup_create_with("s", "g", GroupStart::End, options).await?;
        let error = on.refusal(client.xgroup_create("s", "g", StreamId::MIN)).await;
        assert!(error.to_string().contains("BUSYGROUP"), "{error}");
        let told = on.is_from(Some((7, 0)), Some((7, 2)));
        let options = XgroupCreateOptions::new().entries_read(2);
        on.check_if(told, client.xgroup_create_with("s", "h", id(2), options), ()).await;
        add(on, "s", 1..=5).await?;
        assert!(client.xgroup_createconsumer("s", "g", "c").await?);
        assert!(!client.xgroup_createconsumer("s", "g", "c").await?);
        client.xgroup_setid("s", "g", id(3)).await?;
        let read: StreamsRead<Entry> = client.xreadgroup("g", "c", "s").await?;
        assert_eq!(read, of(&[4, 5]));
        on.check_if(told, client.xgroup_setid_entriesread("s", "g", id(4), 4), ()).await;
        let groups = client.xinfo_groups("s").await?;
        let group = groups.iter().find(|group| group.name == "g").ok_or("no such group")?;
        assert_eq!((group.consumers, group.pending), (1, 2));
        let last = if told { id(4) } else { id(5) };
        assert_eq!((group.last_delivered_id, group.entries_read), (last, told.then_some(4)));
        assert_eq!(group.lag, told.then_some(1));
        assert_eq!(client.xgroup_delconsumer("s", "g", "c").await?, 2);
        assert!(client.xgroup_destroy("s", "g").await?);
        assert!(!client.xgroup_destroy("s", "g").await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn sharing_out() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        add(on, "s", 1..=6).await?;
        client.xgroup_create("s", "g", StreamId::MIN).await?;
        let two = XreadgroupOptions::new().count(2);
        assert_eq!(client.xreadgroup_with::<Pairs, String>("g", "a", "s", two).await?, of(&[1, 2]));
        assert_eq!(client.xreadgroup_with::<Pairs, String>("g", "b", ["s"], two.noack()).await?, of(&[3, 4]));
        assert_eq!(client.xreadgroup::<Pairs, String>("g", "b", "s").await?, of(&[5, 6]));
        assert!(client.xreadgroup::<Pairs, String>("g", "b", "s").await?.is_empty());
        assert_eq!(client.xack("s", "g", [id(6), id(99)]).await?, 1);

        // After a crash: what is deleted meanwhile has no fields.
        client.xdel("s", id(1)).await?;
        let again = client.xreadgroup_pending::<Pairs, String>("g", "a", ("s", StreamId::MIN)).await?;
        let of_a = again.of("s").iter().map(|entry| (entry.id, entry.fields.is_some())).collect::<Vec<_>>();
        assert_eq!(of_a, [(id(1), false), (id(2), true)], "{}", on.name());
        let one = XreadOptions::new().count(1);
        let after = client.xreadgroup_pending_with::<Pairs, String>("g", "a", ("s", id(1)), one).await?;
        assert_eq!(ids(after.of("s")), [id(2)]);
        let nothing = client.xreadgroup_pending::<Pairs, String>("g", "c", ("s", StreamId::MIN)).await?;
        assert_eq!((nothing.len(), nothing.of("s").len()), (1, 0));
        on.refusal(client.xreadgroup::<Pairs, String>("none", "a", "s")).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_pending() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        add(on, "s", 1..=3).await?;
        client.xgroup_create("s", "g", StreamId::MIN).await?;
        let none = client.xpending("s", "g").await?;
        assert_eq!((none.count, none.min, none.max, none.consumers), (0, None, None, vec![]));
        client.xreadgroup_with::<Pairs, String>("g", "a", "s", XreadgroupOptions::new().count(1)).await?;
        client.xreadgroup::<Pairs, String>("g", "b", "s").await?;
        let all = client.xpending("s", "g").await?;
        assert_eq!((all.count, all.min, all.max), (3, Some(id(1)), Some(id(3))));
        assert_eq!(all.consumers, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        let list = client.xpending_range("s", "g", .., 2).await?;
        let owners: Vec<_> = list.iter().map(|entry| (entry.id, entry.consumer.as_deref())).collect();
        assert_eq!(owners, [(id(1), Some("a")), (id(2), Some("b"))]);
        assert!(list.iter().all(|entry| entry.deliveries == 1 && entry.idle < Some(minutes(1))));
        let of_b = XpendingOptions::new().consumer("b");
        assert_eq!(client.xpending_range_with("s", "g", id(3).., 9, of_b.clone()).await?.len(), 1);
        assert_eq!(client.xpending_range_with("s", "g", .., 9, of_b.idle(hours(1))).await?, []);
        on.refusal(client.xpending("s", "none")).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn changing_hands() -> Outcome {
    everywhere(async |on| {
        let (client, none) = (&on.client, seconds(0));
        add(on, "s", 1..=4).await?;
        client.xgroup_create("s", "g", StreamId::MIN).await?;
        client.xreadgroup::<Pairs, String>("g", "a", "s").await?;
        assert_eq!(ids(&client.xclaim::<Pairs>("s", "g", "b", none, [id(1), id(2)]).await?), [id(1), id(2)]);
        assert!(client.xclaim::<Pairs>("s", "g", "b", hours(1), id(3)).await?.is_empty());
        let options = XclaimOptions::new().idle(hours(1)).retrycount(9).force().lastid(id(4));
        let claimed = client.xclaim_with::<Pairs>("s", "g", "b", none, id(3), options).await?;
        assert_eq!(claimed.into_vec(), [entry(3)]);
        let list = client.xpending_range("s", "g", id(3), 1).await?;
        assert_eq!((list[0].deliveries, list[0].idle >= Some(hours(1))), (9, true));
        let time = XclaimOptions::new().time(std::time::SystemTime::UNIX_EPOCH);
        assert_eq!(client.xclaim_justid("s", "g", "b", none, "4-0", time).await?, [id(4)]);

        let page = client.xautoclaim::<Pairs>("s", "g", "c", minutes(30), StreamId::MIN).await?;
        assert_eq!((ids(&page.entries), page.is_last()), (vec![id(3), id(4)], true));
        let one = XautoclaimOptions::new().count(1);
        let page = client.xautoclaim_with::<Pairs>("s", "g", "c", none, StreamId::MIN, one).await?;
        assert_eq!((page.entries, page.next), (vec![entry(1)], id(2)));
        let page = client.xautoclaim_justid("s", "g", "c", none, id(4), one).await?;
        assert_eq!((page.entries, page.deleted), (vec![id(4)], vec![]));

        // What is deleted is never claimed, whatever the version says of it.
        client.xdel("s", [id(2), id(3)]).await?;
        assert!(client.xclaim::<Pairs>("s", "g", "d", none, id(2)).await?.is_empty());
        let page = client.xautoclaim::<Pairs>("s", "g", "d", none, StreamId::MIN).await?;
        assert_eq!(ids(&page.entries), [id(1), id(4)]);
        let told = on.is_from(Some((7, 0)), Some((7, 2)));
        assert_eq!(page.deleted, if told { vec![id(3)] } else { vec![] });
        on.check(&spec::XNACK, client.xnack("s", "g", Nack::Fail, id(1)), 1).await;
        let options = XnackOptions::new().retrycount(3);
        on.check(&spec::XNACK, client.xnack_with("s", "g", Nack::Silent, id(1), options), 1).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn claiming_while_reading() -> Outcome {
    everywhere(async |on| {
        let (client, none) = (&on.client, seconds(0));
        add(on, "s", 1..=3).await?;
        client.xgroup_create("s", "g", StreamId::MIN).await?;
        let options = XreadgroupOptions::new().count(1);
        client.xreadgroup_with::<Pairs, String>("g", "a", "s", options).await?;
        let claim = client.xreadgroup_claim::<Pairs, String>("g", "b", none, "s", options.count(2));
        if !on.is_from(Some((8, 4)), None) {
            on.refusal(claim).await;
            on.refusal(client.xreadgroup_claim_block::<Pairs, String>("g", "b", none, "s", ms(1), options))
                .await;
            return Ok(());
        }
        let read = claim.await?;
        let told: Vec<_> = read.entries().map(|entry| (entry.id, entry.deliveries)).collect();
        assert_eq!(told, [(id(1), 1), (id(2), 0)]);
        let options = XreadgroupOptions::new();
        let read = client
            .xreadgroup_claim_block::<Pairs, String>("g", "c", hours(1), "s", seconds(20), options)
            .await?;
        assert_eq!(read.into_entries()[0].id, id(3));
        Ok(())
    })
    .await
}
