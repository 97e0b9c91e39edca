//! Reads what callgrind writes: cost by function, cost by crate, and how often the allocator was called.
//!
//! Only the part of the format that callgrind itself produces for one event and line positions. A line of cost counts
//! for the function it stands under, and for the source file that an inlined function came from; the line after
//! `calls=` is the callee's and not counted again.

use std::collections::HashMap;

use bench_common::Failure;

/// One run under callgrind.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Profile {
    pub(crate) total: u64,
    pub(crate) allocations: u64,
    pub(crate) functions: HashMap<String, u64>,
    pub(crate) crates: HashMap<String, u64>,
}

/// Where a program asks for memory. Freed memory is not counted: it was asked for first.
const ALLOCATORS: [&str; 6] = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"];

/// Names are written once with a number and by that number alone after.
#[derive(Default)]
struct Names(HashMap<u32, String>);

impl Names {
    fn resolve(&mut self, text: &str) -> Result<String, Failure> {
        let Some((number, name)) = text.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
            return Ok(text.to_owned());
        };
        let number = number.parse()?;
        let name = name.trim();
        if !name.is_empty() {
            self.0.insert(number, name.to_owned());
        }
        self.0
            .get(&number)
            .cloned()
            .ok_or_else(|| format!("callgrind names function {number} nowhere").into())
    }
}

#[derive(Default)]
struct Reader {
    profile: Profile,
    files: Names,
    functions: Names,
    function: String,
    /// Of the function, and of the code inlined into it at this point.
    own_file: String,
    file: String,
    callee: String,
    callee_cost_next: bool,
}

impl Profile {
    /// Parses a whole output file.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut reader = Reader::default();
        for line in text.lines() {
            reader.line(line)?;
        }
        if reader.profile.total == 0 {
            return Err("callgrind's output has no total".into());
        }
        Ok(reader.profile)
    }
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), Failure> {
        if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            return self.cost(line);
        }
        let Some((key, value)) = line.split_once('=') else {
            if let Some(total) = line.strip_prefix("totals: ") {
                self.profile.total = total.trim().parse()?;
            }
            return Ok(());
        };
        match key {
            "fl" => {
                self.own_file = self.files.resolve(value)?;
                self.file.clone_from(&self.own_file);
            }
            "fi" | "fe" => self.file = self.files.resolve(value)?,
            "fn" => {
                self.function = self.functions.resolve(value)?;
                self.file.clone_from(&self.own_file);
            }
            "cfi" | "cfl" => {
                self.files.resolve(value)?;
            }
            "cfn" => self.callee = self.functions.resolve(value)?,
            "calls" => {
                let count = value.split_whitespace().next().unwrap_or_default().parse::<u64>()?;
                if ALLOCATORS.contains(&self.callee.as_str()) {
                    self.profile.allocations += count;
                }
                self.callee_cost_next = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn cost(&mut self, line: &str) -> Result<(), Failure> {
        if std::mem::take(&mut self.callee_cost_next) {
            return Ok(());
        }
        // A line without a cost is a position alone.
        let Some(cost) = line.split_whitespace().nth(1) else { return Ok(()) };
        let cost = cost.parse::<u64>()?;
        add(&mut self.profile.functions, &self.function, cost);
        add(&mut self.profile.crates, crate_of(&self.file), cost);
        Ok(())
    }
}

fn add(sums: &mut HashMap<String, u64>, name: &str, cost: u64) {
    match sums.get_mut(name) {
        Some(sum) => *sum += cost,
        None => {
            sums.insert(name.to_owned(), cost);
        }
    }
}

/// Which crate or library a source file belongs to.
fn crate_of(file: &str) -> &str {
    if let Some((_, rest)) = file.split_once("/registry/src/") {
        let package = rest.split('/').nth(1).unwrap_or("other");
        // The version begins at the first hyphen that a digit follows.
        let cut = package.match_indices('-').find(|(at, _)| {
            package.get(at + 1..).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        });
        return cut.and_then(|(at, _)| package.get(..at)).unwrap_or(package);
    }
    if let Some((_, rest)) = file.split_once("/crates/") {
        return rest.split('/').next().unwrap_or("other");
    }
    let places = [
        ("library/", "std"),
        ("malloc", "malloc"),
        ("memmove", "memcpy"),
        ("memcpy", "memcpy"),
        ("memset", "memset"),
        ("memcmp", "memcmp"),
        ("common/src", "harness"),
        ("/src/main.rs", "harness"),
        ("/src/client.rs", "harness"),
    ];
    places.iter().find(|(part, _)| file.contains(part)).map_or("other", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
version: 1
creator: callgrind
positions: line
events: Ir

fl=(1) /r/registry/src/index/tokio-util-0.7.20/src/lib.rs
fn=(1) client::get
10 100
+2 5
fi=(2) /rustc/abc/library/alloc/src/vec.rs
20 7
fe=(1)
11 3
cfi=(3) ./malloc/malloc.c
cfn=(2) malloc
calls=4 0
12 400

fl=(3)
fn=(2)
* 390
fl=(1)
fn=(3) client::set
cfi=(3)
cfn=(2)
calls=2 +5
5 200
6 1

totals: 506
";

    #[test]
    fn costs_are_summed_by_function_and_by_crate_of_inlined_code() {
        let profile = Profile::parse(SAMPLE).unwrap();
        assert_eq!(profile.total, 506);
        assert_eq!(profile.allocations, 6);
        assert_eq!(profile.functions["client::get"], 115);
        assert_eq!(profile.functions["malloc"], 390);
        assert_eq!(profile.functions["client::set"], 1);
        assert_eq!(profile.crates["tokio-util"], 109);
        assert_eq!(profile.crates["std"], 7);
        assert_eq!(profile.crates["malloc"], 390);
        assert_eq!(profile.functions.values().sum::<u64>(), profile.total);
        assert_eq!(profile.crates.values().sum::<u64>(), profile.total);
    }

    #[test]
    fn output_cut_short_is_refused() {
        assert!(Profile::parse("events: Ir\nfn=(1) a\n1 2\n").is_err());
        assert!(Profile::parse("fn=(7)\n").is_err());
    }
}
