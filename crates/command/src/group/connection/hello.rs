//! HELLO: what is said to a server, and what it says about itself.

use std::collections::BTreeMap;

use carnelian_resp::Reader;

use super::super::kept::Kept;
use crate::{Command, DecodeError, FromReply, ToArg, Value};

/// What HELLO asks for: a protocol and, with it, a login and a name for the connection. Passwords are not shown by
/// `Debug`.
///
/// ```
/// use carnelian_command::{Build, group::{ConnectionStateCommands as _, HelloOptions}};
///
/// let command = Build.hello_with(HelloOptions::resp3().setname("worker"));
/// assert_eq!(command.request().arguments().nth(1), Some(&b"3"[..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct HelloOptions {
    protocol: u8,
    login: Option<(Kept, Kept)>,
    name: Option<Kept>,
}

impl HelloOptions {
    /// From now on RESP2.
    pub const fn resp2() -> Self {
        Self { protocol: 2, login: None, name: None }
    }

    /// From now on RESP3.
    pub const fn resp3() -> Self {
        Self { protocol: 3, login: None, name: None }
    }

    /// Logs in. The user of servers without users is `default`.
    pub fn auth(mut self, username: impl ToArg, password: impl ToArg) -> Self {
        self.login = Some((Kept::new(username), Kept::new(password)));
        self
    }

    /// Names the connection.
    pub fn setname(mut self, name: impl ToArg) -> Self {
        self.name = Some(Kept::new(name));
        self
    }

    pub(super) fn add_to<R: FromReply>(self, command: Command<R>) -> Command<R> {
        let mut command = command.arg(i32::from(self.protocol));
        if let Some((username, password)) = self.login {
            command = command.arg("AUTH").arg(username).arg(password);
        }
        match self.name {
            Some(name) => command.arg("SETNAME").arg(name),
            None => command,
        }
    }
}

/// What a server says about itself and the connection.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerHello {
    /// `redis`, `valkey`, …
    pub server: String,
    /// The version of the server.
    pub version: String,
    /// The version of the protocol from now on: 2 or 3.
    pub protocol: u8,
    /// The number of the connection.
    pub id: Option<u64>,
    /// `standalone`, `cluster` or `sentinel`.
    pub mode: Option<String>,
    /// `master` or `replica`.
    pub role: Option<String>,
    /// The modules it has loaded.
    pub modules: Vec<ServerModule>,
    /// Whatever else it said, such as `availability_zone`.
    pub other: BTreeMap<String, Value>,
}

/// A module of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerModule {
    /// Its name, such as `ReJSON`.
    pub name: String,
    /// Its version as one number.
    pub version: Option<i64>,
}

/// Takes a field out of a map.
fn take<T: FromReply>(map: &mut BTreeMap<String, Value>, name: &str) -> Result<Option<T>, DecodeError> {
    map.remove(name).map(Value::into_typed).transpose()
}

fn demand<T: FromReply>(map: &mut BTreeMap<String, Value>, name: &str) -> Result<T, DecodeError> {
    take(map, name)?.ok_or_else(|| DecodeError::invalid(format!("the reply has no field `{name}`")))
}

impl FromReply for ServerHello {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::from_reply(reader)?;
        let protocol: u16 = demand(&mut map, "proto")?;
        Ok(Self {
            server: demand(&mut map, "server")?,
            version: demand(&mut map, "version")?,
            protocol: u8::try_from(protocol)
                .map_err(|_| DecodeError::invalid("the reply names a protocol that is none"))?,
            id: take(&mut map, "id")?,
            mode: take(&mut map, "mode")?,
            role: take(&mut map, "role")?,
            modules: take(&mut map, "modules")?.unwrap_or_default(),
            other: map,
        })
    }
}

impl FromReply for ServerModule {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::from_reply(reader)?;
        Ok(Self { name: demand(&mut map, "name")?, version: take(&mut map, "ver")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn both_protocols_say_the_same() {
        let resp2 = "*16\r\n$6\r\nserver\r\n$6\r\nvalkey\r\n$7\r\nversion\r\n$5\r\n9.1.2\r\n$5\r\nproto\r\n:2\r\n\
            $2\r\nid\r\n:5\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n\
            $7\r\nmodules\r\n*1\r\n*8\r\n$4\r\nname\r\n$3\r\nlua\r\n$3\r\nver\r\n:1\r\n$4\r\npath\r\n$3\r\nlua\r\n\
            $4\r\nargs\r\n*0\r\n$17\r\navailability_zone\r\n$1\r\na\r\n";
        let resp3 = resp2.replace("*16", "%8").replace("*8", "%4").replace("proto\r\n:2", "proto\r\n:3");
        let hello: ServerHello = read(resp2).unwrap();
        assert_eq!((hello.server.as_str(), hello.version.as_str(), hello.protocol), ("valkey", "9.1.2", 2));
        assert_eq!(
            (hello.id, hello.mode.as_deref(), hello.role.as_deref()),
            (Some(5), Some("standalone"), Some("master"))
        );
        assert_eq!(hello.modules, [ServerModule { name: "lua".into(), version: Some(1) }]);
        assert_eq!(hello.other.keys().collect::<Vec<_>>(), ["availability_zone"]);
        assert_eq!(read::<ServerHello>(&resp3), Ok(ServerHello { protocol: 3, ..hello }));
    }

    #[test]
    fn the_least_that_is_needed() {
        let hello = read::<ServerHello>("%3\r\n+server\r\n+x\r\n+version\r\n+1\r\n+proto\r\n:3\r\n").unwrap();
        assert_eq!((hello.id, hello.modules.len()), (None, 0));
        let error = read::<ServerHello>("%1\r\n+proto\r\n:3\r\n").unwrap_err();
        assert!(error.to_string().contains("server"));
    }

    #[test]
    fn passwords_are_not_shown() {
        let options = HelloOptions::resp3().auth("ada", "secret").setname("x");
        assert!(!format!("{options:?}").contains("secret"));
    }
}
