//! ROLE: what a server is to others.

use carnelian_resp::{Reader, Token};

use crate::{DecodeError, FromReply};

/// What a server is to others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// It takes writes and passes them on.
    Primary {
        /// How far its stream of writes has come, in bytes.
        offset: u64,
        /// Who follows it.
        replicas: Vec<RoleReplica>,
    },
    /// It follows a primary.
    Replica {
        /// The host of the primary.
        host: String,
        /// The port of the primary.
        port: u16,
        /// `connect`, `connecting`, `sync` or `connected`.
        state: String,
        /// How far it has come in the primary's stream of writes; `None` before it has begun.
        offset: Option<u64>,
    },
    /// It watches over primaries.
    Sentinel {
        /// The names of the primaries.
        primaries: Vec<String>,
    },
}

impl Role {
    /// True for a primary.
    #[must_use]
    pub const fn is_primary(&self) -> bool {
        matches!(self, Self::Primary { .. })
    }
}

/// A replica, as its primary sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleReplica {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Up to where it has confirmed the stream of writes.
    pub offset: u64,
}

impl FromReply for RoleReplica {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (host, port, offset) = FromReply::from_reply(reader)?;
        Ok(Self { host, port, offset })
    }
}

impl FromReply for Role {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = match reader.token()? {
            Token::Array(length) if length > 0 => length,
            other => return Err(DecodeError::mismatch("a role", &other)),
        };
        let (role, parts) = match (String::from_reply(reader)?.as_str(), length) {
            ("master", 3..) => {
                let (offset, replicas) = FromReply::from_flat(reader)?;
                (Self::Primary { offset, replicas }, 3)
            }
            ("slave", 5..) => {
                let (host, port, state, offset): (_, _, _, i64) = FromReply::from_flat(reader)?;
                (Self::Replica { host, port, state, offset: offset.try_into().ok() }, 5)
            }
            ("sentinel", 2..) => (Self::Sentinel { primaries: Vec::from_reply(reader)? }, 2),
            _ => return Err(DecodeError::invalid("the reply is a role that is not known")),
        };
        for _ in parts..length {
            reader.skip()?;
        }
        Ok(role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn all_roles() {
        let reply = "*3\r\n$6\r\nmaster\r\n:42\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n$4\r\n6380\r\n$2\r\n41\r\n";
        let replicas = vec![RoleReplica { host: "127.0.0.1".into(), port: 6380, offset: 41 }];
        assert_eq!(read::<Role>(reply), Ok(Role::Primary { offset: 42, replicas }));
        let reply = "*5\r\n$5\r\nslave\r\n$2\r\nh1\r\n:6379\r\n$7\r\nconnect\r\n:-1\r\n";
        let role = read::<Role>(reply).unwrap();
        assert!(!role.is_primary());
        assert_eq!(
            role,
            Role::Replica { host: "h1".into(), port: 6379, state: "connect".into(), offset: None }
        );
        let reply = "*2\r\n$8\r\nsentinel\r\n*1\r\n$2\r\nm1\r\n";
        assert_eq!(read::<Role>(reply), Ok(Role::Sentinel { primaries: vec!["m1".into()] }));
    }

    #[test]
    fn parts_of_tomorrow_are_passed_over() {
        assert!(read::<Role>("*4\r\n$6\r\nmaster\r\n:0\r\n*0\r\n$3\r\nnew\r\n").unwrap().is_primary());
        assert!(read::<Role>("*1\r\n$6\r\nmaster\r\n").is_err());
        assert!(read::<Role>("*1\r\n$5\r\nqueen\r\n").is_err());
        assert!(read::<Role>("*0\r\n").is_err());
    }
}
