//! Pairs of arguments: fields with values, keys with values.

use std::collections::{BTreeMap, HashMap};

use super::{ArgWriter, ToArg};

/// One or more pairs, such as the fields and values of HSET: a tuple, a list of tuples, or a map.
///
/// ```
/// use std::collections::BTreeMap;
/// use carnelian_command::{Build, group::HashCommands as _};
///
/// Build.hset("user:1", ("name", "Ada"));
/// Build.hset("user:1", [("name", "Ada"), ("city", "London")]);
/// Build.hset("user:1", BTreeMap::from([("age", 36)]));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be pairs of arguments",
    note = "a tuple `(a, b)`, an array, slice or `Vec` of tuples, or a map can"
)]
pub trait ToPairs {
    /// How many pairs there are.
    fn pairs(&self) -> usize;

    /// Writes them all, each first half followed by its second.
    fn write_pairs(&self, to: &mut ArgWriter<'_>);
}

fn write_each<K: ToArg, V: ToArg>(pairs: impl IntoIterator<Item = (K, V)>, to: &mut ArgWriter<'_>) {
    for (first, second) in pairs {
        first.write(to);
        second.write(to);
    }
}

impl<T: ToPairs + ?Sized> ToPairs for &T {
    fn pairs(&self) -> usize {
        (**self).pairs()
    }

    fn write_pairs(&self, to: &mut ArgWriter<'_>) {
        (**self).write_pairs(to);
    }
}

impl<K: ToArg, V: ToArg> ToPairs for (K, V) {
    fn pairs(&self) -> usize {
        1
    }

    fn write_pairs(&self, to: &mut ArgWriter<'_>) {
        self.0.write(to);
        self.1.write(to);
    }
}

impl<K: ToArg, V: ToArg> ToPairs for [(K, V)] {
    fn pairs(&self) -> usize {
        self.len()
    }

    fn write_pairs(&self, to: &mut ArgWriter<'_>) {
        write_each(self.iter().map(|(first, second)| (first, second)), to);
    }
}

impl<K: ToArg, V: ToArg, const N: usize> ToPairs for [(K, V); N] {
    fn pairs(&self) -> usize {
        N
    }

    fn write_pairs(&self, to: &mut ArgWriter<'_>) {
        self.as_slice().write_pairs(to);
    }
}

impl<K: ToArg, V: ToArg> ToPairs for Vec<(K, V)> {
    fn pairs(&self) -> usize {
        self.len()
    }

    fn write_pairs(&self, to: &mut ArgWriter<'_>) {
        self.as_slice().write_pairs(to);
    }
}

impl<K: ToArg, V: ToArg, S> ToPairs for HashMap<K, V, S> {
    fn pairs(&self) -> usize {
        self.len()
    }

    fn write_pairs(&self, to: &mut ArgWriter<'_>) {
        write_each(self, to);
    }
}

impl<K: ToArg, V: ToArg> ToPairs for BTreeMap<K, V> {
    fn pairs(&self) -> usize {
        self.len()
    }

    fn write_pairs(&self, to: &mut ArgWriter<'_>) {
        write_each(self, to);
    }
}
