//! Commands that change the connection they run on, and what to use in their place.
//!
//! On a connection that many callers share, such a command would change what the others' commands mean, and would be
//! forgotten at the next reconnect. No server marks them, so the list is kept here by hand. Commands that merely
//! *read* the connection's state (`CLIENT ID`, `CLIENT TRACKINGINFO`) do no harm and are not in it.

use super::facts::Facts;
use super::group::Group;

const DEDICATED: &str = "take a dedicated connection for it";
const TRANSACTION: &str = "use a transaction, or take a dedicated connection";
const SUBSCRIBE: &str = "subscribe through the client, which keeps subscriptions through reconnects";
const LOGIN: &str =
    "put the user name and password in the URL or the config, so that every reconnect uses them too";
const TRACKING: &str = "turn on the client-side cache, which does the tracking";
const REPLICAS: &str = "say in the config which reads may go to replicas";
const NAMED: &str = "put it in the config, so that every connection has it from the start";

impl Facts {
    /// For a command that changes its connection: what to use instead, as a message to the user.
    #[inline]
    pub fn connection_state(&self) -> Option<&'static str> {
        if self.is_plain() { None } else { self.connection_state_by_name() }
    }

    pub(in crate::spec) fn connection_state_by_name(&self) -> Option<&'static str> {
        Some(match (self.group, self.name) {
            (Group::Connection, "SELECT") => "put the database in the URL, or take a dedicated connection",
            (Group::Connection, "AUTH") => LOGIN,
            (Group::Connection, "HELLO") => "choose the protocol in the config; the client says HELLO itself",
            (Group::Connection, "RESET") => {
                "take a dedicated connection, and drop it instead of resetting it"
            }
            (Group::Connection, "QUIT") => "drop the client, or the dedicated connection",
            (Group::Connection, "CLIENT REPLY") => {
                "replies can't be switched off: every command awaits its own"
            }
            (Group::Connection, "CLIENT TRACKING" | "CLIENT CACHING") => TRACKING,
            (Group::Connection, "CLIENT SETNAME" | "CLIENT SETINFO") => NAMED,
            (
                Group::Connection,
                "CLIENT NO-EVICT" | "CLIENT NO-TOUCH" | "CLIENT CAPA" | "CLIENT IMPORT-SOURCE",
            ) => DEDICATED,
            (Group::Transactions, _) => TRANSACTION,
            (Group::PubSub, "SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE") => SUBSCRIBE,
            (Group::PubSub, "UNSUBSCRIBE" | "PUNSUBSCRIBE" | "SUNSUBSCRIBE") => {
                "drop the subscription, or unsubscribe through it"
            }
            (Group::Cluster, "READONLY" | "READWRITE") => REPLICAS,
            (Group::Cluster, "ASKING") => "nothing: the client says ASKING itself when a slot is moving",
            (Group::Server, "MONITOR") => "use the client's monitor, which has a connection of its own",
            (Group::Scripting, "SCRIPT DEBUG") => DEDICATED,
            // Field sets live and die with their connection, though the servers tag some of these for all shards.
            (Group::Hash, "HIMPORT PREPARE" | "HIMPORT SET" | "HIMPORT DISCARD" | "HIMPORT DISCARDALL") => {
                DEDICATED
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{self as spec, all};

    #[test]
    fn all_and_only_these_change_their_connection() {
        let names: Vec<&str> =
            all().iter().filter(|facts| facts.connection_state().is_some()).map(|facts| facts.name).collect();
        let mut wanted: Vec<&str> = "AUTH,ASKING,CLIENT CACHING,CLIENT CAPA,CLIENT IMPORT-SOURCE,CLIENT NO-EVICT,\
            CLIENT NO-TOUCH,CLIENT REPLY,CLIENT SETINFO,CLIENT SETNAME,CLIENT TRACKING,DISCARD,EXEC,HELLO,\
            HIMPORT DISCARD,HIMPORT DISCARDALL,HIMPORT PREPARE,HIMPORT SET,MONITOR,MULTI,PSUBSCRIBE,PUNSUBSCRIBE,\
            QUIT,READONLY,READWRITE,RESET,SCRIPT DEBUG,SELECT,SSUBSCRIBE,SUBSCRIBE,SUNSUBSCRIBE,UNSUBSCRIBE,UNWATCH,\
            WATCH"
            .split(',')
            .map(str::trim)
            .collect();
        wanted.sort_unstable();
        assert_eq!(names, wanted);
        assert_eq!(spec::CLIENT_ID.connection_state(), None);
    }
}
