//! Connections: asking about them, and changing the one that it runs on.

use carnelian_command::Build;
use carnelian_command::group::{
    ClientBy, ClientFilter, ClientType, ConnectionCommands as _, ConnectionStateCommands as _, HelloOptions,
    OwnConnectionCommands as _, ReplyMode, TrackingOptions,
};

use super::case::{Case, case, ms, secs};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = all_connections();
    cases.extend(this_connection());
    cases.extend(logins());
    cases.extend(settings());
    cases
}

fn all_connections() -> Vec<Case> {
    let guests = ClientFilter::new().only(ClientBy::User("guest".into())).older_than(secs(60)).skip_me(false);
    let two = ClientFilter::new().only(ClientBy::Id(3)).only(ClientBy::Id(4));
    let replicas = ClientFilter::new().only(ClientBy::Type(ClientType::Replica));
    vec![
        case(Build.client_kill("127.0.0.1:50000"), "CLIENT KILL 127.0.0.1:50000"),
        case(Build.client_kill_with(guests), "CLIENT KILL MAXAGE 60 SKIPME no USER guest"),
        case(Build.client_list(), "CLIENT LIST"),
        case(Build.client_list_with(two), "CLIENT LIST ID 3 4"),
        case(Build.client_list_with(replicas), "CLIENT LIST TYPE REPLICA"),
        case(Build.client_pause(ms(1500)), "CLIENT PAUSE 1500"),
        case(Build.client_pause_writes(secs(2)), "CLIENT PAUSE 2000 WRITE"),
        case(Build.client_unblock(7), "CLIENT UNBLOCK 7"),
        case(Build.client_unblock_error(7), "CLIENT UNBLOCK 7 ERROR"),
        case(Build.client_unpause(), "CLIENT UNPAUSE"),
        case(Build.echo::<String>("hi"), "ECHO hi"),
        case(Build.ping(), "PING"),
        case(Build.ping_message::<String>("hi"), "PING hi"),
    ]
}

fn this_connection() -> Vec<Case> {
    vec![
        case(Build.client_getname(), "CLIENT GETNAME"),
        case(Build.client_getredir(), "CLIENT GETREDIR"),
        case(Build.client_id(), "CLIENT ID"),
        case(Build.client_info(), "CLIENT INFO"),
        case(Build.client_trackinginfo(), "CLIENT TRACKINGINFO"),
    ]
}

fn logins() -> Vec<Case> {
    let login = HelloOptions::resp3().auth("ada", "pw").setname("worker");
    vec![
        case(Build.auth("pw"), "AUTH pw"),
        case(Build.auth_user("ada", "pw"), "AUTH ada pw"),
        case(Build.hello(), "HELLO"),
        case(Build.hello_with(HelloOptions::resp2()), "HELLO 2"),
        case(Build.hello_with(login), "HELLO 3 AUTH ada pw SETNAME worker"),
        case(Build.quit(), "QUIT"),
        case(Build.reset(), "RESET"),
        case(Build.select(2), "SELECT 2"),
    ]
}

fn settings() -> Vec<Case> {
    let users = TrackingOptions::new().prefix("user:").prefix("team:").noloop();
    vec![
        case(Build.client_caching(true), "CLIENT CACHING YES"),
        case(Build.client_caching(false), "CLIENT CACHING NO"),
        case(Build.client_capa(["redirect"]), "CLIENT CAPA redirect"),
        case(Build.client_import_source(true), "CLIENT IMPORT-SOURCE ON"),
        case(Build.client_no_evict(true), "CLIENT NO-EVICT ON"),
        case(Build.client_no_touch(false), "CLIENT NO-TOUCH OFF"),
        case(Build.client_reply(ReplyMode::On), "CLIENT REPLY ON"),
        case(Build.client_reply(ReplyMode::Off), "CLIENT REPLY OFF"),
        case(Build.client_reply(ReplyMode::Skip), "CLIENT REPLY SKIP"),
        case(Build.client_setinfo_lib_name("carnelian"), "CLIENT SETINFO LIB-NAME carnelian"),
        case(Build.client_setinfo_lib_ver("1.0"), "CLIENT SETINFO LIB-VER 1.0"),
        case(Build.client_setname("worker"), "CLIENT SETNAME worker"),
        case(Build.client_tracking(true), "CLIENT TRACKING ON"),
        case(Build.client_tracking(false), "CLIENT TRACKING OFF"),
        case(Build.client_tracking_with(users), "CLIENT TRACKING ON PREFIX user: PREFIX team: BCAST NOLOOP"),
        case(
            Build.client_tracking_with(TrackingOptions::new().optin().redirect(7)),
            "CLIENT TRACKING ON REDIRECT 7 OPTIN",
        ),
        case(Build.readonly(), "READONLY"),
        case(Build.readwrite(), "READWRITE"),
    ]
}
