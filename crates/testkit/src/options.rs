//! How a test wants its server: a builder, and the configuration file it comes to.
//!
//! Everything goes into a file rather than onto the command line, where every user of the machine could read the
//! passwords.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use crate::certs::Certificates;
use crate::servers::{Flavor, Installed};

/// Which certificate the server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerCertificate {
    /// One that is right: for `localhost`, `127.0.0.1` and `::1`, by the CA.
    Valid,
    /// By the CA, but for another host.
    WrongHost,
    /// By the CA, but out of date.
    Expired,
    /// In all right, but by a CA that nobody trusts.
    OtherAuthority,
}

/// Where a server lives: what its configuration needs to know beside the options.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) unix: PathBuf,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
}

/// What the server is to be like. Made by [`Server::options`](crate::Server::options).
#[derive(Clone)]
pub struct Options {
    installed: Installed,
    password: Option<String>,
    users: Vec<(String, String)>,
    config: Vec<(String, String)>,
    tls: Option<ServerCertificate>,
    tls_clients: bool,
    ipv6: bool,
    debug: bool,
}

impl Options {
    pub(crate) fn new(installed: &Installed) -> Self {
        Self {
            installed: installed.clone(),
            password: None,
            users: Vec::new(),
            config: Vec::new(),
            tls: None,
            tls_clients: false,
            ipv6: false,
            debug: true,
        }
    }

    /// Asks for a password of whoever connects (`requirepass`).
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Adds an ACL user with its rules as `ACL SETUSER` takes them: `"on >secret ~* +@all"`. From Redis 6.0 on.
    ///
    /// # Panics
    /// When the server is too old to have users.
    #[must_use]
    pub fn user(mut self, name: &str, rules: &str) -> Self {
        assert!(self.installed.at_least(6, 0), "{} has no ACL users", self.installed.name);
        self.users.push((name.to_owned(), rules.to_owned()));
        self
    }

    /// Adds a line to the configuration; quote the value yourself if it needs it.
    #[must_use]
    pub fn config(mut self, name: &str, value: &str) -> Self {
        self.config.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How many databases it has (16 if not said).
    #[must_use]
    pub fn databases(self, count: u32) -> Self {
        self.config("databases", &count.to_string())
    }

    /// How many connections it takes.
    #[must_use]
    pub fn max_clients(self, count: u32) -> Self {
        self.config("maxclients", &count.to_string())
    }

    /// Opens a TLS port beside the plain one, with a certificate that is right.
    #[must_use]
    pub fn tls(self) -> Self {
        self.tls_showing(ServerCertificate::Valid)
    }

    /// Opens a TLS port that shows that certificate.
    ///
    /// # Panics
    /// When the server was built without TLS.
    #[must_use]
    pub fn tls_showing(mut self, certificate: ServerCertificate) -> Self {
        assert!(self.installed.tls, "{} was built without TLS", self.installed.name);
        self.tls = Some(certificate);
        self
    }

    /// Opens a TLS port that turns away whoever brings no client certificate.
    #[must_use]
    pub fn tls_client_required(mut self) -> Self {
        self.tls_clients = true;
        let showing = self.tls.unwrap_or(ServerCertificate::Valid);
        self.tls_showing(showing)
    }

    /// Listens on `::1` too.
    #[must_use]
    pub fn ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }

    /// Leaves `DEBUG` locked, as it is by default from 7.0 on. Tests have it unlocked otherwise.
    #[must_use]
    pub fn locked_debug(mut self) -> Self {
        self.debug = false;
        self
    }

    pub(crate) fn installed(&self) -> &Installed {
        &self.installed
    }

    pub(crate) fn secret(&self) -> Option<&str> {
        self.password.as_deref()
    }

    pub(crate) fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The configuration file for a server of these options at that place.
    pub(crate) fn render(&self, place: &Place, certificates: Option<&Certificates>) -> String {
        let mut file = Directives::default();
        file.add("port", place.port);
        file.add("bind", if self.ipv6 { "127.0.0.1 ::1" } else { "127.0.0.1" });
        file.add_path("unixsocket", &place.unix);
        file.add_path("dir", &place.folder);
        file.add("save", "\"\"");
        file.add("appendonly", "no");
        file.add("daemonize", "no");
        let unlockable = self.installed.flavor == Flavor::Valkey || self.installed.at_least(7, 0);
        if self.debug && unlockable {
            file.add("enable-debug-command", "yes");
        }
        if let Some(password) = &self.password {
            file.add("requirepass", quoted(password));
            file.add("masterauth", quoted(password));
        }
        for (name, rules) in &self.users {
            file.add("user", format_args!("{name} {rules}"));
        }
        if let (Some(showing), Some(certificates)) = (self.tls, certificates) {
            let identity = match showing {
                ServerCertificate::Valid => certificates.server(),
                ServerCertificate::WrongHost => certificates.wrong_host(),
                ServerCertificate::Expired => certificates.expired(),
                ServerCertificate::OtherAuthority => certificates.other_server(),
            };
            file.add("tls-port", place.tls_port);
            file.add_path("tls-cert-file", identity.certificate_path());
            file.add_path("tls-key-file", identity.key_path());
            file.add_path("tls-ca-cert-file", certificates.ca().certificate_path());
            file.add("tls-auth-clients", if self.tls_clients { "yes" } else { "optional" });
        }
        for (name, value) in &self.config {
            file.add(name, value);
        }
        file.0
    }
}

/// Shows what a test asked for, but no password: the rules of users hold theirs.
impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: Vec<&String> = self.users.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("Options")
            .field("server", &self.installed.name)
            .field("password", &self.password.is_some())
            .field("users", &users)
            .field("tls", &self.tls)
            .field("tls_clients", &self.tls_clients)
            .field("ipv6", &self.ipv6)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Directives(String);

impl Directives {
    fn add(&mut self, name: &str, value: impl fmt::Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn add_path(&mut self, name: &str, path: &Path) {
        self.add(name, quoted(&path.to_string_lossy()));
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers;

    fn place() -> Place {
        Place { folder: "/tmp/c".into(), unix: "/tmp/c/s".into(), port: 1, tls_port: 2 }
    }

    #[test]
    fn extra_lines_come_last_so_that_they_win() {
        let text = Options::new(&servers::named("redis-7.0")).config("save", "10 1").render(&place(), None);
        assert!(text.ends_with("save 10 1\n"), "{text}");
    }

    #[test]
    fn debug_is_unlocked_where_there_is_a_lock() {
        let render = |name| Options::new(&servers::named(name)).render(&place(), None);
        assert!(render("redis-7.0").contains("enable-debug-command yes"));
        assert!(!render("redis-6.2").contains("enable-debug-command"));
        let locked = Options::new(&servers::named("redis-7.0")).locked_debug();
        assert!(!locked.render(&place(), None).contains("enable-debug-command"));
    }

    #[test]
    fn odd_passwords_are_quoted() {
        assert_eq!(quoted("a \"b\\\u{e9}"), r#""a \"b\\\xc3\xa9""#);
    }

    #[test]
    fn debug_shows_no_secret() {
        let options = Options::new(&servers::named("redis-7.0")).password("hush").user("ann", "on >hush ~*");
        assert!(!format!("{options:?}").contains("hush"));
    }

    #[test]
    #[should_panic(expected = "without TLS")]
    fn tls_needs_a_server_built_with_it() {
        let _ = Options::new(&servers::named("redis-5.0")).tls();
    }
}
