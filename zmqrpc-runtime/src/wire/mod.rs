//! What every dialect can say, whatever its bytes: statuses, metadata, keys of methods, limits.
//!
//! [`dialect`](crate::dialect) turns it into frames and back, by fields that dialects may share (`cursor`). This module must
//! not know sockets, codecs, what frames consist of or users' types.

mod cursor;
mod delivery;
mod error;
mod hops;
mod key;
mod limits;
mod metadata;
mod status;
mod topic;

pub(crate) use self::{
    cursor::{Cursor, put_text, put_varint},
    hops::NUMBER_MASK,
};
pub use self::{
    delivery::{ACCEPTED_KEY, BLOCKED_KEY, DELIVERY_KEY, DeliveryId},
    error::WireError,
    hops::{MAX_HOPS, NUMBER_BITS, hops, with_hops, without_hops},
    key::{METHOD_KEY, METHOD_SHAPE, MethodKey},
    limits::{Limits, MIN_MESSAGE},
    metadata::{Metadata, MetadataBuf, MetadataIter},
    status::{Executed, Status},
    topic::{HEARTBEAT_TOPIC, MAX_TOPIC},
};
