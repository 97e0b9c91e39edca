//! When keys and fields expire, as replies: TTL, EXPIRETIME and their kin, whose -1 and -2 become words.

use std::time::{Duration, SystemTime};

use carnelian_resp::Reader;

use crate::{DecodeError, FromReply};

/// How long something still lives.
///
/// `UNIT` is how many milliseconds the server's number stands for: TTL counts seconds (1000), PTTL milliseconds (1).
/// It seldom needs to be written:
///
/// ```
/// use std::time::Duration;
/// use carnelian_command::{Value, group::Ttl};
///
/// let reply: Ttl = Value::Integer(90).into_typed().unwrap();
/// match reply {
///     Ttl::Missing => unreachable!(),
///     Ttl::Forever => unreachable!(),
///     Ttl::In(left) => assert_eq!(left, Duration::from_secs(90)),
/// }
/// ```
///
/// The servers can say nothing else, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ttl<const UNIT: u64 = 1000> {
    /// There is no such key or field.
    Missing,
    /// It is there and never expires.
    Forever,
    /// It expires this long from now.
    In(Duration),
}

impl<const UNIT: u64> Ttl<UNIT> {
    /// Whether the key or field is there.
    #[must_use]
    pub const fn exists(self) -> bool {
        !matches!(self, Self::Missing)
    }

    /// How long it still lives, if it expires at all.
    #[must_use]
    pub const fn left(self) -> Option<Duration> {
        match self {
            Self::In(left) => Some(left),
            Self::Missing | Self::Forever => None,
        }
    }
}

impl<const UNIT: u64> FromReply for Ttl<UNIT> {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match Number::read::<UNIT>(reader)? {
            Number::Missing => Self::Missing,
            Number::Never => Self::Forever,
            Number::Span(left) => Self::In(left),
        })
    }
}

/// At what time something expires. `UNIT` as in [`Ttl`]: EXPIRETIME counts seconds, PEXPIRETIME milliseconds.
///
/// The servers can say nothing else, so this may be matched exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpiresAt<const UNIT: u64 = 1000> {
    /// There is no such key or field.
    Missing,
    /// It is there and never expires.
    Never,
    /// It expires then, by the server's clock.
    At(SystemTime),
}

impl<const UNIT: u64> ExpiresAt<UNIT> {
    /// Whether the key or field is there.
    #[must_use]
    pub const fn exists(self) -> bool {
        !matches!(self, Self::Missing)
    }

    /// The time, if it expires at all.
    #[must_use]
    pub const fn time(self) -> Option<SystemTime> {
        match self {
            Self::At(time) => Some(time),
            Self::Missing | Self::Never => None,
        }
    }
}

impl<const UNIT: u64> FromReply for ExpiresAt<UNIT> {
    fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match Number::read::<UNIT>(reader)? {
            Number::Missing => Self::Missing,
            Number::Never => Self::Never,
            Number::Span(since_1970) => Self::At(
                SystemTime::UNIX_EPOCH
                    .checked_add(since_1970)
                    .ok_or_else(|| DecodeError::invalid("the time is later than this system can tell"))?,
            ),
        })
    }
}

/// What all these commands reply.
enum Number {
    Missing,
    Never,
    Span(Duration),
}

impl Number {
    fn read<const UNIT: u64>(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match i64::from_reply(reader)? {
            -2 => Ok(Self::Missing),
            -1 => Ok(Self::Never),
            number => match u64::try_from(number) {
                Ok(number) => Ok(Self::Span(Duration::from_millis(number.saturating_mul(UNIT)))),
                Err(_) => Err(DecodeError::invalid(format!("{number} is no time to live"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::tests::read;

    #[test]
    fn numbers_become_words() {
        assert_eq!(read::<Ttl>(":-2\r\n"), Ok(Ttl::Missing));
        assert_eq!(read::<Ttl>(":-1\r\n"), Ok(Ttl::Forever));
        assert_eq!(read::<Ttl>(":0\r\n"), Ok(Ttl::In(Duration::ZERO)));
        assert_eq!(read::<Ttl>(":5\r\n").unwrap().left(), Some(Duration::from_secs(5)));
        assert_eq!(read::<Ttl<1>>(":5\r\n").unwrap().left(), Some(Duration::from_millis(5)));
        assert!(read::<Ttl>(":-3\r\n").is_err());
        assert_eq!(read::<Vec<Ttl>>("*2\r\n:-2\r\n:-1\r\n"), Ok(vec![Ttl::Missing, Ttl::Forever]));
    }

    #[test]
    fn times_are_times() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(read::<ExpiresAt>(":1700000000\r\n").unwrap().time(), Some(time));
        assert_eq!(read::<ExpiresAt<1>>(":1700000000000\r\n").unwrap().time(), Some(time));
        assert_eq!(read::<ExpiresAt>(":-2\r\n"), Ok(ExpiresAt::Missing));
        assert!(read::<ExpiresAt>(":-1\r\n").unwrap().exists());
    }
}
