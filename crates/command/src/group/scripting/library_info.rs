//! What FUNCTION LIST says: a library and its functions.

use std::collections::BTreeMap;

use carnelian_resp::Reader;

use crate::{DecodeError, FromReply, Value};

/// A library that a server has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LibraryInfo {
    /// Its name.
    pub name: String,
    /// The engine that runs it, such as `LUA`.
    pub engine: String,
    /// Its functions, in no order.
    pub functions: Vec<FunctionInfo>,
    /// Its source, if that was asked for.
    pub code: Option<String>,
}

/// A function of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionInfo {
    /// Its name, which no function of another library has.
    pub name: String,
    /// What it was registered with to describe it.
    pub description: Option<String>,
    /// What it was registered with to say how it may run: `no-writes`, `allow-oom`, `allow-stale`, `no-cluster`,
    /// `allow-cross-slot-keys`; in order.
    pub flags: Vec<String>,
}

impl FunctionInfo {
    /// True for a function that [`fcall_ro`](super::FunctionCommands::fcall_ro) takes.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.flags.iter().any(|flag| flag == "no-writes")
    }
}

/// A flat list of names and values in RESP2, a map in RESP3.
impl FromReply for LibraryInfo {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::<String, Value>::from_reply(reader)?;
        let mut field = |name| map.remove(name).unwrap_or(Value::Nil);
        Ok(Self {
            name: field("library_name").into_typed()?,
            engine: field("engine").into_typed()?,
            functions: field("functions").into_typed()?,
            code: field("library_code").into_typed()?,
        })
    }
}

/// The flags are a set, which has no order of its own.
impl FromReply for FunctionInfo {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::<String, Value>::from_reply(reader)?;
        let mut field = |name| map.remove(name).unwrap_or(Value::Nil);
        let (name, description) = (field("name").into_typed()?, field("description").into_typed()?);
        let mut flags: Vec<String> = field("flags").into_typed::<Option<_>>()?.unwrap_or_default();
        flags.sort();
        Ok(Self { name, description, flags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    const RESP2: &str = "*1\r\n*8\r\n$12\r\nlibrary_name\r\n$5\r\nmylib\r\n$6\r\nengine\r\n$3\r\nLUA\r\n\
        $9\r\nfunctions\r\n*2\r\n*6\r\n$4\r\nname\r\n$1\r\ng\r\n$11\r\ndescription\r\n$5\r\nreads\r\n\
        $5\r\nflags\r\n*2\r\n+no-writes\r\n+allow-stale\r\n*6\r\n$4\r\nname\r\n$1\r\nf\r\n\
        $11\r\ndescription\r\n$-1\r\n$5\r\nflags\r\n*0\r\n$12\r\nlibrary_code\r\n$3\r\n#!x\r\n";

    const RESP3: &str = "*1\r\n%4\r\n$12\r\nlibrary_name\r\n$5\r\nmylib\r\n$6\r\nengine\r\n$3\r\nLUA\r\n\
        $9\r\nfunctions\r\n*2\r\n%3\r\n$4\r\nname\r\n$1\r\ng\r\n$11\r\ndescription\r\n$5\r\nreads\r\n\
        $5\r\nflags\r\n~2\r\n+no-writes\r\n+allow-stale\r\n%3\r\n$4\r\nname\r\n$1\r\nf\r\n\
        $11\r\ndescription\r\n_\r\n$5\r\nflags\r\n~0\r\n$12\r\nlibrary_code\r\n$3\r\n#!x\r\n";

    #[test]
    fn libraries_are_the_same_in_both_protocols() {
        let [from2, from3] = [RESP2, RESP3].map(|reply| read::<Vec<LibraryInfo>>(reply).unwrap());
        assert_eq!(from2, from3);
        let [library] = &from2[..] else { panic!("{from2:?}") };
        assert_eq!((library.name.as_str(), library.engine.as_str()), ("mylib", "LUA"));
        assert_eq!(library.code.as_deref(), Some("#!x"));
        let [g, f] = &library.functions[..] else { panic!("{library:?}") };
        assert_eq!((g.name.as_str(), g.description.as_deref()), ("g", Some("reads")));
        assert_eq!(g.flags, ["allow-stale", "no-writes"]);
        assert_eq!((f.name.as_str(), f.description.as_deref(), f.flags.len()), ("f", None, 0));
        assert!(g.is_read_only() && !f.is_read_only());
    }

    #[test]
    fn a_library_without_source_and_functions() {
        let reply = "%3\r\n+library_name\r\n+a\r\n+engine\r\n+LUA\r\n+functions\r\n*0\r\n";
        let library = read::<LibraryInfo>(reply).unwrap();
        assert_eq!((library.functions.len(), library.code), (0, None));
        assert!(read::<LibraryInfo>("%1\r\n+engine\r\n+LUA\r\n").is_err());
    }
}
