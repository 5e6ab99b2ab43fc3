//! Upgrades queues of format 1, which are in databases of redb 2: redb 4 does not open them.
//!
//! They are copied. redb 2 can upgrade a database in its place, too, but a machine that loses its power twice meanwhile has
//! a file that neither version opens.

use std::io;

use redb::{Database, StorageBackend, TableDefinition, TableHandle, WriteTransaction};
use redb2::{Builder, ReadTransaction, ReadableTable};

use super::database::{Broken, CACHE, connect};
use super::file::QueueFile;
use super::format::{decode_entry, decode_letter};
use super::overlay::Overlay;
use super::replacement::Replacement;
use super::tables::{LETTERS, META, REQUESTS, damaged};
use super::version;
use crate::log;

/// Replaces a file of redb 2 by one of redb 4 that holds the same queue. A file that is no queue or is damaged is left as it
/// is.
pub(super) fn upgrade(file: &QueueFile) -> Result<QueueFile, Broken> {
    let mut old = open(Overlay::of(file)?).map_err(broken)?;
    // The copy has new checksums, under which damage would not be found any more.
    if !old.check_integrity().map_err(broken)? {
        return Err(Broken::damaged());
    }
    let read = old.begin_read().map_err(broken)?;
    let replacement = Replacement::of(file).map_err(Broken::new)?;
    let database = connect(replacement.file().clone())?;
    copy(&read, &database)?;
    // redb writes when it is closed, too.
    database.close()?;
    let upgraded = replacement.replace(file).map_err(Broken::new)?;
    let file = file.path().display().to_string();
    log::line!(info, file = log::text(&file); "a queue's file was upgraded from redb 2 to redb 4");
    Ok(upgraded)
}

fn copy(read: &ReadTransaction, database: &Database) -> Result<(), Broken> {
    let mut tables = read.list_tables().map_err(broken)?.peekable();
    if tables.peek().is_none() {
        // The process that made the file ended before it was a queue.
        return Ok(());
    }
    if !tables.any(|table| redb2::TableHandle::name(&table) == META.name()) {
        return Err(Broken::foreign());
    }
    let write = database.begin_write()?;
    {
        let old = redb2::TableDefinition::<&str, u64>::new(META.name());
        let old = read.open_table(old).map_err(broken)?;
        let mut meta = write.open_table(META)?;
        for entry in old.iter().map_err(broken)? {
            let (key, value) = entry.map_err(broken)?;
            meta.insert(key.value(), value.value())?;
        }
        version::check_format(version::read_format(&meta)?)?;
    }
    copy_table(read, &write, REQUESTS, |number, bytes| {
        decode_entry(number, bytes).is_some()
    })?;
    copy_table(read, &write, LETTERS, |_, bytes| {
        decode_letter(bytes).is_some()
    })?;
    write.commit()?;
    Ok(())
}

fn copy_table(
    read: &ReadTransaction,
    write: &WriteTransaction,
    table: TableDefinition<'_, u64, &[u8]>,
    is_whole: impl Fn(u64, &[u8]) -> bool,
) -> Result<(), Broken> {
    let old = redb2::TableDefinition::<u64, &[u8]>::new(table.name());
    let old = read.open_table(old).map_err(broken)?;
    let mut table = write.open_table(table)?;
    for entry in old.iter().map_err(broken)? {
        let (number, bytes) = entry.map_err(broken)?;
        let (number, bytes) = (number.value(), bytes.value());
        if !is_whole(number, bytes) {
            return Err(damaged(number));
        }
        table.insert(number, bytes)?;
    }
    Ok(())
}

fn open(backend: impl StorageBackend) -> Result<redb2::Database, redb2::DatabaseError> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder.create_with_backend(Redb2Backend(backend))
}

fn broken(error: impl Into<redb2::Error>) -> Broken {
    Broken::new(error.into().to_string())
}

/// A backend of redb 4 for redb 2.
#[derive(Debug)]
struct Redb2Backend<B>(B);

impl<B: StorageBackend> redb2::StorageBackend for Redb2Backend<B> {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        // A damaged file may ask for any length.
        if offset.saturating_add(len as u64) > self.0.len()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; len];
        self.0.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
