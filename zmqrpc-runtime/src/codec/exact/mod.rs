//! Makes any serde format refuse what it could not give back.
//!
//! Wrapped around the serializer of a format, it bounds what the formats' own crates leave to the
//! types, so that a receiver never reads another value than the one that was sent:
//!
//! * **Fields that are left out.** postcard has no names: behind a field that
//!   `skip_serializing_if` leaves out, the receiver takes each field for the one before it, and
//!   may well find a value in that.
//! * **Numbers of parts.** A type that announces another number of fields, elements or entries
//!   than it writes makes the receiver take a part for what follows, or the other way round.
//! * **`Some` of nothing.** `MessagePack` writes `None` and `()` as nil, and `Some` not at all.
//!
//! What serde's macros do not report to the serializer cannot be seen here: a field that is never
//! serialized, a variant that is skipped on one side alone. [`travels`](super::travels) finds it.
//!
//! It also keeps what a type's own `Serialize` said when it refused, where the format's error type
//! would drop it (postcard's does), and names the type.
//!
//! Called by the codecs alone. Knows no format but by its [`Rules`].

mod parts;
mod rules;
mod serializer;

pub(super) use self::rules::{Named, Positional, Rules};
pub(super) use self::serializer::Exact;
