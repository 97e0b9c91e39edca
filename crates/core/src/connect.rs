//! Making a connection, as far as it needs no socket: the order of addresses, and what to tell when it fails.

use core::net::SocketAddr;
use std::io;
use std::time::Duration;

use crate::config::CredentialError;
use crate::{Error, ErrorKind};

/// Alternates between the families, beginning with the resolver's first choice, as RFC 8305 has it.
#[must_use]
pub fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut other = other.into_iter();
    let mut mixed: Vec<_> =
        preferred.into_iter().flat_map(|address| [Some(address), other.next()]).flatten().collect();
    mixed.extend(other);
    mixed
}

/// It took too long.
#[must_use]
pub fn too_slow(address: &str, limit: Duration) -> Error {
    let message =
        format!("no connection to {address} within {limit:?}; is the address right, and the server up?");
    Error::new(ErrorKind::Timeout, message)
}

/// The server took the connection, but said nothing to the start of TLS: servers without it wait for a line of text.
#[must_use]
pub fn tls_too_slow(address: &str, limit: Duration) -> Error {
    let message = format!(
        "no TLS with {address} within {limit:?}; is this the server's TLS port (tls-port), and the server up?"
    );
    Error::new(ErrorKind::Timeout, message)
}

/// The socket did not connect.
#[must_use]
pub fn unreachable(address: &str, error: io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::ConnectionRefused => "; is the server running there?",
        io::ErrorKind::NotFound => "; does the socket exist?",
        io::ErrorKind::PermissionDenied => "; may this user use the socket?",
        _ => "",
    };
    let message = format!("could not connect to {address}: {error}{advice}");
    Error::new(ErrorKind::Connection, message).because(error)
}

/// A target of a kind that this driver makes no connection to.
#[must_use]
pub fn no_socket(address: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{address} can't be connected to"))
}

/// TLS was asked for in a build without it.
#[must_use]
pub fn no_tls() -> Error {
    Error::new(ErrorKind::Config, "TLS was asked for, but this build is without the feature `tls`")
}

/// TLS did not come about; `why` in words, where more is known than the error itself says.
#[must_use]
pub fn not_secured(address: &str, why: Option<String>, error: io::Error) -> Error {
    let why = why.unwrap_or_else(|| format!("{error}; does the server speak TLS on this port?"));
    Error::new(ErrorKind::Tls, format!("no TLS with {address}: {why}")).because(error)
}

/// The provider of credentials has none.
#[must_use]
pub fn no_credentials(error: CredentialError) -> Error {
    Error::new(ErrorKind::Authentication, error.to_string()).because(error)
}

/// The connection broke before it could be used.
#[must_use]
pub fn broken(address: &str, why: &str) -> Error {
    Error::new(ErrorKind::Connection, format!("no connection to {address}: {why}"))
}

/// The server closed the connection before it could be used.
#[must_use]
pub fn hung_up(address: &str) -> Error {
    broken(address, "the server closed the connection while it was being set up")
}

/// The server closed a connection without TLS before it could be used.
#[must_use]
pub fn hung_up_in_the_clear(address: &str) -> Error {
    broken(
        address,
        "the server closed the connection while it was being set up; does it want TLS on this port (rediss://)?",
    )
}

/// What came is no RESP.
#[must_use]
pub fn no_resp(address: &str, why: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("{address} does not speak RESP: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"];
        let mixed = interleave(addresses.iter().map(|address| address.parse().unwrap()).collect());
        let mixed: Vec<String> = mixed.iter().map(ToString::to_string).collect();
        assert_eq!(mixed, ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"]);
    }

    #[test]
    fn failures_say_what_to_look_at() {
        let error = unreachable("h:1", io::ErrorKind::ConnectionRefused.into());
        assert!(error.to_string().ends_with("is the server running there?"), "{error}");
        assert!(error.is_retryable() && !error.may_have_run());
    }
}
