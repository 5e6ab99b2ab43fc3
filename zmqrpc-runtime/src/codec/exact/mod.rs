//! Makes any serde format reject values that it could not restore.
//!
//! Wrapped around the serializer of a format, it checks what the formats' own crates leave to the
//! types, so that a receiver never decodes another value than the one that was sent:
//!
//! * **Skipped fields.** postcard writes no names: after a field that `skip_serializing_if` leaves
//!   out, the receiver takes each field for the one before it, and may well find a valid value.
//! * **Numbers of parts.** A type that announces another number of fields, elements or entries
//!   than it writes makes the receiver take a part for what follows, or the other way round.
//! * **`Some` of nothing.** `MessagePack` encodes `None` and `()` as nil, and does not encode
//!   `Some` at all.
//!
//! A serializer cannot see what serde's macros do not report to it: a field that is never
//! serialized, a variant that is skipped on one side alone. [`travels`](super::travels) finds both.
//!
//! The module also keeps the message with which a type's own `Serialize` failed, where the format's
//! error type would drop it (postcard's does), and names the type.
//!
//! Called by the codecs alone. Must not know of a format more than its [`Rules`].

mod parts;
mod rules;
mod serializer;

pub(super) use self::rules::Rules;
pub(super) use self::serializer::Exact;
