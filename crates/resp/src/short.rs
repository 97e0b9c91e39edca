//! Everyday bulk strings, of less than a thousand bytes: most elements of most replies are such, and each is looked at twice,
//! by the framer and by the reader. So their headers are looked at as a whole and not digit by digit.
//!
//! Nothing is decided here: what is no such string, or is malformed, is looked at again by who knows all of RESP.

/// The most bytes that such a string has.
pub(crate) const LONGEST: usize = 999;

/// Where such a string begins and how many bytes it has, if its header (`$5\r\n` to `$999\r\n`) is the first of `bytes` and
/// eight bytes are there to look at.
#[inline]
pub(crate) fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    header_behind::<0>(bytes)
}

/// How many bytes a run of such strings behind a line end takes, and how many they are: `most`, at the most.
///
/// Apart from the rest, so that its loop has the processor's registers for itself.
#[inline(never)]
pub(crate) fn run(behind: &[u8], most: u64) -> (usize, u64) {
    let (mut rest, mut before_last, mut passed) = (behind, behind, 0);
    // One look takes in the line end of one and the header of the next.
    while passed < most
        && let Some((start, length)) = header_behind::<2>(rest)
        && let Some(line_end) = rest.get(start + length..)
    {
        (before_last, rest) = (rest, line_end);
        passed += 1;
    }
    if rest.starts_with(b"\r\n") {
        return (behind.len() - rest.len(), passed);
    }
    // The last has no line end, or not yet.
    (behind.len() - before_last.len(), passed.saturating_sub(1))
}

/// A header behind the last so many bytes of a line end.
#[inline]
fn header_behind<const BEFORE: usize>(bytes: &[u8]) -> Option<(usize, usize)> {
    const ONE: Shape = Shape::new(b"0\r\n");
    const TWO: Shape = Shape::new(b"00\r\n");
    const THREE: Shape = Shape::new(b"000\r\n");
    let front = const { (number(b"\r\n$") >> (8 * (2 - BEFORE)), (1 << (8 * (BEFORE + 1))) - 1) };
    let look = u64::from_le_bytes(*bytes.first_chunk()?);
    if look & front.1 != front.0 {
        return None;
    }
    let line = look >> (8 * (BEFORE + 1));
    if let Some([tens, ones, ..]) = TWO.digits(line) {
        return Some((BEFORE + 5, usize::from(tens) * 10 + usize::from(ones)));
    }
    if let Some([ones, ..]) = ONE.digits(line) {
        return Some((BEFORE + 4, usize::from(ones)));
    }
    let [hundreds, tens, ones, ..] = THREE.digits(line)?;
    Some((BEFORE + 6, usize::from(hundreds) * 100 + usize::from(tens) * 10 + usize::from(ones)))
}

/// Bytes as a number, the first of them lowest.
const fn number(mut bytes: &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    while let [byte, rest @ ..] = bytes {
        number |= (*byte as u64) << shift;
        (bytes, shift) = (rest, shift + 8);
    }
    number
}

/// A line that has any digit where this has a `0`.
struct Shape {
    line: u64,
    /// The bits that all digits share, and all bits of the other bytes.
    fixed: u64,
    /// A six where a digit is.
    sixes: u64,
}

impl Shape {
    const fn new(line: &[u8]) -> Self {
        let mut shape = Self { line: number(line), fixed: 0, sixes: 0 };
        let (mut rest, mut shift) = (line, 0);
        while let [byte, behind @ ..] = rest {
            let (fixed, six) = if *byte == b'0' { (0xf0, 6) } else { (0xff, 0) };
            shape.fixed |= fixed << shift;
            shape.sixes |= six << shift;
            (rest, shift) = (behind, shift + 8);
        }
        shape
    }

    /// The values of the digits, if `line` begins with this shape.
    #[inline]
    const fn digits(&self, line: u64) -> Option<[u8; 8]> {
        let digits = line ^ self.line;
        // Six more than 9 still is less than 16.
        let odd = (digits | digits.wrapping_add(self.sixes)) & self.fixed;
        if odd == 0 { Some(digits.to_le_bytes()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::integer_line;

    #[test]
    fn short_headers_are_those_that_the_long_way_reads() {
        for first in 0..=255 {
            for second in 0..=255 {
                for text in
                    [[b'$', first, second, b'\r', b'\n', b'x'], [b'$', b'7', first, second, b'\r', b'\n']]
                {
                    let mut bytes = text.to_vec();
                    bytes.extend_from_slice(b"\xff\r");
                    let found = header(&bytes);
                    let behind = header_behind::<2>(&[b"\r\n", &bytes[..]].concat());
                    assert_eq!(behind, found.map(|(start, length)| (start + 2, length)));
                    let slow = integer_line(&bytes[1..]).ok().flatten();
                    // A sign and more digits are the long way's alone.
                    let want = slow
                        .filter(|line| bytes[1].is_ascii_digit() && line.used <= 5)
                        .map(|line| (1 + line.used, usize::try_from(line.value).unwrap()));
                    assert_eq!(found, want, "{text:?}");
                }
            }
        }
        assert_eq!(header(b"$1\r\n1\r\n"), None);
        assert_eq!(header_behind::<2>(b"\r\r$1\r\n1\r\n"), None);
    }

    #[test]
    fn short_strings_are_passed_over_when_their_line_end_is_there() {
        let list = b"\r\n$1\r\na\r\n$12\r\nabcdefghijkl\r\n$0\r\n\r\n:1\r\n";
        for (upto, most, want) in [
            (list.len(), 9, (32, 3)),
            (list.len(), 2, (26, 2)),
            (list.len(), 0, (0, 0)),
            (30, 9, (26, 2)),
            (28, 9, (26, 2)),
            (27, 9, (7, 1)),
            (26, 9, (7, 1)),
            (13, 9, (7, 1)),
            (1, 9, (0, 0)),
        ] {
            assert_eq!(run(&list[..upto], most), want, "{upto} {most}");
        }
        assert_eq!(run(b"\r\n$1\r\nab\r\n", 9), (0, 0));
        assert_eq!(run(b"\r\n$1\r\na\r\n$1\r\nab\n", 9), (7, 1));
    }
}
