//! Transactions, command by command.

use carnelian_command::Build;
use carnelian_command::group::TransactionCommands as _;

use super::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(Build.discard(), "DISCARD"),
        case(Build.exec::<(i64, String)>(), "EXEC"),
        case(Build.multi(), "MULTI"),
        case(Build.unwatch(), "UNWATCH"),
        case(Build.watch("k"), "WATCH k"),
        case(Build.watch(["a", "b"]), "WATCH a b"),
    ]
}
