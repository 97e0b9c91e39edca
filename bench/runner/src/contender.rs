//! Who takes part, and as what.

use serde::Serialize;

/// What a contender is to a reader of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// The client of this repository.
    Ours,
    /// A client it is compared with; the best of them is the measure.
    Peer,
    /// What no client can beat.
    Bound,
    /// The server's own load generator.
    Tool,
}

/// One who takes part.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// What it is, with the version that is locked.
    pub(crate) label: &'static str,
    pub(crate) role: Role,
    /// The package of its binary; none for a program that is installed.
    pub(crate) package: Option<&'static str>,
    pub(crate) blocking: bool,
}

/// All of them, in the order of the reports.
pub(crate) const CONTENDERS: &[Contender] = &[
    Contender {
        name: "carnelian",
        label: "this repository",
        role: Role::Ours,
        package: Some("bench-carnelian"),
        blocking: true,
    },
    Contender {
        name: "raw",
        label: "a plain socket",
        role: Role::Bound,
        package: Some("bench-raw"),
        blocking: true,
    },
    Contender {
        name: "redis1",
        label: "redis 1.8.1",
        role: Role::Peer,
        package: Some("bench-redis1"),
        blocking: true,
    },
    Contender {
        name: "redis2",
        label: "redis 2.0.0-rc.2",
        role: Role::Peer,
        package: Some("bench-redis2"),
        blocking: true,
    },
    Contender {
        name: "fred",
        label: "fred 10.1.0",
        role: Role::Peer,
        package: Some("bench-fred"),
        blocking: false,
    },
    Contender {
        name: "rustis",
        label: "rustis 0.27.2",
        role: Role::Peer,
        package: Some("bench-rustis"),
        blocking: false,
    },
    Contender {
        name: "redis-benchmark",
        label: "the server's load generator",
        role: Role::Tool,
        package: None,
        blocking: false,
    },
];

/// The contender of that name.
pub(crate) fn named(name: &str) -> Option<&'static Contender> {
    CONTENDERS.iter().find(|contender| contender.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_the_locked_versions() {
        let lock = include_str!("../../Cargo.lock");
        for contender in CONTENDERS.iter().filter(|contender| contender.role == Role::Peer) {
            let (package, version) = contender.label.split_once(' ').unwrap();
            let entry = format!("name = \"{package}\"\nversion = \"{version}\"\n");
            assert!(lock.contains(&entry), "{}", contender.label);
        }
    }
}
