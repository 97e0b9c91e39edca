//! Tuples as lists of arguments: where they are of several kinds, as those of scripts often are, and where there are none.

use super::{ArgWriter, ToArg, ToArgs};

/// No arguments: what a script without keys gets for its keys.
impl ToArgs for () {
    fn count(&self) -> usize {
        0
    }

    fn write_all(&self, _: &mut ArgWriter<'_>) {}
}

// One rule for every width; written as a macro since Rust has no variadic generics. It writes no API.
macro_rules! tuple {
    ($width:literal: $($part:ident $at:tt)+) => {
        impl<$($part: ToArg),+> ToArgs for ($($part,)+) {
            fn count(&self) -> usize {
                $width
            }

            fn write_all(&self, to: &mut ArgWriter<'_>) {
                $(self.$at.write(to);)+
            }
        }
    };
}

tuple!(1: A 0);
tuple!(2: A 0 B 1);
tuple!(3: A 0 B 1 C 2);
tuple!(4: A 0 B 1 C 2 D 3);
tuple!(5: A 0 B 1 C 2 D 3 E 4);
tuple!(6: A 0 B 1 C 2 D 3 E 4 F 5);
tuple!(7: A 0 B 1 C 2 D 3 E 4 F 5 G 6);
tuple!(8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, spec};

    fn texts(arguments: impl ToArgs) -> Vec<String> {
        let count = arguments.count();
        let command = Command::<()>::new(&spec::DEL).args(arguments);
        let texts = command.request().arguments().skip(1).map(String::from_utf8_lossy);
        let texts: Vec<String> = texts.map(String::from).collect();
        assert_eq!(texts.len(), count);
        texts
    }

    #[test]
    fn arguments_of_several_kinds() {
        assert_eq!(texts(()), [""; 0]);
        assert_eq!(texts(("a",)), ["a"]);
        assert_eq!(texts(("a", 5)), ["a", "5"]);
        assert_eq!(texts((b"a", 1.5, true, String::from("d"))), ["a", "1.5", "1", "d"]);
        assert_eq!(texts((1, 2, 3, 4, 5, 6, 7, "8")), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    }
}
