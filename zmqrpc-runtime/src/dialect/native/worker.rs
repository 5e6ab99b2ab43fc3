//! The frame in which a worker says what it offers.
//!
//! This file must not know the format of requests or replies.

use super::head::{self, HEAD, WORKER};
use crate::dialect::{NO_ID, Worker};
use crate::wire::{put_text, put_varint};

/// Returns the frame of a worker.
#[must_use]
pub fn encode_worker(worker: &Worker<'_>) -> Vec<u8> {
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
