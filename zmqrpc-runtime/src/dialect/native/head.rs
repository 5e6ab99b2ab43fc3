//! The first 11 bytes of every native frame: magic byte, version, kind, id.
//!
//! Their positions are the same in every version of the protocol, so that a peer that cannot read
//! the rest of a frame can still name its call.

use crate::dialect::NO_ID;
use crate::wire::{
    Cursor, Limits, MAX_HOPS, NUMBER_MASK, WireError, hops, with_hops, without_hops,
};

/// The protocol version of this module.
pub const VERSION: u8 = 1;

/// The first byte of native frames: `MessagePack` never uses it, and no UTF-8 text contains it.
pub const MAGIC: u8 = 0xC1;

/// Length of the head, in bytes.
pub(super) const HEAD: usize = ID + size_of::<u64>();

/// Offset of the id, in bytes.
const ID: usize = 3;

pub(super) const CALL: u8 = 0x01;
pub(super) const NOTIFY: u8 = 0x02;
pub(super) const EVENT: u8 = 0x03;
pub(super) const CANCEL: u8 = 0x04;
pub(super) const PING: u8 = 0x05;

/// The bit that marks the kinds that servers send.
const FROM_SERVER: u8 = 0x80;
pub(super) const REPLY: u8 = FROM_SERVER | CALL;
pub(super) const PONG: u8 = FROM_SERVER | PING;
pub(super) const WORKING: u8 = 0x86;
pub(super) const DRAINING: u8 = 0x89;
pub(super) const WORKER: u8 = 0x8A;

/// Encodes a head, which is the whole frame of cancel, ping, pong, working and draining.
pub(super) fn encode(kind: u8, id: u64) -> [u8; HEAD] {
    let mut frame = [MAGIC, VERSION, kind, 0, 0, 0, 0, 0, 0, 0, 0];
    patch_id(&mut frame, id);
    frame
}

/// Checks the frame's length and its head; returns the kind, the id and a cursor at the byte after
/// the head.
#[inline]
pub(super) fn decode<'a>(
    frame: &'a [u8],
    limits: &Limits,
) -> Result<(u8, u64, Cursor<'a>), WireError> {
    check_length(frame, limits)?;
    let mut cursor = Cursor::new(frame);
    match frame.first() {
        None => return Err(WireError::Empty),
        Some(&MAGIC) => cursor.u8("the magic byte")?,
        Some(&got) => return Err(WireError::Dialect { got }),
    };
    match cursor.u8("the version")? {
        VERSION => {}
        got => return Err(WireError::Version { got }),
    }
    let kind = cursor.u8("the kind")?;
    let id = cursor.u64("the request id")?;
    Ok((kind, id, cursor))
}

#[inline]
pub(super) fn check_length(frame: &[u8], limits: &Limits) -> Result<(), WireError> {
    if frame.len() > limits.message {
        return Err(WireError::Limit {
            field: "the message's length",
            got: frame.len() as u64,
            limit: limits.message,
        });
    }
    Ok(())
}

/// Overwrites the id of an encoded request, or the sequence number of an event.
///
/// With this, a caller encodes a request outside of the lock that assigns ids, and numbers it
/// inside. A frame too short to have an id stays unchanged.
#[inline]
pub fn patch_id(frame: &mut [u8], id: u64) {
    if let Some(place) = frame.get_mut(ID..HEAD) {
        place.copy_from_slice(&id.to_le_bytes());
    }
}

/// Returns the id of a native frame of any version, request or reply; `None` if the frame has none.
///
/// Works also for frames that cannot be decoded, to find the call that they belong to.
#[inline]
#[must_use]
pub fn peek_id(frame: &[u8]) -> Option<u64> {
    if frame.first() != Some(&MAGIC) {
        return None;
    }
    frame
        .get(ID..HEAD)?
        .first_chunk()
        .copied()
        .map(u64::from_le_bytes)
}

/// Counts one more proxy in a forwarded message, which keeps its number. Returns `false`, and changes nothing, if
/// [`MAX_HOPS`] proxies have forwarded it already.
pub fn count_hop(frame: &mut [u8]) -> bool {
    let id = peek_id(frame).unwrap_or_default();
    let hops_so_far = hops(id);
    if hops_so_far < MAX_HOPS {
        patch_id(
            frame,
            with_hops(hops_so_far + 1, without_hops(id) & NUMBER_MASK),
        );
    }
    hops_so_far < MAX_HOPS
}

/// Returns the id under which a server rejects a frame that it could not decode; `None` if it must
/// not reply.
///
/// A reply is never rejected, or two servers connected to each other would reject each other's
/// rejections for ever; nor is a frame that expects no reply. Frames without a readable id are
/// rejected under [`NO_ID`], so that at least a plain REQ socket does not wait in vain.
#[must_use]
pub fn rejection_id(frame: &[u8]) -> Option<u64> {
    match frame {
        [MAGIC, _, NOTIFY | EVENT | CANCEL | FROM_SERVER.., ..] => None,
        _ => Some(peek_id(frame).unwrap_or(NO_ID)),
    }
}

/// Returns the id of the call that a frame from a server ends, successfully or not; `None` if the
/// frame ends no call.
///
/// Reads only the head, so a client can match frames to calls under a lock and decode them outside.
/// If decoding then fails, the call must fail. Unknown kinds end no call: a newer server may send
/// more than one frame for a call, and those that an older client cannot read must not end it.
#[must_use]
pub fn answered_id(frame: &[u8]) -> Option<u64> {
    match frame {
        [MAGIC, _, REPLY, ..] => peek_id(frame),
        _ => None,
    }
}

/// Returns whether only clients and publishers send frames of this kind. If a client receives one,
/// its peer is no server: it echoes what it receives, or forwards the requests of others.
#[must_use]
pub fn is_from_client(frame: &[u8]) -> bool {
    matches!(frame, [MAGIC, _, CALL..=PING, ..])
}

/// Returns whether the frame is of a kind that servers send, as far as its head says.
#[must_use]
pub fn is_from_server(frame: &[u8]) -> bool {
    matches!(frame, [MAGIC, _, FROM_SERVER..=u8::MAX, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_what_a_frame_begins_with() {
        let magic = WireError::Dialect { got: 0 }.to_string();
        assert!(magic.contains(&format!("{MAGIC:#04x}")), "{magic}");
        let version = WireError::Version { got: 0 }.to_string();
        assert!(
            version.contains(&format!("version {VERSION} ")),
            "{version}"
        );
    }

    #[test]
    fn an_id_is_patched_in_place() {
        let mut frame = encode(CALL, NO_ID).to_vec();
        frame.push(0xFF);
        patch_id(&mut frame, 0x0102_0304_0506_0708);
        assert_eq!(frame, [0xC1, 1, 1, 8, 7, 6, 5, 4, 3, 2, 1, 0xFF]);
        assert_eq!(peek_id(&frame), Some(0x0102_0304_0506_0708));
    }

    #[test]
    fn frames_of_clients_are_not_from_a_server() {
        for kind in [CALL, NOTIFY, CANCEL, PING] {
            assert!(!is_from_server(&encode(kind, 7)));
            assert!(is_from_client(&encode(kind, 7)));
        }
        for kind in [REPLY, PONG, WORKING, DRAINING, 0xFF] {
            assert!(is_from_server(&encode(kind, 7)));
            assert!(!is_from_client(&encode(kind, 7)));
        }
        assert!(!is_from_server(&[]) && !is_from_server(&[0, 1, REPLY]));
    }

    #[test]
    fn a_message_is_forwarded_fifteen_times_under_its_number() {
        let mut frame = encode(PING, 7).to_vec();
        for passed in 1..=MAX_HOPS {
            assert!(count_hop(&mut frame));
            assert_eq!(peek_id(&frame), Some(with_hops(passed, 7)));
        }
        let last = frame.clone();
        assert!(!count_hop(&mut frame));
        assert_eq!(frame, last);
    }

    #[test]
    fn a_frame_too_short_for_an_id_is_left_alone() {
        let mut frame = encode(PING, 7);
        let short = &mut frame[..HEAD - 1];
        patch_id(short, u64::MAX);
        assert_eq!(short, [0xC1, 1, 5, 7, 0, 0, 0, 0, 0, 0]);
        assert_eq!(peek_id(short), None);
    }

    #[test]
    fn the_id_of_an_unknown_version_is_readable() {
        let mut frame = encode(CALL, 42);
        frame[1] = 9;
        assert!(matches!(
            decode(&frame, &Limits::default()),
            Err(WireError::Version { got: 9 })
        ));
        assert_eq!(peek_id(&frame), Some(42));
        assert_eq!(rejection_id(&frame), Some(42));
    }

    #[test]
    fn replies_and_what_wants_no_answer_are_never_refused() {
        for kind in [NOTIFY, EVENT, CANCEL, REPLY, PONG, WORKING, 0xFF] {
            assert_eq!(rejection_id(&encode(kind, 42)), None, "kind {kind:#04x}");
        }
        for kind in [CALL, PING, 0x7F] {
            assert_eq!(
                rejection_id(&encode(kind, 42)),
                Some(42),
                "kind {kind:#04x}"
            );
        }
    }

    #[test]
    fn frames_without_an_id_are_rejected_under_no_id() {
        for frame in [&b""[..], b"hello", &[0xC1], &[0xC1, 1, CALL, 42]] {
            assert_eq!(rejection_id(frame), Some(NO_ID), "{frame:x?}");
        }
    }

    #[test]
    fn a_frame_over_the_limit_is_rejected_before_it_is_read() {
        let limits = Limits {
            message: 10,
            ..Limits::default()
        };
        let error = decode(&encode(PING, 1), &limits).map(|_| ()).unwrap_err();
        assert!(
            matches!(
                error,
                WireError::Limit {
                    got: 11,
                    limit: 10,
                    ..
                }
            ),
            "{error}"
        );
    }
}
