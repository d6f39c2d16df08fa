//! Bytes of one entity, or what has grown too large for them in a box, in no more room than the bytes alone take.
//!
//! Nearly all entities have bytes: an enum of both would make each of them eight bytes longer in the table.
//!
//! **Invariant**, on which every `unsafe` here rests: where the block's length is [`BOXED`], which no block has, its start is
//! that of a `Box<T>` that nobody else owns; otherwise the block is one.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::block::Block;

/// Length of a block that is none.
const BOXED: u16 = u16::MAX;
const _: () = assert!(Block::BYTES_MAX < BOXED as usize);

/// A block, or a `T`.
pub(crate) struct BlockOr<T> {
    block: ManuallyDrop<Block>,
    owns: PhantomData<Box<T>>,
}

impl<T> BlockOr<T> {
    pub(crate) const fn of_block(block: Block) -> Self {
        Self { block: ManuallyDrop::new(block), owns: PhantomData }
    }

    pub(crate) fn of(value: T) -> Self {
        let start = NonNull::from(Box::leak(Box::new(value))).cast();
        Self { block: ManuallyDrop::new(Block::lying(start, BOXED)), owns: PhantomData }
    }

    /// The block, or else what is in its place.
    pub(crate) fn get(&self) -> Result<&Block, &T> {
        match self.boxed() {
            None => Ok(&self.block),
            // SAFETY: by the invariant it points to a value that we own, and the borrow of `self` is shared.
            Some(value) => Err(unsafe { value.as_ref() }),
        }
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self) -> Result<&mut Block, &mut T> {
        match self.boxed() {
            None => Ok(&mut self.block),
            // SAFETY: by the invariant it points to a value that we own alone, and the borrow of `self` is exclusive.
            Some(mut value) => Err(unsafe { value.as_mut() }),
        }
    }

    fn boxed(&self) -> Option<NonNull<T>> {
        let (start, length) = self.block.parts();
        (length == BOXED).then(|| start.cast())
    }
}

impl<T> Drop for BlockOr<T> {
    fn drop(&mut self) {
        match self.boxed() {
            // SAFETY: by the invariant it is a block, and nobody uses it after its owner.
            None => unsafe { ManuallyDrop::drop(&mut self.block) },
            // SAFETY: by the invariant it came from a box, and nobody uses it after its owner.
            Some(value) => drop(unsafe { Box::from_raw(value.as_ptr()) }),
        }
    }
}

impl<T: Clone> Clone for BlockOr<T> {
    fn clone(&self) -> Self {
        match self.get() {
            Ok(block) => Self::of_block(block.clone()),
            Err(value) => Self::of(value.clone()),
        }
    }
}

impl<T: PartialEq> PartialEq for BlockOr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for BlockOr<T> {}

impl<T: std::fmt::Debug> std::fmt::Debug for BlockOr<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

impl<T: Encode> Encode for BlockOr<T> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.get().encode(encoder)
    }
}

impl<C, T: Decode<C>> Decode<C> for BlockOr<T> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Result::<Block, T>::decode(decoder)?.map_or_else(Self::of, Self::of_block))
    }
}

impl<'de, C, T: BorrowDecode<'de, C>> BorrowDecode<'de, C> for BlockOr<T> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Result::<Block, T>::borrow_decode(decoder)?.map_or_else(Self::of, Self::of_block))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn it_is_what_it_was_made_of_and_lets_go_of_it_once() {
        assert_eq!(size_of::<Option<BlockOr<String>>>(), size_of::<Block>());
        let counted = Rc::new(());
        let mut all: Vec<BlockOr<(Rc<()>, String)>> = Vec::new();
        for length in 0..100 {
            let mut block = Block::new();
            assert!(block.append(&[7].repeat(length * 700)[..length * 600]));
            all.push(BlockOr::of_block(block));
            all.push(BlockOr::of((Rc::clone(&counted), "grown".repeat(length))));
        }
        let copies = all.clone();
        assert!(copies == all && Rc::strong_count(&counted) == 201);
        for (place, one) in all.iter_mut().enumerate() {
            match one.get_mut() {
                Ok(block) => assert!(place % 2 == 0 && block.append(&[8])),
                Err((_, text)) => text.push('!'),
            }
            assert!(*one != copies[place]);
            *one = match one.get() {
                Ok(_) => BlockOr::of((Rc::clone(&counted), String::new())),
                Err(_) => BlockOr::of_block(Block::new()),
            };
            assert_eq!(one.get().is_ok(), place % 2 == 1);
        }
        drop(copies);
        assert_eq!(Rc::strong_count(&counted), 101);
        drop(all);
        assert_eq!(Rc::strong_count(&counted), 1);
    }

    #[test]
    fn both_come_back_from_bytes() {
        let mut block = Block::new();
        block.append(b"events");
        for one in [BlockOr::of_block(block), BlockOr::of(9_u64), BlockOr::of_block(Block::new())] {
            let bytes = bincode::encode_to_vec(&one, bincode::config::standard()).unwrap();
            let (back, _): (BlockOr<u64>, usize) =
                bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
            assert_eq!(back, one);
        }
        let lying = bincode::decode_from_slice::<BlockOr<u64>, _>(&[7, 0], bincode::config::standard());
        assert!(lying.is_err());
    }
}
