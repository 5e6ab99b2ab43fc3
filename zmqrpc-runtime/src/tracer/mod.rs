//! Finds out the shapes of types from their `Deserialize` alone.
//!
//! A probe answers each request of a type with a small value, and notes the request; the type is read again and again,
//! until nothing new comes to light. No value is kept, and no derive is needed.
//!
//! ```text
//! finder      the shapes of several types, as binary formats and as JSON see them
//! state       reads one type until all is known; its bounds
//! found       what is known: places, types with names, fields, variants
//! pending     what is yet to be found out
//! probe       answers requests: scalars, and which of the others takes over
//! containers  options, lists, maps, tuples
//! fields      structs: which fields there are, which may be left out, whether others are refused
//! variants    enums
//! candidates  the values that are offered
//! type_names  what the compiler's names of types tell
//! unwinding   panics of the types' own code
//! shapes      what was found, as a description says it
//! ```
//!
//! What comes out depends on the type alone, not on what was traced before nor on how long it took: a client and a server
//! must come to the same. So all bounds are numbers of steps, and each method has a finder of its own.

mod candidates;
mod containers;
mod fields;
mod finder;
mod found;
mod pending;
mod probe;
mod root;
mod shapes;
mod state;
mod type_names;
mod unwinding;
mod variants;

#[cfg(test)]
mod tests;

pub(crate) use self::finder::ShapeFinder;
pub use self::root::RootType;
