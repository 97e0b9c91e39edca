//! Owns how the text of an option becomes a value: booleans, durations, sizes, lists and the few words with a form of their own.
//! The same rules hold in URLs, the environment and TOML.

use core::net::Ipv6Addr;
use std::str::FromStr;
use std::time::Duration;

use super::backoff::Backoff;
use super::option::BadValue;
use super::pool::Wait;

const UNFIT: BadValue = BadValue(None);

pub(super) fn boolean(text: &str) -> Result<bool, BadValue> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "t" | "y" | "1" => Ok(true),
        "false" | "no" | "f" | "n" | "0" => Ok(false),
        _ => Err(UNFIT),
    }
}

pub(super) fn number<N: FromStr>(text: &str) -> Result<N, BadValue> {
    // `parse` would take a plus sign, which nobody means.
    if text.starts_with('+') {
        return Err(UNFIT);
    }
    text.parse().map_err(|_| UNFIT)
}

/// A number that is not zero.
pub(super) fn count<N: FromStr + Default + PartialEq>(text: &str) -> Result<N, BadValue> {
    number(text).and_then(|n: N| if n == N::default() { Err(UNFIT) } else { Ok(n) })
}

/// A count, or `none` for no bound.
pub(super) fn optional_count(text: &str) -> Result<Option<u32>, BadValue> {
    if is_none(text) { Ok(None) } else { count(text).map(Some) }
}

pub(super) fn is_none(text: &str) -> bool {
    text.eq_ignore_ascii_case("none")
}

/// Seconds, or a number with the unit `ms`, `s`, `m` or `h`.
pub(super) fn seconds(text: &str) -> Result<Duration, BadValue> {
    let (digits, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let scale = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(UNFIT),
    };
    let amount: f64 = number(digits.trim_end())?;
    Duration::try_from_secs_f64(amount * scale).map_err(|_| UNFIT)
}

/// Seconds of more than nothing.
pub(super) fn positive_seconds(text: &str) -> Result<Duration, BadValue> {
    seconds(text).and_then(|d| if d.is_zero() { Err(UNFIT) } else { Ok(d) })
}

/// Seconds; `none` and 0 mean no bound.
pub(super) fn optional_seconds(text: &str) -> Result<Option<Duration>, BadValue> {
    if is_none(text) {
        return Ok(None);
    }
    seconds(text).map(|d| Some(d).filter(|d| !d.is_zero()))
}

/// Whole seconds of at least one, as the operating systems want them for keepalive.
pub(super) fn whole_seconds(text: &str) -> Result<Duration, BadValue> {
    positive_seconds(text).and_then(|d| if d.subsec_nanos() == 0 { Ok(d) } else { Err(UNFIT) })
}

/// Bytes, with `kb`, `mb` or `gb` as Redis's own config understands them (powers of 1,024).
pub(super) fn bytes(text: &str) -> Result<usize, BadValue> {
    let lower = text.to_ascii_lowercase();
    let (digits, shift) = match lower.as_bytes() {
        [.., b'k', b'b'] => (lower.strip_suffix("kb"), 10),
        [.., b'm', b'b'] => (lower.strip_suffix("mb"), 20),
        [.., b'g', b'b'] => (lower.strip_suffix("gb"), 30),
        _ => (Some(lower.as_str()), 0),
    };
    let amount: usize = count(digits.unwrap_or_default().trim_end())?;
    amount.checked_mul(1 << shift).ok_or(UNFIT)
}

/// A list, its items parted by commas.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// A word that the server takes as a connection's name: printable, without spaces.
pub(super) fn word(text: &str) -> Result<String, BadValue> {
    if is_word(text) { Ok(text.to_owned()) } else { Err(UNFIT) }
}

pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A host name or address, without a port; an IPv6 address may stand in brackets.
pub(super) fn host(text: &str) -> Result<String, BadValue> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if bare.contains(':') {
        let address = bare.split('%').next().unwrap_or(bare);
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(bare.to_owned()),
            Err(_) => Err(BadValue(Some(
                "a host name or address alone (the port is an option of its own)".to_owned(),
            ))),
        };
    }
    let unfit =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | '?' | '#' | ',' | '[' | ']');
    if bare.is_empty() || bare.contains(unfit) { Err(UNFIT) } else { Ok(bare.to_owned()) }
}

/// Commands parted by `;`, their words by spaces.
pub(super) fn commands(text: &str) -> impl Iterator<Item = impl Iterator<Item = &str>> {
    text.split(';').map(str::split_ascii_whitespace)
}

/// `none`, or a name with its pauses: `constant:0.1`, `equal_jitter:0.02:1`.
pub(super) fn backoff(text: &str) -> Result<Backoff, BadValue> {
    let lower = text.to_ascii_lowercase().replace('-', "_");
    let mut parts = lower.split(':');
    let name = parts.next().unwrap_or_default();
    let pauses = parts.map(seconds).collect::<Result<Vec<_>, _>>()?;
    let backoff = match (name, pauses.as_slice()) {
        ("none", []) => return Ok(Backoff::None),
        ("constant", [pause]) => return Ok(Backoff::Constant(*pause)),
        ("exponential", &[base, cap]) => Backoff::Exponential { base, cap },
        ("full_jitter", &[base, cap]) => Backoff::FullJitter { base, cap },
        ("equal_jitter", &[base, cap]) => Backoff::EqualJitter { base, cap },
        ("decorrelated_jitter", &[base, cap]) => Backoff::DecorrelatedJitter { base, cap },
        _ => return Err(UNFIT),
    };
    match pauses.as_slice() {
        [base, cap] if base > cap => {
            Err(BadValue(Some("a first pause that is not longer than the longest".to_owned())))
        }
        _ => Ok(backoff),
    }
}

/// Seconds, `forever` (or `none`), or `fail` (or 0).
pub(super) fn wait(text: &str) -> Result<Wait, BadValue> {
    match text.to_ascii_lowercase().as_str() {
        "forever" | "none" => Ok(Wait::Forever),
        "fail" => Ok(Wait::FailAtOnce),
        other => seconds(other).map(|d| if d.is_zero() { Wait::FailAtOnce } else { Wait::Timeout(d) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_in_any_case() {
        for text in ["true", "True", "TRUE", "yes", "Yes", "t", "y", "1"] {
            assert_eq!(boolean(text), Ok(true), "{text}");
        }
        for text in ["false", "False", "NO", "no", "f", "n", "0"] {
            assert_eq!(boolean(text), Ok(false), "{text}");
        }
        for text in ["", "2", "oui", "truee", " true"] {
            assert_eq!(boolean(text), Err(UNFIT), "{text}");
        }
    }

    #[test]
    fn seconds_with_and_without_unit() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(seconds("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(seconds("1 h"), Ok(Duration::from_secs(3600)));
        assert_eq!(seconds("0.1"), Ok(Duration::from_millis(100)));
        for text in ["", "s", "-1", "+1", "nan", "inf", "1e400", "2 days", "1,5", "1e30"] {
            assert_eq!(seconds(text), Err(UNFIT), "{text}");
        }
        assert_eq!(optional_seconds("None"), Ok(None));
        assert_eq!(optional_seconds("0"), Ok(None));
        assert_eq!(positive_seconds("0"), Err(UNFIT));
        assert_eq!(whole_seconds("1.5"), Err(UNFIT));
    }

    #[test]
    fn sizes_in_powers_of_1024() {
        assert_eq!(bytes("65536"), Ok(65_536));
        assert_eq!(bytes("64MB"), Ok(64 << 20));
        assert_eq!(bytes("1 kb"), Ok(1024));
        for text in ["0", "64m", "mb", "-1", "99999999999999gb"] {
            assert_eq!(bytes(text), Err(UNFIT), "{text}");
        }
    }

    #[test]
    fn hosts_stand_alone() {
        assert_eq!(host("[::1]").as_deref(), Ok("::1"));
        assert_eq!(host("fe80::1%eth0").as_deref(), Ok("fe80::1%eth0"));
        assert_eq!(host("redis.example").as_deref(), Ok("redis.example"));
        for text in ["", "a b", "localhost:6379", "a/b", "u@h", "a,b"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn backoffs_by_name() {
        let (base, cap) = (Duration::from_millis(20), Duration::from_secs(1));
        assert_eq!(backoff("none"), Ok(Backoff::None));
        assert_eq!(backoff("constant:20ms"), Ok(Backoff::Constant(base)));
        assert_eq!(backoff("Equal-Jitter:0.02:1"), Ok(Backoff::EqualJitter { base, cap }));
        assert_eq!(backoff("full_jitter:0.02:1"), Ok(Backoff::FullJitter { base, cap }));
        assert_eq!(backoff("exponential:0.02:1"), Ok(Backoff::Exponential { base, cap }));
        assert_eq!(backoff("decorrelated_jitter:0.02:1"), Ok(Backoff::DecorrelatedJitter { base, cap }));
        for text in
            ["", "constant", "constant:1:2", "equal_jitter", "equal_jitter:1", "equal_jitter:2:1", "fast:1:2"]
        {
            assert!(backoff(text).is_err(), "{text}");
        }
    }

    #[test]
    fn waits_by_word_or_time() {
        assert_eq!(wait("Forever"), Ok(Wait::Forever));
        assert_eq!(wait("0"), Ok(Wait::FailAtOnce));
        assert_eq!(wait("fail"), Ok(Wait::FailAtOnce));
        assert_eq!(wait("250ms"), Ok(Wait::Timeout(Duration::from_millis(250))));
        assert!(wait("soon").is_err());
    }
}
