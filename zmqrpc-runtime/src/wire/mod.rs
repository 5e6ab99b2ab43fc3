//! The native dialect, version 1: bytes in, values out. `PROTOCOL.md` describes the bytes; the
//! vectors under `tests/vectors` pin them.
//!
//! Clients encode a [`Request`] and decode a [`Reply`]; servers determine the [`Dialect`], decode
//! an [`Incoming`] and encode a [`Reply`]. Publishers encode an [`Event`], subscribers decode it.
//! Generated code computes a [`MethodKey`] at compile time.
//!
//! Every function here keeps to these rules:
//!
//! - It does no I/O and keeps no state.
//! - Decoding borrows from the frame and allocates nothing. A length that the peer announces is
//!   compared with [`Limits`] and with the bytes that are there, and never trusted.
//! - No input makes it panic. A frame that cannot be decoded is a [`WireError`]. If
//!   [`rejection_id`] returns an id, a server replies under it with [`WireError::status`]; if
//!   [`answered_id`] returns one, a client fails that call.
//!
//! This module must not know sockets, codecs or users' types: a body is the rest of the frame, and
//! a codec is a number.

mod cursor;
mod delivery;
mod dialect;
mod error;
mod event;
mod head;
mod hops;
mod key;
mod limits;
mod metadata;
#[cfg(test)]
mod properties;
mod reply;
mod request;
mod status;
#[cfg(test)]
mod vectors;

pub use self::{
    delivery::{ACCEPTED_KEY, BLOCKED_KEY, DELIVERY_KEY, DeliveryId},
    dialect::Dialect,
    error::WireError,
    event::{
        Event, EventContent, HEARTBEAT_TOPIC, MAX_TOPIC, event_to_request, metadata_of,
        request_to_event,
    },
    head::{
        NO_ID, VERSION, answered_id, is_from_client, is_from_server, patch_id, peek_id,
        rejection_id,
    },
    hops::{MAX_HOPS, NUMBER_BITS, count_hop, hops, with_hops, without_hops},
    key::MethodKey,
    limits::{Limits, MIN_MESSAGE},
    metadata::{Metadata, MetadataBuf, MetadataIter},
    reply::{Reply, ReplyBody, is_failure, is_service_error},
    request::{
        Incoming, MethodRef, Request, RequestKind, encode_cancel, encode_ping, shorten_remaining,
    },
    status::{Executed, Status},
};
