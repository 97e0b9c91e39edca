//! Scripts and functions.

use carnelian_command::Build;
use carnelian_command::group::{
    FlushMode, FunctionCommands as _, FunctionListOptions, FunctionRestore, Library, Script, ScriptDebug,
    ScriptDebugCommands as _, ScriptingCommands as _,
};

use super::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = scripts();
    cases.extend(script_values());
    cases.extend(functions());
    cases
}

fn scripts() -> Vec<Case> {
    vec![
        case(Build.eval::<i64>("return_1", (), ()), "EVAL return_1 0"),
        case(Build.eval::<i64>("return_1", "k", 7), "EVAL return_1 1 k 7"),
        case(Build.eval::<Vec<String>>("x", ["k1", "k2"], ("a", 2, 1.5, true)), "EVAL x 2 k1 k2 a 2 1.5 1"),
        case(Build.eval_ro::<i64>("x", "k", "a"), "EVAL_RO x 1 k a"),
        case(Build.evalsha::<i64>("abc", vec!["k1", "k2"], ()), "EVALSHA abc 2 k1 k2"),
        case(Build.evalsha_ro::<i64>("abc", "k", ["a", "b"]), "EVALSHA_RO abc 1 k a b"),
        case(Build.script_debug(ScriptDebug::Yes), "SCRIPT DEBUG YES"),
        case(Build.script_debug(ScriptDebug::Sync), "SCRIPT DEBUG SYNC"),
        case(Build.script_debug_engine(ScriptDebug::No, "lua"), "SCRIPT DEBUG NO lua"),
        case(Build.script_exists("abc"), "SCRIPT EXISTS abc"),
        case(Build.script_exists(["abc", "def"]), "SCRIPT EXISTS abc def"),
        case(Build.script_flush(), "SCRIPT FLUSH"),
        case(Build.script_flush_with(FlushMode::Async), "SCRIPT FLUSH ASYNC"),
        case(Build.script_flush_with(FlushMode::Sync), "SCRIPT FLUSH SYNC"),
        case(Build.script_kill(), "SCRIPT KILL"),
        case(Build.script_load("x"), "SCRIPT LOAD x"),
        case(Build.script_show::<String>("abc"), "SCRIPT SHOW abc"),
    ]
}

fn script_values() -> Vec<Case> {
    let writes = Script::new("x").key("k").arg("a");
    let reads = Script::read_only("x").keys(["k1", "k2"]);
    let library = Library::new("#!lua name=a").expect("a library");
    vec![
        case(Build.load_library(&library), "FUNCTION LOAD REPLACE #!lua name=a"),
        case(writes.evalsha::<i64>(), "EVALSHA 11f6ad8ec52a2984abaafd7c3b516503785c2072 1 k a"),
        case(writes.eval::<i64>(), "EVAL x 1 k a"),
        case(reads.evalsha::<i64>(), "EVALSHA_RO 11f6ad8ec52a2984abaafd7c3b516503785c2072 2 k1 k2"),
        case(reads.eval::<i64>(), "EVAL_RO x 2 k1 k2"),
        case(writes.script().load(), "SCRIPT LOAD x"),
        case(library.load(), "FUNCTION LOAD #!lua name=a"),
        case(library.load_replace(), "FUNCTION LOAD REPLACE #!lua name=a"),
    ]
}

fn functions() -> Vec<Case> {
    let list = || FunctionListOptions::new();
    vec![
        case(Build.fcall::<i64>("f", (), ()), "FCALL f 0"),
        case(Build.fcall::<i64>("f", ["k1", "k2"], ("a", 1)), "FCALL f 2 k1 k2 a 1"),
        case(Build.fcall_ro::<i64>("f", "k", "a"), "FCALL_RO f 1 k a"),
        case(Build.function_delete("lib"), "FUNCTION DELETE lib"),
        case(Build.function_dump::<Vec<u8>>(), "FUNCTION DUMP"),
        case(Build.function_flush(), "FUNCTION FLUSH"),
        case(Build.function_flush_with(FlushMode::Sync), "FUNCTION FLUSH SYNC"),
        case(Build.function_kill(), "FUNCTION KILL"),
        case(Build.function_list(), "FUNCTION LIST"),
        case(Build.function_list_with(list()), "FUNCTION LIST"),
        case(
            Build.function_list_with(list().with_code().library("my*")),
            "FUNCTION LIST LIBRARYNAME my* WITHCODE",
        ),
        case(Build.function_load("x"), "FUNCTION LOAD x"),
        case(Build.function_load_replace("x"), "FUNCTION LOAD REPLACE x"),
        case(Build.function_restore(b"x"), "FUNCTION RESTORE x"),
        case(Build.function_restore_with("x", FunctionRestore::Append), "FUNCTION RESTORE x APPEND"),
        case(Build.function_restore_with("x", FunctionRestore::Flush), "FUNCTION RESTORE x FLUSH"),
        case(Build.function_restore_with("x", FunctionRestore::Replace), "FUNCTION RESTORE x REPLACE"),
        case(Build.function_stats(), "FUNCTION STATS"),
    ]
}
