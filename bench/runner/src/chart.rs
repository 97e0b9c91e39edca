//! The results as a drawing: for each workload a panel, for each client a row, for each figure a bar.
//!
//! Written as text, with colours that carry on white and on black paper and letters that follow the reader's theme.

use std::fmt::Write;

use crate::contender::Role;
use crate::counted;
use crate::table::whole;
use crate::timed;

const WIDTH: f64 = 860.0;
const LABEL: f64 = 130.0;
const ROW: f64 = 18.0;
const PANEL_HEAD: f64 = 42.0;
const PANEL_GAP: f64 = 16.0;
/// Room for the number behind a bar.
const NUMBER: f64 = 78.0;

struct Panel {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

struct Row {
    label: &'static str,
    role: Role,
    values: Vec<Option<f64>>,
}

/// The timed report: throughput and processor time, or memory where that was asked.
pub(crate) fn timed(report: &timed::Report) -> String {
    let panels = report.workloads.iter().map(|section| {
        let memory = section.clients.iter().any(|client| client.kib_per_connection.is_some());
        let columns = if memory {
            vec!["KiB per connection"]
        } else {
            vec!["operations per second", "client CPU, ns per operation"]
        };
        let rows = section.clients.iter().map(|client| Row {
            label: client.client,
            role: client.role,
            values: if memory {
                vec![client.kib_per_connection]
            } else {
                vec![Some(client.per_second), Some(client.cpu_ns)]
            },
        });
        Panel { title: title(section.name, section.about), columns, rows: rows.collect() }
    });
    draw(&panels.collect::<Vec<_>>())
}

/// The counted report.
pub(crate) fn counted(report: &counted::Report) -> String {
    let panels = report.workloads.iter().map(|section| {
        let rows = section.clients.iter().map(|client| Row {
            label: client.client,
            role: client.role,
            values: vec![Some(client.instructions), Some(client.allocations)],
        });
        Panel {
            title: title(section.name, section.about),
            columns: vec!["instructions per operation", "allocations per operation"],
            rows: rows.collect(),
        }
    });
    draw(&panels.collect::<Vec<_>>())
}

fn title(name: &str, about: &str) -> String {
    format!("{name}: {about}")
}

fn draw(panels: &[Panel]) -> String {
    let height = panels.iter().map(|panel| panel_height(panel) + PANEL_GAP).sum::<f64>();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <style>\n  text {{ fill: #57606a }} .title {{ font-weight: 600; font-size: 13px }} .head {{ font-size: 11px }}\n  \
         .ours {{ fill: #c8442f }} .peer {{ fill: #6f8fb3 }} .bound {{ fill: #a5a5a5 }} .tool {{ fill: #bfae83 }}\n  \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #adb5bd }} }}\n</style>\n"
    );
    let mut top = 0.0;
    for panel in panels {
        draw_panel(&mut svg, panel, top);
        top += panel_height(panel) + PANEL_GAP;
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel_height(panel: &Panel) -> f64 {
    PANEL_HEAD + ROW * panel.rows.len() as f64
}

fn draw_panel(svg: &mut String, panel: &Panel, top: f64) {
    // Writing to a string cannot fail.
    let _ =
        writeln!(svg, "<text class=\"title\" x=\"0\" y=\"{}\">{}</text>", top + 16.0, escaped(&panel.title));
    let column_width = (WIDTH - LABEL) / panel.columns.len().max(1) as f64;
    for (at, head) in panel.columns.iter().enumerate() {
        let left = LABEL + column_width * at as f64;
        let _ =
            writeln!(svg, "<text class=\"head\" x=\"{left}\" y=\"{}\">{}</text>", top + 34.0, escaped(head));
        let most = panel.rows.iter().filter_map(|row| *row.values.get(at)?).fold(0.0, f64::max);
        for (line, row) in panel.rows.iter().enumerate() {
            let y = top + PANEL_HEAD + ROW * line as f64;
            if at == 0 {
                let _ = writeln!(svg, "<text x=\"0\" y=\"{}\">{}</text>", y + 12.0, escaped(row.label));
            }
            if let Some(Some(value)) = row.values.get(at) {
                draw_bar(svg, row.role, *value, most, (left, y, column_width - NUMBER));
            }
        }
    }
}

fn draw_bar(svg: &mut String, role: Role, value: f64, most: f64, (left, y, room): (f64, f64, f64)) {
    let class = match role {
        Role::Ours => "ours",
        Role::Peer => "peer",
        Role::Bound => "bound",
        Role::Tool => "tool",
    };
    let length = if most > 0.0 { (value.max(0.0) / most * room).max(1.0) } else { 1.0 };
    let number = if most < 100.0 { format!("{value:.1}") } else { whole(value) };
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{left}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{}\">{number}</text>",
        y + 2.0,
        ROW - 4.0,
        left + length + 5.0,
        y + 12.0
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_to_scale_and_text_is_escaped() {
        let rows = [("quick", 200.0), ("slow", 50.0)].map(|(label, value)| Row {
            label,
            role: Role::Peer,
            values: vec![Some(value)],
        });
        let svg =
            draw(&[Panel { title: "into Vec<String>".to_owned(), columns: vec!["ops"], rows: rows.into() }]);
        let room = WIDTH - LABEL - NUMBER;
        assert!(svg.contains(&format!("width=\"{room:.1}\"")), "{svg}");
        assert!(svg.contains(&format!("width=\"{:.1}\"", room / 4.0)), "{svg}");
        assert!(svg.contains("Vec&lt;String&gt;"));
        assert!(svg.ends_with("</svg>\n"));
    }
}
