//! Any number of arguments of one kind: a single value, an array, a slice, a vector, a set.

use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;

use super::{ArgWriter, ToArg};

/// One or more arguments, such as the keys of DEL: a single value, any list of values of one kind, or a tuple where they
/// are of several kinds. `()` is none at all.
///
/// ```
/// use carnelian_command::{Build, group::GenericCommands as _};
///
/// let one = Build.del("a");
/// let three = Build.del(["a", "b", "c"]);
/// assert_eq!((one.request().len(), three.request().len()), (2, 4));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a list of arguments",
    note = "a single value, an array, a slice, a `Vec`, a set or a tuple of text, bytes or numbers can"
)]
pub trait ToArgs {
    /// How many arguments there are.
    fn count(&self) -> usize;

    /// Writes them all, in order.
    fn write_all(&self, to: &mut ArgWriter<'_>);
}

/// What a list does with its parts.
fn write_each<T: ToArg>(list: impl IntoIterator<Item = T>, to: &mut ArgWriter<'_>) {
    for argument in list {
        argument.write(to);
    }
}

impl<T: ToArgs + ?Sized> ToArgs for &T {
    fn count(&self) -> usize {
        (**self).count()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        (**self).write_all(to);
    }
}

impl<T: ToArg> ToArgs for [T] {
    fn count(&self) -> usize {
        self.len()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        write_each(self, to);
    }
}

impl<T: ToArg, const N: usize> ToArgs for [T; N] {
    fn count(&self) -> usize {
        N
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        write_each(self, to);
    }
}

impl<T: ToArg> ToArgs for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        write_each(self, to);
    }
}

impl<T: ToArg, S> ToArgs for HashSet<T, S> {
    fn count(&self) -> usize {
        self.len()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        write_each(self, to);
    }
}

impl<T: ToArg> ToArgs for BTreeSet<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        write_each(self, to);
    }
}

impl ToArgs for str {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for String {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for [u8] {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl<const N: usize> ToArgs for [u8; N] {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for Vec<u8> {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for Bytes {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for i32 {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for i64 {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for u64 {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

impl ToArgs for f64 {
    fn count(&self) -> usize {
        1
    }

    fn write_all(&self, to: &mut ArgWriter<'_>) {
        self.write(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, spec};

    fn texts(arguments: impl ToArgs) -> Vec<String> {
        let count = arguments.count();
        let command = Command::<()>::new(&spec::DEL).args(arguments);
        let texts: Vec<_> = command
            .request()
            .arguments()
            .skip(1)
            .map(|argument| String::from_utf8(argument.to_vec()).unwrap())
            .collect();
        assert_eq!(texts.len(), count);
        texts
    }

    #[test]
    fn bytes_are_one_argument_and_never_a_list() {
        assert_eq!(texts(b"ab"), ["ab"]);
        assert_eq!(texts(b"ab".to_vec()), ["ab"]);
        assert_eq!(texts(&b"ab"[..]), ["ab"]);
        assert_eq!(texts(vec![b"ab".to_vec(), b"c".to_vec()]), ["ab", "c"]);
    }

    #[test]
    fn lists_of_all_kinds() {
        assert_eq!(texts("a"), ["a"]);
        assert_eq!(texts(["a", "b"]), ["a", "b"]);
        assert_eq!(texts(&["a", "b"][..]), ["a", "b"]);
        assert_eq!(texts(vec![1, 2]), ["1", "2"]);
        assert_eq!(texts(BTreeSet::from(["x", "y"])), ["x", "y"]);
        assert_eq!(texts(Vec::<String>::new()), [""; 0]);
    }
}
