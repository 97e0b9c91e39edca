//! Every example of `examples/` runs and ends well: their assertions are tests of what they show.

#![expect(clippy::unwrap_used, reason = "what a test's own tools cannot do fails the test")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use carnelian_testkit::{Server, servers};

/// How many run at a time.
const HANDS: usize = 3;
/// Longer than any of them takes on a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(60);
/// What the tour promises its audience.
const TOUR_LIMIT: Duration = Duration::from_secs(15);

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// The names of all examples that there are.
fn names() -> BTreeSet<String> {
    let files = fs::read_dir(sources()).unwrap().map(|entry| entry.unwrap().path());
    let rust = files.filter(|path| path.extension() == Some(OsStr::new("rs")));
    rust.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

/// Where Cargo puts examples: beside the folder that this test lies in.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().with_file_name("examples").join(name);
    assert!(
        path.exists(),
        "{name} is not built: run all of `cargo test -p carnelian`, which builds the examples too"
    );
    path
}

/// Runs an example to its end. One that talks to the server of its environment is given `url`.
fn run(name: &str, url: Option<&str>) -> Output {
    let mut command = Command::new(binary(name));
    command.env_remove("REDIS_URL").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(url) = url {
        command.env("REDIS_URL", url);
    }
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > LIMIT {
            child.kill().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn told(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn every_example_ends_well() {
    let server = Server::start(&servers::any());
    let queue = Mutex::new(names().into_iter());
    let failures = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                while let Some(name) = next() {
                    let url = name.starts_with("hello").then(|| server.url());
                    let output = run(&name, url.as_deref());
                    if !output.status.success() || output.stdout.is_empty() {
                        failures.lock().unwrap().push(format!("{name}: {}", told(&output)));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_tour_takes_a_server_that_it_is_given_and_leaves_nothing_behind() {
    let server = Server::start(&servers::any());
    server.cli(&["SET", "mine", "kept"]);
    let output = run("tour", Some(&server.url()));
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.command(&["KEYS", "*"]).array().len(), 1);
    assert!(server.is_running());
}

#[test]
fn the_tour_keeps_its_time() {
    let began = Instant::now();
    let output = run("tour", None);
    assert!(output.status.success(), "{}", told(&output));
    assert!(began.elapsed() < TOUR_LIMIT, "{:?}", began.elapsed());
}

#[test]
fn every_example_is_declared_and_short() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for name in names() {
        assert!(manifest.contains(&format!("path = \"../../examples/{name}.rs\"")), "{name}");
        let lines = fs::read_to_string(sources().join(format!("{name}.rs"))).unwrap().lines().count();
        assert!(lines < 80 || name == "tour", "{name} has {lines} lines: an example shows one thing");
    }
}

/// The programs that the README shows are examples, so they are known to run.
#[test]
fn the_readme_shows_examples_as_they_are() {
    let readme = fs::read_to_string(sources().join("../README.md")).unwrap();
    for name in ["hello", "hello_blocking"] {
        let example = fs::read_to_string(sources().join(format!("{name}.rs"))).unwrap();
        let (_, program) = example.split_once("\n\n").unwrap();
        assert!(readme.contains(program.trim_end()), "README.md does not show examples/{name}.rs as it is");
    }
}
