//! From rounds to figures: medians, and ratios taken within a round before their median is, so that a slow minute
//! that hit all clients alike does not show.

use bench_common::{Action, Outcome, Workload};
use serde::Serialize;

use crate::contender::{Contender, Role};
use crate::timed::Section;

/// One client at one workload.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) client: &'static str,
    pub(crate) label: &'static str,
    pub(crate) role: Role,
    /// Operations per second: median, least and most of the rounds.
    pub(crate) per_second: f64,
    pub(crate) per_second_least: f64,
    pub(crate) per_second_most: f64,
    /// Throughput (or memory) against the best peer's and the bound's of the same round.
    pub(crate) to_best_peer: Option<f64>,
    pub(crate) to_raw: Option<f64>,
    /// Client's processor time per operation, in nanoseconds.
    pub(crate) cpu_ns: f64,
    pub(crate) p50_us: Option<f64>,
    pub(crate) p99_us: Option<f64>,
    pub(crate) p999_us: Option<f64>,
    pub(crate) peak_rss_mib: Option<f64>,
    /// Server's processor time per operation, in nanoseconds.
    pub(crate) server_cpu_ns: f64,
    /// Server's reads per operation.
    pub(crate) server_reads: f64,
    pub(crate) kib_per_connection: Option<f64>,
    /// What the figures were made from.
    pub(crate) runs: Vec<Outcome>,
}

pub(crate) fn summarize(workload: &Workload, runs: Vec<(&'static Contender, Vec<Outcome>)>) -> Section {
    let figure = |run: &Outcome| merit(workload, run);
    let merits = |of: &[Outcome]| of.iter().map(figure).collect::<Vec<_>>();
    let better = |of: &[Outcome]| {
        let middle = median(of.iter().map(figure)).unwrap_or_default();
        if workload.action == Action::Memory { -middle } else { middle }
    };
    let peers = runs.iter().filter(|(contender, _)| contender.role == Role::Peer);
    let best = peers.max_by(|(_, left), (_, right)| better(left).total_cmp(&better(right)));
    let best_peer = best.map(|(contender, _)| contender.name);
    let raw = runs.iter().find(|(contender, _)| contender.role == Role::Bound);
    let [best, raw] = [best, raw].map(|found| found.map(|(_, of)| merits(of)).unwrap_or_default());
    let mut clients = Vec::new();
    for (contender, of) in runs {
        let own = merits(&of);
        let against = |others: &[f64]| median(own.iter().zip(others).map(|(own, other)| own / other));
        let (to_best_peer, to_raw) = (against(&best), against(&raw));
        clients.push(Summary { to_best_peer, to_raw, ..summary(contender, of) });
    }
    Section { name: workload.name, about: workload.about, best_peer, clients }
}

/// What clients are compared by: throughput, or memory where that is what was asked; there, less is better.
fn merit(workload: &Workload, run: &Outcome) -> f64 {
    match workload.action {
        Action::Memory => run.kib_per_connection.unwrap_or_default(),
        _ => run.throughput(),
    }
}

/// All but the comparison with others.
fn summary(contender: &'static Contender, runs: Vec<Outcome>) -> Summary {
    let all = |figure: fn(&Outcome) -> Option<f64>| median(runs.iter().filter_map(figure));
    let rates = runs.iter().map(Outcome::throughput).collect::<Vec<_>>();
    let micros = |nanos: Option<u64>| nanos.map(|nanos| nanos as f64 / 1e3);
    let per_op = |figure: u64, run: &Outcome| figure as f64 / run.ops.max(1) as f64;
    Summary {
        client: contender.name,
        label: contender.label,
        role: contender.role,
        per_second: median(rates.iter().copied()).unwrap_or_default(),
        per_second_least: rates.iter().copied().reduce(f64::min).unwrap_or_default(),
        per_second_most: rates.iter().copied().reduce(f64::max).unwrap_or_default(),
        to_best_peer: None,
        to_raw: None,
        cpu_ns: all(|run| Some(run.cpu_per_op())).unwrap_or_default(),
        p50_us: median(runs.iter().filter_map(|run| micros(run.p50_ns))),
        p99_us: median(runs.iter().filter_map(|run| micros(run.p99_ns))),
        p999_us: median(runs.iter().filter_map(|run| micros(run.p999_ns))),
        peak_rss_mib: all(|run| run.peak_rss_kib.map(|kib| kib as f64 / 1024.0)),
        server_cpu_ns: median(runs.iter().map(|run| per_op(run.server_cpu_ns, run))).unwrap_or_default(),
        server_reads: median(runs.iter().map(|run| per_op(run.server_reads, run))).unwrap_or_default(),
        kib_per_connection: all(|run| run.kib_per_connection),
        runs,
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values = values.collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get((values.len() - 1) / 2)?;
    Some((upper + lower) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::named;

    fn runs(rates: &[u64]) -> Vec<Outcome> {
        let run = |&rate| Outcome { ops: rate, wall_ns: 1_000_000_000, ..Outcome::default() };
        rates.iter().map(run).collect()
    }

    #[test]
    fn median_of_odd_even_and_none() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median(std::iter::empty()), None);
    }

    #[test]
    fn ratios_are_taken_within_rounds() {
        let workload = bench_common::named("seq_get").unwrap();
        let section = summarize(
            workload,
            vec![
                (named("raw").unwrap(), runs(&[200, 20, 400])),
                (named("fred").unwrap(), runs(&[50, 5, 100])),
                (named("rustis").unwrap(), runs(&[100, 10, 200])),
            ],
        );
        assert_eq!(section.best_peer, Some("rustis"));
        let fred = section.clients.iter().find(|client| client.client == "fred").unwrap();
        assert_eq!((fred.to_best_peer, fred.to_raw), (Some(0.5), Some(0.25)));
        assert_eq!((fred.per_second, fred.per_second_least, fred.per_second_most), (50.0, 5.0, 100.0));
    }
}
