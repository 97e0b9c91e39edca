//! Writing RESP at the end of a buffer, in place.

/// The digits of a length below 100 and the CR LF behind them come in one copy; lengths above take the general way.
#[inline]
fn decimal(out: &mut Vec<u8>, number: usize) {
    #[expect(clippy::cast_possible_truncation, reason = "below 100")]
    if number < 10 {
        out.extend_from_slice(&[b'0' + number as u8, b'\r', b'\n']);
    } else if number < 100 {
        out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8, b'\r', b'\n']);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes the header of an aggregate (`*`, `%`, `~`, `>`, `|`) or of a bulk type: `kind`, `count`, CR LF.
#[inline]
pub fn header(out: &mut Vec<u8>, kind: u8, count: usize) {
    out.push(kind);
    decimal(out, count);
}

/// Writes a bulk string: what every argument of a command is.
#[inline]
pub fn bulk(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 24);
    header(out, b'$', text.len());
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// Writes a whole command from its arguments, the name first.
pub fn command(out: &mut Vec<u8>, arguments: &[&[u8]]) {
    header(out, b'*', arguments.len());
    for argument in arguments {
        bulk(out, argument);
    }
}

/// Writes an integer reply.
pub fn integer(out: &mut Vec<u8>, number: i64) {
    out.push(b':');
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes a double reply of RESP3. Servers write the infinities and nan as words.
pub fn double(out: &mut Vec<u8>, number: f64) {
    out.push(b',');
    if number.is_nan() {
        out.extend_from_slice(b"nan");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"inf" } else { b"-inf" });
    } else {
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes a one-line reply: `kind` is `+`, `-` or `(`. Line ends inside `text` become spaces, since they would end it.
pub fn line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.push(kind);
    out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_look_as_the_servers_want_them() {
        let mut out = Vec::new();
        command(&mut out, &[b"SET", b"key", &[b'x'; 123]]);
        let want = [b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$123\r\n".as_slice(), &[b'x'; 123], b"\r\n"].concat();
        assert_eq!(out, want);
    }

    #[test]
    fn replies() {
        let mut out = Vec::new();
        integer(&mut out, i64::MIN);
        double(&mut out, 1.5);
        double(&mut out, f64::NEG_INFINITY);
        double(&mut out, f64::NAN);
        line(&mut out, b'-', b"ERR two\r\nlines");
        header(&mut out, b'%', 10);
        assert_eq!(out, b":-9223372036854775808\r\n,1.5\r\n,-inf\r\n,nan\r\n-ERR two  lines\r\n%10\r\n");
    }
}
