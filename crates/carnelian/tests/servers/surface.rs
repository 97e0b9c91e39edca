//! What a user sees: few names at the root, and a prelude that suffices.

use carnelian::prelude::*;

/// The names that a `pub use` or `pub mod` at the left margin makes.
fn names(source: &str) -> Vec<&str> {
    let statements = source.split("\npub ").skip(1);
    let mut names = Vec::new();
    for statement in statements {
        if let Some(module) = statement.strip_prefix("mod ") {
            names.extend(module.split([';', ' ']).next());
            continue;
        }
        let (paths, _) = statement.split_once(';').unwrap();
        let (_, list) = paths.rsplit_once("::{").unwrap_or(("", paths));
        for path in list.trim_end_matches('}').split(',') {
            // `a::b as c`, `a::b` or `b`.
            names.extend(path.rsplit([' ', ':', '\n']).next());
        }
    }
    names
}

#[test]
fn the_root_has_few_names() {
    let source = include_str!("../../src/lib.rs");
    let names = names(source);
    for known in ["Client", "Config", "Error", "Value", "blocking", "guide", "prelude", "time", "command"] {
        assert!(names.contains(&known), "{known} is not among {names:?}");
    }
    assert!(names.len() <= 30, "{} names: {names:?}", names.len());
}

#[test]
fn durations_read_as_they_are_said() {
    assert_eq!(
        (ms(1_500), hours(1) + minutes(30), days(1)),
        (seconds(1) + ms(500), seconds(5_400), hours(24))
    );
    assert_eq!(days(u64::MAX), seconds(u64::MAX), "too long is as long as can be");
}

/// What a user types first compiles with the prelude alone.
#[expect(dead_code, reason = "it only has to compile")]
async fn the_prelude_suffices(client: &Client) -> carnelian::Result<()> {
    client.set_with("k", "v", SetOptions::new().if_missing().ttl(hours(1))).await?;
    let _: Option<String> = client.get("k").timeout(ms(5)).retry(Retry::none()).await?;
    let _: Option<(String, String)> = client.blpop("l", BlockFor::Forever).await?;
    let _: Value = client.command("TIME").run().await?;
    let _: ScanPage<String> = client.scan_with(0, ScanOptions::new().matching("*")).await?;
    let _ = Config::new("redis://localhost")?.client_name("me");
    match client.ping().await {
        Err(error) if error.kind() == ErrorKind::Closed => {}
        _ => {}
    }
    Ok(())
}
