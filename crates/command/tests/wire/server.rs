//! The server, its users, and stopping it.

use carnelian_command::Build;
use carnelian_command::group::{
    AclCommands as _, CommandFilter, FlushMode, ServerCommands as _, ShutdownCommands as _, ShutdownOptions,
};

use super::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = users();
    cases.extend(commands_and_settings());
    cases.extend(data());
    cases.extend(state());
    cases.extend(stopping());
    cases
}

fn users() -> Vec<Case> {
    vec![
        case(Build.acl_cat(), "ACL CAT"),
        case(Build.acl_cat_commands("read"), "ACL CAT read"),
        case(Build.acl_deluser(["ada", "guest"]), "ACL DELUSER ada guest"),
        case(Build.acl_genpass(), "ACL GENPASS"),
        case(Build.acl_genpass_bits(128), "ACL GENPASS 128"),
        case(Build.acl_list(), "ACL LIST"),
        case(Build.acl_setuser("guest", ["on", "nopass", "+@read"]), "ACL SETUSER guest on nopass +@read"),
        case(Build.acl_users(), "ACL USERS"),
        case(Build.acl_whoami(), "ACL WHOAMI"),
    ]
}

fn commands_and_settings() -> Vec<Case> {
    vec![
        case(Build.command_count(), "COMMAND COUNT"),
        case(Build.command_getkeys::<Vec<String>>(["SET", "k", "v"]), "COMMAND GETKEYS SET k v"),
        case(Build.command_list(), "COMMAND LIST"),
        case(
            Build.command_list_with(CommandFilter::Module("json".into())),
            "COMMAND LIST FILTERBY MODULE json",
        ),
        case(
            Build.command_list_with(CommandFilter::AclCategory("read".into())),
            "COMMAND LIST FILTERBY ACLCAT read",
        ),
        case(
            Build.command_list_with(CommandFilter::Pattern("x*".into())),
            "COMMAND LIST FILTERBY PATTERN x*",
        ),
        case(Build.config_get("max*"), "CONFIG GET max*"),
        case(Build.config_get(["max*", "save"]), "CONFIG GET max* save"),
        case(Build.config_resetstat(), "CONFIG RESETSTAT"),
        case(Build.config_rewrite(), "CONFIG REWRITE"),
        case(Build.config_set("maxmemory", "1gb"), "CONFIG SET maxmemory 1gb"),
        case(Build.config_set_many([("maxclients", 10), ("hz", 20)]), "CONFIG SET maxclients 10 hz 20"),
    ]
}

fn data() -> Vec<Case> {
    vec![
        case(Build.bgrewriteaof(), "BGREWRITEAOF"),
        case(Build.bgsave(), "BGSAVE"),
        case(Build.bgsave_cancel(), "BGSAVE CANCEL"),
        case(Build.bgsave_schedule(), "BGSAVE SCHEDULE"),
        case(Build.dbsize(), "DBSIZE"),
        case(Build.flushall(), "FLUSHALL"),
        case(Build.flushall_with(FlushMode::Async), "FLUSHALL ASYNC"),
        case(Build.flushdb(), "FLUSHDB"),
        case(Build.flushdb_with(FlushMode::Sync), "FLUSHDB SYNC"),
        case(Build.lastsave(), "LASTSAVE"),
        case(Build.save(), "SAVE"),
        case(Build.swapdb(0, 1), "SWAPDB 0 1"),
    ]
}

fn state() -> Vec<Case> {
    vec![
        case(Build.info(), "INFO"),
        case(Build.info_sections("memory"), "INFO memory"),
        case(Build.info_sections(["server", "stats"]), "INFO server stats"),
        case(Build.memory_purge(), "MEMORY PURGE"),
        case(Build.memory_usage("k"), "MEMORY USAGE k"),
        case(Build.memory_usage_samples("k", 0), "MEMORY USAGE k SAMPLES 0"),
        case(Build.replicaof("10.0.0.1", 6379), "REPLICAOF 10.0.0.1 6379"),
        case(Build.replicaof_no_one(), "REPLICAOF NO ONE"),
        case(Build.role(), "ROLE"),
        case(Build.slowlog_get(), "SLOWLOG GET"),
        case(Build.slowlog_get_count(50), "SLOWLOG GET 50"),
        case(Build.slowlog_len(), "SLOWLOG LEN"),
        case(Build.slowlog_reset(), "SLOWLOG RESET"),
        case(Build.time(), "TIME"),
    ]
}

fn stopping() -> Vec<Case> {
    let hard = ShutdownOptions::new().save(false).now().force();
    vec![
        case(Build.shutdown(), "SHUTDOWN"),
        case(Build.shutdown_abort(), "SHUTDOWN ABORT"),
        case(Build.shutdown_with(hard), "SHUTDOWN NOSAVE NOW FORCE"),
        case(Build.shutdown_with(ShutdownOptions::new().save(true).safe()), "SHUTDOWN SAVE SAFE"),
        case(Build.shutdown_with(ShutdownOptions::new().failover()), "SHUTDOWN FAILOVER"),
    ]
}
