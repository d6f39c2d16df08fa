//! A list that nearly always has one element, which takes no room on the heap.

use crate::recycled::{Recyclable, Recycled};

/// Elements one behind the other. Equal where the elements are.
#[derive(Clone, Debug)]
pub enum Few<T: Recyclable> {
    /// One.
    One(T),
    /// None, or two and more.
    Many(Recycled<T>),
}

impl<T: Recyclable> Few<T> {
    /// All of them.
    #[must_use]
    pub const fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many.as_slice(),
        }
    }

    /// The same, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::One(one) => std::slice::from_mut(one),
            Self::Many(many) => many,
        }
    }

    /// Puts an element before the one at `place`, or behind the last.
    pub fn insert(&mut self, place: usize, element: T) {
        match self {
            Self::Many(many) if many.heap_bytes() == 0 => *self = Self::One(element),
            Self::Many(many) => many.insert(place.min(many.len()), element),
            Self::One(_) => {
                let Self::One(one) = std::mem::replace(self, Self::Many(Recycled::with_room(2))) else { return };
                let Self::Many(many) = self else { return };
                many.push(one);
                many.insert(place.min(1), element);
            }
        }
    }

    /// Takes out the elements of a range, of which one is left at least.
    pub fn remove(&mut self, range: std::ops::Range<usize>) {
        if let Self::Many(many) = self {
            many.as_mut_vec().drain(range);
            if many.len() == 1 {
                many.as_mut_vec().pop().into_iter().for_each(|one| *self = Self::One(one));
            }
        }
    }

    /// None any more; the room of several stays for the next ones.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::One(_) => *self = Self::Many(Recycled::new()),
            Self::Many(many) => many.as_mut_vec().clear(),
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(many) => many.heap_bytes(),
        }
    }
}

impl<T: Recyclable> Default for Few<T> {
    fn default() -> Self {
        Self::Many(Recycled::new())
    }
}

impl<T: Recyclable> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut elements = elements.into_iter();
        let Some(first) = elements.next() else { return Self::default() };
        match elements.next() {
            None => Self::One(first),
            Some(second) => Self::Many([first, second].into_iter().chain(elements).collect()),
        }
    }
}

impl<T: Recyclable + PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Recyclable + Eq> Eq for Few<T> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recyclable;

    recyclable!((u64, u16));

    /// One place on the heap and no more than a vector has.
    const _: () = assert!(size_of::<Few<(u64, u16)>>() == size_of::<Vec<u8>>());

    proptest! {
        #[test]
        fn it_is_a_list(steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 0_u64..9), 0..12)) {
            let (mut few, mut list) = (Few::default(), Vec::new());
            for (inserts, place, element) in steps {
                if inserts {
                    let place = place.index(list.len() + 1);
                    few.insert(place, element);
                    list.insert(place, element);
                } else if list.len() > 1 {
                    let place = place.index(list.len());
                    few.remove(place..place + 1);
                    list.remove(place);
                }
                prop_assert_eq!(few.as_slice(), &list[..]);
                prop_assert_eq!(few.as_mut_slice(), &list[..]);
                prop_assert_eq!(matches!(few, Few::One(_)), list.len() == 1);
                prop_assert_eq!(few.heap_bytes() > 0, list.len() > 1);
                prop_assert_eq!(&few, &list.iter().copied().collect());
            }
        }
    }
}
