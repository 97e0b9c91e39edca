//! Places with numbers: what is taken out leaves a place that is used again. Nothing is searched for, however many there are.

/// Things with numbers.
#[derive(Debug)]
pub(super) struct Places<T> {
    things: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { things: Vec::new(), free: Vec::new() }
    }
}

impl<T> Places<T> {
    /// Puts something into a free place; which one that was.
    pub(super) fn put(&mut self, thing: T) -> u32 {
        if let Some(number) = self.free.pop()
            && let Some(place) = self.things.get_mut(number as usize)
        {
            *place = Some(thing);
            return number;
        }
        let number = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
        self.things.push(Some(thing));
        number
    }

    /// Takes what is at a place.
    pub(super) fn take(&mut self, number: u32) -> Option<T> {
        let thing = self.things.get_mut(number as usize)?.take()?;
        self.free.push(number);
        if self.free.len() == self.things.len() {
            // Nothing is left: what was once needed for many is given back.
            *self = Self::default();
        }
        Some(thing)
    }

    #[inline]
    pub(super) fn at(&self, number: u32) -> Option<&T> {
        self.things.get(number as usize)?.as_ref()
    }

    #[inline]
    pub(super) fn at_mut(&mut self, number: u32) -> Option<&mut T> {
        self.things.get_mut(number as usize)?.as_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.things.len() - self.free.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.things.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.things.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_given_back() {
        let mut places = Places::default();
        let numbers: Vec<u32> = (0..100).map(|thing| places.put(thing)).collect();
        assert_eq!((places.take(7), places.take(7), places.at(7), places.len()), (Some(7), None, None, 99));
        assert_eq!((places.put(70), places.at(7)), (7, Some(&70)));
        assert_eq!(places.iter().sum::<i32>(), (0..100).sum::<i32>() + 63);
        assert_eq!(numbers.into_iter().filter_map(|number| places.take(number)).count(), 100);
        assert_eq!((places.len(), places.things.capacity()), (0, 0));
    }
}
