//! One command on its way: its arguments, encoded as they are added, and the facts about it.
//!
//! The encoded arguments lie inline up to a size that everyday commands stay under, so that building one allocates
//! nothing, and handing it to a connection is one copy.

use std::fmt;
use std::marker::PhantomData;

use carnelian_resp::{Reader, Token};

use crate::encoded::{Encoded, Whole};
use crate::spec::Facts;
use crate::{ArgWriter, FromReply, ToArg, ToArgs, ToPairs};

/// A command with its arguments, whatever its reply.
#[derive(Clone)]
pub struct Request {
    facts: &'static Facts,
    /// Bit n: argument n was added as a key. Only the first 64 arguments are noted; the facts know the rest.
    keys: u64,
    encoded: Encoded,
}

impl Request {
    /// The command of these facts, without arguments yet.
    #[inline]
    #[must_use]
    pub fn new(facts: &'static Facts) -> Self {
        Self { facts, keys: 0, encoded: Encoded::starting_with(usize::from(facts.words), facts.wire) }
    }

    /// A command by a name that the table of facts doesn't know.
    #[must_use]
    pub fn unknown(words: &[&[u8]]) -> Self {
        let encoded = Encoded::starting_with(0, b"");
        let mut request = Self { facts: &crate::spec::UNKNOWN, keys: 0, encoded };
        for word in words {
            request.push(*word);
        }
        request
    }

    /// Adds an argument.
    #[inline]
    pub fn push(&mut self, argument: impl ToArg) {
        argument.write(&mut ArgWriter::new(&mut self.encoded));
    }

    /// Adds an argument that is a key.
    #[inline]
    pub fn push_key(&mut self, key: impl ToArg) {
        if self.encoded.count < 64 {
            self.keys |= 1 << self.encoded.count;
        }
        self.push(key);
    }

    /// Marks every argument from `first` on that is there now as a key.
    fn mark_keys_from(&mut self, first: usize) {
        for argument in first..self.encoded.count.min(64) {
            self.keys |= 1 << argument;
        }
    }

    /// Takes other facts for the same arguments: a command by hand whose name has become whole.
    pub(crate) const fn set_facts(&mut self, facts: &'static Facts) {
        self.facts = facts;
    }

    /// The facts of this command.
    #[must_use]
    pub const fn facts(&self) -> &'static Facts {
        self.facts
    }

    /// How many arguments there are, the name included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.encoded.count
    }

    /// True for a command without even a name, which no server takes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.encoded.count == 0
    }

    /// The name, for errors and traces. Of an unknown command it is the first argument.
    #[must_use]
    pub fn name(&self) -> String {
        if self.facts.name.is_empty() {
            String::from_utf8_lossy(self.arguments().next().unwrap_or_default()).to_uppercase()
        } else {
            self.facts.name.to_owned()
        }
    }

    /// All arguments, the name's words first.
    pub fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        let mut reader = Reader::new(self.encoded.arguments());
        std::iter::from_fn(move || match reader.token() {
            Ok(Token::Bulk(argument)) => Some(argument),
            _ => None,
        })
    }

    /// Which of the first 64 arguments were added as keys, as bits.
    #[must_use]
    pub const fn key_bits(&self) -> u64 {
        self.keys
    }

    /// How many bytes [`write`](Self::write) will add, at most.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.encoded.arguments().len() + 24
    }

    /// Writes the command at the end of `out`.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        self.encoded.write(out);
    }

    /// The whole command in a block of its own that can be shared, when it is too large to lie inline.
    #[inline]
    #[must_use]
    pub fn whole(&self) -> Option<&Whole> {
        self.encoded.whole()
    }

    /// This request with a type for its reply.
    #[inline]
    #[must_use]
    pub const fn typed<R: FromReply>(self) -> Command<R> {
        Command { request: self, reply: PhantomData }
    }
}

/// The arguments may be anybody's data, so only the name and their number are shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("name", &self.name()).field("arguments", &self.encoded.count).finish()
    }
}

/// A command whose reply is to become an `R`.
pub struct Command<R> {
    request: Request,
    reply: PhantomData<fn() -> R>,
}

impl<R: FromReply> Command<R> {
    /// The command of these facts, without arguments yet.
    #[inline]
    #[must_use]
    pub fn new(facts: &'static Facts) -> Self {
        Request::new(facts).typed()
    }

    /// Adds an argument.
    #[inline]
    #[must_use]
    pub fn arg(mut self, argument: impl ToArg) -> Self {
        self.request.push(argument);
        self
    }

    /// Adds an argument, or none.
    #[inline]
    #[must_use]
    pub fn optional(self, argument: Option<impl ToArg>) -> Self {
        match argument {
            Some(argument) => self.arg(argument),
            None => self,
        }
    }

    /// Adds a bare word such as `NX`, if `wanted`.
    #[inline]
    #[must_use]
    pub fn word_if(self, wanted: bool, word: &'static str) -> Self {
        if wanted { self.arg(word) } else { self }
    }

    /// Adds an argument that is a key.
    #[inline]
    #[must_use]
    pub fn key(mut self, key: impl ToArg) -> Self {
        self.request.push_key(key);
        self
    }

    /// Adds any number of arguments.
    #[inline]
    #[must_use]
    pub fn args(mut self, arguments: impl ToArgs) -> Self {
        arguments.write_all(&mut ArgWriter::new(&mut self.request.encoded));
        self
    }

    /// Adds any number of arguments that are keys.
    #[inline]
    #[must_use]
    pub fn keys(mut self, keys: impl ToArgs) -> Self {
        let first = self.request.encoded.count;
        keys.write_all(&mut ArgWriter::new(&mut self.request.encoded));
        self.request.mark_keys_from(first);
        self
    }

    /// Adds the number of keys and then the keys, as commands like ZUNION want them.
    #[inline]
    #[must_use]
    pub fn counted_keys(self, keys: impl ToArgs) -> Self {
        let count = keys.count();
        self.arg(count).keys(keys)
    }

    /// Adds pairs: fields and values, keys and values.
    #[inline]
    #[must_use]
    pub fn pairs(mut self, pairs: impl ToPairs) -> Self {
        pairs.write_pairs(&mut ArgWriter::new(&mut self.request.encoded));
        self
    }

    /// Adds pairs whose first halves are keys, as MSET has them.
    #[inline]
    #[must_use]
    pub fn key_pairs(mut self, pairs: impl ToPairs) -> Self {
        let first = self.request.encoded.count;
        pairs.write_pairs(&mut ArgWriter::new(&mut self.request.encoded));
        for argument in (first..self.request.encoded.count.min(64)).step_by(2) {
            self.request.keys |= 1 << argument;
        }
        self
    }

    /// The same command with another type for its reply.
    #[must_use]
    pub fn into_typed<T: FromReply>(self) -> Command<T> {
        self.request.typed()
    }
}

impl<R> Command<R> {
    /// The command without the type of its reply.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Gives up the type of the reply.
    #[inline]
    #[must_use]
    pub fn into_request(self) -> Request {
        self.request
    }
}

impl<R> Clone for Command<R> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), reply: PhantomData }
    }
}

impl<R> fmt::Debug for Command<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    #[test]
    fn encodes_what_the_server_wants() {
        let command =
            Command::<()>::new(&spec::SET).key("k").arg(5).optional(None::<i64>).word_if(true, "NX");
        let mut out = Vec::new();
        command.request().write(&mut out);
        assert_eq!(out, b"*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n5\r\n$2\r\nNX\r\n");
        assert_eq!(command.request().key_bits(), 0b10);
        assert!(command.request().whole().is_none());
    }

    #[test]
    fn large_arguments_move_to_the_heap_and_come_out_the_same() {
        for size in [1, 60, 90, 95, 99, 100, 104, 300, 70_000] {
            let value = vec![b'v'; size];
            let command = Command::<()>::new(&spec::SET).key("key").arg(&value[..]).arg("GET");
            let mut out = Vec::new();
            command.request().write(&mut out);
            assert_eq!(
                command.request().arguments().collect::<Vec<_>>(),
                [b"SET", b"key", &value[..], b"GET"]
            );
            assert!(command.request().whole().is_none_or(|whole| whole.bytes() == out), "{size}");
        }
    }

    #[test]
    fn keys_are_known() {
        let command = Command::<()>::new(&spec::MSET).key_pairs([("a", 1), ("b", 2)]);
        assert_eq!(command.request().key_bits(), 0b1010);
        let command = Command::<()>::new(&spec::SINTERCARD).counted_keys(["a", "b"]);
        assert_eq!(command.request().key_bits(), 0b1100);
        assert_eq!(command.request().arguments().nth(1), Some(&b"2"[..]));
    }

    #[test]
    fn debug_shows_no_arguments() {
        let command = Command::<()>::new(&spec::SET).key("k").arg("secret");
        assert_eq!(format!("{command:?}"), r#"Request { name: "SET", arguments: 3 }"#);
    }
}
