//! The stage of the tour: headings, the code of each step as it stands in the file, what it prints, and a pause to read.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _, stdout};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between what a step shows and the next step. Nobody reads along where there is no terminal.
const PAUSE: Duration = Duration::from_millis(800);

/// Where the tour is shown.
pub(crate) struct Stage {
    source: &'static str,
    steps: usize,
    step: usize,
    terminal: bool,
    began: Instant,
}

impl Stage {
    /// A stage for so many steps of this source file: functions with a part marked by `// show` and `// end`.
    pub(crate) fn new(source: &'static str, steps: usize) -> Self {
        Self { source, steps, step: 0, terminal: stdout().is_terminal(), began: Instant::now() }
    }

    /// Announces a step and shows the code of the function of that name.
    pub(crate) fn step(&mut self, title: &str, function: &str) {
        if self.step > 0 && self.terminal {
            sleep(PAUSE);
        }
        self.step += 1;
        let bar: String = (1..=self.steps).map(|step| if step <= self.step { '■' } else { '□' }).collect();
        println!();
        println!("{} {}  {}", self.dim(&bar), self.bold(title), self.dim(self.seconds()));
        for line in self.code(function) {
            println!("    {}", self.colour("36", line));
        }
        self.flush();
    }

    /// Shows what came of it.
    pub(crate) fn says(&self, what: impl Display) {
        for line in what.to_string().lines() {
            println!("  {} {line}", self.colour("32", "→"));
        }
        self.flush();
    }

    /// Says something about it.
    pub(crate) fn note(&self, text: &str) {
        println!("  {}", self.dim(text));
        self.flush();
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        self.colour("1", text)
    }

    pub(crate) fn seconds(&self) -> String {
        format!("{:.1} s", self.began.elapsed().as_secs_f32())
    }

    fn dim(&self, text: impl AsRef<str>) -> String {
        self.colour("2", text.as_ref())
    }

    fn colour(&self, code: &str, text: &str) -> String {
        if self.terminal { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// The marked lines of a function, so that what is shown is what runs.
    fn code(&self, function: &str) -> Vec<&'static str> {
        let head = format!("fn {function}(");
        let (_, body) = self.source.split_once(&head).expect("the step is in the file");
        let lines = body.lines().skip_while(|line| line.trim() != "// show").skip(1);
        let lines: Vec<&str> = lines.take_while(|line| line.trim() != "// end").collect();
        let indent = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        lines.iter().map(|line| line.get(indent..).unwrap_or_default()).collect()
    }

    fn flush(&self) {
        // A reader that went away ends the tour at the next line anyway.
        let _ = stdout().flush();
    }
}
