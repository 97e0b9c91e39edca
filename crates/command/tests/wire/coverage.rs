//! That no method and no command is left out: the sources of `src/group`, the table of facts and the cases must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use carnelian_command::spec::{self, Facts};

use super::{all_cases, groups};

/// Commands without a typed method, each for a reason.
const WITHOUT_METHOD: &[(&str, &str)] = &[
    ("PSUBSCRIBE", LISTENS),
    ("PUNSUBSCRIBE", LISTENS),
    ("SSUBSCRIBE", LISTENS),
    ("SUBSCRIBE", LISTENS),
    ("SUNSUBSCRIBE", LISTENS),
    ("UNSUBSCRIBE", LISTENS),
];

const LISTENS: &str = "what comes after it are messages and no replies: subscribing belongs to the clients";

/// Methods whose name is not the command's, each for a reason.
const OTHER_NAME: &[(&str, &str)] =
    &[("key_type", "`type` is a word of Rust"), ("move_key", "`move` is a word of Rust")];

/// The name of a command's static in `spec`.
fn static_name(facts: &Facts) -> String {
    facts.name.replace([' ', '.', '-'], "_")
}

/// A method of a command trait, as its source has it.
struct Method {
    name: String,
    /// The lines of its documentation.
    doc: Vec<String>,
    aliases: Vec<String>,
    /// The statics of `spec` that it names.
    specs: Vec<String>,
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/group")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("a source").path();
            match path.extension() {
                None => folders.push(path),
                Some(extension) if extension == "rs" => found.push(path),
                Some(_) => {}
            }
        }
    }
    assert!(found.len() > 4, "the sources of src/group were not found");
    found
}

/// The statics that a line of code names.
fn specs_of(line: &str) -> impl Iterator<Item = String> {
    line.split("spec::").skip(1).filter_map(|rest| {
        let name: String =
            rest.chars().take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_').collect();
        // `spec::Facts` is a type.
        (name.len() > 1).then_some(name)
    })
}

/// The methods of all command traits. The sources are formatted by rustfmt, so what is a method shows by its indent.
fn methods() -> Vec<Method> {
    let mut methods: Vec<Method> = Vec::new();
    for path in sources() {
        let (mut in_trait, mut doc, mut aliases) = (false, Vec::new(), Vec::new());
        for line in fs::read_to_string(path).expect("a source").lines() {
            if line.starts_with("pub trait ") && line.contains("Commands") {
                in_trait = true;
            } else if line.starts_with('}') {
                in_trait = false;
            } else if let (true, Some(text)) = (in_trait, line.strip_prefix("    ///")) {
                doc.push(text.trim().to_owned());
            } else if let (true, Some(alias)) = (in_trait, line.strip_prefix("    #[doc(alias = \"")) {
                aliases.push(alias.trim_end_matches("\")]").to_owned());
            } else if let (true, Some(rest)) = (in_trait, line.strip_prefix("    fn ")) {
                let name = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
                methods.push(Method {
                    name,
                    doc: std::mem::take(&mut doc),
                    aliases: std::mem::take(&mut aliases),
                    specs: Vec::new(),
                });
            } else if let (true, Some(method)) = (in_trait, methods.last_mut()) {
                method.specs.extend(specs_of(line));
            }
        }
    }
    assert!(methods.len() > 100, "the methods were not found in the sources");
    methods
}

#[test]
fn every_command_has_a_method_and_a_case() {
    let groups = groups();
    let cases: BTreeSet<String> = all_cases().iter().map(|case| static_name(case.facts())).collect();
    let mut missing = Vec::new();
    for facts in spec::all() {
        let here = groups.iter().any(|(group, _)| *group == facts.group);
        let excepted = WITHOUT_METHOD.iter().any(|(name, _)| *name == facts.name);
        let covered = cases.contains(&static_name(facts));
        if excepted && covered {
            missing.push(format!("{} has a method and is no exception any more", facts.name));
        } else if here && !excepted && !covered {
            missing.push(format!("{} has no case", facts.name));
        }
    }
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for name in lines.flat_map(specs_of).collect::<BTreeSet<_>>() {
            if !cases.contains(&name) {
                missing.push(format!("{} sends spec::{name}, which has no case", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_method_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let cases: String = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let missing: Vec<String> = methods()
        .into_iter()
        .map(|method| method.name)
        .filter(|name| !["(", "::<"].iter().any(|after| cases.contains(&format!("Build.{name}{after}"))))
        .collect();
    assert!(missing.is_empty(), "no case runs {missing:?}");
}

/// Whether a method is the plain form of a command, not a variant of it.
fn is_plain(name: &str, spec: &str) -> bool {
    name == spec.to_lowercase() || OTHER_NAME.iter().any(|(other, _)| *other == name)
}

#[test]
fn methods_are_called_after_their_command() {
    let names: BTreeMap<String, &str> =
        spec::all().iter().map(|facts| (static_name(facts), facts.name)).collect();
    let mut wrong = Vec::new();
    for Method { name, specs, aliases, .. } in methods() {
        let after = |spec: &String| {
            let variant = name.strip_prefix(&spec.to_lowercase()).is_some_and(|rest| rest.starts_with('_'));
            variant || is_plain(&name, spec)
        };
        if !specs.is_empty() && !specs.iter().any(after) {
            wrong.push(format!("{name} sends {specs:?}"));
        }
        for command in specs.iter().filter(|spec| is_plain(&name, spec)).filter_map(|spec| names.get(spec)) {
            if !aliases.iter().any(|alias| alias == command) {
                wrong.push(format!("{name} must have #[doc(alias = {command:?})]"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// `7.2.0` is written 7.2; what both servers had before they parted is in Valkey since its first version, 7.2.
fn since(facts: &Facts) -> String {
    let short = |version: &'static str| {
        version.strip_suffix(".0").filter(|rest| rest.contains('.')).unwrap_or(version)
    };
    match (facts.since.redis, facts.since.valkey) {
        (Some(redis), None) => format!("Since Redis {}, not in Valkey", short(redis)),
        (None, Some(valkey)) => format!("Since Valkey {}, not in Redis", short(valkey)),
        (Some(redis), Some(valkey)) if redis == valkey => {
            format!("Since Redis {}, Valkey 7.2", short(redis))
        }
        (Some(redis), Some(valkey)) => format!("Since Redis {}, Valkey {}", short(redis), short(valkey)),
        (None, None) => String::new(),
    }
}

/// A variant may be younger than its command and say so.
#[test]
fn the_documentation_tells_since_when() {
    let facts: BTreeMap<String, &Facts> =
        spec::all().iter().map(|facts| (static_name(facts), *facts)).collect();
    let mut wrong = Vec::new();
    for Method { name, doc, specs, .. } in methods() {
        if !specs.is_empty() && !doc.iter().any(|line| line.starts_with("Since ")) {
            wrong.push(format!("{name} does not say since when it is there"));
        }
        for plain in specs.iter().filter(|spec| is_plain(&name, spec)).filter_map(|spec| facts.get(spec)) {
            let since = since(plain);
            if !doc.iter().any(|line| line.starts_with(&since)) {
                wrong.push(format!("{name} must say: {since}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
