//! A library of functions as a value: its source and its name, read off its first line.

use std::borrow::Cow;
use std::fmt;

use super::source::Source;
use crate::{Command, spec};

/// A library of functions, made of its source. A clone is cheap.
///
/// ```
/// use carnelian_command::{Build, group::{FunctionCommands as _, Library}};
///
/// let library = Library::new(
///     "#!lua name=points
///     redis.register_function('add_points', function(keys, args)
///         return redis.call('HINCRBY', keys[1], 'points', args[1])
///     end)",
/// )?;
/// assert_eq!((library.name(), library.engine()), ("points", "lua"));
/// let load = library.load_replace();
/// let call = Build.fcall::<i64>("add_points", "player:1", 20);
/// # assert_eq!((load.request().len(), call.request().len()), (4, 5));
/// # Ok::<(), carnelian_command::group::LibraryError>(())
/// ```
#[derive(Clone)]
pub struct Library {
    source: Source,
    name: Box<str>,
    engine: Box<str>,
}

/// Why a source is no library. The servers refuse it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// The first line doesn't say which engine runs it.
    #[error("a library begins with a line that names its engine and itself, such as `#!lua name=mylib`")]
    NoFirstLine,
    /// The first line has no `name=`.
    #[error("the first line of a library names it, as in `#!lua name=mylib`")]
    NoName,
    /// The name has other letters than those that are allowed, or there are two names.
    #[error("a library has one name, of ASCII letters, digits and underscores")]
    InvalidName,
    /// The first line has something else than `name=`.
    #[error("the first line of a library has its engine and its name, and nothing else")]
    UnknownWord,
}

impl Library {
    /// A library whose first line is such as `#!lua name=mylib`.
    ///
    /// # Errors
    ///
    /// The first line is not of that kind.
    pub fn new(source: impl Into<Cow<'static, str>>) -> Result<Self, LibraryError> {
        let source = Source::from(source.into());
        let (engine, name) = first_line(source.text())?;
        let (engine, name) = (engine.into(), name.into());
        Ok(Self { source, name, engine })
    }

    /// The name, which no other library on a server has.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The engine that runs it, such as `lua`.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &str {
        self.source.text()
    }

    /// FUNCTION LOAD: makes the library on a server; its name. It is an error if there is one of that name.
    #[must_use]
    pub fn load(&self) -> Command<String> {
        Command::new(&spec::FUNCTION_LOAD).arg(self.source())
    }

    /// FUNCTION LOAD REPLACE: makes the library on a server, in place of the one of that name; its name.
    #[must_use]
    pub fn load_replace(&self) -> Command<String> {
        Command::new(&spec::FUNCTION_LOAD).arg("REPLACE").arg(self.source())
    }
}

/// The engine and the name of a library.
fn first_line(source: &str) -> Result<(&str, &str), LibraryError> {
    let line = source.strip_prefix("#!").and_then(|rest| rest.lines().next());
    let mut words = line.unwrap_or_default().split_ascii_whitespace();
    let engine = words.next().ok_or(LibraryError::NoFirstLine)?;
    let mut found = None;
    for word in words {
        let name = name_of(word).ok_or(LibraryError::UnknownWord)?;
        if found.replace(name).is_some() {
            return Err(LibraryError::InvalidName);
        }
    }
    let name = found.ok_or(LibraryError::NoName)?;
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(valid) {
        return Err(LibraryError::InvalidName);
    }
    Ok((engine, name))
}

/// What is behind `name=`, in capitals or not, with or without quotes.
fn name_of(word: &str) -> Option<&str> {
    let (key, name) = word.split_once('=')?;
    let unquoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    key.eq_ignore_ascii_case("name").then(|| unquoted.unwrap_or(name))
}

/// The source is long, and perhaps nobody's business.
impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("name", &self.name).field("engine", &self.engine).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_engine_and_name() {
        for source in
            ["#!lua name=my_lib2\nrest name=other", "#!lua  NAME=my_lib2\r\nrest", "#!lua name=\"my_lib2\""]
        {
            let library = Library::new(source).unwrap();
            assert_eq!((library.engine(), library.name(), library.source()), ("lua", "my_lib2", source));
        }
    }

    #[test]
    fn what_servers_refuse_is_refused() {
        for (source, why) in [
            ("", LibraryError::NoFirstLine),
            ("return 1", LibraryError::NoFirstLine),
            ("\n#!lua name=a", LibraryError::NoFirstLine),
            ("#!\nlua name=a", LibraryError::NoFirstLine),
            ("#!lua\nname=a", LibraryError::NoName),
            ("#!lua name=", LibraryError::InvalidName),
            ("#!lua name=a-b", LibraryError::InvalidName),
            ("#!lua name=\"a b\"", LibraryError::UnknownWord),
            ("#!lua name=a name=b", LibraryError::InvalidName),
            ("#!lua name=a flags=no-writes", LibraryError::UnknownWord),
        ] {
            assert_eq!(Library::new(source).unwrap_err(), why, "{source:?}");
        }
    }

    #[test]
    fn source_is_sent_and_not_shown() {
        let library = Library::new(String::from("#!lua name=a\nsecret")).unwrap();
        let line = |command: Command<String>| {
            let words: Vec<_> = command.request().arguments().map(<[u8]>::to_vec).collect();
            String::from_utf8(words.join(&b' ')).unwrap()
        };
        assert_eq!(line(library.load()), "FUNCTION LOAD #!lua name=a\nsecret");
        assert_eq!(line(library.load_replace()), "FUNCTION LOAD REPLACE #!lua name=a\nsecret");
        assert!(!format!("{library:?}").contains("secret"));
    }
}
