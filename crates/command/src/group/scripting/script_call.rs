//! A call of a script: its keys and arguments, from which both EVALSHA and EVAL can be made.

use std::fmt;

use super::script::Script;
use crate::{ArgWriter, Command, FromReply, Request, ToArg, ToArgs, spec};

/// A call of a [`Script`], with its keys and arguments; each list is in the order in which it was given.
///
/// [`evalsha`](Self::evalsha) is the command to [run](crate::Executor::run); when the server answers `NOSCRIPT`,
/// [`eval`](Self::eval) is the one to run after it: then its cache has the script.
///
/// # Example: a transfer of points, all or nothing
///
/// Too low a balance is no error, but an outcome with a type. The script makes sure of everything before it writes, since
/// a script that fails in the middle is not rolled back. (Lua counts exactly up to 2⁵³.)
///
/// ```
/// use std::sync::LazyLock;
/// use carnelian_command::{Command, DecodeError, FromReply, Value, group::Script};
/// use carnelian_resp::Reader;
///
/// static TRANSFER: LazyLock<Script> = LazyLock::new(|| {
///     Script::new(
///         "local amount = tonumber(ARGV[1])
///         if not amount or amount <= 0 then
///             return redis.error_reply('ERR the amount must be above 0')
///         end
///         local balance = redis.call('GET', KEYS[1]) or '0'
///         if not string.match(balance, '^-?%d+$') then
///             return redis.error_reply('ERR the balance is not a whole number')
///         end
///         if tonumber(balance) < amount then
///             return {'insufficient', balance}
///         end
///         redis.call('INCRBY', KEYS[2], ARGV[1])
///         return {'done', redis.call('DECRBY', KEYS[1], ARGV[1])}",
///     )
/// });
///
/// #[derive(Debug, PartialEq)]
/// enum Transfer {
///     /// The points have moved.
///     Done { left: i64 },
///     /// There are not enough of them. Nothing has changed.
///     InsufficientBalance { balance: i64 },
/// }
///
/// impl FromReply for Transfer {
///     fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
///         let (outcome, points): (String, i64) = FromReply::from_reply(reader)?;
///         match outcome.as_str() {
///             "done" => Ok(Self::Done { left: points }),
///             "insufficient" => Ok(Self::InsufficientBalance { balance: points }),
///             _ => Err(DecodeError::invalid("the reply is no outcome of a transfer")),
///         }
///     }
/// }
///
/// let transfer: Command<Transfer> = TRANSFER.keys(["{points}:ada", "{points}:bob"]).arg(30).evalsha();
/// assert_eq!(transfer.request().len(), 6);
///
/// let reply = Value::Array(vec![Value::Bytes("insufficient".into()), Value::Bytes("20".into())]);
/// assert_eq!(reply.into_typed(), Ok(Transfer::InsufficientBalance { balance: 20 }));
/// ```
#[derive(Clone)]
#[must_use = "a call does nothing until one of its commands is run"]
pub struct ScriptCall {
    script: Script,
    keys: Listed,
    args: Listed,
}

impl ScriptCall {
    pub(super) fn new(script: Script) -> Self {
        Self { script, keys: Listed::new(), args: Listed::new() }
    }

    /// Adds a key.
    pub fn key(mut self, key: impl ToArg) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds any number of keys.
    pub fn keys(mut self, keys: impl ToArgs) -> Self {
        self.keys = self.keys.and(keys);
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl ToArg) -> Self {
        self.args.push(argument);
        self
    }

    /// Adds any number of arguments.
    pub fn args(mut self, arguments: impl ToArgs) -> Self {
        self.args = self.args.and(arguments);
        self
    }

    /// The script that is called.
    #[must_use]
    pub const fn script(&self) -> &Script {
        &self.script
    }

    /// The call by the hash: EVALSHA, or EVALSHA_RO for a script that only reads. The error `NOSCRIPT` says that the
    /// server's cache does not have the script (any more), and that nothing was run.
    #[must_use]
    pub fn evalsha<R: FromReply>(&self) -> Command<R> {
        let facts = if self.script.is_read_only() { &spec::EVALSHA_RO } else { &spec::EVALSHA };
        self.with_arguments(Command::new(facts).arg(self.script.sha1()))
    }

    /// The call by the source: EVAL, or EVAL_RO for a script that only reads. It always works, and puts the script into
    /// the server's cache.
    #[must_use]
    pub fn eval<R: FromReply>(&self) -> Command<R> {
        let facts = if self.script.is_read_only() { &spec::EVAL_RO } else { &spec::EVAL };
        self.with_arguments(Command::new(facts).arg(self.script.source()))
    }

    fn with_arguments<R: FromReply>(&self, command: Command<R>) -> Command<R> {
        command.counted_keys(&self.keys).args(&self.args)
    }
}

/// Keys and arguments may be anybody's data.
impl fmt::Debug for ScriptCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ScriptCall");
        shown.field("script", &self.script).field("keys", &self.keys.count());
        shown.field("args", &self.args.count()).finish()
    }
}

/// Arguments kept until it is known for which command: a request without a name, which lies inline while it is small.
#[derive(Clone)]
struct Listed(Request);

impl Listed {
    fn new() -> Self {
        Self(Request::unknown(&[]))
    }

    fn push(&mut self, argument: impl ToArg) {
        self.0.push(argument);
    }

    fn and(self, arguments: impl ToArgs) -> Self {
        Self(self.0.typed::<()>().args(arguments).into_request())
    }
}

impl ToArgs for Listed {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        for argument in self.0.arguments() {
            to.write(argument);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::RetryClass;

    fn line<R>(command: &Command<R>) -> String {
        let words = command.request().arguments().map(String::from_utf8_lossy);
        words.collect::<Vec<_>>().join(" ")
    }

    const SHA1: &str = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";

    #[test]
    fn both_commands_have_the_same_keys_and_arguments() {
        let call = Script::new("return 1").key("a").arg(7).keys(["b", "c"]).args(("x", 1.5));
        let (by_hash, by_source) = (call.evalsha::<i64>(), call.eval::<i64>());
        assert_eq!(line(&by_hash), format!("EVALSHA {SHA1} 3 a b c 7 x 1.5"));
        assert_eq!(line(&by_source), "EVAL return 1 3 a b c 7 x 1.5");
        assert_eq!((by_hash.request().key_bits(), by_source.request().key_bits()), (0b11_1000, 0b11_1000));
        assert_eq!(by_hash.request().facts().retry_class(), RetryClass::Write);
    }

    #[test]
    fn scripts_that_only_read_are_sent_as_such() {
        let call = Script::read_only("return 1").call();
        assert_eq!(line(&call.evalsha::<i64>()), format!("EVALSHA_RO {SHA1} 0"));
        assert_eq!(line(&call.eval::<i64>()), "EVAL_RO return 1 0");
        assert_eq!(call.evalsha::<i64>().request().facts().retry_class(), RetryClass::ReadOnly);
        assert_eq!(call.eval::<i64>().request().facts().retry_class(), RetryClass::ReadOnly);
    }

    #[test]
    fn a_call_may_begin_with_anything() {
        let script = Script::new("return 1");
        let tail = |call: ScriptCall| line(&call.eval::<()>()).split_off("EVAL return 1 ".len());
        assert_eq!(tail(script.key("k")), "1 k");
        assert_eq!(tail(script.keys(("k", 2))), "2 k 2");
        assert_eq!(tail(script.arg("a")), "0 a");
        assert_eq!(tail(script.args(["a", "b"]).key("k")), "1 k a b");
    }

    #[test]
    fn large_arguments_come_through() {
        let large = "v".repeat(70_000);
        let call = Script::new("return 1").key("k").arg(&large).arg("end");
        let command = call.evalsha::<()>();
        let arguments: Vec<_> = command.request().arguments().skip(3).collect();
        assert_eq!(arguments, [b"k", large.as_bytes(), b"end"]);
    }

    #[test]
    fn debug_shows_no_arguments() {
        let call = Script::new("return 1").key("k").arg("secret");
        let shown = format!("{call:?}");
        assert!(shown.contains(SHA1) && shown.contains("keys: 1") && !shown.contains("secret"), "{shown}");
    }
}
