//! How requests and dead letters are encoded in a file.

use crate::proxy::delivery_schedule::Origin;
use crate::proxy::queue::{DeadLetter, Entry, Stored, StoredDeadLetter};
use crate::wire::DeliveryId;

/// Encodes a request: time of acceptance, 1 and the origin or 0, frame.
pub(super) fn encode_stored(stored: &Stored, out: &mut Vec<u8>) {
    out.clear();
    out.extend(stored.accepted.to_le_bytes());
    out.push(u8::from(stored.origin.is_some()));
    if let Some(Origin {
        connection,
        address,
    }) = &stored.origin
    {
        out.extend(connection.to_le_bytes());
        put_text(address, out);
    }
    out.extend(&stored.frame);
}

/// The parts of an encoded request: time of acceptance, connection and address, frame.
type Parts<'a> = (u64, Option<(u64, &'a str)>, &'a [u8]);

fn parts_of(mut bytes: &[u8]) -> Option<Parts<'_>> {
    let accepted = take_u64(&mut bytes)?;
    let (has_origin, rest) = bytes.split_first()?;
    bytes = rest;
    let origin = match has_origin {
        0 => None,
        1 => Some((take_u64(&mut bytes)?, take_text(&mut bytes)?)),
        _ => return None,
    };
    Some((accepted, origin, bytes))
}

fn origin_of((connection, address): (u64, &str)) -> Origin {
    let address = address.into();
    Origin {
        connection,
        address,
    }
}

pub(super) fn decode_stored(bytes: &[u8]) -> Option<Stored> {
    let (accepted, origin, frame) = parts_of(bytes)?;
    Some(Stored {
        origin: origin.map(origin_of),
        accepted,
        frame: frame.to_vec(),
    })
}

/// Decodes all but the frame.
pub(super) fn decode_entry(number: u64, bytes: &[u8]) -> Option<Entry> {
    let (accepted, origin, frame) = parts_of(bytes)?;
    Some(Entry {
        number,
        origin: origin.map(origin_of),
        accepted,
        bytes: frame.len(),
    })
}

/// Encodes a dead letter: times of acceptance and of giving up, reason, frame.
pub(super) fn encode_letter(letter: &StoredDeadLetter, out: &mut Vec<u8>) {
    out.clear();
    out.extend(letter.accepted.to_le_bytes());
    out.extend(letter.given_up.to_le_bytes());
    put_text(&letter.reason, out);
    out.extend(&letter.frame);
}

pub(super) fn decode_letter(mut bytes: &[u8]) -> Option<StoredDeadLetter> {
    Some(StoredDeadLetter {
        accepted: take_u64(&mut bytes)?,
        given_up: take_u64(&mut bytes)?,
        reason: take_text(&mut bytes)?.to_owned(),
        frame: bytes.to_vec(),
    })
}

/// Decodes a request and encodes it again. For fuzz targets.
#[must_use]
pub fn reread_request(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut again = Vec::new();
    encode_stored(&decode_stored(bytes)?, &mut again);
    Some(again)
}

/// Decodes a dead letter and encodes it again. For fuzz targets.
#[must_use]
pub fn reread_letter(bytes: &[u8]) -> Option<(DeadLetter, Vec<u8>)> {
    let letter = decode_letter(bytes)?;
    let mut again = Vec::new();
    encode_letter(&letter, &mut again);
    let delivery = DeliveryId {
        queue: 0,
        number: 0,
    };
    Some((DeadLetter::new(delivery, letter), again))
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let len = usize::try_from(take_u64(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    str::from_utf8(text).ok()
}

fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}
