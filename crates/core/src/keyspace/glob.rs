//! Glob patterns as servers understand them, for keys that are chosen here.
//!
//! `*` any bytes, `?` one byte, `[a-z]` one of these, `[^a-z]` none of these, `\` the next byte as it is.

/// The text matches the whole pattern. Takes time in the product of their lengths at most, whatever the pattern.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where the last star was, and how much of the text it had taken.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            star = Some((rest, text));
            pattern = rest;
            continue;
        }
        match (one(pattern, text), text) {
            (Some(rest), [_, behind @ ..]) => (pattern, text) = (rest, behind),
            _ if pattern.is_empty() && text.is_empty() => return true,
            _ => {
                // The last star takes one byte more.
                let Some((rest, [_, behind @ ..])) = star else { return false };
                star = Some((rest, behind));
                (pattern, text) = (rest, behind);
            }
        }
    }
}

/// What is left of the pattern behind what stands for the first byte of the text.
fn one<'a>(pattern: &'a [u8], text: &[u8]) -> Option<&'a [u8]> {
    let (&byte, (&first, rest)) = (text.first()?, pattern.split_first()?);
    match (first, rest) {
        (b'?', rest) => Some(rest),
        (b'[', [b'^', rest @ ..]) => class(rest, byte).and_then(|(found, rest)| (!found).then_some(rest)),
        (b'[', rest) => class(rest, byte).and_then(|(found, rest)| found.then_some(rest)),
        (b'\\', [literal, rest @ ..]) => (*literal == byte).then_some(rest),
        (literal, rest) => (literal == byte).then_some(rest),
    }
}

/// Whether the byte is in the class, and what is behind it.
fn class(mut pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let mut found = false;
    loop {
        match pattern {
            [b'\\', literal, rest @ ..] => {
                found |= *literal == byte;
                pattern = rest;
            }
            [b']', rest @ ..] => return Some((found, rest)),
            // Never closed: it ends with the pattern.
            [] => return Some((found, pattern)),
            [from, b'-', to, rest @ ..] => {
                found |= (*from.min(to)..=*from.max(to)).contains(&byte);
                pattern = rest;
            }
            [literal, rest @ ..] => {
                found |= *literal == byte;
                pattern = rest;
            }
        }
    }
}

/// It means something else than itself.
pub(super) fn is_pattern(text: &[u8]) -> bool {
    text.iter().any(|byte| b"*?[\\".contains(byte))
}

/// A pattern that matches this text only.
pub(super) fn escaped(text: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(text.len());
    for &byte in text {
        if b"*?[]\\".contains(&byte) {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_server_has_it() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("user:*", "user:1", true),
            ("user:*", "users:1", false),
            ("*:name", "user:1:name", true),
            ("*:name", "user:1:names", false),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXcYYb", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("h[a-c]llo", "hdllo", false),
            (r"h\*llo", "h*llo", true),
            (r"h\*llo", "hello", false),
            (r"[\]]", "]", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(100) + "b";
        assert!(!matches(pattern.as_bytes(), &[b'a'; 10_000]));
    }

    #[test]
    fn what_is_escaped_is_itself() {
        for text in ["plain", "a*b", "[x]", r"back\slash", "?"] {
            assert!(matches(&escaped(text.as_bytes()), text.as_bytes()), "{text}");
            assert!(!matches(&escaped(text.as_bytes()), b"other"), "{text}");
        }
        assert!(is_pattern(b"a*") && !is_pattern(b"a:b"));
    }
}
