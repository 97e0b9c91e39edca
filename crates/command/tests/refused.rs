//! What the compiler says of a method on an executor that can't run it: the marker's own words, which tell what to do
//! instead, and not that there is no such method.
//!
//! Doctests can't prove that: they only see that something fails to compile. So the compiler itself is asked, with the
//! library that this test was built with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// An executor with as many of the markers as `markers` says, and a program that calls `call` on it.
fn program(markers: &[&str], call: &str) -> String {
    let markers: String =
        markers.iter().map(|marker| format!("impl carnelian_command::{marker} for &Mine {{}}\n")).collect();
    format!(
        "use carnelian_command::{{Command, Executor, FromReply, group::*}};
        pub struct Mine;
        impl Executor for &Mine {{
            type Out<R: FromReply> = Command<R>;
            fn run<R: FromReply>(self, command: Command<R>) -> Command<R> {{ command }}
        }}
        {markers}
        pub fn call() {{ {call}; }}"
    )
}

/// The library lies beside this test; of several (built with other flags) the newest is the one built with it.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("this test");
    let age =
        |path: &Path| path.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let found = fs::read_dir(test.parent().expect("a folder"))
        .expect("the folder of this test")
        .flatten()
        .map(|entry| entry.path());
    let libraries = found.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("libcarnelian_command-") && name.ends_with(".rlib")
    });
    libraries.max_by_key(|path| age(path)).expect("the library that this test was built with")
}

fn compile(name: &str, source: &str) -> Output {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder of its own");
    let (file, library) = (folder.join("program.rs"), library());
    fs::write(&file, source).expect("a program");
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "-A", "warnings"])
        .arg("--out-dir")
        .arg(&folder)
        .arg("-L")
        .arg(format!("dependency={}", library.parent().unwrap_or(&library).display()))
        .arg("--extern")
        .arg(format!("carnelian_command={}", library.display()))
        .arg(&file)
        .output()
        .expect("a compiler")
}

fn refused(name: &str, markers: &[&str], call: &str, words: &[&str]) {
    let output = compile(name, &program(markers, call));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{call} compiles");
    for word in words.iter().chain(&["E0277", "&Mine"]) {
        assert!(said.contains(word), "{call}: {word:?} is not in\n{said}");
    }
}

const SHARED: &[&str] = &["DataExecutor", "ConnectionExecutor"];

#[test]
fn who_may_run_it_compiles() {
    let all = &["DataExecutor", "ConnectionExecutor", "DedicatedExecutor"];
    let calls = "Mine.select(1); Mine.wait(1, BlockFor::Forever); \
        Mine.blpop::<(String, String)>(\"k\", BlockFor::Forever); Mine.client_id()";
    let output = compile("all", &program(all, calls));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_shared_connection_keeps_its_state() {
    let words = &["shares its connection", "client.dedicated()"];
    refused("select", SHARED, "Mine.select(1)", words);
    refused("wait", SHARED, "Mine.wait(1, BlockFor::Forever)", words);
    refused("watch", SHARED, "Mine.watch(\"k\")", words);
    refused("script_debug", SHARED, "Mine.script_debug(ScriptDebug::Yes)", words);
}

#[test]
fn what_can_not_wait_does_not() {
    let words = &["can't run commands that wait on the server", "client.dedicated()"];
    let blpop = "Mine.blpop::<(String, String)>(\"k\", BlockFor::Forever)";
    refused("blpop", &["DataExecutor"], blpop, words);
    let xread = "Mine.xread_block::<String, String>((\"k\", StreamWaitStart::New), BlockFor::Forever)";
    refused("xread", &["DataExecutor"], xread, words);
    refused("id", &["DataExecutor"], "Mine.client_id()", words);
}
