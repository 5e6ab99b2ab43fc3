//! Makes any serde format safe to decode from strangers.
//!
//! Wrapped around the deserializer of a format, it bounds what the formats' own crates leave open:
//!
//! * **Nesting.** A type that contains itself (`struct Node { children: Vec<Node> }`) decodes by
//!   recursion, one level for each byte or two. postcard has no limit at all; rmp-serde counts
//!   only arrays and maps, so that enums nest freely and one byte sends
//!   `struct Link(Option<Box<Link>>)` round for ever. An overflown stack aborts the process.
//!   Here each option, sequence, map and enum is a level. Only these can end a recursion, hence a
//!   type that recurses at all passes through one; structs and tuples nest as far as the type
//!   says and cost nothing. How much stack a level takes is up to the type and the build: all 128
//!   took at most 0.7 MiB, 2.5 MiB without optimisation, with types of up to 1 KiB.
//! * **Elements.** `Vec<()>` takes no bytes for an element, so in postcard ten bytes announce
//!   2^64 - 1 of them. All sequences and maps of one message together may have as many elements
//!   as the message has bytes, and 1,024 more. An element that takes any bytes at all has a byte
//!   of its own, so only the surplus is ever in question. Announced lengths are charged on entry:
//!   a hostile one fails before anything is allocated for it, and what the nested sequences of a
//!   deeply nested message announce adds up to no more than that either. Of elements without a
//!   size there may be 10,000, in whatever format, though they take a byte in some.
//! * **Memory.** A byte may become any number of them: `""` 24, `None` as many as its type has.
//!   A message may become 64 MiB, and 8 bytes for each of its own. What is counted is the size of
//!   each element of a list or map, of what is in a box (it does not fit into its place in what
//!   holds it) and of each text, not what the allocator adds. A list that says how long it is is
//!   refused as soon as its first element says how large they are.
//!
//! It also keeps what a type's own `Deserialize` said when it refused a value, where the format's
//! error type would drop it (postcard's does).
//!
//! Called by the codecs alone. Knows no format.

mod access;
mod deserializer;
mod limits;
mod visitor;

pub(super) use self::limits::Budget;
