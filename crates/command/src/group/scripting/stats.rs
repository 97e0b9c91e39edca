//! What FUNCTION STATS says: the function that runs, and how many each engine has.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use carnelian_resp::Reader;

use crate::{DecodeError, FromReply, Value};

/// The functions of a server at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionStats {
    /// The function that is running; the server only gets to say so once it takes long.
    pub running: Option<RunningFunction>,
    /// What each engine has, by its name, such as `LUA`.
    pub engines: BTreeMap<String, ScriptEngine>,
}

/// A function that is running.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunningFunction {
    /// Its name.
    pub name: String,
    /// The command that called it, with all arguments.
    pub command: Vec<Bytes>,
    /// For how long it has been running, in whole milliseconds.
    pub duration: Duration,
}

/// The arguments may be anybody's data.
impl std::fmt::Debug for RunningFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("RunningFunction");
        shown.field("name", &self.name).field("arguments", &self.command.len());
        shown.field("duration", &self.duration).finish()
    }
}

/// What an engine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptEngine {
    /// How many libraries.
    pub libraries: u64,
    /// How many functions in all of them.
    pub functions: u64,
}

impl FromReply for FunctionStats {
    const SHARES: bool = true;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::<String, Value>::from_reply(reader)?;
        let mut field = |name| map.remove(name).unwrap_or(Value::Nil);
        Ok(Self { running: field("running_script").into_typed()?, engines: field("engines").into_typed()? })
    }
}

impl FromReply for RunningFunction {
    const SHARES: bool = true;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::<String, Value>::from_reply(reader)?;
        let mut field = |name| map.remove(name).unwrap_or(Value::Nil);
        Ok(Self {
            name: field("name").into_typed()?,
            command: field("command").into_typed()?,
            duration: Duration::from_millis(field("duration_ms").into_typed()?),
        })
    }
}

impl FromReply for ScriptEngine {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let map = BTreeMap::<String, u64>::from_reply(reader)?;
        let field = |name| map.get(name).copied().unwrap_or_default();
        Ok(Self { libraries: field("libraries_count"), functions: field("functions_count") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    /// The reply with maps written as `open`, which is told how many pairs there are.
    fn stats(running: &str, open: fn(usize) -> String) -> FunctionStats {
        read(&format!(
            "{}$14\r\nrunning_script\r\n{running}$7\r\nengines\r\n{}$3\r\nLUA\r\n{}$15\r\nlibraries_count\r\n:1\r\n\
             $15\r\nfunctions_count\r\n:2\r\n",
            open(2),
            open(1),
            open(2),
        ))
        .unwrap()
    }

    const OPEN: [fn(usize) -> String; 2] =
        [|pairs| format!("*{}\r\n", pairs * 2), |pairs| format!("%{pairs}\r\n")];

    #[test]
    fn nothing_runs() {
        let want = FunctionStats {
            running: None,
            engines: BTreeMap::from([("LUA".to_owned(), ScriptEngine { libraries: 1, functions: 2 })]),
        };
        for (nil, open) in ["$-1\r\n", "_\r\n"].into_iter().zip(OPEN) {
            assert_eq!(stats(nil, open), want);
        }
    }

    #[test]
    fn what_runs_is_told_and_its_arguments_are_not_shown() {
        for open in OPEN {
            let running = format!(
                "{}$4\r\nname\r\n$1\r\nf\r\n$7\r\ncommand\r\n*3\r\n$5\r\nFCALL\r\n$1\r\nf\r\n$6\r\nsecret\r\n\
                 $11\r\nduration_ms\r\n:1500\r\n",
                open(3)
            );
            let running = stats(&running, open).running.unwrap();
            assert_eq!((running.name.as_str(), running.duration), ("f", Duration::from_millis(1500)));
            assert_eq!(running.command, ["FCALL", "f", "secret"]);
            assert!(!format!("{running:?}").contains("secret"));
        }
    }
}
