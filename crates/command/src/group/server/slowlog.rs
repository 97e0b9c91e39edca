//! An entry of the slow log.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use carnelian_resp::{Reader, Token};

use crate::{DecodeError, FromReply};

/// A command that took long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowlogEntry {
    /// Its number, one more than that of the one before.
    pub id: u64,
    /// When it ran.
    pub at: SystemTime,
    /// How long it ran, without the wait for the network.
    pub took: Duration,
    /// Its arguments, the name first. The server cuts long ones and many of them short, and says so in their place.
    pub arguments: Vec<Bytes>,
    /// The address of the client. Since Redis 4.0.
    pub client_addr: Option<String>,
    /// The name that the client's connection was given. Since Redis 4.0.
    pub client_name: Option<String>,
}

impl FromReply for SlowlogEntry {
    const SHARES: bool = true;

    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = match reader.token()? {
            Token::Array(length) if length >= 4 => length,
            other => return Err(DecodeError::mismatch("an entry of the slow log", &other)),
        };
        let (id, at, took, arguments) = FromReply::from_flat(reader)?;
        let text = |reader: &mut Reader<'_>, at: usize| -> Result<_, DecodeError> {
            let text = if at < length { String::from_reply(reader)? } else { String::new() };
            Ok(Some(text).filter(|text| !text.is_empty()))
        };
        let (client_addr, client_name) = (text(reader, 4)?, text(reader, 5)?);
        for _ in 6..length {
            reader.skip()?;
        }
        Ok(Self { id, at, took: Duration::from_micros(took), arguments, client_addr, client_name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn entries_old_and_new() {
        let old = "*4\r\n:7\r\n:1795172246\r\n:1500\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
        let entry: SlowlogEntry = read(old).unwrap();
        assert_eq!((entry.id, entry.took), (7, Duration::from_micros(1500)));
        assert_eq!(entry.at, SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_172_246));
        assert_eq!(entry.arguments, ["GET", "k"]);
        assert_eq!((entry.client_addr.as_deref(), entry.client_name.as_deref()), (None, None));

        let rest = old.strip_prefix("*4").unwrap();
        let new = format!("*1\r\n*7{rest}$4\r\nh1:1\r\n$0\r\n\r\n:9\r\n");
        let entries: Vec<SlowlogEntry> = read(&new).unwrap();
        assert_eq!(
            (entries[0].client_addr.as_deref(), entries[0].client_name.as_deref()),
            (Some("h1:1"), None)
        );
        assert!(read::<SlowlogEntry>("*1\r\n:1\r\n").is_err());
    }
}
