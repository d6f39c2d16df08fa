//! A list whose room comes from lists that went before it on the same thread.
//!
//! Of what came hours ago as much goes as comes now: entities, panes and sets of as many elements. Each list gives its room back when
//! it goes or outgrows it, and one of that size takes it: the room that was given back last is in the cache still.
//!
//! Rules:
//! - room has as many places as fit one of the allocator's sizes ([`crate::block`]), so that few sizes serve all, and nothing that the
//!   allocator gives is wasted;
//! - bounded for each kind of element as blocks are ([`crate::spare`]): with the nine that there are 175 MB a thread at most, where lists of
//!   all kinds and sizes have gone at once; lists longer than [`PLACES_MAX`] grow as a `Vec` does, and go to the allocator.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::block::Block;
use crate::spare;

/// Places of the longest lists that are recycled.
const PLACES_MAX: usize = 64;

/// Elements one behind the other.
pub struct Recycled<T: Recyclable>(Vec<T>);

/// An element of lists whose room is recycled.
pub trait Recyclable: Sized + 'static {
    /// What keeps their room, one for each thread.
    fn rooms() -> &'static LocalKey<RefCell<Rooms<Self>>>;
}

/// Room of lists that went, by its places.
#[derive(Debug)]
pub struct Rooms<T>([Vec<Vec<T>>; PLACES_MAX + 1]);

impl<T> Rooms<T> {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self([const { Vec::new() }; PLACES_MAX + 1])
    }
}

impl<T> Default for Rooms<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Places of the room for so many elements.
const fn places<T>(count: usize) -> usize {
    Block::room(count * size_of::<T>()) / size_of::<T>()
}

/// Room for so many elements at least.
fn take<T: Recyclable>(count: usize) -> Vec<T> {
    let places = places::<T>(count);
    let kept = T::rooms().try_with(|rooms| rooms.borrow_mut().0.get_mut(places)?.pop()).ok().flatten();
    kept.unwrap_or_else(|| Vec::with_capacity(places))
}

/// Gives room back whose elements have gone.
fn give_back<T: Recyclable>(mut room: Vec<T>) {
    // What elements own goes before the room is kept, since it may be lists of the same kind.
    room.clear();
    let held = room.capacity();
    if held == 0 || held != places::<T>(held) {
        return;
    }
    // At the end of a thread, and where there is enough of that size, it goes to the allocator.
    let _ = T::rooms().try_with(|rooms| {
        let mut rooms = rooms.borrow_mut();
        let kept = rooms.0.get_mut(held).filter(|kept| spare::keeps(kept.len(), held * size_of::<T>()));
        kept.into_iter().for_each(|kept| kept.push(std::mem::take(&mut room)));
    });
}

impl<T: Recyclable> Recycled<T> {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// None yet, with room for so many.
    #[must_use]
    pub fn with_room(count: usize) -> Self {
        let mut list = Self::new();
        list.reserve(count);
        list
    }

    /// All of them.
    #[must_use]
    pub const fn as_slice(&self) -> &[T] {
        self.0.as_slice()
    }

    /// Bytes of its own room.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }

    /// Room for so many more.
    pub fn reserve(&mut self, more: usize) {
        if self.0.capacity() - self.0.len() < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        // Half as many more, so that a list does not move with each of its elements.
        let count = (self.0.len() + more).max(self.0.len() + self.0.len() / 2);
        if count > PLACES_MAX {
            self.0.reserve(more);
            return;
        }
        let mut room = take(count);
        room.append(&mut self.0);
        give_back(std::mem::replace(&mut self.0, room));
    }

    /// Puts an element behind the last.
    #[inline]
    pub fn push(&mut self, element: T) {
        self.reserve(1);
        self.0.push(element);
    }

    /// Puts an element before the one at `place`.
    ///
    /// # Panics
    /// If there are fewer than `place`.
    #[inline]
    pub fn insert(&mut self, place: usize, element: T) {
        self.reserve(1);
        self.0.insert(place, element);
    }

    /// Keeps those that `stays` says.
    pub fn retain(&mut self, stays: impl FnMut(&T) -> bool) {
        self.0.retain(stays);
    }

    /// The list as a `Vec`, to be changed in the room that there is; where it grows by itself its room goes to the allocator.
    pub const fn as_mut_vec(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Recyclable> Drop for Recycled<T> {
    #[inline]
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            give_back(std::mem::take(&mut self.0));
        }
    }
}

impl<T: Recyclable> Deref for Recycled<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Recyclable> DerefMut for Recycled<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Recyclable> Default for Recycled<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Recyclable + Clone> Clone for Recycled<T> {
    fn clone(&self) -> Self {
        self.0.iter().cloned().collect()
    }
}

impl<T: Recyclable> FromIterator<T> for Recycled<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let elements = elements.into_iter();
        let mut list = Self::with_room(elements.size_hint().0);
        elements.for_each(|element| list.push(element));
        list
    }
}

impl<T: Recyclable + PartialEq> PartialEq for Recycled<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Recyclable + Eq> Eq for Recycled<T> {}

impl<T: Recyclable + std::fmt::Debug> std::fmt::Debug for Recycled<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// As a `Vec` of them.
impl<T: Recyclable + Encode> Encode for Recycled<T> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<C, T: Recyclable + Decode<C>> Decode<C> for Recycled<T> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Decode::decode(decoder).map(Self)
    }
}

impl<'de, C, T: Recyclable + BorrowDecode<'de, C>> BorrowDecode<'de, C> for Recycled<T> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        BorrowDecode::borrow_decode(decoder).map(Self)
    }
}

/// An element of lists whose room is recycled, each type's by itself.
#[macro_export]
macro_rules! recyclable {
    ($element:ty) => {
        impl $crate::recycled::Recyclable for $element {
            fn rooms() -> &'static std::thread::LocalKey<std::cell::RefCell<$crate::recycled::Rooms<Self>>> {
                thread_local! {
                    static ROOMS: std::cell::RefCell<$crate::recycled::Rooms<$element>> =
                        const { std::cell::RefCell::new($crate::recycled::Rooms::new()) };
                }
                &ROOMS
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What it is told says how many of it there are.
    #[derive(Clone, Debug, PartialEq)]
    struct Counted(u64, std::rc::Rc<()>);
    recyclable!(Counted);

    fn kept(places: usize) -> usize {
        Counted::rooms().with(|rooms| rooms.borrow().0[places].len())
    }

    proptest! {
        #[test]
        fn it_is_a_list_and_lets_go_of_each_element_once(
            steps in prop::collection::vec((0_u8..24, any::<prop::sample::Index>(), 0_u64..9), 0..300),
        ) {
            let all = std::rc::Rc::new(());
            let (mut list, mut naive) = (Recycled::new(), Vec::new());
            for (step, place, number) in steps {
                let one = || Counted(number, std::rc::Rc::clone(&all));
                match step {
                    0 => {
                        list.retain(|one: &Counted| one.0 != number);
                        naive.retain(|one: &Counted| one.0 != number);
                    }
                    1 => {
                        let count = place.index(naive.len() + 1);
                        list.as_mut_vec().drain(..count);
                        naive.drain(..count);
                    }
                    2 => {
                        let place = place.index(naive.len() + 1);
                        list.insert(place, one());
                        naive.insert(place, one());
                    }
                    3 => list = list.clone(),
                    _ => {
                        list.push(one());
                        naive.push(one());
                    }
                }
                prop_assert_eq!(&list[..], &naive[..]);
                prop_assert_eq!(std::rc::Rc::strong_count(&all), 1 + 2 * naive.len());
            }
            drop(list);
            prop_assert_eq!(std::rc::Rc::strong_count(&all), 1 + naive.len());
        }
    }

    #[test]
    fn a_list_takes_the_room_of_one_that_went_and_no_more_is_kept_than_said() {
        let one = || Counted(7, std::rc::Rc::new(()));
        // 16 bytes each, so that up to eight places there is a size for any number, and then for every second.
        let list = |count: usize| (0..count).map(|_| one()).collect::<Recycled<_>>();
        assert_eq!(
            (list(3).0.capacity(), list(8).0.capacity(), list(9).0.capacity(), list(11).0.capacity()),
            (3, 8, 10, 12)
        );
        let before = kept(3);
        let mut lists: Vec<_> = (0..4).map(|_| list(3)).collect();
        assert_eq!(kept(3), before.saturating_sub(4));
        drop(lists.pop());
        assert_eq!(kept(3), before.saturating_sub(4) + 1);
        // One that grows gives its own back, and takes another.
        let (threes, fours) = (kept(3), kept(4));
        lists[0].push(one());
        assert_eq!((kept(3), kept(4), lists[0].0.capacity()), (threes + 1, fours.saturating_sub(1), 4));
        // Too many, and too long ones, go to the allocator; so does what has a size of its own.
        let many: Vec<_> = (0..9_000).map(|_| list(1)).collect();
        drop(many);
        assert_eq!(kept(1), 8_192);
        let long = list(PLACES_MAX + 1);
        assert!(long.len() == PLACES_MAX + 1);
        drop(long);
        drop(Recycled(Vec::<Counted>::with_capacity(9)));
        assert_eq!(kept(9), 0);
    }
}
