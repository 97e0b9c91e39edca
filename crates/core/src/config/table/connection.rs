//! Owns the rows about reaching a server and greeting it: target, login, handshake, timeouts, sockets, liveness.

use super::super::cast;
use super::super::identity::{OnConnect, Protocol};
use super::super::option::{BadValue, OptionSpec};
use super::super::secret::Secret;
use super::super::target::Target;
use super::{BOOLEAN, COUNT, OPTIONAL_SECONDS, SECONDS, WORD, row};

pub(super) const ROWS: &[OptionSpec] = &[
    row("host", "a host name or address", "`localhost`", "Where the server is.", |s, text| {
        s.set_host(cast::host(text)?);
        Ok(())
    }),
    row("port", "a number from 1 to 65535", "`6379`", "The server's TCP port.", |s, text| {
        s.set_port(cast::count(text)?);
        Ok(())
    }),
    row(
        "path",
        "the path of a Unix socket",
        "none",
        "Connects to a Unix socket instead of host and port.",
        |s, text| {
            s.target = Target::Unix { path: text.into() };
            Ok(())
        },
    )
    .or(&["unix_socket_path"]),
    row("db", "a number from 0", "`0`", "The database to select.", |s, text| {
        s.identity.db = cast::number(text)?;
        Ok(())
    }),
    row("username", "text", "none", "The ACL user to log in as.", |s, text| {
        s.identity.username = Some(text.to_owned());
        Ok(())
    })
    .or(&["user"]),
    row("password", "text", "none", "The password to log in with.", |s, text| {
        s.identity.password = Some(Secret::from(text));
        Ok(())
    })
    .secret(),
    row(
        "protocol",
        "`2`, `3` or `auto`",
        "`auto`",
        "The version of RESP; `auto` takes 3 where the server has it.",
        |s, text| {
            s.identity.protocol = protocol(text)?;
            Ok(())
        },
    ),
    row("client_name", WORD, "none", "The connection's name in `CLIENT LIST`.", |s, text| {
        s.identity.client_name = Some(cast::word(text)?);
        Ok(())
    }),
    row(
        "lib_name",
        "printable ASCII without spaces, or `none`",
        "`carnelian`",
        "The library's name in `CLIENT LIST`.",
        |s, text| {
            s.identity.lib_name = optional_word(text)?;
            Ok(())
        },
    ),
    row(
        "lib_version",
        "printable ASCII without spaces, or `none`",
        "this crate's version",
        "The library's version in `CLIENT LIST`.",
        |s, text| {
            s.identity.lib_version = optional_word(text)?;
            Ok(())
        },
    ),
    row(
        "on_connect",
        "commands parted by `;`, words by spaces",
        "none",
        "Commands to send on every new connection after the handshake.",
        |s, text| {
            let mut commands = OnConnect::default();
            cast::commands(text).for_each(|words| commands.push(words));
            s.identity.on_connect = commands;
            Ok(())
        },
    )
    .secret(),
    row(
        "socket_connect_timeout",
        SECONDS,
        "`5`",
        "Bounds one try to connect, handshake included.",
        |s, text| {
            s.timeouts.connect = cast::positive_seconds(text)?;
            Ok(())
        },
    )
    .or(&["connect_timeout"]),
    row(
        "socket_timeout",
        OPTIONAL_SECONDS,
        "`5`",
        "Bounds one command from call to reply. Blocking commands obey their own timeout.",
        |s, text| {
            s.timeouts.command = cast::optional_seconds(text)?;
            Ok(())
        },
    )
    .or(&["command_timeout"]),
    row("tcp_nodelay", BOOLEAN, "`true`", "Sends small commands at once (`TCP_NODELAY`).", |s, text| {
        s.tcp.nodelay = cast::boolean(text)?;
        Ok(())
    }),
    row("socket_keepalive", BOOLEAN, "`true`", "Has the operating system probe a silent peer.", |s, text| {
        let keepalive = s.tcp.keepalive.take().unwrap_or_default();
        s.tcp.keepalive = cast::boolean(text)?.then_some(keepalive);
        Ok(())
    }),
    row(
        "keepalive_idle",
        "whole seconds of at least 1",
        "`2`",
        "Silence before the first probe.",
        |s, text| {
            s.tcp.keepalive.get_or_insert_default().idle = cast::whole_seconds(text)?;
            Ok(())
        },
    ),
    row("keepalive_interval", "whole seconds of at least 1", "`1`", "Pause between probes.", |s, text| {
        s.tcp.keepalive.get_or_insert_default().interval = cast::whole_seconds(text)?;
        Ok(())
    }),
    row("keepalive_count", COUNT, "`2`", "Unanswered probes until the peer counts as dead.", |s, text| {
        s.tcp.keepalive.get_or_insert_default().count = cast::count(text)?;
        Ok(())
    }),
    row(
        "tcp_user_timeout",
        OPTIONAL_SECONDS,
        "`none`",
        "How long sent bytes may stay unacknowledged (Linux); the liveness check covers it too.",
        |s, text| {
            s.tcp.user_timeout = cast::optional_seconds(text)?;
            Ok(())
        },
    ),
    row(
        "happy_eyeballs_delay",
        SECONDS,
        "`0.25`",
        "How long one address of a name gets before the next is tried beside it.",
        |s, text| {
            s.tcp.happy_eyeballs_delay = cast::seconds(text)?;
            Ok(())
        },
    ),
    row(
        "health_check_interval",
        OPTIONAL_SECONDS,
        "`2`",
        "Silence after which a connection is sent a `PING`.",
        |s, text| {
            s.liveness.health_check_interval = cast::optional_seconds(text)?;
            Ok(())
        },
    ),
    row(
        "liveness_timeout",
        SECONDS,
        "twice the health-check interval and 0.5 s",
        "Total silence after which a connection counts as dead.",
        |s, text| {
            s.liveness.timeout = Some(cast::positive_seconds(text)?);
            Ok(())
        },
    ),
];

fn protocol(text: &str) -> Result<Protocol, BadValue> {
    match text.to_ascii_lowercase().as_str() {
        "2" | "resp2" => Ok(Protocol::Resp2),
        "3" | "resp3" => Ok(Protocol::Resp3),
        "auto" => Ok(Protocol::Auto),
        _ => Err(BadValue(None)),
    }
}

fn optional_word(text: &str) -> Result<Option<String>, BadValue> {
    if cast::is_none(text) { Ok(None) } else { cast::word(text).map(Some) }
}
