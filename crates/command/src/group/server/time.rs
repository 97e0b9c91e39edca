//! Points in time as replies: seconds since 1970, alone or with microseconds.

use std::time::{Duration, SystemTime};

use carnelian_resp::{Reader, Token};

use crate::{DecodeError, FromReply};

/// Seconds since 1970 (LASTSAVE), or a list of seconds and microseconds (TIME).
impl FromReply for SystemTime {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let since = if matches!(reader.peek()?, Token::Array(_)) {
            let (seconds, microseconds): (u64, u32) = FromReply::from_reply(reader)?;
            Duration::from_secs(seconds).checked_add(Duration::from_micros(microseconds.into()))
        } else {
            Some(Duration::from_secs(u64::from_reply(reader)?))
        };
        let time = since.and_then(|since| Self::UNIX_EPOCH.checked_add(since));
        time.ok_or_else(|| DecodeError::invalid("the reply is a time that does not fit into a SystemTime"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn seconds_with_and_without_microseconds() {
        let at = |micros| SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
        let reply = "*2\r\n$10\r\n1795172299\r\n$6\r\n544850\r\n";
        assert_eq!(read::<SystemTime>(reply), Ok(at(1_795_172_299_544_850)));
        assert_eq!(read::<SystemTime>(":1795172246\r\n"), Ok(at(1_795_172_246_000_000)));
        assert!(read::<SystemTime>(":-1\r\n").is_err());
        assert!(read::<SystemTime>("$20\r\n18446744073709551615\r\n").is_err());
    }
}
