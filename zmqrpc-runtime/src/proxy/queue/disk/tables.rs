//! The tables of a queue's file, and what is written into them.

use std::hash::{BuildHasher, RandomState};

use redb::{
    Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, TableHandle,
    WriteTransaction,
};

use super::database::Broken;
use super::format::{decode_stored, encode_letter, encode_stored};
use crate::proxy::queue::{Batch, MAX_LETTERS, StoredDeadLetter};

pub(super) const REQUESTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("requests");
pub(super) const LETTERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("dead letters");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("zmqrpc queue");

/// Keys of `META`.
const FORMAT: &str = "format";
const ID: &str = "queue";
const NEXT: &str = "next number";
pub(super) const LETTER_BYTES: &str = "bytes of dead letters";

/// The only format there is.
const FORMAT_1: u64 = 1;

/// Makes the tables of a new queue. Returns the queue's number and that of the next request.
pub(super) fn prepare(database: &Database) -> Result<(u64, u64), Broken> {
    let mut tables = Vec::new();
    for table in database.begin_read()?.list_tables()? {
        tables.push(table.name().to_owned());
    }
    if !tables.is_empty() && !tables.iter().any(|table| table == META.name()) {
        return Err(Broken::new("the file is a database of another program"));
    }
    let write = database.begin_write()?;
    let found;
    {
        let mut meta = write.open_table(META)?;
        write.open_table(REQUESTS)?;
        write.open_table(LETTERS)?;
        if tables.is_empty() {
            meta.insert(FORMAT, FORMAT_1)?;
            meta.insert(ID, RandomState::new().hash_one(std::process::id()))?;
            meta.insert(NEXT, 0)?;
        }
        let mut values = [0; 3];
        for (value, key) in values.iter_mut().zip([FORMAT, ID, NEXT]) {
            match meta.get(key)? {
                Some(stored) => *value = stored.value(),
                None => return Err(Broken::new(format!("the file has no entry `{key}`"))),
            }
        }
        found = values;
    }
    let [format, id, next] = found;
    if format != FORMAT_1 {
        return Err(Broken::new(format!(
            "the file has format {format}, this version reads format {FORMAT_1}"
        )));
    }
    write.commit()?;
    Ok((id, next))
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
