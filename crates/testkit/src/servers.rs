//! Which servers are on this machine, and which of them the tests use.
//!
//! Reads the list that `scripts/install-servers` writes. Asking for a server that is not there panics: a test that
//! silently skips its server proves nothing.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// Redis itself.
    Redis,
    /// The Linux Foundation's fork of Redis 7.2.
    Valkey,
}

/// A server program on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// What tests call it: `redis-7.0`, `valkey-8.1`.
    pub name: String,
    /// What it says of itself: major, minor, patch.
    pub version: (u16, u16, u16),
    /// Redis or Valkey.
    pub flavor: Flavor,
    /// The program to start.
    pub binary: PathBuf,
    /// Whether it was built with TLS.
    pub tls: bool,
}

impl Installed {
    /// Whether the server is at least of that version of its own flavor.
    pub fn at_least(&self, major: u16, minor: u16) -> bool {
        (self.version.0, self.version.1) >= (major, minor)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (name, version, binary, tls) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let flavor = match name.split('-').next()? {
            "redis" => Flavor::Redis,
            "valkey" => Flavor::Valkey,
            _ => return None,
        };
        let mut numbers = version.split('.').map(str::parse::<u16>);
        let version = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(Self {
            name: name.to_owned(),
            version,
            flavor,
            binary: PathBuf::from(binary),
            tls: tls == "yes",
        })
    }
}

/// Every server that `scripts/install-servers` left on this machine, oldest first within its flavor.
///
/// # Panics
/// When the list is missing or cannot be read.
pub fn installed() -> Vec<Installed> {
    let list = folder().join("servers.tsv");
    let text = fs::read_to_string(&list).unwrap_or_else(|error| {
        panic!("{}: {error}. Install the test servers with scripts/install-servers", list.display())
    });
    let mut found = parse_list(&text);
    found.retain(|server| Path::new(&server.binary).exists());
    found
}

/// The server of that name, such as `redis-7.0`.
///
/// # Panics
/// When it is not installed.
pub fn named(name: &str) -> Installed {
    installed().into_iter().find(|server| server.name == name).unwrap_or_else(|| missing(name))
}

/// The newest server there is, Redis if possible: for examples, which are content with whatever is at hand.
///
/// # Panics
/// When there is none at all.
pub fn any() -> Installed {
    let here = installed();
    let redis = newest(here.clone(), Flavor::Redis, 0);
    redis.or_else(|| newest(here, Flavor::Valkey, 0)).unwrap_or_else(|| missing("a server of any kind"))
}

/// The newest Redis 8.
///
/// # Panics
/// When there is none.
pub fn newest_redis() -> Installed {
    newest(installed(), Flavor::Redis, 8).unwrap_or_else(|| missing("redis-8.x"))
}

/// The newest Valkey.
///
/// # Panics
/// When there is none.
pub fn newest_valkey() -> Installed {
    newest(installed(), Flavor::Valkey, 8).unwrap_or_else(|| missing("valkey-8.x or newer"))
}

/// The servers that whatever speaks to a server must get on with: each protocol age of Redis, and Valkey.
///
/// # Panics
/// When one of them is not installed.
pub fn matrix() -> Vec<Installed> {
    let mut all: Vec<Installed> = ["redis-5.0", "redis-6.2", "redis-7.0", "redis-7.4"].map(named).into();
    all.push(newest_redis());
    all.extend(["valkey-8.1", "valkey-9.1"].map(named));
    all
}

fn missing(name: &str) -> ! {
    panic!(
        "{name} is not installed in {}. Install the test servers with scripts/install-servers",
        folder().display()
    )
}

fn folder() -> PathBuf {
    if let Some(folder) = env::var_os("CARNELIAN_SERVERS") {
        return PathBuf::from(folder);
    }
    PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache/carnelian/servers")
}

fn parse_list(text: &str) -> Vec<Installed> {
    let mut found: Vec<Installed> = text.lines().filter_map(Installed::parse).collect();
    found.sort_by_key(|server| (server.flavor == Flavor::Valkey, server.version));
    found
}

fn newest(servers: Vec<Installed>, flavor: Flavor, from_major: u16) -> Option<Installed> {
    servers
        .into_iter()
        .filter(|server| server.flavor == flavor && server.version.0 >= from_major)
        .max_by_key(|server| server.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "valkey-8.1\t8.1.1\t/v81\tyes\nredis-8.10\t8.10.0\t/r810\tyes\n\
        redis-8.6\t8.6.3\t/r86\tyes\nredict-7.3\t7.3.6\t/d\tyes\nredis-5.0\t5.0.10\t/r5\tno\n";

    #[test]
    fn the_list_is_read_and_sorted_by_number() {
        let servers = parse_list(LIST);
        let names: Vec<&str> = servers.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names, ["redis-5.0", "redis-8.6", "redis-8.10", "valkey-8.1"]);
        assert_eq!(servers[0].version, (5, 0, 10));
        assert!(!servers[0].tls && servers[1].tls);
        assert_eq!(servers[3].flavor, Flavor::Valkey);
    }

    #[test]
    fn newest_goes_by_number_not_by_letter() {
        assert_eq!(newest(parse_list(LIST), Flavor::Redis, 8).unwrap().name, "redis-8.10");
        assert_eq!(newest(parse_list(LIST), Flavor::Redis, 9), None);
    }

    #[test]
    fn any_server_will_do_but_redis_first() {
        assert_eq!(any(), newest_redis());
    }

    #[test]
    fn versions_compare() {
        let server = parse_list(LIST).remove(0);
        assert!(server.at_least(5, 0) && server.at_least(4, 9));
        assert!(!server.at_least(5, 1) && !server.at_least(6, 0));
    }

    #[test]
    #[should_panic(expected = "scripts/install-servers")]
    fn a_server_that_is_not_there_fails_the_test() {
        named("redis-0.1");
    }

    #[test]
    fn this_machine_has_the_whole_matrix() {
        let names: Vec<String> = matrix().into_iter().map(|server| server.name).collect();
        assert_eq!(names.len(), 7, "{names:?}");
        assert!(names[4].starts_with("redis-8."), "{names:?}");
    }
}
