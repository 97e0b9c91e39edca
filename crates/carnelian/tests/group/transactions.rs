//! Transactions, command by command, on a connection of one's own.

use carnelian::command::{Build, Executor as _, ServerError};
use carnelian::prelude::*;
use carnelian::{Dedicated, ServerCode};

use super::place::{Outcome, everywhere, some};

/// Queues two commands.
async fn queue(own: &Dedicated) -> Result<(), Error> {
    own.run(Build.incr("n").into_typed::<()>()).await?;
    own.run(Build.get::<String>("name").into_typed::<()>()).await
}

#[tokio::test]
async fn all_or_nothing() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        on.client.set("name", "Ada").await?;
        own.multi().await?;
        queue(&own).await?;
        assert_eq!(on.client.exists("n").await?, 0);
        assert_eq!(own.exec::<(i64, Option<String>)>().await?, Some((1, some("Ada"))));

        own.multi().await?;
        queue(&own).await?;
        own.discard().await?;
        assert_eq!(on.client.get::<i64>("n").await?, 1);

        own.multi().await?;
        assert_eq!(own.exec::<Vec<Value>>().await?, Some(vec![]));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn watched_keys() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        own.watch(["n", "other"]).await?;
        on.client.set("other", "changed").await?;
        own.multi().await?;
        queue(&own).await?;
        assert_eq!(own.exec::<(i64, Option<String>)>().await?, None);
        assert_eq!(on.client.exists("n").await?, 0);

        // Forgotten by EXEC, by UNWATCH and by DISCARD.
        own.watch("n").await?;
        own.unwatch().await?;
        on.client.set("n", 5).await?;
        own.multi().await?;
        queue(&own).await?;
        assert_eq!(own.exec::<(i64, Option<String>)>().await?, Some((6, None)));
        own.watch("n").await?;
        own.multi().await?;
        own.discard().await?;
        on.client.set("n", 7).await?;
        own.multi().await?;
        queue(&own).await?;
        assert_eq!(own.exec::<(i64, Option<String>)>().await?, Some((8, None)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn errors_before_and_in_between() -> Outcome {
    everywhere(async |on| {
        let own = on.client.dedicated().await?;
        on.refusal(own.exec::<()>()).await;
        on.refusal(own.discard()).await;

        own.multi().await?;
        on.refusal(own.command("INCR").run::<()>()).await;
        own.run(Build.incr("n").into_typed::<()>()).await?;
        let error = on.refusal(own.exec::<Vec<Value>>()).await;
        assert_eq!((error.server_code(), error.may_have_run()), (Some(ServerCode::ExecAbort), false));
        assert_eq!(on.client.exists("n").await?, 0);

        // A command that fails when it runs does not keep the others from running.
        on.client.set("text", "no number").await?;
        let steps = async || {
            own.multi().await?;
            own.run(Build.incr("text").into_typed::<()>()).await?;
            own.run(Build.incr("n").into_typed::<()>()).await
        };
        steps().await?;
        type Replies = (Result<i64, ServerError>, i64);
        let (failed, n) = own.exec::<Replies>().await?.ok_or("nothing was run")?;
        assert_eq!((failed.map_err(|error| error.code().to_owned()), n), (Err("ERR".into()), 1));
        steps().await?;
        let error = on.refusal(own.exec::<(i64, i64)>()).await;
        assert!(error.may_have_run(), "{error}");
        assert_eq!(on.client.get::<i64>("n").await?, 2);
        Ok(())
    })
    .await
}

/// On a shared connection they would swallow everybody's commands.
#[tokio::test]
async fn not_on_a_shared_connection() -> Outcome {
    everywhere(async |on| {
        for name in ["MULTI", "EXEC", "DISCARD", "UNWATCH"] {
            let error = on.client.command(name).run::<()>().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotHere, "{error}");
        }
        Ok(())
    })
    .await
}
