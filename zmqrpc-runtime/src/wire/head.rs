//! The first 11 bytes of every native frame: mark, version, kind, id.
//!
//! They lie where they are in every version, so that a peer can name the call that it cannot read
//! the rest of.

use super::{cursor::Cursor, error::WireError, limits::Limits};

/// The version that this module speaks.
pub const VERSION: u8 = 1;

/// The id that no call has. Frames that carry no readable id are refused under it.
pub const NO_ID: u64 = 0;

/// The byte that `MessagePack` never uses and that no UTF-8 text contains.
pub(super) const MARK: u8 = 0xC1;

/// Bytes of the head.
pub(super) const HEAD: usize = ID + size_of::<u64>();

/// Offset of the id.
const ID: usize = 3;

pub(super) const CALL: u8 = 0x01;
pub(super) const NOTIFY: u8 = 0x02;
pub(super) const EVENT: u8 = 0x03;
pub(super) const CANCEL: u8 = 0x04;
pub(super) const PING: u8 = 0x05;

/// The bit that makes a kind a reply.
const FROM_SERVER: u8 = 0x80;
pub(super) const REPLY: u8 = FROM_SERVER | CALL;
pub(super) const PONG: u8 = FROM_SERVER | PING;
pub(super) const WORKING: u8 = 0x86;
pub(super) const DRAINING: u8 = 0x89;

/// Encodes a head; for cancel, ping, pong, working and draining it is the whole frame.
pub(super) fn encode(kind: u8, id: u64) -> [u8; HEAD] {
    let mut frame = [MARK, VERSION, kind, 0, 0, 0, 0, 0, 0, 0, 0];
    patch_id(&mut frame, id);
    frame
}

/// Checks the frame's length and its head; returns the kind, the id and a cursor at what follows.
#[inline]
pub(super) fn decode<'a>(
    frame: &'a [u8],
    limits: &Limits,
) -> Result<(u8, u64, Cursor<'a>), WireError> {
    check_length(frame, limits)?;
    let mut cursor = Cursor::new(frame);
    match frame.first() {
        None => return Err(WireError::Empty),
        Some(&MARK) => cursor.u8("the mark")?,
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

/// Writes `id` into an encoded request, or a sequence number into an event.
///
/// So a request is encoded outside of the lock that hands out ids, and numbered inside. What is too
/// short to have an id is left alone.
#[inline]
pub fn patch_id(frame: &mut [u8], id: u64) {
    if let Some(place) = frame.get_mut(ID..HEAD) {
        place.copy_from_slice(&id.to_le_bytes());
    }
}

/// The id of a native frame of any version, request or reply, if there is one.
///
/// It tells the call that a frame belongs to even if decoding the frame failed.
#[inline]
#[must_use]
pub fn peek_id(frame: &[u8]) -> Option<u64> {
    if frame.first() != Some(&MARK) {
        return None;
    }
    frame
        .get(ID..HEAD)?
        .first_chunk()
        .copied()
        .map(u64::from_le_bytes)
}

/// The id to refuse a frame under that a server could not decode; `None` if it must not be
/// answered.
///
/// Replies are never refused, or two servers that were connected to each other would refuse each
/// other's refusals for ever; nor is what asks for no answer. Frames without a readable id are
/// refused under [`NO_ID`], so that at least a plain REQ socket is not left waiting.
#[must_use]
pub fn refusal_id(frame: &[u8]) -> Option<u64> {
    match frame {
        [MARK, _, NOTIFY | EVENT | CANCEL | FROM_SERVER.., ..] => None,
        _ => Some(peek_id(frame).unwrap_or(NO_ID)),
    }
}

/// The id of the call that a frame from a server ends, well or badly; `None` if it ends none.
///
/// It needs no decoding, so a client can sort frames by it under a lock and decode them outside.
/// The call of a frame that cannot be decoded then must fail. Kinds that are not known end nothing:
/// a newer server may send more than one frame for a call, and those that an older client cannot
/// read must not end it.
#[must_use]
pub fn answered_id(frame: &[u8]) -> Option<u64> {
    match frame {
        [MARK, _, REPLY, ..] => peek_id(frame),
        _ => None,
    }
}

/// Whether the frame is one that only clients and publishers send. Where it comes to a client, there is no server: something
/// sends back what it gets, or hands on what others ask for.
#[must_use]
pub fn is_from_client(frame: &[u8]) -> bool {
    matches!(frame, [MARK, _, CALL..=PING, ..])
}

/// Whether a server sent the frame, as far as its head says.
#[must_use]
pub fn is_from_server(frame: &[u8]) -> bool {
    matches!(frame, [MARK, _, FROM_SERVER..=u8::MAX, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_patched_in_place() {
        let mut frame = encode(CALL, NO_ID).to_vec();
        frame.push(0xFF);
        patch_id(&mut frame, 0x0102_0304_0506_0708);
        assert_eq!(frame, [0xC1, 1, 1, 8, 7, 6, 5, 4, 3, 2, 1, 0xFF]);
        assert_eq!(peek_id(&frame), Some(0x0102_0304_0506_0708));
    }

    #[test]
    fn what_a_client_sends_is_not_from_a_server() {
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
        assert_eq!(refusal_id(&frame), Some(42));
    }

    #[test]
    fn replies_and_what_wants_no_answer_are_never_refused() {
        for kind in [NOTIFY, EVENT, CANCEL, REPLY, PONG, WORKING, 0xFF] {
            assert_eq!(refusal_id(&encode(kind, 42)), None, "kind {kind:#04x}");
        }
        for kind in [CALL, PING, 0x7F] {
            assert_eq!(refusal_id(&encode(kind, 42)), Some(42), "kind {kind:#04x}");
        }
    }

    #[test]
    fn frames_without_an_id_are_refused_under_none() {
        for frame in [&b""[..], b"hello", &[0xC1], &[0xC1, 1, CALL, 42]] {
            assert_eq!(refusal_id(frame), Some(NO_ID), "{frame:x?}");
        }
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_before_it_is_read() {
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
