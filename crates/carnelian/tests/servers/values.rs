//! Values of all kinds and sizes, there and back.

use std::collections::{BTreeMap, HashMap};

use carnelian::prelude::*;

use super::support::{Outcome, everywhere};

#[tokio::test]
async fn bytes_of_all_sizes_come_back_as_they_went() -> Outcome {
    everywhere(async |client| {
        for size in [0, 1, 69, 70, 71, 4_000, 16 << 10, (64 << 10) + 1, 3 << 20] {
            let value: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            client.set("k", &value).await?;
            assert_eq!(client.get::<Vec<u8>>("k").await?, value, "{size}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_type_asked_for_decides() -> Outcome {
    everywhere(async |client| {
        client.mset([("i", "42"), ("f", "1.5"), ("t", "text"), ("yes", "1")]).await?;
        assert_eq!(
            (client.get::<i64>("i").await?, client.get::<u32>("i").await?, client.get::<f64>("f").await?),
            (42, 42, 1.5)
        );
        assert!(client.get::<bool>("yes").await?);
        assert_eq!(client.get::<Box<String>>("t").await?.as_str(), "text");
        assert_eq!(client.get::<Value>("t").await?, Value::Bytes("text".into()));
        for (error, word) in [
            (client.get::<i64>("t").await.unwrap_err(), "number"),
            (client.get::<u32>("none").await.unwrap_err(), "Option"),
            (client.get::<Vec<String>>("t").await.unwrap_err(), "string"),
        ] {
            assert!(error.kind() == ErrorKind::Decode && error.to_string().contains(word), "{error}");
            assert!(!error.to_string().contains("text was not"), "no data in errors");
        }
        client.set("bytes", b"\xff").await?;
        let error = client.get::<String>("bytes").await.unwrap_err();
        assert!(error.kind() == ErrorKind::Decode && error.to_string().contains("UTF-8"), "{error}");
        assert_eq!(client.ping().await?, "PONG", "a reply of another kind harms nobody");

        client.hset("h", BTreeMap::from([("a", 1.5), ("b", 2.0)])).await?;
        let map: HashMap<String, f64> = client.hgetall("h").await?;
        let pairs: Vec<(String, f64)> = client.hgetall("h").await?;
        assert_eq!((map["a"], pairs.len()), (1.5, 2));
        Ok(())
    })
    .await
}
