//! What a message may become: the budget that is charged while it is decoded.
//!
//! Any byte may come from a hostile peer, and the formats' own crates leave open:
//!
//! * **Nesting.** A type that contains itself (`struct Node { children: Vec<Node> }`) decodes by
//!   recursion, one level for each byte or two. postcard has no limit at all; rmp-serde counts
//!   only arrays and maps, so that enums nest without limit, and one byte makes
//!   `struct Link(Option<Box<Link>>)` recurse for ever. A stack overflow aborts the process.
//!   Here each option, sequence, map and enum is one of 128 levels, and each struct and tuple, of
//!   which there are more where people nest, one of 256: a type may end its recursion in code of
//!   its own (`deserialize_with`) and contain nothing else. The stack for a level depends on the
//!   type, the codec and the build: all levels, of types of up to 1 KiB, took at most 1.2 MiB (by
//!   name; 0.2 MiB by key), and 5 MiB without optimisation. See [`DEEPEST_STACK`].
//! * **Elements.** An element of a `Vec<()>` takes no bytes, so in postcard ten bytes announce
//!   2^64 - 1 of them. All sequences and maps of one message together may have as many elements
//!   as the message has bytes, and 1,024 more. An element that takes any bytes at all has a byte
//!   of its own, so only elements without bytes use up the surplus. Announced lengths are charged
//!   on entry: a hostile length fails before anything is allocated for it, and the announced
//!   lengths of nested sequences are limited together. Of elements without a size there may be
//!   10,000, in every format, though they take a byte in some.
//! * **Memory.** A byte may become many: `""` becomes 24, `None` as many as its type has.
//!   A message may become 64 MiB, and 8 bytes for each of its own. Counted are the size of each
//!   element of a list or map, of each value in a box (larger than its slot in its parent) and of
//!   each text, but not the allocator's overhead. A list that announces its length fails as soon
//!   as the size of its elements is known.

use std::cell::Cell;

use super::Error;

/// The levels of options, sequences, maps and enums that a message may nest.
const MAX_DEPTH: u16 = 128;

/// The levels of structs and tuples that a message may nest.
const MAX_STRUCTS: u16 = 256;

/// A stack, in bytes, on which the deepest value of a type of up to 1 KiB decodes in any build.
pub(crate) const DEEPEST_STACK: usize = 8 << 20;

/// How many levels are left below a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    levels: u16,
    structs: u16,
}

/// The elements allowed in addition to one for each byte, for elements that take no bytes.
const FREE_ELEMENTS: usize = 1_024;

/// The elements allowed that take no memory, such as `()`: in `MessagePack` they take a byte, in
/// postcard none, and the limit is the same.
const EMPTY_ELEMENTS: usize = 10_000;

/// The bytes of memory allowed for the value of any message.
const FREE_MEMORY: usize = 64 * 1024 * 1024;

/// The additional bytes of memory allowed for each byte of the message.
const MEMORY_PER_BYTE: usize = 8;

/// What a message may still become, shared by all that decodes it.
pub(super) struct Budget {
    /// The length of the message, in bytes.
    len: usize,
    elements_left: Cell<usize>,
    empty_left: Cell<usize>,
    memory_left: Cell<usize>,
}

/// Which part of the budget is used up. Small, unlike the [`Error`] that it becomes, as it is returned for each element.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exceeded {
    Depth(u16),
    Elements,
    Empty,
    Memory,
}

impl Budget {
    /// Returns the budget of a message of `len` bytes.
    #[inline]
    pub(super) fn new(len: usize) -> Self {
        Self {
            len,
            elements_left: Cell::new(max_elements(len)),
            empty_left: Cell::new(EMPTY_ELEMENTS),
            memory_left: Cell::new(max_memory(len)),
        }
    }

    /// Charges `count` elements.
    #[inline]
    pub(super) fn charge_elements(&self, count: usize) -> Result<(), Exceeded> {
        charge(&self.elements_left, count, Exceeded::Elements)
    }

    /// Charges an element without a size.
    #[inline]
    pub(super) fn charge_empty(&self) -> Result<(), Exceeded> {
        charge(&self.empty_left, 1, Exceeded::Empty)
    }

    /// Charges `bytes` of memory.
    #[inline]
    pub(super) fn charge_memory(&self, bytes: usize) -> Result<(), Exceeded> {
        charge(&self.memory_left, bytes, Exceeded::Memory)
    }

    /// Returns the error that says what is used up.
    #[cold]
    pub(super) fn error(&self, exceeded: Exceeded) -> Error {
        match exceeded {
            Exceeded::Depth(limit) => Error::TooDeep {
                limit: limit.into(),
            },
            Exceeded::Elements => Error::TooManyElements {
                limit: max_elements(self.len),
            },
            Exceeded::Empty => Error::TooManyEmpty {
                limit: EMPTY_ELEMENTS,
            },
            Exceeded::Memory => Error::TooMuchMemory {
                limit: max_memory(self.len),
            },
        }
    }
}

impl Depth {
    /// The depth of a whole message.
    pub(super) const WHOLE: Self = Self {
        levels: MAX_DEPTH,
        structs: MAX_STRUCTS,
    };

    /// Returns what is left within an option, a sequence, a map or an enum.
    #[inline]
    pub(super) fn descend(self) -> Result<Self, Exceeded> {
        let levels = self.levels.checked_sub(1);
        let levels = levels.ok_or(Exceeded::Depth(MAX_DEPTH))?;
        Ok(Self { levels, ..self })
    }

    /// Returns what is left within a struct or a tuple.
    #[inline]
    pub(super) fn descend_struct(self) -> Result<Self, Exceeded> {
        let structs = self.structs.checked_sub(1);
        let structs = structs.ok_or(Exceeded::Depth(MAX_STRUCTS))?;
        Ok(Self { structs, ..self })
    }
}

#[inline]
fn charge(left: &Cell<usize>, amount: usize, exceeded: Exceeded) -> Result<(), Exceeded> {
    left.set(left.get().checked_sub(amount).ok_or(exceeded)?);
    Ok(())
}

fn max_elements(len: usize) -> usize {
    len.saturating_add(FREE_ELEMENTS)
}

fn max_memory(len: usize) -> usize {
    len.saturating_mul(MEMORY_PER_BYTE)
        .saturating_add(FREE_MEMORY)
}
