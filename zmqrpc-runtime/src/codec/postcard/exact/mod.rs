//! Makes postcard reject values that it could not restore.
//!
//! Wrapped around its serializer, it checks what the crate leaves to the types, so that a receiver
//! never decodes another value than the one that was sent:
//!
//! * **Skipped fields.** postcard writes no names: after a field that `skip_serializing_if` leaves
//!   out, the receiver takes each field for the one before it, and may well find a valid value.
//! * **Numbers of parts.** A type that announces another number of fields, elements or entries
//!   than it writes makes the receiver take a part for what follows, or the other way round.
//!
//! A serializer cannot see what serde's macros do not report to it: a field that is never
//! serialized, a variant that is skipped on one side alone. [`travels`](crate::codec::travels)
//! finds both.
//!
//! The module also keeps the message with which a type's own `Serialize` failed, as postcard's
//! error has no room for it, and names the type.

mod parts;
mod serializer;

pub(super) use self::serializer::Exact;
