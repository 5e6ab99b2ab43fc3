//! Makes any serde format safe for decoding messages of hostile peers.
//!
//! Wrapped around the deserializer of a format, it bounds what the formats' own crates leave open:
//!
//! * **Nesting.** A type that contains itself (`struct Node { children: Vec<Node> }`) decodes by
//!   recursion, one level for each byte or two. postcard has no limit at all; rmp-serde counts
//!   only arrays and maps, so that enums nest without limit, and one byte makes
//!   `struct Link(Option<Box<Link>>)` recurse for ever. A stack overflow aborts the process.
//!   Here each option, sequence, map and enum is a level. Only these can end a recursion, hence
//!   every recursive type contains one; structs and tuples nest as deeply as the type declares
//!   and are not counted. The stack for a level depends on the type and the build: all 128 levels
//!   took at most 0.7 MiB, 2.5 MiB without optimisation, with types of up to 1 KiB.
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
//!
//! The module also keeps the message with which a type's own `Deserialize` rejected a value, where
//! the format's error type would drop it (postcard's does).
//!
//! Called by the codecs alone. Must not know any format.

mod access;
mod deserializer;
mod limits;
mod visitor;

pub(super) use self::limits::Budget;
