//! One argument.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::ArgWriter;

/// A value that can be one argument of a command: text, bytes or a number.
///
/// Implement it for your own types by writing exactly one argument:
///
/// ```
/// use carnelian_command::{ArgWriter, ToArg};
///
/// struct UserId(u64);
///
/// impl ToArg for UserId {
///     fn write(&self, to: &mut ArgWriter<'_>) {
///         to.write(format!("user:{}", self.0).as_bytes());
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of a command",
    note = "text, bytes, numbers and booleans can; for lists there are methods that take `ToArgs`, for your own types implement `ToArg`"
)]
pub trait ToArg {
    /// Writes the value as one argument.
    fn write(&self, to: &mut ArgWriter<'_>);
}

impl<T: ToArg + ?Sized> ToArg for &T {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        (**self).write(to);
    }
}

impl<T: ToArg + ?Sized> ToArg for Box<T> {
    fn write(&self, to: &mut ArgWriter<'_>) {
        (**self).write(to);
    }
}

impl<T: ToArg + ?Sized> ToArg for Arc<T> {
    fn write(&self, to: &mut ArgWriter<'_>) {
        (**self).write(to);
    }
}

impl<T: ToArg + ?Sized> ToArg for Rc<T> {
    fn write(&self, to: &mut ArgWriter<'_>) {
        (**self).write(to);
    }
}

impl<T: ToArg + ToOwned + ?Sized> ToArg for Cow<'_, T> {
    fn write(&self, to: &mut ArgWriter<'_>) {
        (**self).write(to);
    }
}

impl ToArg for str {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self.as_bytes());
    }
}

impl ToArg for String {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self.as_bytes());
    }
}

impl ToArg for char {
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

impl ToArg for [u8] {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self);
    }
}

impl<const N: usize> ToArg for [u8; N] {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self);
    }
}

impl ToArg for Vec<u8> {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self);
    }
}

impl ToArg for Bytes {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self);
    }
}

impl ToArg for BytesMut {
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(self);
    }
}

/// `1` and `0`, as the servers' own flags are written.
impl ToArg for bool {
    fn write(&self, to: &mut ArgWriter<'_>) {
        to.write(if *self { b"1" } else { b"0" });
    }
}

/// The shortest text that reads back as the same number; `inf`, `-inf` and `nan` as the servers spell them.
impl ToArg for f64 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        if self.is_nan() {
            to.write(b"nan");
        } else if self.is_infinite() {
            to.write(if *self > 0.0 { b"inf" } else { b"-inf" });
        } else {
            to.write(zmij::Buffer::new().format_finite(*self).as_bytes());
        }
    }
}

/// Written as its own shortest text, so that `0.1_f32` becomes `0.1`.
impl ToArg for f32 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        if self.is_finite() {
            to.write(zmij::Buffer::new().format_finite(*self).as_bytes());
        } else {
            f64::from(*self).write(to);
        }
    }
}

/// The digits of any whole number.
#[inline]
fn write_digits(number: impl itoa::Integer, to: &mut ArgWriter<'_>) {
    to.write(itoa::Buffer::new().format(number).as_bytes());
}

impl ToArg for i16 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for u16 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for i32 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for u32 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for i64 {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for u64 {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for i128 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for u128 {
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for isize {
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

impl ToArg for usize {
    #[inline]
    fn write(&self, to: &mut ArgWriter<'_>) {
        write_digits(*self, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    fn text(argument: impl ToArg) -> String {
        let mut request = Request::unknown(&[]);
        request.push(argument);
        assert_eq!(request.len(), 1);
        String::from_utf8(request.arguments().next().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn scalars_as_the_servers_spell_them() {
        assert_eq!(text("a"), "a");
        assert_eq!(text(b"raw"), "raw");
        assert_eq!(text(vec![b'v']), "v");
        assert_eq!(text('ß'), "ß");
        assert_eq!(text(true), "1");
        assert_eq!(text(-5_i64), "-5");
        assert_eq!(text(u64::MAX), "18446744073709551615");
        assert_eq!(text(0.1_f32), "0.1");
        assert_eq!(text(f64::INFINITY), "inf");
        assert_eq!(text(f64::NEG_INFINITY), "-inf");
        assert_eq!(text(Cow::Borrowed("cow")), "cow");
        for number in [0.0, -0.5, 1e300, 5e-324, 3.0, 1.0 / 3.0] {
            assert_eq!(text(number).parse::<f64>().unwrap(), number);
        }
    }
}
