//! The table's notation for key positions, turned into the Rust expression for it.

use crate::Failure;

/// The expression for the `keys` column: `&[KeySpec::range(1, 1, 1, Access::ReadOnly)]`.
pub(super) fn expression(notation: &str) -> Result<String, Failure> {
    // What the server reports may be too short; the real layout stands behind it in braces.
    let notation = match notation.split_once("{actual:") {
        Some((_, actual)) => actual.strip_suffix('}').ok_or("an {actual:…} without its end")?,
        None => notation,
    };
    if notation == "none" {
        return Ok("&[]".to_owned());
    }
    let specs: Result<Vec<String>, Failure> = notation.split(';').map(spec).collect();
    Ok(format!("&[{}]", specs?.join(", ")))
}

fn spec(notation: &str) -> Result<String, Failure> {
    let wrong = || format!("key spec {notation}");
    // The keyword form has a colon of its own, so the access is what follows the last one.
    let (place, access) = notation.rsplit_once(':').ok_or_else(wrong)?;
    let marks = access.trim_start_matches(|letter: char| letter.is_ascii_uppercase() || letter == '-');
    let access = match access.strip_suffix(marks).unwrap_or(access) {
        "RO" => "ReadOnly",
        "RW" => "ReadWrite",
        "OW" => "Overwrite",
        "RM" => "Remove",
        "-" if marks == "~" => "NotAKey",
        _ => return Err(wrong().into()),
    };
    let (constructor, part) = self::place(place).ok_or_else(wrong)?;
    let mut code = format!("KeySpec::{constructor}Access::{access})");
    if part != "1" {
        code.push_str(&format!(".first_part({part})"));
    }
    for mark in marks.chars() {
        code.push_str(match mark {
            '%' => ".varies()",
            '!' => ".incomplete()",
            '~' => "",
            _ => return Err(wrong().into()),
        });
    }
    Ok(code)
}

/// The constructor up to its last argument, and the part of the range that counts.
fn place(notation: &str) -> Option<(String, &str)> {
    let (place, part) = notation.split_once('/').unwrap_or((notation, "1"));
    if place == "?" {
        return Some(("unknown(".to_owned(), part));
    }
    if let Some(keynum) = place.strip_prefix("keynum@") {
        let (keynum, step) = keynum.split_once('*').unwrap_or((keynum, "1"));
        let (at, offset) = keynum.split_once('+').unwrap_or((keynum, "1"));
        return Some((format!("keynum({at}, {offset}, {step}, "), part));
    }
    if let Some(keyword) = place.strip_prefix("kw:") {
        let (word, rest) = keyword.split_once('@')?;
        let (from, range) = rest.split_once(':')?;
        let (last, step) = range.split_once(',')?;
        let last = last.strip_prefix('+').unwrap_or(last);
        return Some((format!("keyword(\"{word}\", {from}, {last}, {step}, "), part));
    }
    let [first, last, step] = place.split(',').collect::<Vec<_>>().try_into().ok()?;
    Some((format!("range({first}, {last}, {step}, "), part))
}

#[cfg(test)]
mod tests {
    use super::expression;

    #[test]
    fn every_notation_has_its_expression() {
        let cases = [
            ("none", "&[]"),
            ("1,-2,1:RW", "&[KeySpec::range(1, -2, 1, Access::ReadWrite)]"),
            ("1,1,1:RW%", "&[KeySpec::range(1, 1, 1, Access::ReadWrite).varies()]"),
            ("1,1,1:-~", "&[KeySpec::range(1, 1, 1, Access::NotAKey)]"),
            ("keynum@1*2:OW", "&[KeySpec::keynum(1, 1, 2, Access::Overwrite)]"),
            ("keynum@2+3:RO", "&[KeySpec::keynum(2, 3, 1, Access::ReadOnly)]"),
            (
                "kw:STREAMS@4:-1,1/2:RO!",
                "&[KeySpec::keyword(\"STREAMS\", 4, -1, 1, Access::ReadOnly).first_part(2).incomplete()]",
            ),
            (
                "1,1,1:RW;kw:STORE@6:+0,1:OW!",
                "&[KeySpec::range(1, 1, 1, Access::ReadWrite), \
                 KeySpec::keyword(\"STORE\", 6, 0, 1, Access::Overwrite).incomplete()]",
            ),
            (
                "1,1,1:RO;?:OW",
                "&[KeySpec::range(1, 1, 1, Access::ReadOnly), KeySpec::unknown(Access::Overwrite)]",
            ),
            ("1,1,1:RO{actual:1,-2,1:RO}", "&[KeySpec::range(1, -2, 1, Access::ReadOnly)]"),
        ];
        for (notation, wanted) in cases {
            assert_eq!(expression(notation).unwrap(), wanted);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for notation in ["", "1,1:RO", "1,1,1", "1,1,1:XX", "1,1,1:RO?", "kw:STORE:RO", "{actual:1,1,1:RO"] {
            assert!(expression(notation).is_err(), "{notation}");
        }
    }
}
