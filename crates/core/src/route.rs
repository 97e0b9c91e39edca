//! Which kind of connection a command needs: one that all share, or one of its own.

use carnelian_command::Request;
use carnelian_command::spec::{Blocking, RetryClass};

use crate::error::{Error, ErrorKind};

/// Where a command may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a connection that all share.
    Shared,
    /// On a connection of its own, since it waits on the server.
    Own,
}

/// Finds where a command may run on a client.
///
/// # Errors
///
/// It would change the connection for everybody who shares it.
#[inline]
pub fn place(request: &Request) -> Result<Place, Error> {
    if request.facts().is_plain() { Ok(Place::Shared) } else { place_by_name(request) }
}

/// The same for a command of which group and flags do not tell.
fn place_by_name(request: &Request) -> Result<Place, Error> {
    if let Some(advice) = request.facts().connection_state() {
        return Err(not_here(request, advice));
    }
    Ok(if waits(request) { Place::Own } else { Place::Shared })
}

/// True for a command that waits on the server by its nature, as it stands.
#[inline]
#[must_use]
pub fn waits(request: &Request) -> bool {
    match request.facts().blocking() {
        Blocking::Never => false,
        Blocking::Always => true,
        _ => waits_as_it_stands(request),
    }
}

#[cold]
fn waits_as_it_stands(request: &Request) -> bool {
    let arguments: Vec<&[u8]> = request.arguments().collect();
    request.facts().may_block(arguments.len(), |index| arguments.get(index).copied())
}

/// True for a command that does no harm when it runs twice.
#[inline]
#[must_use]
pub fn is_repeatable(request: &Request) -> bool {
    request.facts().retry_class() == RetryClass::ReadOnly
}

#[cold]
fn not_here(request: &Request, advice: &str) -> Error {
    let message = format!("{} changes the connection, which others share: {advice}", request.name());
    Error::new(ErrorKind::NotHere, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnelian_command::{Build, RawCommands as _};

    fn request(line: &str) -> Request {
        let mut words = line.split(' ');
        let raw = Build.command(words.next().unwrap());
        words.fold(raw, carnelian_command::Raw::arg).run::<()>().into_request()
    }

    #[test]
    fn waiting_commands_get_their_own_connection() {
        for (line, want) in [
            ("GET k", Place::Shared),
            ("BLPOP k 0", Place::Own),
            ("XREAD STREAMS s 0", Place::Shared),
            ("XREAD BLOCK 10 STREAMS s 0", Place::Own),
            ("WAIT 1 0", Place::Own),
        ] {
            assert_eq!(place(&request(line)).unwrap(), want, "{line}");
        }
    }

    #[test]
    fn what_changes_the_connection_is_refused() {
        for line in ["SELECT 1", "MULTI", "SUBSCRIBE c", "CLIENT REPLY OFF", "AUTH pw", "MONITOR"] {
            let error = place(&request(line)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotHere, "{line}");
            assert!(!error.may_have_run() && !error.to_string().contains("pw"));
        }
    }

    #[test]
    fn reads_may_be_repeated_and_writes_may_not() {
        assert!(is_repeatable(&request("GET k")) && is_repeatable(&request("PING")));
        assert!(!is_repeatable(&request("INCR k")) && !is_repeatable(&request("my.own k")));
    }
}
