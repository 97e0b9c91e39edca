//! Lists, and waiting for their elements.

use carnelian::command::spec;
use carnelian::prelude::*;

use ListEnd::{Left, Right};

use super::place::{Outcome, everywhere, some, texts};

type Text = Option<String>;
type Texts = Vec<String>;
type Popped = Option<(String, Texts)>;

fn popped(key: &str, elements: &[&str]) -> Popped {
    Some((key.to_owned(), texts(elements)))
}

#[tokio::test]
async fn elements() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.rpush("l", ["a", "b", "c", "b"]).await?, 4);
        assert_eq!(client.llen("l").await?, 4);
        assert_eq!(client.lindex::<Text>("l", -1).await?, some("b"));
        assert_eq!(client.lindex::<Text>("l", 9).await?, None);
        assert_eq!(client.linsert("l", InsertAt::Before("c"), "x").await?, Inserted::Length(5));
        assert_eq!(client.linsert("l", InsertAt::After("zzz"), "x").await?, Inserted::NoPivot);
        assert_eq!(client.linsert("none", InsertAt::After("c"), "x").await?, Inserted::NoList);
        assert_eq!(client.lrange::<Texts>("l", 0, -1).await?, texts(&["a", "b", "x", "c", "b"]));
        assert_eq!(client.lrange::<Texts>("none", 0, -1).await?, texts(&[]));
        assert_eq!(client.lpos("l", "b").await?, Some(1));
        assert_eq!(client.lpos("l", "zzz").await?, None);
        assert_eq!(client.lpos_with("l", "b", LposOptions::new().rank(-1).max_len(9)).await?, Some(4));
        assert_eq!(client.lpos_count("l", "b", 0, LposOptions::new()).await?, [1, 4]);
        assert_eq!(client.lpos_count("none", "b", 0, LposOptions::new()).await?, []);
        client.lset("l", 0, "first").await?;
        assert_eq!(client.lrem("l", -1, "b").await?, 1);
        client.ltrim("l", 0, 1).await?;
        assert_eq!(client.lrange::<Texts>("l", 0, -1).await?, texts(&["first", "b"]));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn both_ends() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        assert_eq!(client.lpushx("l", "a").await?, 0);
        assert_eq!(client.rpushx("l", "a").await?, 0);
        assert_eq!(client.lpush("l", ["c", "b"]).await?, 2);
        assert_eq!(client.lpushx("l", "a").await?, 3);
        assert_eq!(client.rpushx("l", ["d", "e"]).await?, 5);
        assert_eq!(client.lpop::<Text>("l").await?, some("a"));
        assert_eq!(client.rpop::<Text>("l").await?, some("e"));
        assert_eq!(client.lpop_count::<Texts>("l", 2).await?, Some(texts(&["b", "c"])));
        assert_eq!(client.rpop_count::<Texts>("l", 2).await?, Some(texts(&["d"])));
        assert_eq!(client.lpop::<Text>("l").await?, None);
        assert_eq!(client.rpop::<Text>("l").await?, None);
        assert_eq!(client.lpop_count::<Texts>("l", 2).await?, None);
        assert_eq!(client.rpop_count::<Texts>("l", 2).await?, None);
        client.rpush("l", [1, 2, 3, 4]).await?;
        on.check(&spec::LMPOP, client.lmpop(["none", "l"], Left), popped("l", &["1"])).await;
        on.check(&spec::LMPOP, client.lmpop_count(["l"], Right, 2), popped("l", &["4", "3"])).await;
        on.check(&spec::LMPOP, client.lmpop::<(String, Texts)>("none", Left), None).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn moves() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        client.rpush("a", [1, 2, 3, 4]).await?;
        assert_eq!(client.lmove::<Option<i64>>("a", "b", Left, Right).await?, Some(1));
        assert_eq!(client.lmove::<Option<i64>>("none", "b", Left, Right).await?, None);
        assert_eq!(client.rpoplpush::<Option<i64>>("a", "b").await?, Some(4));
        assert_eq!(client.rpoplpush::<Option<i64>>("none", "b").await?, None);
        assert_eq!(client.lrange::<Vec<i64>>("b", 0, -1).await?, [4, 1]);
        on.check(&spec::LMOVEM, client.lmovem("a", "c", Left, Left), Some(vec![2])).await;
        let (count, order) = (MoveCount::UpTo(5), MoveOrder::Bulk);
        on.check(&spec::LMOVEM, client.lmovem_count("a", "c", Left, Right, count, order), Some(vec![3]))
            .await;
        let (count, order) = (MoveCount::Exactly(9), MoveOrder::OneByOne);
        let none = client.lmovem_count::<Vec<i64>>("c", "d", Left, Right, count, order);
        on.check(&spec::LMOVEM, none, None).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn waiting_for_what_is_there() -> Outcome {
    everywhere(async |on| {
        let client = &on.client;
        let (wait, pair) = (seconds(20), |text: &str| Some(("l".to_owned(), text.to_owned())));
        client.rpush("l", [1, 2, 3, 4, 5, 6, 7, 8, 9]).await?;
        assert_eq!(client.blpop(["none", "l"], wait).await?, pair("1"));
        assert_eq!(client.brpop("l", BlockFor::Forever).await?, pair("9"));
        assert_eq!(client.blmove("l", "m", Left, Right, wait).await?, some("2"));
        assert_eq!(client.brpoplpush("l", "m", wait).await?, some("8"));
        on.check(&spec::BLMPOP, client.blmpop(["none", "l"], Right, wait), popped("l", &["7"])).await;
        on.check(&spec::BLMPOP, client.blmpop_count("l", Left, 2, wait), popped("l", &["3", "4"])).await;
        on.check(&spec::BLMOVEM, client.blmovem("l", "m", Left, Left, wait), Some(texts(&["5"]))).await;
        let (count, order) = (MoveCount::UpTo(1), MoveOrder::Bulk);
        let moved = client.blmovem_count("l", "m", Left, Left, count, order, wait);
        on.check(&spec::BLMOVEM, moved, Some(texts(&["6"]))).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn waiting_in_vain() -> Outcome {
    everywhere(async |on| {
        let (client, wait) = (&on.client, ms(10));
        assert_eq!(client.blpop::<(String, String)>(["a", "b"], wait).await?, None);
        assert_eq!(client.brpop::<(String, String)>("a", wait).await?, None);
        assert_eq!(client.blmove::<String>("a", "b", Left, Right, wait).await?, None);
        assert_eq!(client.brpoplpush::<String>("a", "b", wait).await?, None);
        on.check(&spec::BLMPOP, client.blmpop::<(String, Texts)>("a", Right, wait), None).await;
        on.check(&spec::BLMPOP, client.blmpop_count::<(String, Texts)>("a", Left, 2, wait), None).await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn waiting_for_what_comes() -> Outcome {
    everywhere(async |on| {
        let waiting = on.client.clone();
        let waits = tokio::spawn(async move { waiting.blpop::<(String, String)>("jobs", seconds(20)).await });
        while on.client.info_sections("clients").await?.blocked_clients() != Some(1) {
            tokio::time::sleep(ms(2)).await;
        }
        assert_eq!(on.client.rpush("jobs", "one").await?, 1);
        assert_eq!(waits.await??, Some(("jobs".to_owned(), "one".to_owned())));
        Ok(())
    })
    .await
}
