//! A script as a value: its source and its hash, computed once.

use std::borrow::Cow;
use std::fmt;

use super::script_call::ScriptCall;
use super::source::Source;
use crate::{Command, ToArg, ToArgs, spec};

/// A script, made of its source once and called as often as you like.
///
/// A server knows a script by the SHA-1 of its source, so a call only has to send that, not the source. Keep a script in
/// a [`LazyLock`](std::sync::LazyLock). A clone is cheap.
///
/// # Example: compare and delete
///
/// Deletes a key if it has the value that is expected; how many keys were deleted. That is how a lock is given up by its
/// owner, and by nobody else.
///
/// ```
/// use std::sync::LazyLock;
/// use carnelian_command::{Command, ToArg, group::Script};
///
/// static COMPARE_AND_DELETE: LazyLock<Script> = LazyLock::new(|| {
///     Script::new(
///         "if redis.call('GET', KEYS[1]) == ARGV[1] then
///             return redis.call('DEL', KEYS[1])
///         end
///         return 0",
///     )
/// });
///
/// /// Whether the key was deleted.
/// fn compare_and_delete(key: impl ToArg, expected: impl ToArg) -> Command<bool> {
///     COMPARE_AND_DELETE.key(key).arg(expected).evalsha()
/// }
///
/// let command = compare_and_delete("lock", "my token");
/// let arguments: Vec<_> = command.request().arguments().collect();
/// assert_eq!(arguments[1], COMPARE_AND_DELETE.sha1().as_bytes());
/// assert_eq!(arguments[2..], [&b"1"[..], b"lock", b"my token"]);
/// ```
#[derive(Clone)]
pub struct Script {
    source: Source,
    sha1: [u8; 40],
    read_only: bool,
}

impl Script {
    /// A script that may write.
    #[must_use]
    pub fn new(source: impl Into<Cow<'static, str>>) -> Self {
        let source = Source::from(source.into());
        let sha1 = hexadecimal(sha1_smol::Sha1::from(source.text()).digest().bytes());
        Self { source, sha1, read_only: false }
    }

    /// A script that only reads, and is called by EVALSHA_RO and EVAL_RO (Redis 7.0): the server refuses its writes. So it
    /// may be sent again after a lost connection, may go to a replica, and can be killed at any moment.
    #[must_use]
    pub fn read_only(source: impl Into<Cow<'static, str>>) -> Self {
        Self { read_only: true, ..Self::new(source) }
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &str {
        self.source.text()
    }

    /// The SHA-1 of the source, as 40 hexadecimal digits: what the servers know the script by.
    #[must_use]
    pub fn sha1(&self) -> &str {
        std::str::from_utf8(&self.sha1).unwrap_or_default()
    }

    /// True for a script made by [`read_only`](Self::read_only).
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Begins a call, so far without keys and arguments.
    pub fn call(&self) -> ScriptCall {
        ScriptCall::new(self.clone())
    }

    /// Begins a call with a key.
    pub fn key(&self, key: impl ToArg) -> ScriptCall {
        self.call().key(key)
    }

    /// Begins a call with any number of keys.
    pub fn keys(&self, keys: impl ToArgs) -> ScriptCall {
        self.call().keys(keys)
    }

    /// Begins a call with an argument.
    pub fn arg(&self, argument: impl ToArg) -> ScriptCall {
        self.call().arg(argument)
    }

    /// Begins a call with any number of arguments.
    pub fn args(&self, arguments: impl ToArgs) -> ScriptCall {
        self.call().args(arguments)
    }

    /// SCRIPT LOAD: puts the script into a server's cache without running it; its hash.
    #[must_use]
    pub fn load(&self) -> Command<String> {
        Command::new(&spec::SCRIPT_LOAD).arg(self.source())
    }
}

fn hexadecimal(digest: [u8; 20]) -> [u8; 40] {
    const fn digit(value: u8) -> u8 {
        if value < 10 { b'0' + value } else { b'a' + value - 10 }
    }
    let mut digits = [0; 40];
    for (byte, pair) in digest.iter().zip(digits.chunks_exact_mut(2)) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    digits
}

/// The source is long, and perhaps nobody's business.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("sha1", &self.sha1()).field("read_only", &self.read_only).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static ONE: LazyLock<Script> = LazyLock::new(|| Script::new("return 1"));

    /// The hash that a server gives this source.
    const SHA1: &str = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";

    #[test]
    fn hashed_as_the_servers_do() {
        assert_eq!(ONE.sha1(), SHA1);
        assert_eq!(Script::new(String::from("return 1")).sha1(), SHA1);
        assert_eq!(Script::new("").sha1(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }

    #[test]
    fn source_is_kept_and_not_shown() {
        let script = Script::read_only(format!("return '{}'", "secret"));
        assert_eq!((script.source(), script.is_read_only()), ("return 'secret'", true));
        assert!(!format!("{script:?}").contains("secret"));
        assert_eq!(format!("{:?}", *ONE), format!("Script {{ sha1: {SHA1:?}, read_only: false }}"));
    }

    #[test]
    fn loading_sends_the_source() {
        let load = ONE.load();
        let arguments: Vec<_> = load.request().arguments().collect();
        assert_eq!(arguments, [&b"SCRIPT"[..], b"LOAD", b"return 1"]);
    }
}
