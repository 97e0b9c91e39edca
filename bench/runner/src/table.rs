//! The results as text for a terminal.

use std::fmt::Write;

use crate::counted;
use crate::timed;

/// Columns of text, the first to the left and the others to the right.
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn write(&self, out: &mut String) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths = (0..columns).map(width).collect::<Vec<_>>();
        for row in &self.rows {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Writing to a string cannot fail.
                let _ =
                    if at == 0 { write!(line, "  {cell:<width$}") } else { write!(line, "  {cell:>width$}") };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// The timed report.
pub(crate) fn timed(report: &timed::Report) -> String {
    let mut out = machine(&report.machine);
    let _ = writeln!(out, "medians of {} rounds\n", report.rounds);
    for section in &report.workloads {
        let _ = writeln!(out, "{}: {}", section.name, section.about);
        let mut table = Table::new(&[
            "client",
            "ops/s",
            "least..most",
            "to best peer",
            "to raw",
            "cpu ns/op",
            "p50 us",
            "p99 us",
            "p99.9 us",
            "rss MiB",
            "server ns/op",
            "reads/op",
            "KiB/conn",
        ]);
        for client in &section.clients {
            let star = if section.best_peer == Some(client.client) { "*" } else { "" };
            table.row([
                format!("{}{star}", client.client),
                whole(client.per_second),
                format!("{}..{}", whole(client.per_second_least), whole(client.per_second_most)),
                some(client.to_best_peer, 2),
                some(client.to_raw, 2),
                whole(client.cpu_ns),
                some(client.p50_us, 1),
                some(client.p99_us, 1),
                some(client.p999_us, 1),
                some(client.peak_rss_mib, 1),
                whole(client.server_cpu_ns),
                format!("{:.4}", client.server_reads),
                some(client.kib_per_connection, 1),
            ]);
        }
        table.write(&mut out);
        out.push('\n');
    }
    out
}

/// The counted report.
pub(crate) fn counted(report: &counted::Report) -> String {
    let mut out = machine(&report.machine);
    out.push_str("instructions and allocations per operation, in user space\n\n");
    for section in &report.workloads {
        let _ = writeln!(out, "{}: {}", section.name, section.about);
        let mut table = Table::new(&["client", "instructions", "allocations"]);
        for client in &section.clients {
            let allocations = format!("{:.1}", client.allocations);
            table.row([client.client.to_owned(), whole(client.instructions), allocations]);
        }
        table.write(&mut out);
        for client in section.clients.iter().filter(|client| !client.functions.is_empty()) {
            let crates = client.crates.iter().map(|(name, cost)| format!("{name}={}", whole(*cost)));
            let _ = writeln!(out, "  {}: {}", client.client, crates.collect::<Vec<_>>().join(" "));
            for (name, cost) in &client.functions {
                let _ = writeln!(out, "    {:>10}  {name}", whole(*cost));
            }
        }
        out.push('\n');
    }
    out
}

fn machine(machine: &crate::machine::Machine) -> String {
    format!(
        "{} cores of {}, Linux {}\n{}, {}\n",
        machine.cores, machine.processor, machine.kernel, machine.compiler, machine.server
    )
}

fn some(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

/// Rounded, with a space between thousands.
pub(crate) fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::from(if value <= -0.5 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!(whole(0.4), "0");
        assert_eq!(whole(999.0), "999");
        assert_eq!(whole(1_234_567.8), "1 234 568");
        assert_eq!(whole(-1500.0), "-1 500");
    }

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["a", "number"]);
        table.row(["long name".to_owned(), "1".to_owned()]);
        let mut out = String::new();
        table.write(&mut out);
        assert_eq!(out, "  a          number\n  long name       1\n");
    }
}
