//! The tables of a queue's file, and what is written into them.

use std::hash::{BuildHasher, RandomState};

use redb::{Database, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};

use super::database::Broken;
use super::format::{decode_stored, encode_letter, encode_stored};
use super::version;
use crate::proxy::queue::{Batch, MAX_LETTERS, StoredDeadLetter};

pub(super) const REQUESTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("requests");
pub(super) const LETTERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("dead letters");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("zmqrpc queue");

/// Keys of `META`.
pub(super) const FORMAT: &str = "format";
const ID: &str = "queue";
const NEXT: &str = "next number";
pub(super) const LETTER_BYTES: &str = "bytes of dead letters";

/// Makes the tables of a new queue, or brings those of an older format up to date: all of it, or nothing. Returns the
/// queue's number and that of the next request.
pub(super) fn prepare(database: &Database) -> Result<(u64, u64), Broken> {
    let found = version::format_of(database)?;
    let write = database.begin_write()?;
    let values;
    {
        let mut meta = write.open_table(META)?;
        write.open_table(REQUESTS)?;
        write.open_table(LETTERS)?;
        match found {
            None => {
                meta.insert(ID, RandomState::new().hash_one(std::process::id()))?;
                meta.insert(NEXT, 0)?;
            }
            Some(format) => version::check_format(format)?,
        }
        if found != Some(version::CURRENT) {
            meta.insert(FORMAT, version::CURRENT)?;
        }
        let value = |key| match meta.get(key)? {
            Some(stored) => Ok(stored.value()),
            None => Err(Broken::missing(key)),
        };
        values = (value(ID)?, value(NEXT)?);
    }
    write.commit()?;
    Ok(values)
}

pub(super) fn apply(write: &WriteTransaction, batch: &Batch, room: usize) -> Result<usize, Broken> {
    let mut requests = write.open_table(REQUESTS)?;
    let mut letters = write.open_table(LETTERS)?;
    let mut meta = write.open_table(META)?;
    let mut bytes = Vec::new();
    for (number, stored) in &batch.new {
        encode_stored(stored, &mut bytes);
        requests.insert(number, &*bytes)?;
    }
    if let Some((last, _)) = batch.new.last() {
        // Not from what is there: a queue that was empty would give its numbers again, and its target take new
        // requests for repeats.
        meta.insert(NEXT, last + 1)?;
    }
    for number in &batch.done {
        requests.remove(number)?;
    }
    let before = meta.get(LETTER_BYTES)?.map_or(0, |known| known.value());
    let (mut held, mut dropped, room) = (before, 0, room as u64);
    for (number, give_up) in &batch.dead {
        let stored = requests.remove(number)?;
        let Some(stored) = stored.and_then(|bytes| decode_stored(bytes.value())) else {
            continue;
        };
        encode_letter(&StoredDeadLetter::of(stored, give_up), &mut bytes);
        let size = bytes.len() as u64;
        if size > room {
            dropped += 1;
            continue;
        }
        held += size;
        letters.insert(number, &*bytes)?;
    }
    while (letters.len()? > MAX_LETTERS as u64 || held > room)
        && let Some((_, letter)) = letters.pop_first()?
    {
        held = held.saturating_sub(letter.value().len() as u64);
        dropped += 1;
    }
    if held != before {
        meta.insert(LETTER_BYTES, held)?;
    }
    Ok(dropped)
}

pub(super) fn damaged(number: u64) -> Broken {
    Broken::new(format!("entry {number} is damaged"))
}
