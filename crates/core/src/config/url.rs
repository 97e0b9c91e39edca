//! Owns the URL form of a config: its schemes, what stands where in it, and percent-decoding. What a query option means is the
//! table's business.
//!
//! It takes the URL apart by hand: lists of hosts are no URLs to a general parser, and its errors would quote the password.
//!
//! ```text
//! redis://ada:secret@example.com:6379/3?socket_timeout=2.5
//! scheme  user password host     port db option    value
//! ```

use percent_encoding::percent_decode_str;

use super::cast;
use super::error::ConfigError;
use super::secret::Secret;
use super::settings::Settings;
use super::stated::Stated;
use super::table;
use super::target::{DEFAULT_PORT, DEFAULT_SENTINEL_PORT, Node, Target};

/// The schemes, what they lead to, and whether TLS is spoken on the way.
const SCHEMES: &[(&str, Kind, bool)] = &[
    ("redis", Kind::Tcp, false),
    ("rediss", Kind::Tcp, true),
    ("valkey", Kind::Tcp, false),
    ("valkeys", Kind::Tcp, true),
    ("unix", Kind::Unix, false),
    ("redis+unix", Kind::Unix, false),
    ("valkey+unix", Kind::Unix, false),
    ("mem", Kind::Mem, false),
    ("redis-sentinel", Kind::Sentinel, false),
    ("rediss-sentinel", Kind::Sentinel, true),
    ("redis-cluster", Kind::Cluster, false),
    ("rediss-cluster", Kind::Cluster, true),
];

const PLACE: &str = "the URL";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    Unix,
    Mem,
    Sentinel,
    Cluster,
}

/// Writes what a URL says over the settings, and returns it for saying it again.
///
/// # Errors
///
/// Their text shows no user, password, host or path: a mistyped URL has its password in any of these places.
pub(super) fn apply(settings: &mut Settings, url: &str) -> Result<Stated, ConfigError> {
    let url = url.trim();
    read(settings, url).map_err(|error| {
        // A `/`, `?` or `#` in the password ends the authority too early: whatever was then found wrong is not the cause, and may
        // be a piece of the password.
        if stray_at(url) {
            return ConfigError::new(
                "the URL can't be read, and it has an `@` behind a `/`, `?` or `#`: in a user or password these are written `%2F`, \
                 `%3F`, `%23`, and an `@` behind them anyhow as `%40`",
            );
        }
        error
    })
}

/// Whether the URL's target is one of the placeholders that templates leave in it.
pub(super) fn host_is(url: &str, placeholder: impl Fn(&str) -> bool) -> bool {
    if placeholder(url.trim()) {
        return true;
    }
    let mut settings = Settings::default();
    match apply(&mut settings, url) {
        Ok(_) => match &settings.target {
            Target::Tcp { host, .. } => placeholder(host),
            Target::Sentinel { nodes, .. } | Target::Cluster { nodes } => {
                nodes.iter().any(|node| placeholder(&node.host))
            }
            Target::Unix { .. } | Target::Mem => false,
        },
        // `redis://YOUR_REDIS_HOST:YOUR_REDIS_PORT` is no URL.
        Err(_) => url.rsplit('@').next().unwrap_or(url).split(['/', ':', ',', '?']).any(placeholder),
    }
}

fn stray_at(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find(['/', '?', '#']).and_then(|end| rest.get(end..)).is_some_and(|tail| tail.contains('@'))
}

/// A URL in its raw, still encoded pieces.
struct Pieces<'u> {
    kind: Kind,
    tls: bool,
    user: Option<&'u str>,
    password: Option<&'u str>,
    hosts: &'u str,
    path: &'u str,
    query: &'u str,
}

fn read(settings: &mut Settings, url: &str) -> Result<Stated, ConfigError> {
    let pieces = split(url)?;
    let mut url = Reader { settings, stated: Stated { tls: pieces.tls, ..Stated::default() } };
    url.settings.tls_on |= pieces.tls;
    let path_db = url.target(&pieces)?;
    url.part("username", pieces.user)?;
    url.part("password", pieces.password)?;
    url.query(pieces.query)?;
    if !url.states("db") {
        url.part("db", path_db)?;
    }
    if pieces.tls && !url.settings.tls_on {
        return Err(ConfigError::about(
            "ssl",
            "the URL's scheme asks for TLS, and its option `ssl` switches it off: drop one",
        ));
    }
    Ok(url.stated)
}

fn split(url: &str) -> Result<Pieces<'_>, ConfigError> {
    let (scheme, rest) = scheme(url)?;
    let lower = scheme.to_ascii_lowercase();
    let Some(&(_, kind, tls)) = SCHEMES.iter().find(|(known, ..)| *known == lower) else {
        let known = SCHEMES.iter().map(|(known, ..)| format!("{known}://")).collect::<Vec<_>>().join(", ");
        return Err(ConfigError::new(format!("the URL's scheme is none of {known}")));
    };
    if rest.contains('#') {
        return Err(ConfigError::new("the URL has a `#`, which starts nothing here: write it as `%23`"));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let (user, password) = match login.map(|login| login.split_once(':').ok_or(login)) {
        Some(Ok((user, password))) => (Some(user), Some(password)),
        Some(Err(user)) => (Some(user), None),
        None => (None, None),
    };
    let filled = |piece: Option<&'_ str>| piece.is_some_and(|text| !text.is_empty());
    Ok(Pieces {
        kind,
        tls,
        user: if filled(user) { user } else { None },
        password: if filled(password) { password } else { None },
        hosts,
        path,
        query,
    })
}

fn scheme(url: &str) -> Result<(&str, &str), ConfigError> {
    if let Some((scheme, rest)) = url.split_once("://") {
        return Ok((scheme, rest));
    }
    match url.split_once(':') {
        // `unix:/path` is as clear as `unix:///path`.
        Some((scheme, rest)) if scheme.to_ascii_lowercase().ends_with("unix") && rest.starts_with('/') => {
            Ok((scheme, rest))
        }
        _ if url.is_empty() => {
            Err(ConfigError::new("the URL is empty; write one such as `redis://localhost:6379`"))
        }
        _ => Err(ConfigError::new(
            "the URL has no scheme; write it as `redis://host:port`, or call `Config::tcp(host, port)`",
        )),
    }
}

/// Gathers what the URL states, option by option.
struct Reader<'s> {
    settings: &'s mut Settings,
    stated: Stated,
}

impl Reader<'_> {
    fn states(&self, name: &str) -> bool {
        self.stated.options.iter().any(|(option, _)| option.name() == name)
    }

    /// Reads hosts and path; returns the path's database, still encoded.
    fn target<'u>(&mut self, pieces: &Pieces<'u>) -> Result<Option<&'u str>, ConfigError> {
        match pieces.kind {
            Kind::Tcp => {
                if pieces.hosts.contains(',') {
                    return Err(ConfigError::new(
                        "the URL names several hosts; write `redis-cluster://` or `redis-sentinel://` for these",
                    ));
                }
                let (host, port) = split_port(pieces.hosts)?;
                // Reading a URL starts over: nothing of an earlier target shines through.
                self.settings.target = Target::default();
                self.part("host", host)?;
                self.part("port", port)?;
                Ok(one_segment(pieces.path))
            }
            Kind::Unix => {
                if !pieces.hosts.is_empty() {
                    return Err(ConfigError::new(
                        "the path of a Unix socket starts with a slash: write `unix:///path/to/redis.sock`",
                    ));
                }
                if pieces.path.is_empty() {
                    return Err(ConfigError::about(
                        "path",
                        "the URL lacks the socket's path: write `unix:///path/to/redis.sock`",
                    ));
                }
                self.part("path", Some(pieces.path))?;
                Ok(None)
            }
            Kind::Mem => {
                if !pieces.hosts.is_empty() {
                    return Err(ConfigError::new("`mem://` takes no host: the engine is in this process"));
                }
                self.aim(Target::Mem);
                Ok(one_segment(pieces.path))
            }
            Kind::Sentinel => {
                let nodes = nodes(pieces.hosts, DEFAULT_SENTINEL_PORT)?;
                let path = pieces.path.trim_matches('/');
                let (service, db) =
                    path.split_once('/').map_or((path, None), |(service, db)| (service, Some(db)));
                if service.is_empty() {
                    return Err(ConfigError::new(
                        "the URL lacks the service's name: write `redis-sentinel://host1,host2/service/db`",
                    ));
                }
                self.aim(Target::Sentinel { nodes, service: decode(service, "service name")? });
                Ok(db)
            }
            Kind::Cluster => {
                self.aim(Target::Cluster { nodes: nodes(pieces.hosts, DEFAULT_PORT)? });
                Ok(one_segment(pieces.path))
            }
        }
    }

    fn aim(&mut self, target: Target) {
        self.settings.target = target.clone();
        self.stated.target = Some(target);
    }

    /// States an option whose text stands in its own place of the URL.
    fn part(&mut self, name: &'static str, raw: Option<&str>) -> Result<(), ConfigError> {
        let Some(raw) = raw else { return Ok(()) };
        let text = decode(raw, name)?;
        self.state(name, text, &format!("the {name} in {PLACE}"), false)
    }

    fn query(&mut self, query: &str) -> Result<(), ConfigError> {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, "option name")?;
            let name = name.as_str();
            let text = decode(raw, name)?;
            if table::find(name).is_some() && text.is_empty() {
                let message =
                    format!("option `{name}` in {PLACE} has no value: write `{name}=…` or leave it out");
                return Err(ConfigError::about(name, message));
            }
            self.state(name, text, &format!("option `{name}` in {PLACE}"), true)?;
        }
        self.refuse_tls_options_in_the_clear()
    }

    fn state(&mut self, name: &str, text: String, place: &str, show: bool) -> Result<(), ConfigError> {
        let option = table::find(name).ok_or_else(|| table::unknown(name, PLACE))?;
        if self.states(option.name()) {
            return Err(ConfigError::about(
                option.name(),
                format!("`{}` is given twice in {PLACE}: keep one", option.name()),
            ));
        }
        option.apply(self.settings, &text, place, show)?;
        self.stated.options.push((option, Secret::from(text)));
        Ok(())
    }

    /// Whoever writes TLS options believes to be speaking TLS.
    fn refuse_tls_options_in_the_clear(&self) -> Result<(), ConfigError> {
        if self.settings.tls_on {
            return Ok(());
        }
        match self.stated.options.iter().find(|(option, _)| option.is_about_tls()) {
            Some((option, _)) => Err(ConfigError::about(
                option.name(),
                format!(
                    "option `{}` in {PLACE} needs TLS: write `rediss://` or add `ssl=true`",
                    option.name()
                ),
            )),
            None => Ok(()),
        }
    }
}

fn decode(raw: &str, what: &str) -> Result<String, ConfigError> {
    match percent_decode_str(raw).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(ConfigError::new(format!(
            "the {what} in {PLACE} is not UTF-8 once its `%` codes are decoded"
        ))),
    }
}

/// A path of one segment, without its slashes; `None` where nothing is in it.
fn one_segment(path: &str) -> Option<&str> {
    Some(path.trim_matches('/')).filter(|segment| !segment.is_empty())
}

/// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`, each where it is there.
fn split_port(authority: &str) -> Result<(Option<&str>, Option<&str>), ConfigError> {
    let (host, port) = match authority.find(']') {
        Some(end) if authority.starts_with('[') => {
            let (host, rest) = authority.split_at(end + 1);
            match rest.strip_prefix(':') {
                Some(port) => (host, port),
                None if rest.is_empty() => (host, ""),
                None => return Err(ConfigError::new("behind the `]` in the URL only `:port` may follow")),
            }
        }
        _ => match authority.matches(':').count() {
            0 => (authority, ""),
            1 => authority.split_once(':').unwrap_or((authority, "")),
            _ => {
                return Err(ConfigError::new(
                    "an IPv6 address stands in brackets: write `redis://[::1]:6379`",
                ));
            }
        },
    };
    let filled = |piece: &'_ str| !piece.is_empty();
    Ok((filled(host).then_some(host), filled(port).then_some(port)))
}

/// The nodes of a comma-separated list; without any, localhost.
fn nodes(hosts: &str, default_port: u16) -> Result<Vec<Node>, ConfigError> {
    hosts
        .split(',')
        .map(|authority| {
            let (host, port) = split_port(authority.trim())?;
            let host = decode(host.unwrap_or("localhost"), "host")?;
            let unfit = |what| {
                ConfigError::about(
                    what,
                    format!("a {what} in {PLACE} is none: write `host1:port,host2:port`"),
                )
            };
            let host = cast::host(&host).map_err(|_| unfit("host"))?;
            let port = port.map_or(Ok(default_port), cast::count).map_err(|_| unfit("port"))?;
            Ok(Node { host, port })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn parse(url: &str) -> Settings {
        let mut settings = Settings::default();
        apply(&mut settings, url).unwrap_or_else(|error| panic!("{url}: {error}"));
        settings
    }

    fn failure(url: &str) -> ConfigError {
        apply(&mut Settings::default(), url).map(drop).expect_err(url)
    }

    fn target(url: &str) -> String {
        parse(url).target.to_string()
    }

    fn login(url: &str) -> (Option<String>, Option<String>) {
        let identity = parse(url).identity;
        (identity.username, identity.password.map(|password| password.expose().to_owned()))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn host_and_port_have_defaults() {
        for url in [
            "redis://",
            "redis://localhost",
            "REDIS://localhost:6379/",
            "redis://:6379",
            "redis://localhost:",
            " redis:///0\n",
        ] {
            assert_eq!(target(url), "localhost:6379", "{url}");
        }
        assert_eq!(target("redis://10.0.0.1:7000"), "10.0.0.1:7000");
        assert_eq!(target("redis://my%2Dhost.example"), "my-host.example:6379");
        assert_eq!(target("redis://[::1]"), "[::1]:6379");
        assert_eq!(target("redis://u:p@[2001:db8::1]:7000/2"), "[2001:db8::1]:7000");
        assert_eq!(target("valkey://h"), "h:6379");
    }

    #[test]
    fn user_and_password_are_decoded() {
        assert_eq!(login("redis://ada:secret@h"), (some("ada"), some("secret")));
        assert_eq!(login("redis://:secret@h"), (None, some("secret")));
        assert_eq!(login("redis://ada@h"), (some("ada"), None));
        assert_eq!(login("redis://ada:@h"), (some("ada"), None));
        assert_eq!(login("redis://@h"), (None, None));
        assert_eq!(login("redis://a%40b:p%2F%3F%23%25%3A@h"), (some("a@b"), some("p/?#%:")));
        assert_eq!(login("redis://a:b:c@h"), (some("a"), some("b:c")));
        assert_eq!(login("redis://:p@ss@h"), (None, some("p@ss")));
        assert_eq!(login("redis://:100%@h"), (None, some("100%")));
        assert_eq!(login("redis://:a+b@h?client_name=c+d"), (None, some("a+b")));
        assert_eq!(login("redis://h?username=ada&password=s%26t"), (some("ada"), some("s&t")));
        assert_eq!(login("redis://h?user=ada"), (some("ada"), None));
    }

    #[test]
    fn db_of_the_query_wins_over_the_path() {
        assert_eq!(parse("redis://h").identity.db, 0);
        assert_eq!(parse("redis://h/3").identity.db, 3);
        assert_eq!(parse("redis://h/3/").identity.db, 3);
        assert_eq!(parse("redis://h/3?db=5").identity.db, 5);
        assert_eq!(parse("unix:///tmp/r.sock?db=5").identity.db, 5);
        assert_eq!(parse("redis://h/%33").identity.db, 3);
        for url in ["redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h?db=x", "redis://h?db=1.5"] {
            assert_eq!(failure(url).option(), Some("db"), "{url}");
        }
    }

    #[test]
    fn unix_sockets() {
        for url in
            ["unix:///tmp/r.sock", "redis+unix:///tmp/r.sock", "unix:/tmp/r.sock", "unix:///tmp%2Fr.sock"]
        {
            assert_eq!(target(url), "unix:/tmp/r.sock", "{url}");
        }
        let url = "unix://ada@/tmp/r.sock?db=2&password=se%3Fcret";
        assert_eq!(
            (target(url), login(url)),
            ("unix:/tmp/r.sock".to_owned(), (some("ada"), some("se?cret")))
        );
        assert_eq!(login("unix://ada:pw@/tmp/r.sock"), (some("ada"), some("pw")));
        assert!(failure("unix://tmp/r.sock").to_string().contains("unix:///path"));
        assert!(failure("unix://").to_string().contains("unix:///path"));
    }

    #[test]
    fn tls_by_scheme_or_option() {
        assert!(!parse("redis://h").tls_on);
        for url in
            ["rediss://h", "valkeys://h", "redis://h?ssl=true", "rediss-cluster://h", "rediss-sentinel://h/s"]
        {
            assert!(parse(url).tls_on, "{url}");
        }
        assert_eq!(parse("rediss://h?ssl_ca_certs=/ca.pem").tls.ca_file, Some("/ca.pem".into()));
        assert_eq!(parse("redis://h?ssl_ca_certs=/ca.pem&ssl=yes").tls.ca_file, Some("/ca.pem".into()));
        let error = failure("redis://h?ssl_ca_certs=/ca.pem");
        assert!(error.to_string().contains("rediss://"), "{error}");
        assert_eq!(error.option(), Some("ssl_ca_certs"));
        assert_eq!(failure("rediss://h?ssl=false").option(), Some("ssl"));
    }

    #[test]
    fn sentinels_and_clusters_name_their_nodes() {
        assert_eq!(target("redis-sentinel://h1,h2:7/mymaster/3"), "sentinel mymaster of h1:26379,h2:7");
        assert_eq!(parse("redis-sentinel://h1/mymaster/3").identity.db, 3);
        assert_eq!(parse("redis-sentinel://h1/mymaster/3?db=4").identity.db, 4);
        assert_eq!(target("redis-sentinel://u:p@h1/my%2Fmaster"), "sentinel my/master of h1:26379");
        assert_eq!(login("redis-sentinel://u:p@h1,h2/s"), (some("u"), some("p")));
        assert_eq!(
            target("redis-cluster://:p@h1:7000,[::1],"),
            "cluster of h1:7000,[::1]:6379,localhost:6379"
        );
        assert_eq!(parse("mem://").target, Target::Mem);
        assert_eq!(parse("mem:///2").identity.db, 2);
        assert!(failure("redis-sentinel://h1,h2").to_string().contains("service"));
        assert!(failure("redis://h1,h2").to_string().contains("redis-cluster://"));
        assert!(failure("mem://host").to_string().contains("mem://"));
    }

    #[test]
    fn unknown_and_unfit_options_are_named() {
        for (url, option, part) in [
            ("redis://h?socket_timout=1", "socket_timout", "`socket_timeout`"),
            ("redis://h?socket_timeout=soon", "socket_timeout", "\"soon\""),
            ("redis://h?retry_on_timeout=maybe", "retry_on_timeout", "`true`"),
            ("redis://h?max_connections=0", "max_connections", "at least 1"),
            ("redis://h?max_connections", "max_connections", "no value"),
            ("redis://h?nonsense", "nonsense", "unknown option"),
            ("redis://h?decode_responses=true", "decode_responses", "String"),
            ("redis://h?protocol=4", "protocol", "`auto`"),
            ("redis://h?db=1&db=1", "db", "twice"),
            ("redis://h?user=a&username=a", "username", "twice"),
            ("redis://ada@h?username=bob", "username", "twice"),
            ("redis://h:1?port=2", "port", "twice"),
            ("rediss://h?ssl_min_version=TLSv1.1", "ssl_min_version", "broken"),
            ("rediss://h?ssl_ca_data=x", "ssl_ca_data", "PEM"),
            ("redis://h?retry_on_error=MyError", "retry_on_error", "BUSY"),
        ] {
            let error = failure(url);
            assert_eq!(error.option(), Some(option), "{url}: {error}");
            assert!(error.to_string().contains(part) && error.to_string().contains(option), "{url}: {error}");
        }
    }

    #[test]
    fn every_option_of_the_reference_can_be_set() {
        let url = "rediss://h?db=1&username=u&password=p&socket_timeout=1.5&socket_connect_timeout=2&socket_keepalive=no\
                   &retry_on_timeout=Yes&retry_on_error=BUSY,ConnectionError&max_connections=7&single_connection_client=true\
                   &health_check_interval=0&client_name=me&lib_name=lib&lib_version=9&protocol=2\
                   &ssl_keyfile=/k&ssl_certfile=/c&ssl_cert_reqs=none&ssl_ca_path=/d&ssl_check_hostname=False&ssl_password=q\
                   &ssl_validate_ocsp_stapled=true&ssl_min_version=TLSv1.3&ssl_ciphers=A:B,C";
        let settings = parse(url);
        assert_eq!(settings.timeouts.command, Some(std::time::Duration::from_millis(1500)));
        assert_eq!(settings.tcp.keepalive, None);
        assert!(
            settings.retry.on_timeout
                && settings.retry.on_connection_loss
                && settings.retry.retries_code("BUSY")
        );
        assert_eq!((settings.pool.max_connections, settings.pool.single_connection), (7, true));
        assert_eq!(settings.liveness.health_check_interval, None);
        assert_eq!(settings.identity.lib_version, some("9"));
        assert_eq!(settings.tls.ciphers, ["A", "B", "C"]);
        assert!(settings.tls.skip_hostname_check && settings.tls.require_ocsp_staple);
    }

    #[test]
    fn no_error_shows_a_password() {
        for url in [
            "hunter2",
            "hunter2@host:6379",
            "ada:hunter2@host",
            "http://ada:hunter2@host",
            "redis://:hunter2/x@host",
            "redis://:x/hunter2@host:6379/0",
            "redis://:x?hunter2@host",
            "redis://:x?hunter2=1@host",
            "redis://:x#hunter2@host",
            "redis://ada:hunter2#@host",
            "redis://ada:hunter2@host#",
            "redis://ada:hunter2@host:port",
            "redis://ada:hunter2@host:99999",
            "redis://ada:hunter2@ho st",
            "redis://ada:hunter2@::1",
            "redis://ada:hunter2@[::1]x",
            "redis://ada:hunter2@a,b",
            "redis://ada:hunter2@h?password=hunter2",
            "redis://ada:hunter2%FF@h",
            "redis://1:2/hunter2@h",
            "redis://a?db=hunter2@h",
            "rediss://h?ssl_password=hunter2&ssl_password=hunter2",
            "redis://h?on_connect=AUTH+hunter2&port=x",
            "unix://hunter2",
            "mem://hunter2",
            "redis-sentinel://:hunter2@h",
            "redis-cluster://:hunter2@h:x",
        ] {
            let error = failure(url);
            let shown = format!("{error} {error:?} {error:#?}");
            assert!(!shown.contains("hunter2"), "{url}: {shown}");
        }
    }

    #[test]
    fn an_unencoded_password_is_told_how_to_be_written() {
        for url in
            ["redis://:pa/ss@host:6379", "redis://:pa?ss@host", "redis://:pa#ss@host", "redis://u:1/2@host"]
        {
            let error = failure(url).to_string();
            assert!(
                error.contains("%2F") && error.contains("%3F") && error.contains("%23"),
                "{url}: {error}"
            );
        }
    }

    fn encoded(text: &str) -> String {
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(user in ".+", password in ".+", db: u32, name in "[!-~]+") {
            let url = format!(
                "redis://{}:{}@h/{db}?client_name={}",
                encoded(&user), encoded(&password), encoded(&name)
            );
            let identity = parse(&url).identity;
            prop_assert_eq!(identity.username, Some(user.clone()));
            prop_assert_eq!(identity.password, Some(Secret::from(password.as_str())));
            prop_assert_eq!(identity.db, db);
            prop_assert_eq!(identity.client_name, Some(name));

            let url = format!("unix://{}@/s?password={}&db={db}", encoded(&user), encoded(&password));
            let identity = parse(&url).identity;
            prop_assert_eq!(identity.username, Some(user));
            prop_assert_eq!(identity.password, Some(Secret::from(password.as_str())));
            prop_assert_eq!(identity.db, db);
        }

        #[test]
        fn no_text_brings_it_down(url in "(rediss?|unix|mem|redis-sentinel)?(:/?/?)?[a-z0-9:/?#@%&=,.\\[\\]]*") {
            let _ = apply(&mut Settings::default(), &url);
        }

        #[test]
        fn any_text_as_a_url_keeps_the_password_out_of_the_error(
            before in "[a-z:/?#@%&=,\\[\\]]{0,8}",
            after in "[a-z0-9:/?#%&=,\\[\\]]{0,8}",
        ) {
            // Wherever stray characters cut the password in pieces, no piece of it may show.
            let url = format!("redis://user:{before}QZXJ{after}@host:6379/0");
            if let Err(error) = apply(&mut Settings::default(), &url) {
                prop_assert!(!format!("{error:?}").contains("QZXJ"), "{}: {}", url, error);
            }
        }
    }
}
