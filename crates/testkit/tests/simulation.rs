//! Thousands of small worlds, each by its seed: see `simulator`.
//!
//! `CARNELIAN_SEED=<seed>` lives one again; `CARNELIAN_SEEDS=<count>` lives more of them, beginning somewhere else each
//! time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use carnelian_testkit::simulator::{self, Summary};

const SEEDS: u64 = 2_000;

fn live(seed: u64) -> Summary {
    match catch_unwind(AssertUnwindSafe(|| simulator::run(seed))) {
        Ok(Ok(summary)) => summary,
        Ok(Err(violation)) => panic!("{violation}"),
        Err(panic) => {
            eprintln!("seed {seed} panics");
            std::panic::resume_unwind(panic);
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("CARNELIAN_SEED") {
        return seed..seed + 1;
    }
    match number("CARNELIAN_SEEDS") {
        Some(count) => {
            let start = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() << 20;
            start..start + count
        }
        None => 0..SEEDS,
    }
}

#[test]
fn every_world_keeps_the_promises() {
    let mut total = Summary::default();
    for seed in seeds() {
        let summary = live(seed);
        total.commands += summary.commands;
        total.batched += summary.batched;
        total.replied += summary.replied;
        total.lost += summary.lost;
        total.timed_out += summary.timed_out;
        total.abandoned += summary.abandoned;
        total.repeated += summary.repeated;
        total.connections += summary.connections;
        total.found_dead += summary.found_dead;
        total.strays += summary.strays;
    }
    println!("{total:?}");
    if seeds() == (0..SEEDS) {
        // The worlds must be bad enough to prove something.
        for (what, count) in [
            ("batched", total.batched),
            ("lost", total.lost),
            ("timed out", total.timed_out),
            ("abandoned", total.abandoned),
            ("repeated", total.repeated),
            ("found dead", total.found_dead),
            ("strays", total.strays),
        ] {
            assert!(count >= 100, "only {count} {what}: {total:?}");
        }
        assert!(total.replied > total.commands / 2, "{total:?}");
    }
}

#[test]
fn the_same_seed_lives_the_same_life() {
    for seed in 0..20 {
        assert_eq!(live(seed), live(seed));
    }
}
