//! What nobody can work on, what is lost with its group, what is cleared away.

use std::collections::HashMap;

use carnelian_command::group::{GroupStart, StreamCommands as _, StreamEntry, Trim};
use carnelian_core::consumer::{ConsumerOptions, Exhausted};
use carnelian_core::{ErrorKind, ServerCode};
use carnelian_tokio::Consumer;

use super::{LIMIT, add, everywhere, failure, is_idle, ms, next, pending};
use crate::support::{Outcome, until};

#[tokio::test]
async fn poison_goes_to_the_dead_letters_or_is_marked() -> Outcome {
    everywhere(async |server, client, _| {
        let options = ConsumerOptions::new().claim_after(ms(20)).block(ms(10));
        let buried = options.clone().max_deliveries(3, Exhausted::dead_letters("dead"));
        let mut consumer: Consumer = client.consumer_with("s", "g", "me", buried);
        let poison = server.cli(&["XADD", "s", "*", "n", "poison", "n", "twice"]);
        let fine = add(server, "s", 2);
        let mut tries = Vec::new();
        let end = tokio::time::Instant::now() + LIMIT;
        while server.cli(&["XLEN", "dead"]) == "0" {
            assert!(tokio::time::Instant::now() < end, "{tries:?}");
            let Ok(job) = tokio::time::timeout(ms(100), consumer.next()).await else { continue };
            let job = job.unwrap()?;
            if job.id.to_string() == fine {
                job.ack().await?;
            } else {
                tries.push(job.deliveries);
            }
        }
        assert_eq!(tries, [1, 2, 3]);
        assert!(is_idle(&mut consumer, ms(60)).await && pending(server, "s") == 0);
        let dead: Vec<StreamEntry<Vec<(String, String)>>> = client.xrange("dead", ..).await?;
        let fields: Vec<(&str, &str)> = dead[0].fields.iter().map(|(f, v)| (&f[..], &v[..])).collect();
        let came_from =
            [("dead.stream", "s"), ("dead.group", "g"), ("dead.id", &poison), ("dead.deliveries", "4")];
        assert_eq!(fields[..2], [("n", "poison"), ("n", "twice")]);
        assert_eq!((dead.len(), &fields[2..]), (1, &came_from[..]));
        assert_eq!(consumer.stats().dead_lettered, 1);
        drop(consumer);

        let marked = options.max_deliveries(1, Exhausted::HandOut);
        let mut consumer: Consumer = client.consumer_with("s", "g", "me", marked);
        add(server, "s", 3);
        assert!(!next(&mut consumer).await.exhausted);
        let second = next(&mut consumer).await;
        assert!(second.exhausted && second.deliveries == 2 && second.ack().await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_lost_group_is_created_again_or_told() -> Outcome {
    everywhere(async |server, client, _| {
        let mut consumer: Consumer =
            client.consumer_with("s", "g", "me", ConsumerOptions::new().create(GroupStart::End));
        assert!(is_idle(&mut consumer, ms(50)).await);
        for command in [&["FLUSHALL"][..], &["DEL", "s"], &["XGROUP", "DESTROY", "s", "g"]] {
            server.cli(command);
            // Before the group is there again, maybe: it must not be left out.
            let id = add(server, "s", 1);
            let job = next(&mut consumer).await;
            assert_eq!(job.id.to_string(), id, "after {command:?}");
            assert!(job.ack().await?);
            server.cli(&["XTRIM", "s", "MAXLEN", "0"]);
            assert!(is_idle(&mut consumer, ms(20)).await);
        }
        assert_eq!(consumer.stats().groups_recreated, 3);

        let mut strict: Consumer =
            client.consumer_with("none", "g", "me", ConsumerOptions::new().existing_group());
        for _ in 0..2 {
            let error = failure(&mut strict).await;
            assert_eq!(error.server_code(), Some(ServerCode::NoGroup), "{error}");
        }
        server.cli(&["SET", "text", "x"]);
        let mut wrong: Consumer = client.consumer("text", "g", "me");
        assert_eq!(failure(&mut wrong).await.server_code(), Some(ServerCode::WrongType));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_hides_no_other() -> Outcome {
    everywhere(async |server, client, _| {
        let mut consumer: Consumer<HashMap<String, u64>> = client.consumer("s", "g", "me");
        let wrong = server.cli(&["XADD", "s", "*", "n", "no number"]);
        add(server, "s", 7);
        let error = consumer.next().await.unwrap().unwrap_err();
        assert!(error.kind() == ErrorKind::Decode && error.to_string().contains(&wrong), "{error}");
        let fine = consumer.next().await.unwrap()?;
        assert_eq!((fine.fields["n"], pending(server, "s")), (7, 2));
        assert_eq!(consumer.handle().ack_ids("s", &[wrong.parse()?]).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_done_is_cleared_away() -> Outcome {
    everywhere(async |server, client, _| {
        let mut consumer: Consumer =
            client.consumer_with("s", "g", "me", ConsumerOptions::new().delete_acknowledged());
        for number in 0..3 {
            add(server, "s", number);
        }
        for _ in 0..2 {
            assert!(next(&mut consumer).await.ack().await?);
        }
        assert_eq!((server.cli(&["XLEN", "s"]), pending(server, "s")), ("1".to_owned(), 1));

        for number in 0..4 {
            add(server, "t", number);
        }
        server.cli(&["XGROUP", "CREATE", "t", "other", "0"]);
        let options = ConsumerOptions::new().block(ms(10)).trim_every(ms(20));
        let mut consumer: Consumer =
            client.consumer_with("t", "g", "me", options.clone().trim_acknowledged());
        let jobs = [next(&mut consumer).await, next(&mut consumer).await, next(&mut consumer).await];
        consumer.handle().ack(&jobs[..2]).await?;
        next(&mut consumer).await.ack().await?;
        assert!(is_idle(&mut consumer, ms(100)).await);
        assert_eq!(server.cli(&["XLEN", "t"]), "4", "the other group has not had them");
        server.cli(&["XREADGROUP", "GROUP", "other", "o", "NOACK", "STREAMS", "t", ">"]);
        while server.cli(&["XLEN", "t"]) != "2" {
            assert!(is_idle(&mut consumer, ms(20)).await);
        }
        assert!(is_idle(&mut consumer, ms(100)).await);
        assert_eq!(server.cli(&["XLEN", "t"]), "2", "the third is pending");

        let mut consumer: Consumer = client.consumer_with("t", "g", "you", options.trim(Trim::maxlen(1)));
        while server.cli(&["XLEN", "t"]) != "1" {
            assert!(is_idle(&mut consumer, ms(20)).await);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_was_deleted_while_it_was_pending_is_forgotten() -> Outcome {
    everywhere(async |server, client, _| {
        let (gone, left) = (add(server, "s", 1), add(server, "s", 2));
        let mut before: Consumer = client.consumer("s", "g", "me");
        drop((next(&mut before).await, next(&mut before).await, before));
        until("both are pending", || pending(server, "s") == 2).await;
        server.cli(&["XDEL", "s", &gone]);
        let mut after: Consumer = client.consumer("s", "g", "me");
        let job = next(&mut after).await;
        assert_eq!(job.id.to_string(), left);
        job.ack().await?;
        assert!(is_idle(&mut after, ms(50)).await);
        assert_eq!((after.stats().vanished, pending(server, "s")), (1, 0));
        Ok(())
    })
    .await
}
