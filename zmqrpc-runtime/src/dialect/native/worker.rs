//! The frame in which a worker says what it offers.
//!
//! This file must not know the format of requests or replies.

use super::head::{self, HEAD, MAGIC, VERSION, WORKER};
use crate::dialect::{NO_ID, WorkerOffer, WorkerOfferBuf};
use crate::wire::{Limits, WireError, put_text, put_varint};

/// The most bytes of the frame: thousands of workers may come, and what each says is kept.
const MAX_FRAME: usize = 16_384;

/// The most bytes of a worker's name.
const MAX_NAME: usize = 255;

/// The most services of a worker.
const MAX_SERVICES: usize = 1024;

/// Returns the frame of a worker.
#[must_use]
pub fn encode_worker(worker: &WorkerOffer<'_>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(2 * HEAD);
    frame.extend_from_slice(&head::encode(WORKER, NO_ID));
    put_text(&mut frame, worker.name);
    put_varint(&mut frame, worker.services.len() as u64);
    for (service, version) in worker.services {
        put_text(&mut frame, service);
        put_varint(&mut frame, (*version).into());
    }
    frame
}

/// Returns whether a frame is that of a worker, as far as its head tells.
#[must_use]
pub fn is_worker(frame: &[u8]) -> bool {
    frame.starts_with(&[MAGIC, VERSION, WORKER])
}

/// Decodes the frame of a worker.
///
/// # Errors
///
/// Why the frame is none.
pub fn decode_worker(frame: &[u8], limits: &Limits) -> Result<WorkerOfferBuf, WireError> {
    let (kind, _, mut cursor) = head::decode(frame, limits)?;
    if kind != WORKER {
        return Err(WireError::Kind { got: kind });
    }
    if frame.len() > MAX_FRAME {
        return Err(WireError::Limit {
            field: "the size of what a worker says of itself",
            got: frame.len() as u64,
            limit: MAX_FRAME,
        });
    }
    let name = cursor.text("the worker's name", MAX_NAME)?.to_owned();
    let announced = cursor.varint("the number of services")?;
    let count = usize::try_from(announced)
        .ok()
        .filter(|count| *count <= MAX_SERVICES)
        .ok_or(WireError::Limit {
            field: "the number of services",
            got: announced,
            limit: MAX_SERVICES,
        })?;
    // Grows with what is there, not with what is announced.
    let mut services = Vec::new();
    for _ in 0..count {
        let service = cursor.text("the service's name", limits.name)?.to_owned();
        let version = cursor.varint("the service's version")?;
        let version = u32::try_from(version).map_err(|_| WireError::Limit {
            field: "the service's version",
            got: version,
            limit: u32::MAX as usize,
        })?;
        services.push((service, version));
    }
    cursor.finish()?;
    Ok(WorkerOfferBuf { name, services })
}
