//! Serde's traits with the types forgotten, so that code which reads or writes values is compiled once, and not for
//! each type of a user's.
//!
//! ```text
//! a type's Deserialize -> TypedDeserializer -> dyn ErasedDeserializer: a format
//!                         ErasedSlot              <- dyn ErasedVisitor, dyn ErasedSeed
//! a type's Serialize   -> TokenSerializer   -> dyn TokenSink: a format
//! ```
//!
//! A visitor or seed cannot be called through a trait object, since it returns a value of a type of its own. So it waits
//! in an [`ErasedSlot`], which keeps what it makes. That is safe code, and it keeps the names of types, which the crate
//! `erased-serde` does not.
//!
//! Must not know any format, nor what a message may become. Beside the formats, the tracer uses it, which finds out the
//! shapes of types.

mod deserialize;
mod deserializer;
mod error;
mod hint;
mod serializer;
mod slot;
mod token;
mod visit;

pub(crate) use self::deserialize::{
    ErasedDeserializer, ErasedEnum, ErasedMap, ErasedSeed, ErasedSeq, ErasedVisitor,
};
pub(crate) use self::error::{FieldFault, PathStep, ValueError};
pub(crate) use self::hint::{Hint, Scalar};
pub(crate) use self::slot::ErasedSlot;
pub(crate) use self::token::{ErasedSerialize, TUPLE, Token, TokenSink, VariantName};
