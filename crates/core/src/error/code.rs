//! The codes of the server's error lines, as a type.

use carnelian_command::ServerError;

/// The code an error line of the server starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerCode {
    /// `ERR`, or a line without a code.
    Err,
    /// `WRONGTYPE`: the key holds another type.
    WrongType,
    /// `MOVED`: the slot lives on another node.
    Moved,
    /// `ASK`: the slot is moving; this key is there already.
    Ask,
    /// `TRYAGAIN`: the slot is moving, and the keys are on both sides.
    TryAgain,
    /// `CLUSTERDOWN`: the cluster does not serve the slot.
    ClusterDown,
    /// `CROSSSLOT`: the keys are of different slots.
    CrossSlot,
    /// `LOADING`: the server reads its data set.
    Loading,
    /// `BUSY`: a script runs for too long.
    Busy,
    /// `READONLY`: a write came to a replica.
    ReadOnly,
    /// `MASTERDOWN`: a replica has lost its primary and serves no stale data.
    MasterDown,
    /// `NOREPLICAS`: not enough good replicas to take a write.
    NoReplicas,
    /// `NOAUTH`: no one has logged in.
    NoAuth,
    /// `WRONGPASS`: user or password are wrong.
    WrongPass,
    /// `NOPERM`: the user may not do that.
    NoPerm,
    /// `NOPROTO`: the protocol version is not supported.
    NoProto,
    /// `NOSCRIPT`: no script of that digest is known.
    NoScript,
    /// `EXECABORT`: a command of the transaction was refused when it was queued.
    ExecAbort,
    /// `OOM`: the server is over its memory limit.
    OutOfMemory,
    /// `MISCONF`: the server can't persist and takes no writes.
    MisConf,
    /// `BUSYKEY`: the key to be restored exists.
    BusyKey,
    /// `BUSYGROUP`: the consumer group exists.
    BusyGroup,
    /// `NOGROUP`: the consumer group does not exist.
    NoGroup,
    /// `UNBLOCKED`: somebody unblocked the waiting command.
    Unblocked,
    /// `UNKILLABLE`: a script has written already.
    Unkillable,
    /// `NOTBUSY`: no script runs.
    NotBusy,
    /// Any other.
    Other,
}

/// The codes as the servers spell them.
const CODES: [(&str, ServerCode); 26] = [
    ("ERR", ServerCode::Err),
    ("WRONGTYPE", ServerCode::WrongType),
    ("MOVED", ServerCode::Moved),
    ("ASK", ServerCode::Ask),
    ("TRYAGAIN", ServerCode::TryAgain),
    ("CLUSTERDOWN", ServerCode::ClusterDown),
    ("CROSSSLOT", ServerCode::CrossSlot),
    ("LOADING", ServerCode::Loading),
    ("BUSY", ServerCode::Busy),
    ("READONLY", ServerCode::ReadOnly),
    ("MASTERDOWN", ServerCode::MasterDown),
    ("NOREPLICAS", ServerCode::NoReplicas),
    ("NOAUTH", ServerCode::NoAuth),
    ("WRONGPASS", ServerCode::WrongPass),
    ("NOPERM", ServerCode::NoPerm),
    ("NOPROTO", ServerCode::NoProto),
    ("NOSCRIPT", ServerCode::NoScript),
    ("EXECABORT", ServerCode::ExecAbort),
    ("OOM", ServerCode::OutOfMemory),
    ("MISCONF", ServerCode::MisConf),
    ("BUSYKEY", ServerCode::BusyKey),
    ("BUSYGROUP", ServerCode::BusyGroup),
    ("NOGROUP", ServerCode::NoGroup),
    ("UNBLOCKED", ServerCode::Unblocked),
    ("UNKILLABLE", ServerCode::Unkillable),
    ("NOTBUSY", ServerCode::NotBusy),
];

impl ServerCode {
    /// The code of an error line.
    #[must_use]
    pub fn of(error: &ServerError) -> Self {
        Self::named(error.code())
    }

    /// The code of this spelling.
    #[must_use]
    pub fn named(name: &str) -> Self {
        CODES.iter().find(|(spelling, _)| *spelling == name).map_or(Self::Other, |(_, code)| *code)
    }

    /// The server's state kept it from running the command at all; the state may pass, or another node may take it.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Moved
                | Self::Ask
                | Self::TryAgain
                | Self::ClusterDown
                | Self::Loading
                | Self::ReadOnly
                | Self::MasterDown
        )
    }

    /// The server ran nothing, not even a part of a script or a transaction.
    #[must_use]
    pub(super) const fn ran_nothing(self) -> bool {
        self.is_refusal()
            || matches!(
                self,
                Self::Busy | Self::NoScript | Self::ExecAbort | Self::NotBusy | Self::Unkillable
            )
    }

    /// Trying again later may go well.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        self.is_refusal() || matches!(self, Self::Busy | Self::NoReplicas | Self::OutOfMemory | Self::MisConf)
    }

    /// What a user can do about it, where the server's own text doesn't say.
    pub(super) const fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::WrongType => "the key holds another type of value",
            Self::NoAuth => "the server wants a password: put it in the URL or the config",
            Self::WrongPass => "check the user and the password of the URL or the config",
            Self::NoPerm => "the ACL of this user doesn't allow it",
            Self::ReadOnly => {
                "this server is a replica: connect to its primary, or through Sentinel or Cluster"
            }
            Self::Moved | Self::Ask => {
                "this server is part of a cluster: connect with a redis-cluster:// URL"
            }
            Self::CrossSlot => "give the keys one hash tag, as in {user:1}:name and {user:1}:age",
            Self::OutOfMemory => "raise maxmemory, or let the server evict with maxmemory-policy",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_found() {
        for (spelling, code) in CODES {
            assert_eq!(ServerCode::named(spelling), code);
        }
        assert_eq!(ServerCode::named("WHATEVER"), ServerCode::Other);
    }

    /// As Redis 6.2, Redis 8.6 and Valkey 9.1 put them.
    #[test]
    fn errors_around_scripts() {
        for (line, code) in [
            ("NOSCRIPT No matching script. Please use EVAL.", ServerCode::NoScript),
            ("BUSY Redis is busy running a script. You can only call SCRIPT KILL.", ServerCode::Busy),
            ("NOTBUSY No scripts in execution right now.", ServerCode::NotBusy),
            ("UNKILLABLE Sorry the script already executed write commands.", ServerCode::Unkillable),
            ("EXECABORT Transaction discarded because of previous errors.", ServerCode::ExecAbort),
        ] {
            let found = ServerCode::of(&ServerError::new(line.as_bytes()));
            assert!(found == code && found.ran_nothing(), "{line}");
        }
        for (line, code) in [
            ("WRONGTYPE Operation against a key script: 61636018, on @user_script:1.", ServerCode::WrongType),
            ("ERR Error running script (call to f_61636018): @user_script:1: WRONGTYPE no", ServerCode::Err),
            ("ERR user_script:1: boom script: 82903a04, on @user_script:1.", ServerCode::Err),
            ("ERR Error compiling script (new function): user_script:1: '='", ServerCode::Err),
            ("NOPERM User ada has no permissions to run the 'set' command script: 6163", ServerCode::NoPerm),
            ("INSUFFICIENT balance", ServerCode::Other),
            ("My own", ServerCode::Err),
        ] {
            let found = ServerCode::of(&ServerError::new(line.as_bytes()));
            assert!(found == code && !found.ran_nothing(), "{line}");
        }
    }
}
