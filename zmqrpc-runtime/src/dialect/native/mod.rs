//! The native dialect, version 1: bytes in, values out. `PROTOCOL.md` describes the bytes; the
//! vectors under `tests/vectors` pin them.
//!
//! Every function here keeps to these rules:
//!
//! - It does no I/O and keeps no state.
//! - Decoding borrows from the frame and allocates nothing. A length that the peer announces is
//!   compared with [`Limits`](crate::wire::Limits) and with the bytes that are there, and never
//!   trusted.
//! - No input makes it panic. A frame that cannot be decoded is a
//!   [`WireError`](crate::wire::WireError). If [`rejection_id`] returns an id, a server replies
//!   under it with the error's status; if [`answered_id`] returns one, a client fails that call.

mod event;
mod frame_kind;
mod head;
mod outbound;
#[cfg(test)]
mod properties;
mod request;
#[cfg(test)]
mod vectors;
mod worker;

pub use self::{
    event::{
        decode_event, encode_event, event_to_request, metadata_of, method_of, request_to_event,
    },
    frame_kind::classify,
    head::{
        MAGIC, VERSION, answered_id, count_hop, is_from_client, is_from_server, patch_id, peek_id,
        rejection_id,
    },
    outbound::{decode_outbound, decode_reply, encode_outbound, is_failure},
    request::{
        decode_inbound, encode_control, encode_ping, encode_request, patch_key, shorten_remaining,
    },
    worker::{decode_worker, encode_worker, is_worker},
};
